"""The use case "answer an exercise": judge a text, note the progress, and offer what the learner has earned."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..text import capitalise
from . import judge, progress
from .exercises import Exercise, find_exercise, load_exercises
from .progress import ExerciseRecord, ProgressError
from .verdict import Verdict

NOT_KEPT = "This folder is not in a copy made by the course, so your progress is not saved."


class ProgressNote:
    """The record of one exercise in the learner's copy around a folder; outside of a copy it lasts only in memory.

    `warnings` are sentences for the learner about progress that is not kept: their answer itself is in the notebook.
    """

    def __init__(self, name: str, start: Path | None = None) -> None:
        """Read the record; `start` is the current folder by default."""
        self.name, self.folder = name, progress.find_copy(start)
        self.record, self.warnings = ExerciseRecord(), [] if self.folder else [NOT_KEPT]
        self.change(lambda record: record)

    def change(self, change: Callable[[ExerciseRecord], ExerciseRecord]) -> None:
        """Change the record, and keep it if there is a copy; if that fails, warn."""
        if self.folder is None:
            self.record = change(self.record)
            return
        try:
            self.record = progress.update(self.folder, self.name, change, self.warnings.append)
        except ProgressError as error:
            self.record = change(self.record)
            self.warnings = [f"{capitalise(str(error))}."]


class Submission:
    """An answer after its check: the verdict, and what the learner may see because of it."""

    def __init__(self, exercise: Exercise, verdict: Verdict, note: ProgressNote) -> None:
        self.exercise, self.verdict, self.note = exercise, verdict, note

    @property
    def is_solution_earned(self) -> bool:
        """True if the exercise is solved, now or before, or if the learner has seen the solution."""
        return self.verdict.passed or self.note.record.solved or self.note.record.shown

    @property
    def hints(self) -> tuple[str, ...]:
        """The hints that the learner has taken; they stay until an answer passes."""
        return () if self.verdict.passed else self.exercise.hints[:self.note.record.hints]

    @property
    def next_exercise(self) -> Exercise | None:
        """The exercise that follows this one in the course; the main road leads on along the main road."""
        course = [*load_exercises().values()]
        later = course[course.index(self.exercise) + 1:]
        return next((each for each in later if each.road == "main" or self.exercise.road == "more"), None)

    def take_hints(self, number: int) -> tuple[str, ...]:
        """Return the first hints, up to `number`, and note that the learner has taken them."""
        hints = self.exercise.hints[:number]
        self.note.change(lambda record: record._replace(hints=max(record.hints, len(hints))))
        return hints

    def take_solution(self) -> None:
        """Note that the learner has asked for the solution."""
        self.note.change(lambda record: record._replace(shown=True))


def submit(name: str, text: str, start: Path | None = None) -> Submission:
    """Judge an answer in a process of its own and note the result. Raise ExerciseError if there is no such exercise."""
    exercise = find_exercise(name)
    note = ProgressNote(name, start)
    verdict = judge.judge(name, text)
    note.change(lambda record: update_record(record, verdict, text))
    if not judge.can_end_processes():
        note.warnings = [judge.CANNOT_STOP, *note.warnings]
    return Submission(exercise, verdict, note)


def update_record(record: ExerciseRecord, verdict: Verdict, text: str) -> ExerciseRecord:
    """Return the record after a check. A right answer and its run stay until a right one takes no more steps."""
    if not verdict.tried:
        return record
    updated = record._replace(tries=record.tries + 1, solved=record.solved or verdict.passed)
    more_steps = record.steps is not None and verdict.steps is not None and verdict.steps > record.steps
    if record.solved and (more_steps or not verdict.passed):
        return updated
    updated = updated._replace(answer=text, trace=verdict.trace)
    return updated._replace(steps=verdict.steps, fewest=verdict.fewest) if verdict.passed else updated
