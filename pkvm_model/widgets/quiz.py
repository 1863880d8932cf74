"""Questions to the learner, whose answers are kept: a quiz has a verdict, a prediction has none."""
from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from ..graphs.contract import PredictionValue, QuizValue
from ..practice import again, progress, quizzes
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
        self.folder, self.kept_as = progress.find_copy(start), find_key(shipped)
        kept = quizzes.read(self.folder).get(self.kept_as, "") if self.folder else ""
        super().__init__(compact(shipped), self.take_up(kept))

    def take_up(self, kept: str) -> str:
        """Return the place to begin at, from what was kept."""
        return kept

    def list_kept(self) -> dict[str, str]:
        """Return what is kept, by key."""
        return {self.kept_as: self.place}

    def keep(self) -> None:
        """Keep the place in the learner's copy."""
        if self.folder:
            quizzes.keep(self.folder, self.list_kept())


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


class QuizAgain(Quiz):
    """A question of an earlier chapter, asked afresh: the answers it had before stay, and new ones follow them."""

    def __init__(self, question: QuizQuestion, answers: int, choice: Mapping[str, str], start: Path | None = None):
        """Show a question that had some answers before; with a new one the choice of the question is kept."""
        self.answers_before, self.choice, self.before = answers, choice, list[str]()
        super().__init__(question, start)

    def take_up(self, kept: str) -> str:
        """Return only the answers that were given here."""
        words = kept.split()
        self.before = words[:self.answers_before]
        return " ".join(words[self.answers_before:])

    def list_kept(self) -> dict[str, str]:
        """Return all answers, where the earlier chapter finds them, and the choice."""
        return {self.kept_as: " ".join([*self.before, self.place]).strip(), **self.choice}


def ask_again(chapter: str, usual: Iterable[str], start: Path | None = None) -> list[QuizAgain]:
    """Return the questions that a chapter asks again; outside of a learner's copy, and at first, the usual ones."""
    folder, questions = progress.find_copy(start), again.list_questions(chapter)
    places = quizzes.read(folder) if folder else {}
    answers = {name: places.get(find_key(quiz_value(question)), "") for name, question in questions.items()}
    choice = again.read_choice(places.get(f"{quizzes.AGAIN}{chapter}", ""))
    if not choice or not choice.keys() <= questions.keys():
        elsewhere = again.list_chosen_elsewhere(places, chapter)
        left = {name: question for name, question in questions.items() if name not in elsewhere}
        choice = {name: len(answers[name].split()) for name in again.choose(left, answers, usual)}
    kept = {f"{quizzes.AGAIN}{chapter}": again.write_choice(choice)}
    return [QuizAgain(questions[name], before, kept, start) for name, before in choice.items()]


def find_key(shipped: QuizValue | PredictionValue) -> str:
    """Return the key under which the place of a question is kept."""
    return quizzes.make_key(shipped["name"], compact(shipped))


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
