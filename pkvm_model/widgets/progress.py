"""The learner's progress: a table of chapters and exercises that can be refreshed."""
from __future__ import annotations

from collections.abc import Callable

from ..graphs.contract import LookQuestion, ProgressTableValue, ProgressValue
from ..show.table import Table
from .static import render_box, render_plain_table
from .widget import Widget, compact


class ProgressView(Widget):
    """The progress so far; `look` reads it, now and whenever the learner asks."""

    kind = "progress"

    def __init__(self, look: Callable[[], Table]):
        """Read the progress for the first time."""
        self.look, self.table = look, look()
        shipped: ProgressValue = {"name": "progress", "title": "Your progress", **self.value()}
        super().__init__(compact(shipped))

    def value(self) -> ProgressTableValue:
        """Return the table as JSON values."""
        return {"caption": self.table.caption, "heads": list(self.table.heads),
                "rows": [list(row) for row in self.table.rows], "note": self.table.note}

    def answer(self, question: LookQuestion) -> ProgressTableValue:
        """Return the table as it is now."""
        self.table = self.look()
        return self.value()

    def describe(self) -> str:
        """Return the table in words."""
        return repr(self.table)

    def static(self) -> str:
        """Return the table as HTML without scripts."""
        return render_box("Your progress", self.table.caption, render_plain_table(self.table))

    def __repr__(self) -> str:
        """Return a short text that is the same on every machine."""
        return f"Progress({self.table.caption!r})"
