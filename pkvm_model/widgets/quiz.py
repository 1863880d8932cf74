"""Questions to the learner, whose answers are kept: a quiz has a verdict, a prediction has none."""
from __future__ import annotations

import re
from pathlib import Path

from ..graphs.contract import PredictionValue, QuizValue
from ..practice import progress, quizzes
from ..show.quiz import (
    LONGEST,
    PredictionQuestion,
    QuizQuestion,
    describe_prediction,
    describe_quiz,
    read_prediction,
    read_tries,
)
from .widget import Widget, compact


class KeptQuestion(Widget):
    """A question on the screen. In the learner's copy its place is kept: running the cell again erases no answer."""

    def __init__(self, shipped: QuizValue | PredictionValue, start: Path | None = None):
        """Show a question, with the answers kept in the copy around a folder; by default the current folder."""
        self.folder, packed = progress.find_copy(start), compact(shipped)
        self.kept_as = quizzes.make_key(shipped["name"], packed)
        super().__init__(packed, quizzes.read(self.folder).get(self.kept_as, "") if self.folder else "")
        self.observe(self._keep, "place")

    def _keep(self, _: object) -> None:
        """Keep the place in the learner's copy."""
        if self.folder:
            quizzes.keep(self.folder, self.kept_as, self.place)


class Quiz(KeptQuestion):
    """A question with a right answer; its place is the numbers of the options chosen so far, in order."""

    kind = "quiz"

    def __init__(self, question: QuizQuestion, start: Path | None = None):
        """Show a question with a right answer."""
        self.question = question
        super().__init__(quiz_value(question), start)

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
    return {"name": name_question("quiz", question.asks), "title": question.asks, "options": list(question.options),
            "verdicts": verdicts, "right": question.right}


class Prediction(KeptQuestion):
    """A question before a run, which has no verdict; its place is what was predicted, in words."""

    kind = "prediction"

    def __init__(self, question: PredictionQuestion, start: Path | None = None):
        """Show a question before a run."""
        self.question = question
        super().__init__(prediction_value(question), start)

    @property
    def taken(self) -> str | None:
        """What was predicted, or None before that."""
        return read_prediction(self.place, self.question)

    def describe(self) -> str:
        """Return the question, its options, and what was predicted."""
        return describe_prediction(self.question, self.taken)

    def static(self) -> str:
        """Return the question and its options."""
        return self.question.render()

    def __repr__(self) -> str:
        """Return a short text that is the same on every machine."""
        return f"Prediction({self.question.asks!r}{'' if self.taken is None else f', taken: {self.taken!r}'})"


def prediction_value(question: PredictionQuestion) -> PredictionValue:
    """Return a question as JSON values."""
    return {"name": name_question("predict", question.asks), "title": question.asks, "options": list(question.options),
            "longest": LONGEST}


def name_question(kind: str, asks: str) -> str:
    """Return one word for a question, made of its own words."""
    return "-".join([kind, *re.findall(r"[a-z0-9]+", asks.lower())[:8]])
