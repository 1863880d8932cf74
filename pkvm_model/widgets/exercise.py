"""An exercise's card: what a check said, how far it looked, the run that shows it, hints and the solution."""
from __future__ import annotations

from pathlib import Path

from ..graphs.contract import ExerciseQuestion, ExerciseValue, HintsValue, ShownValue, SolutionValue
from ..practice.submit import Submission, submit
from ..show.table import Table
from .widget import Widget, compact

PASSED, NOT_YET, OPEN = "Passed.", "Not yet.", "Not answered yet."
SOLVED = "You have solved this before, and that still counts."


class Card(Widget):
    """What the learner sees after an answer."""

    kind = "exercise"

    def __init__(self, submission: Submission) -> None:
        """Show a submission; the solution is on the card if the learner has earned it."""
        self.submission, self.exercise, self.verdict = submission, submission.exercise, submission.verdict
        exercise, verdict = self.exercise, self.verdict
        shipped: ExerciseValue = {
            "name": f"exercise-{exercise.id}", "title": exercise.title, "head": self.head, "next": self.next,
            "after": self.after, "passed": verdict.passed, "sentence": self.sentence, "facts": self.list_facts(),
            "printed": verdict.printed, "details": verdict.details, "along": verdict.along and compact(verdict.along),
            "hints": len(exercise.hints), "given": list(submission.hints),
            "solution": self.show_solution() if submission.is_solution_earned else None}
        super().__init__(compact(shipped))

    @property
    def head(self) -> str:
        """The verdict in a word or two."""
        is_tried = self.verdict.tried or self.submission.note.record.tries
        return PASSED if self.verdict.passed else NOT_YET if is_tried else OPEN

    @property
    def sentence(self) -> str:
        """What the check said, and about which choice if there are several."""
        return f"`{self.verdict.about}`: {self.verdict.sentence}" if self.verdict.about else self.verdict.sentence

    @property
    def next(self) -> str:
        """What to do next; if that is in another notebook, `after` is its file."""
        following = self.submission.next_exercise
        if not self.verdict.passed:
            return "Change the cell above and run it again."
        if following is None:
            return f"That was the last exercise{self.road}. The map shows what you have done:"
        if following.chapter != self.exercise.chapter:
            return f"That was this chapter's last exercise{self.road}. Next is the chapter"
        return f"Next: {following.title}, in"

    @property
    def road(self) -> str:
        """Which road ends with the exercise, as a part of a sentence; "" if there is nothing beside it."""
        return " on the main road" if self.exercise.road == "main" else ""

    @property
    def after(self) -> str:
        """The file of the next notebook, relative to this exercise; '' if the learner stays here."""
        following = self.submission.next_exercise
        if not self.verdict.passed:
            return ""
        if following is None:
            return "../course-map.ipynb"
        same = following.chapter == self.exercise.chapter
        return f"{following.id}.ipynb" if same else f"../{following.chapter}.ipynb"

    def list_facts(self) -> list[str]:
        """Return sentences on how far the check looked, and on what is noted."""
        note = self.submission.note
        looked = [f"Checked: {self.verdict.looked_at}."] if self.verdict.looked_at else []
        stays = [SOLVED] if note.record.solved and not self.verdict.passed else []
        return [*looked, *stays, *note.warnings]

    def show_solution(self) -> SolutionValue:
        """Return the solution and its explanation."""
        return {"code": self.exercise.solution, "explained": self.exercise.explanation}

    def answer(self, question: ExerciseQuestion) -> HintsValue | ShownValue:
        """Return hints up to a number, or the solution; both are noted."""
        if "hints" in question:
            return {"hints": list(self.submission.take_hints(int(question["hints"])))}
        if "show" not in question:
            raise LookupError(f"a card gives hints and the solution, and was asked {question}")
        self.submission.take_solution()
        return {"solution": self.show_solution()}

    def describe(self) -> str:
        """Return the verdict in words, and the run as a table."""
        lines = [f"{self.head} {self.sentence}", *self.list_facts(), f"{self.next} {self.after}".strip(),
                 *self.submission.hints]
        if self.verdict.printed:
            lines += ["Your code printed:", self.verdict.printed.rstrip()]
        if self.verdict.details:
            lines += ["Details:", self.verdict.details.rstrip()]
        if self.verdict.along:
            lines.append(repr(Table("The run", self.verdict.along["heads"], self.verdict.along["rows"])))
        return "\n".join(lines)

    def __repr__(self) -> str:
        """Return a short text that is the same on every machine."""
        return f"Card({self.exercise.id!r}, {'passed' if self.verdict.passed else 'not yet'})"


def check(name: str, text: str, start: Path | None = None) -> Card:
    """Submit an answer and return its card. Raise ExerciseError if there is no such exercise."""
    return Card(submit(name, text, start))
