"""Questions to the learner: a quiz has a right answer and a sentence for each, a prediction is only taken."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from ..text import quote_briefly

RIGHT, NOT_YET = "Right.", "Not yet."
CHOOSE, WRITE = "Choose one before you go on.", "Write a line before you go on."
LONGEST = 200
"""The most characters of a prediction that the learner types."""


@dataclass(frozen=True)
class QuizQuestion:
    """A question; `options` are the answers, `sentences` the reply to each, `right` the number of the right one."""

    asks: str
    options: tuple[str, ...]
    sentences: tuple[str, ...]
    right: int

    def verdict(self, number: int) -> tuple[str, str]:
        """Return the verdict and the sentence for an answer."""
        return RIGHT if number == self.right else NOT_YET, self.sentences[number]

    def render(self) -> str:
        """Return the quiz as HTML without scripts: opening an option shows its verdict."""
        return f"<p><b>Quiz</b> · {escape(self.asks)}</p>" + "".join(map(self.render_option, range(len(self.options))))

    def render_option(self, number: int) -> str:
        """Return one option, its verdict folded away."""
        verdict, sentence = self.verdict(number)
        return (f'<details style="margin:4px 0 4px 16px"><summary style="padding:4px 0">{escape(self.options[number])}'
                '</summary><p style="border-left:5px double;padding-left:10px;margin:4px 0 8px 14px">'
                f"<b>{verdict}</b> {escape(sentence)}</p></details>")


def make_question(asks: str, options: dict[str, str], right: str) -> QuizQuestion:
    """Make a question of options with their sentences. Raise ValueError if the right answer is not an option."""
    if right not in options:
        raise ValueError(f"the right answer {right!r} is not among the options")
    return QuizQuestion(asks, tuple(options), tuple(options.values()), list(options).index(right))


def read_tries(place: str, among: QuizQuestion) -> tuple[int, ...]:
    """Read the options chosen so far from the text that the front end writes; ignore anything else."""
    numbers = [int(word) for word in place.split() if word.isdecimal()]
    return tuple(number for number in numbers if number < len(among.options))


def describe_quiz(among: QuizQuestion, tries: Sequence[int]) -> str:
    """Return the question in words: its options, and the verdict on the last answer."""
    chosen = tries[-1] if tries else None
    verdict = [] if chosen is None else [" ".join(among.verdict(chosen))]
    return "\n".join([f"Quiz: {among.asks}", *mark_options(among.options, chosen), *verdict])


def mark_options(options: Sequence[str], chosen: int | None) -> list[str]:
    """Return a line for each option, with a mark at the chosen one."""
    return [f"  ({'x' if number == chosen else ' '}) {option}" for number, option in enumerate(options)]


@dataclass(frozen=True)
class PredictionQuestion:
    """A question before a run; `options` are what can be predicted, and without any the learner types a line."""

    asks: str
    options: tuple[str, ...]

    def render(self) -> str:
        """Return the question as HTML without scripts."""
        options = "".join(f"<li>{escape(option)}</li>" for option in self.options)
        choice = f"<ul>{options}</ul><p>{CHOOSE}</p>" if options else f"<p>{WRITE}</p>"
        return f"<p><b>{self.label}</b> · {escape(self.asks)}</p>{choice}"

    @property
    def label(self) -> str:
        """What stands before the question: a line need not be about what comes next."""
        return "Predict" if self.options else "In your words"


def make_prediction(asks: str, options: Sequence[str]) -> PredictionQuestion:
    """Make a question with different options or none. Raise ValueError if there is only one, or one twice."""
    if len(options) == 1 or len({*options}) < len(options):
        raise ValueError("a prediction has at least two different options, or none: then the learner types a word")
    return PredictionQuestion(asks, tuple(options))


def read_prediction(place: str, among: PredictionQuestion) -> str | None:
    """Return what was predicted from the text that the front end writes; None if nothing was."""
    if among.options:
        return place if place in among.options else None
    return quote_briefly(place.strip(), LONGEST) or None


def describe_prediction(among: PredictionQuestion, taken: str | None) -> str:
    """Return the question in words: its options, and what was predicted."""
    chosen = among.options.index(taken) if taken in among.options else None
    choice = mark_options(among.options, chosen) or [f"  {WRITE}"]
    return "\n".join([f"{among.label}: {among.asks}", *choice, *([] if taken is None else [say_taken(among, taken)])])


def say_taken(among: PredictionQuestion, taken: str) -> str:
    """Return the sentence that a prediction or a line gets, which does not say whether it is true."""
    return f"You predicted: {taken.rstrip('.')}. Now find out." if among.options else f"You wrote: {taken}"
