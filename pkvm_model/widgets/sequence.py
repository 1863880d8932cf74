"""The sequence view: a run along time, region by region."""
from __future__ import annotations

import json
from html import escape

from ..graphs.contract import SequenceValue
from ..graphs.sequence import Sequence
from .static import render_box, render, render_plain_table
from .widget import Widget, compact


class SequenceView(Widget):
    """A sequence on the screen; its place is the number of the highlighted region, 0 before the first."""

    kind = "sequence"

    def __init__(self, sequence: Sequence, name: str):
        """Begin before the first region."""
        self.sequence = sequence
        super().__init__(compact(sequence.value(name)), "0")

    @property
    def at(self) -> int:
        """The number of the highlighted region, from 1; 0 before the first."""
        return min(int(self.place), len(self.sequence.moments)) if self.place.isdecimal() else 0

    def goto(self, number: int) -> None:
        """Highlight a region in every view. Raise ValueError if there is no such region."""
        most = len(self.sequence.moments)
        if not 0 <= number <= most:
            raise ValueError(f"There are regions 1 to {most}, and 0 is before the first; {number} is none.")
        self.stand(str(number))

    def describe(self) -> str:
        """Return the highlighted region, and the whole run as a table."""
        return f"{self.headline()}\n\n{self.sequence.table()!r}"

    def headline(self) -> str:
        """Return the learner's place in one line."""
        row = self.sequence.rows()[self.at]
        place = f"region {self.at} of {len(self.sequence.moments)}" if self.at else "before the first region"
        return f"{self.sequence.title} ({self.sequence.trace.revision.name}), {place}. {row[-3]}"

    def static(self) -> str:
        """Return the summary and the table."""
        sequence = self.sequence
        says = render("p", "says", escape(sequence.says))
        return render_box(sequence.title, sequence.trace.revision.name, says, render_plain_table(sequence.table()))

    def __repr__(self) -> str:
        """Return a short text that is the same on every machine."""
        data: SequenceValue = json.loads(self.packed)
        return f"SequenceView({data['name']!r}, {len(self.sequence.moments)} regions, at {self.at})"
