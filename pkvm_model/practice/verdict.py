"""What a check says about an answer."""
from __future__ import annotations

from dataclasses import asdict, dataclass

from ..graphs.contract import SequenceValue
from ..schema import JSON


@dataclass(frozen=True)
class Verdict:
    """A check's result: passed or not, one sentence, how far the check looked, and a run that shows why.

    `looked_at` is exact, as in "412 of 412 states". `trace` is the text of a shortest run, '' if there is none, and
    `along` is the same run as the sequence view draws it. Where the task is to break something, `steps` counts the
    learner's steps and `fewest` is the minimum. `printed` is what the learner's code printed, `details` a traceback, or
    a run that has no picture, such as the rows of a recording. `tried` is False while the answer is still open. `about`
    names the choice that the sentence is about, if there are several choices. `asked` is the text of a run that a
    notebook makes on a real kernel, too, if it can.
    """

    passed: bool
    sentence: str
    looked_at: str = ""
    trace: str = ""
    along: SequenceValue | None = None
    steps: int | None = None
    fewest: int | None = None
    printed: str = ""
    details: str = ""
    tried: bool = True
    about: str = ""
    asked: str = ""

    def to_json(self) -> JSON:
        """Return the verdict as JSON values, which go from the checking process to the learner's."""
        return asdict(self)


class NotYet(Exception):  # noqa: N818  # an outcome, not a failure of this program
    """The answer cannot be checked as it stands; the message says what is missing."""
