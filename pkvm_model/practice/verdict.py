"""What a check says of an answer."""
from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Verdict:
    """A check's answer: passed or not, one sentence, how far was looked, and a run that shows it.

    `looked_at` is exact, as in "412 of 412 states". `trace` is the text of a shortest run, '' where there is none, and
    `along` the same run as the sequence view draws it. `steps` are the learner's and `fewest` the least there can be,
    where something was to be broken. `printed` is what the learner's code printed, `details` a traceback for those who
    ask. `tried` is false where nothing was answered yet. `about` names the choice that the sentence is about, where
    there are several.
    """

    passed: bool
    sentence: str
    looked_at: str = ""
    trace: str = ""
    along: dict[str, Any] | None = None
    steps: int | None = None
    fewest: int | None = None
    printed: str = ""
    details: str = ""
    tried: bool = True
    about: str = ""

    def value(self) -> dict[str, Any]:
        """The verdict as JSON values."""
        return asdict(self)


class NotYet(Exception):  # noqa: N818  # an outcome, not a failure of this program
    """The answer cannot be checked as it stands: its sentence says what is missing in it."""
