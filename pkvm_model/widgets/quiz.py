"""A quiz: choose an answer, read the verdict, try again; Python reads the answers back."""
from __future__ import annotations

import re

from ..graphs.contract import QuizValue
from ..show.quiz import QuizQuestion, read_tries, describe_quiz
from .widget import Widget, compact


class Quiz(Widget):
    """A question on the screen; its place is the numbers of the options chosen so far, in order."""

    kind = "quiz"

    def __init__(self, question: QuizQuestion):
        """Show a question without an answer."""
        self.question = question
        super().__init__(compact(quiz_value(question)))

    @property
    def answers(self) -> tuple[str, ...]:
        """All answers so far."""
        return tuple(self.question.options[number] for number in read_tries(self.place, self.question))

    @property
    def chosen(self) -> str | None:
        """The last answer, or None before the first."""
        return self.answers[-1] if self.answers else None

    @property
    def tries(self) -> int:
        """The number of answers so far."""
        return len(self.answers)

    @property
    def right(self) -> bool:
        """True if the last answer is right."""
        return self.chosen == self.question.options[self.question.right]

    def describe(self) -> str:
        """Return the question, its options, and the verdict on the last answer."""
        return describe_quiz(self.question, read_tries(self.place, self.question))

    def static(self) -> str:
        """Return the question with its verdicts folded away."""
        return self.question.render()

    def __repr__(self) -> str:
        """Return a short text that is the same on every machine."""
        tries = "1 try" if self.tries == 1 else f"{self.tries} tries"
        return f"Quiz({self.question.asks!r}, {tries}{', right' if self.right else ''})"


def quiz_value(question: QuizQuestion) -> QuizValue:
    """Return a question as JSON values."""
    verdicts = [question.verdict(number) for number in range(len(question.options))]
    return {"name": name_question(question), "title": question.asks, "options": list(question.options),
            "verdicts": verdicts, "right": question.right}


def name_question(question: QuizQuestion) -> str:
    """Return one word for a question, made of its own words."""
    return "quiz-" + "-".join(re.findall(r"[a-z0-9]+", question.asks.lower())[:8])
