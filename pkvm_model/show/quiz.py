"""A question with its options, each with the sentence that its choice gets, and the answers given so far."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

RIGHT, NOT_YET = "Right.", "Not yet."


@dataclass(frozen=True)
class Question:
    """A question; `options` are the answers, `sentences` what each gets, `right` the number of the right one."""

    asks: str
    options: tuple[str, ...]
    sentences: tuple[str, ...]
    right: int

    def verdict(self, number: int) -> tuple[str, str]:
        """What an answer gets: its verdict and its sentence."""
        return RIGHT if number == self.right else NOT_YET, self.sentences[number]

    def folded(self) -> str:
        """HTML without scripts: opening an option shows what it gets."""
        return f"<p><b>Quiz</b> · {escape(self.asks)}</p>" + "".join(map(self.folded_option, range(len(self.options))))

    def folded_option(self, number: int) -> str:
        """One option, its verdict folded away."""
        verdict, sentence = self.verdict(number)
        return (f'<details style="margin:4px 0 4px 16px"><summary style="padding:4px 0">{escape(self.options[number])}'
                '</summary><p style="border-left:5px double currentColor;padding-left:10px;margin:4px 0 8px 14px">'
                f"<b>{verdict}</b> {escape(sentence)}</p></details>")


def question(asks: str, options: dict[str, str], right: str) -> Question:
    """A question from its options, each with its sentence. Raises ValueError if the right answer is none of them."""
    if right not in options:
        raise ValueError(f"the right answer {right!r} is not among the options")
    return Question(asks, tuple(options), tuple(options.values()), list(options).index(right))


def read_tries(place: str, among: Question) -> tuple[int, ...]:
    """The options chosen so far, in their order, from the text that the front end writes; the rest is left out."""
    numbers = [int(word) for word in place.split() if word.isdecimal()]
    return tuple(number for number in numbers if number < len(among.options))


def told(among: Question, tries: Sequence[int]) -> str:
    """The question in words: its options, and what the last answer got."""
    chosen = tries[-1] if tries else None
    options = [f"  ({'x' if number == chosen else ' '}) {option}" for number, option in enumerate(among.options)]
    verdict = [] if chosen is None else [" ".join(among.verdict(chosen))]
    return "\n".join([f"Quiz: {among.asks}", *options, *verdict])
