"""An exercise's card: what a check said, how far it looked, the run that shows it, hints and the solution."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..practice import judge, progress
from ..practice.exercises import Exercise, load_exercises
from ..practice.progress import ExerciseRecord, ProgressError
from ..practice.verdict import Verdict
from ..show.table import Table
from .widget import Widget, compact

PASSED, NOT_YET, OPEN = "Passed.", "Not yet.", "Not answered yet."
SOLVED = "You have solved this before, and that stays noted."
UNNOTED = "This folder is no copy made by the course, so your progress is not noted."


class Card(Widget):
    """What the learner sees after an answer; its place says how many hints are shown, and if the solution is."""

    kind = "exercise"

    def __init__(self, exercise: Exercise, verdict: Verdict, notes: Notes):
        """Show a verdict. The solution is on the card if it was earned, now or before."""
        self.exercise, self.verdict, self.notes = exercise, verdict, notes
        earned = verdict.passed or notes.done.solved or notes.done.shown
        super().__init__(compact({
            "name": f"exercise-{exercise.id}", "title": exercise.title, "head": self.head, "next": self.next,
            "after": self.after, "passed": verdict.passed, "sentence": self.sentence, "facts": self.facts(),
            "printed": verdict.printed, "details": verdict.details, "along": verdict.along and compact(verdict.along),
            "hints": len(exercise.hints), "given": list(self.given()),
            "solution": self.solution() if earned else None}))

    @property
    def head(self) -> str:
        """The verdict in a word or two."""
        return PASSED if self.verdict.passed else NOT_YET if self.verdict.tried else OPEN

    @property
    def sentence(self) -> str:
        """What the check said, and of which choice where there are several."""
        return f"`{self.verdict.about}`: {self.verdict.sentence}" if self.verdict.about else self.verdict.sentence

    @property
    def next(self) -> str:
        """What to do next; where that is another notebook, `after` is its file."""
        if not self.verdict.passed:
            return "Change the cell above and run it again."
        if self.following is None:
            return "That was the last exercise. The map shows what you have done:"
        if self.following.chapter != self.exercise.chapter:
            return "That was this chapter's last exercise. Next is the chapter"
        return f"Next: {self.following.title}, in"

    @property
    def after(self) -> str:
        """The file that comes next, seen from this exercise; '' where it is this one still."""
        if not self.verdict.passed:
            return ""
        if self.following is None:
            return "../course-map.ipynb"
        same = self.following.chapter == self.exercise.chapter
        return f"{self.following.id}.ipynb" if same else f"../{self.following.chapter}.ipynb"

    @property
    def following(self) -> Exercise | None:
        """The exercise that comes after this one in the course."""
        every = [*load_exercises().values()]
        return next(iter(every[every.index(self.exercise) + 1:]), None)

    def facts(self) -> list[str]:
        """How far was looked, how many steps it took, and where the progress is noted."""
        looked = [f"Looked at: {self.verdict.looked_at}."] if self.verdict.looked_at else []
        stays = [SOLVED] if self.notes.done.solved and not self.verdict.passed else []
        return [*looked, *stays, *([judge.CANNOT_STOP] if not judge.can_end_processes() else []), *self.notes.says]

    def given(self) -> tuple[str, ...]:
        """The hints that were given already: they stay, however often the cell is run."""
        return () if self.verdict.passed else self.exercise.hints[:self.notes.done.hints]

    def solution(self) -> dict[str, str]:
        """The solution and why it is one."""
        return {"code": self.exercise.solution, "explained": self.exercise.explained}

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """Hints up to a number, or the solution; both are noted."""
        if "hints" in question:
            given = self.exercise.hints[:int(question["hints"])]
            self.notes.keep(lambda done: done._replace(hints=max(done.hints, len(given))))
            return {"hints": list(given)}
        if "show" in question:
            self.notes.keep(lambda done: done._replace(shown=True))
            return {"solution": self.solution()}
        return super().answer(question)

    def describe(self) -> str:
        """The verdict in words, and the run as a table."""
        told = [f"{self.head} {self.sentence}", *self.facts(), f"{self.next} {self.after}".strip(), *self.given()]
        if self.verdict.printed:
            told += ["Your code printed:", self.verdict.printed.rstrip()]
        if self.verdict.along:
            told.append(repr(Table("The run", self.verdict.along["heads"], self.verdict.along["rows"])))
        return "\n".join(told)

    def __repr__(self) -> str:
        """Short, and the same on every machine."""
        return f"Card({self.exercise.id!r}, {'passed' if self.verdict.passed else 'not yet'})"


class Notes:
    """What is noted of one exercise in the learner's copy that a folder is in; outside of one nothing is."""

    def __init__(self, name: str, start: Path | None = None) -> None:
        self.name, self.says = name, list[str]()
        self.folder = progress.find_copy(start)
        self.done = ExerciseRecord()
        if self.folder is None:
            self.says.append(UNNOTED)
        else:
            self.keep(lambda done: done)

    def keep(self, change: Callable[[ExerciseRecord], ExerciseRecord]) -> None:
        """Note a change; where that fails, say so on the card: the answer itself is in the notebook."""
        if self.folder is None:
            self.done = change(self.done)
            return
        try:
            self.done = progress.update(self.folder, self.name, change)
        except ProgressError as error:
            self.done = change(self.done)
            self.says = [f"{str(error)[:1].upper()}{str(error)[1:]}."]


def noted_after(done: ExerciseRecord, verdict: Verdict, text: str) -> ExerciseRecord:
    """What is noted after a check. A right answer stays, with its run, until a right one takes no more steps."""
    if not verdict.tried:
        return done
    found = done._replace(tries=done.tries + 1, solved=done.solved or verdict.passed)
    more_steps = done.steps is not None and verdict.steps is not None and verdict.steps > done.steps
    if done.solved and (more_steps or not verdict.passed):
        return found
    found = found._replace(answer=text, trace=verdict.trace)
    return found._replace(steps=verdict.steps, fewest=verdict.fewest) if verdict.passed else found


def check(exercise: Exercise, text: str, start: Path | None = None) -> Card:
    """Judge an answer in a process of its own, note it, and show what came of it."""
    notes = Notes(exercise.id, start)
    verdict = judge.judge(exercise.id, text)
    notes.keep(lambda done: noted_after(done, verdict, text))
    return Card(exercise, verdict, notes)
