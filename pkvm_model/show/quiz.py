"""A quiz: a question, its options with the sentence for each, and the answers so far."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

RIGHT, NOT_YET = "Right.", "Not yet."


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
                '</summary><p style="border-left:5px double currentColor;padding-left:10px;margin:4px 0 8px 14px">'
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
    options = [f"  ({'x' if number == chosen else ' '}) {option}" for number, option in enumerate(among.options)]
    verdict = [] if chosen is None else [" ".join(among.verdict(chosen))]
    return "\n".join([f"Quiz: {among.asks}", *options, *verdict])
