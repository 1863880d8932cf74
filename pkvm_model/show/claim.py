"""A sentence of the course that was checked when its page was made, once or by the explorer, and how far."""
from __future__ import annotations

from dataclasses import dataclass
from html import escape

from ..explore.check import EMPTY, EXAMPLE, HOLDS, INCOMPLETE, NEVER, VIOLATED, AlwaysPossible, Answer, Report
from ..explore.invariants import InvariantResult
from ..text import capitalise, count

TRUE = (HOLDS, EXAMPLE)
"""The verdicts that make a sentence true unless the author expects another one."""
WORDS = {HOLDS: "holds", EXAMPLE: "happens", VIOLATED: "does not hold", EMPTY: "nothing to check",
         NEVER: "never happens"}
POSSIBLE_WORDS = {HOLDS: "always possible", VIOLATED: "not always possible"}
"""The words for a good end that an honest host can, or cannot, reach from every state."""
LOOKS = {HOLDS: ("✓", "1.6px solid", "50%"), EXAMPLE: ("✓", "1.6px solid", "50%"), NEVER: ("✓", "1.6px solid", "50%"),
         VIOLATED: ("✗", "2.5px solid", "0"), EMPTY: ("–", "1.6px dotted", "50%")}
"""Sign, border and corners: the signs of the properties, drawn with what a notebook keeps that is not trusted.

Of borders it keeps those that name no colour, which have the colour of the text.
"""


class ClaimBroken(AssertionError):  # noqa: N818  # reads as the sentence it reports
    """A sentence of the course is not true of the model."""


@dataclass(frozen=True)
class Claim:
    """A true sentence, with the verdict that shows it and how far it was checked ('' if it is a single fact).

    `about_ends` is true if it says what is always possible.
    """

    sentence: str
    verdict: str = HOLDS
    how: str = ""
    about_ends: bool = False

    @property
    def word(self) -> str:
        """The verdict in words."""
        return POSSIBLE_WORDS[self.verdict] if self.about_ends else WORDS[self.verdict]

    @property
    def quoted(self) -> str:
        """The sentence; between quotation marks if the verdict does not confirm it."""
        return self.sentence if self.verdict in TRUE else f"“{self.sentence}”"

    def __repr__(self) -> str:
        return f"{self.word}: {self.quoted}" + (f" {capitalise(self.how)}." if self.how else "")

    def _repr_html_(self) -> str:
        sign, border, corners = LOOKS[self.verdict]
        mark = (f"display:inline-block;width:20px;height:20px;line-height:18px;text-align:center;margin:0 8px 0 -28px;"
                f"border:{border};border-radius:{corners};box-sizing:border-box")
        how = f"<br>{escape(f'{capitalise(self.how)}.')}" if self.how else ""
        frame = f"border:{border};padding:5px 10px 5px 38px;max-width:60rem"
        return (f'<p style="{frame}"><span style="{mark}">{sign}</span><b>{self.word}</b> · '
                f"{escape(self.quoted)}{how}</p>")


def claim(sentence: str, holds: object, verdict: str = "") -> Claim:
    """State a sentence and check it against a truth value or the explorer's result: a Report, an Answer or a cell.

    `verdict` is the expected verdict of the explorer if the sentence is about a property that does not hold:
    "violated", "never" or "empty". Raise ClaimBroken with the sentence if it is not true of the model.
    """
    answers, report = read_answers(holds)
    if answers is None:
        if verdict or not holds:
            raise ClaimBroken(f"not true of the model: {sentence}")
        return Claim(sentence)
    expected = (verdict,) if verdict else TRUE
    for answer in answers:
        if answer.verdict not in expected:
            why = f"the explorer says {answer.verdict}: {describe_coverage(answer, report)}"
            raise ClaimBroken(f"not true of the model: {sentence} ({why})")
    how = "; ".join(dict.fromkeys(describe_coverage(answer, report) for answer in answers))
    return Claim(sentence, answers[0].verdict, how, all(isinstance(answer.prop, AlwaysPossible) for answer in answers))


def read_answers(holds: object) -> tuple[tuple[Answer, ...] | None, Report | None]:
    """Return the explorer's answers and its report, or None for a plain truth.

    Raise TypeError for a report without an answer, and for a record of another kind: any record would count as true.
    """
    if isinstance(holds, Report) and holds.answers:
        return holds.answers, holds
    if isinstance(holds, InvariantResult):
        return (holds.answer,), holds.report
    if isinstance(holds, Answer):
        return (holds,), None
    if hasattr(holds, "_fields"):
        raise TypeError(f"A claim takes a truth or an answer of the explorer, and a {type(holds).__name__} is neither.")
    return None, None


def describe_coverage(answer: Answer, report: Report | None) -> str:
    """Return how far a sentence was checked, in words."""
    states = count(report.states, "state") if report else "states"
    if answer.verdict == INCOMPLETE:
        return f"{states} checked, but not all of them" + (f": {report.stopped}" if report and report.stopped else "")
    if answer.run is not None:
        steps = f"shown by a run of {count(len(answer.run), 'step')}"
        return f"{steps}{f', found among {states}' if report else ''}{f': {answer.reason}' if answer.reason else ''}"
    if isinstance(answer.prop, AlwaysPossible):
        return f"checked in all {states}: from each of them, an honest host can reach this end"
    if answer.verdict == EMPTY:
        return f"none of the {states} is of the kind that it is about"
    return f"checked in all {states}" + ("; in some of them it applies" if answer.premise else "")
