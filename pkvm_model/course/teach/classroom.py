"""A class's hand-ins: a table, a map of who solved what, where the class is stuck, what cannot be true, and CSV."""
from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ...outside import escape
from ...practice.exercises import load_exercises
from ...practice.progress import ExerciseRecord
from ...show.table import Table
from ...text import count
from ..learner import handin
from .collect import SHOWN, Collection, collect, gather
from .doubts import find_doubts
from .heat_map import HeatMap
from .seats import seats

__all__ = ["Classroom", "Learner", "read", "seats"]
FORMULA = re.compile(r"((?:^|[;,|:\t])[\s\"']*)(?=[=+@\uff1d\uff0b\uff0d\uff20-])")
"""The place before a character that makes a formula of a cell, at the beginning or behind any separator."""
FIELDS = ("file", "name", "exercise", "solved", "shown", "hints", "tries", "steps", "fewest", "cannot be true")


@dataclass(frozen=True)
class Learner:
    """One hand-in: the name of its file, what it says, and the reasons to doubt it, by exercise."""

    file: str
    hand_in: handin.HandIn
    doubts: dict[str, tuple[str, ...]]

    @property
    def name(self) -> str:
        """The learner's name as they gave it, or that of the file."""
        return self.hand_in.name or self.file

    def progress_in(self, exercise: str) -> ExerciseRecord:
        """Return the progress in an exercise."""
        return self.hand_in.exercises.get(exercise, ExerciseRecord())

    def choose_sign(self, exercise: str) -> str:
        """Return the progress in an exercise in a few characters; heat_map.LEGEND explains them."""
        record = self.progress_in(exercise)
        more = (record.steps or 0) - (record.fewest or 0)
        if record.solved:
            sign = f"✓{record.hints or ''}" + (f" +{more}" if record.steps and record.fewest and more > 0 else "")
        else:
            sign = "S" if record.shown else "…" if record.tries else "·"
        return sign + " !" * bool(self.doubts.get(exercise))

    def make_row(self, names: list[str]) -> tuple[str, ...]:
        """Return the learner's row in the table of the class, over these exercises."""
        records = [self.progress_in(name) for name in names]
        hints, shown = sum(record.hints for record in records), sum(record.shown for record in records)
        tries = sum(record.tries for record in records)
        solved = f"{sum(record.solved for record in records)} of {len(records)}"
        doubts = sum(map(len, self.doubts.values()))
        return (self.name, solved, str(hints), str(shown), str(tries), self.file, str(doubts))


@dataclass(frozen=True)
class Classroom:
    """The learners who handed in, one hand-in of each, and all files that were collected."""

    learners: tuple[Learner, ...]
    collection: Collection

    @cached_property
    def exercises(self) -> list[str]:
        """The exercises that somebody touched, in the order of the course."""
        touched = {name for learner in self.learners for name in learner.hand_in.exercises}
        return [name for name in load_exercises() if name in touched]

    def table(self) -> Table:
        """Return a table with a row for each learner."""
        heads = ("learner", "solved", "hints", "shown", "tries", "file", "cannot be true")
        return Table("The class", heads, [learner.make_row(self.exercises) for learner in self.learners],
                     self.count_files())

    def count_files(self) -> str:
        """Return what became of all files."""
        repeated, passed_over = self.collection.repeated, self.collection.passed_over
        note = f"{count(len(self.learners), 'hand-in')}, {count(len(self.collection.refused), 'file')} refused"
        if repeated:
            note += f", {len(repeated)} handed in more than once and counted once"
        if not passed_over:
            return f"{note}."
        more = f" and {len(passed_over) - SHOWN} more" if len(passed_over) > SHOWN else ""
        return f"{note}. Passed over, since systems make them: {', '.join(passed_over[:SHOWN])}{more}."

    def doubts(self) -> Table:
        """Return all files that were refused or do not count, and all facts that cannot be true, with the reason."""
        rows = [(file, "", reason) for file, reason in (
            *gather(self.collection.refused), *self.collection.repeated, *self.collection.copies)]
        rows += [(learner.file, exercise, reason) for learner in self.learners
                 for exercise, reasons in learner.doubts.items() for reason in reasons]
        rows = [(file, exercise, escape(reason)) for file, exercise, reason in rows]
        return Table("What cannot be true", ("file", "exercise", "why"), rows, note=self.count_other_versions())

    def count_other_versions(self) -> str:
        """Return a sentence on hand-ins from another version of the course, '' if there are none."""
        others = sum(learner.hand_in.course != handin.digest_course() for learner in self.learners)
        return f"Made with another version of the course: {others}; exercises may differ there." if others else ""

    def stuck(self, most: int = 8) -> Table:
        """Return the exercises that most learners tried in vain or had the solution shown, `most` at most."""
        heads = ("exercise", "tried", "solved", "not solved", "shown", "hints each")
        rows = sorted(map(self.make_exercise_row, self.exercises), key=lambda row: -(int(row[3]) + int(row[4])))
        return Table("Where the class is stuck", heads, rows[:most])

    def make_exercise_row(self, exercise: str) -> tuple[str, ...]:
        """Return the row of an exercise in the table of where the class is stuck."""
        progress = [learner.progress_in(exercise) for learner in self.learners]
        records = [record for record in progress if record.tries or record.shown or record.hints]
        solved, shown = sum(record.solved for record in records), sum(record.shown for record in records)
        hints = f"{sum(record.hints for record in records) / len(records):.1f}" if records else "0"
        return (exercise, str(len(records)), str(solved), str(len(records) - solved), str(shown), hints)

    def heat(self) -> HeatMap:
        """Return the map of who solved what."""
        return HeatMap(self.exercises, [(learner.name, [learner.choose_sign(name) for name in self.exercises])
                                        for learner in self.learners])

    def write_csv(self, path: Path | str, separator: str = ",") -> None:
        """Write a line for each learner and exercise; a byte order mark tells spreadsheets that it is UTF-8."""
        Path(path).write_bytes(self.csv(separator).encode("utf-8-sig"))

    def csv(self, separator: str = ",") -> str:
        """Return a line for each learner and exercise, for a spreadsheet."""
        text = io.StringIO()
        lines = csv.writer(text, delimiter=separator, lineterminator="\n")
        lines.writerow(FIELDS)
        for learner in self.learners:
            for name in self.exercises:
                record = learner.progress_in(name)
                facts = (record.solved, record.shown, record.hints, record.tries, record.steps, record.fewest)
                lines.writerow([escape_formula(learner.file), escape_formula(learner.name), name, *facts,
                                escape_formula("; ".join(learner.doubts.get(name, ())))])
        return text.getvalue()


def escape_formula(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula, nor a part of it, whichever separator it splits at."""
    return FORMULA.sub(r"\1'", escape(text))


def read(folder: Path | str) -> Classroom:
    """Read all files in a folder and its subfolders, also in archives. Raise CourseError if there are none."""
    collection = collect(Path(folder))
    return Classroom(tuple(Learner(file, hand_in, dict(find_doubts(hand_in))) for file, hand_in in
                           collection.submissions), collection)
