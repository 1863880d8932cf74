"""What the judge of repairs says of one, in words: a repair that is refused is a result, and no error."""
from __future__ import annotations

from dataclasses import dataclass
from html import escape

from ..explore.fixes import LearnerError, judge_fix
from ..model.revisions import Revision

SIGNS = {True: ("✓", "1.6px solid"), False: ("✗", "2.5px solid")}


@dataclass(frozen=True)
class Judged:
    """A verdict on a repair: accepted or refused, and why."""

    accepted: bool
    why: str

    @property
    def word(self) -> str:
        """The verdict in a word."""
        return "accepted" if self.accepted else "refused"

    def __repr__(self) -> str:
        return f"{self.word}: {self.why}"

    def _repr_html_(self) -> str:
        sign, border = SIGNS[self.accepted]
        frame = f"border:{border} currentColor;padding:5px 10px;max-width:60rem"
        return f'<p style="{frame}">{sign} <b>{self.word}</b> · {escape(self.why)}</p>'


def judged(repair: Revision) -> Judged:
    """Ask the judge about a kernel. A function in it that goes wrong is refused in its own words."""
    try:
        found = judge_fix(repair)
    except LearnerError as error:
        return Judged(False, f"It does not run to its end. {error}")
    return Judged(found.accepted, found.sentence)
