"""A quiz: choose an answer, read the verdict, try again; Python reads the answers back."""
from __future__ import annotations

import re
from pathlib import Path

from ..graphs.contract import QuizValue
from ..practice import progress, quizzes
from ..show.quiz import QuizQuestion, read_tries, describe_quiz
from .widget import Widget, compact


class Quiz(Widget):
    """A question on the screen; its place is the numbers of the options chosen so far, in order.

    In the learner's copy the place is kept, so that running the cell again does not erase the answers.
    """

    kind = "quiz"

    def __init__(self, question: QuizQuestion, start: Path | None = None):
        """Show a question, with the answers kept in the copy around a folder; by default the current folder."""
        self.question, self.folder = question, progress.find_copy(start)
        packed = compact(quiz_value(question))
        self.kept_as = quizzes.make_key(name_question(question), packed)
        super().__init__(packed, quizzes.read(self.folder).get(self.kept_as, "") if self.folder else "")
        self.observe(self._keep, "place")

    def _keep(self, _: object) -> None:
        """Keep the place in the learner's copy."""
        if self.folder:
            quizzes.keep(self.folder, self.kept_as, self.place)

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
