"""A class's hand-ins: a table, a map of who solved what, where the class is stuck, what cannot be true, and CSV."""
from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from collections.abc import Sequence
from pathlib import Path

from ...outside import escape
from ...practice.exercises import load_exercises
from ...show.table import Table
from ...text import count
from ..errors import CourseError
from ..learner import handin
from .attendance import list_fates, list_remarks, summarize
from .collect import SHOWN, ClassFile, Collection, collect, gather
from .doubts import find_doubts
from .gradebook import list_rows
from .heat_map import HeatMap
from .learner import Learner
from .pseudonyms import choose_pseudonyms
from .roster import NO_ROSTER, Roster, read_roster
from .seats import seats
from .spreadsheet import write_lines

__all__ = ["Classroom", "Learner", "read", "seats"]
FIELDS = ("file", "name", "exercise", "solved", "shown", "hints", "tries", "steps", "fewest", "cannot be true")


@dataclass(frozen=True)
class Classroom:
    """The learners who handed in, one hand-in of each, and all files that were collected."""

    learners: tuple[Learner, ...]
    collection: Collection
    roster: Roster = NO_ROSTER

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
        if not self.collection.submissions and self.learners:
            return f"{count(len(self.learners), 'hand-in')}, under other names."
        note = f"{count(len(self.learners), 'hand-in')}, {count(len(self.collection.refused), 'file')} refused"
        if repeated:
            note += f", {len(repeated)} handed in more than once and counted once"
        if not passed_over:
            return f"{note}."
        more = f" and {len(passed_over) - SHOWN} more" if len(passed_over) > SHOWN else ""
        return f"{note}. Passed over, since they are no hand-ins: {', '.join(passed_over[:SHOWN])}{more}."

    def attendance(self) -> Table:
        """Return who on the roster is missing, late, or handed in something odd, and hand-ins of nobody on it."""
        return Table("Who handed in", ("learner", "file", "what"), [*list_remarks(self.roster, self.collection)],
                     summarize(self.roster, self.collection))

    def files(self) -> Table:
        """Return what became of each file in the folder, also of those in archives."""
        return Table("Every file", ("file", "learner", "what became of it"), list_fates(self.collection),
                     self.count_files())

    def anonymous(self, secret: str) -> Classroom:
        """Return the class to show: under other names, in their order. They stay as long as the secret does."""
        names = choose_pseudonyms([(learner.name, learner.marks) for learner in self.learners], secret)
        hidden = map(Learner.hide, self.learners, names)
        return Classroom(tuple(sorted(hidden, key=lambda learner: learner.name)), Collection((), (), (), (), ()))

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
        """Write a line for each learner and exercise, for a spreadsheet."""
        Path(path).write_bytes(self.csv(separator).encode("utf-8-sig"))

    def csv(self, separator: str = ",") -> str:
        """Return a line for each learner and exercise, for a spreadsheet."""
        return write_lines([FIELDS, *(self.make_csv_row(learner, name) for learner in self.learners
                                      for name in self.exercises)], separator)

    def make_csv_row(self, learner: Learner, exercise: str) -> list[object]:
        """Return the line of a learner and an exercise."""
        record = learner.progress_in(exercise)
        facts = (record.solved, record.shown, record.hints, record.tries, record.steps, record.fewest)
        return [learner.file, learner.name, exercise, *facts, "; ".join(learner.doubts.get(exercise, ()))]

    def write_gradebook(self, path: Path | str, separator: str = ",", exercises: Sequence[str] | None = None) -> None:
        """Write a line for each learner on the roster, for Moodle, Canvas or a spreadsheet."""
        Path(path).write_bytes(self.gradebook(separator, exercises).encode("utf-8-sig"))

    def gradebook(self, separator: str = ",", exercises: Sequence[str] | None = None) -> str:
        """Return a line for each learner on the roster, with these exercises and the sum; () for the sum alone."""
        columns = self.exercises if exercises is None else check_names(exercises)
        return write_lines(list_rows(self.roster, self.learners, self.exercises, columns), separator)


def check_names(exercises: Sequence[str]) -> Sequence[str]:
    """Return the names of some exercises. Raise CourseError if the course lacks one."""
    if unknown := [name for name in exercises if name not in load_exercises()]:
        raise CourseError(f"the course has no exercise {unknown[0]}.")
    return exercises


def read(folder: Path | str, roster: Path | str | None = None, due: str = "") -> Classroom:
    """Read all files in a folder and its subfolders, also in archives. Raise CourseError if there are none.

    `roster` is a CSV file with the class; after `due`, such as "2026-11-30 18:00" in the time of this machine, a
    hand-in is late.
    """
    people = read_roster(Path(roster)) if roster else NO_ROSTER
    collection = collect(Path(folder), people if roster else None, parse_due(due))
    return Classroom(tuple(map(doubt, collection.submissions)), collection, people)


def doubt(submission: ClassFile) -> Learner:
    """Return a learner with the reasons to doubt what they handed in."""
    facts = dict(find_doubts(submission.hand_in))
    return Learner(submission.file, submission.hand_in, facts, submission.owner.person)


def parse_due(text: str) -> datetime | None:
    """Return the last moment that is not late, None for ''. A day counts to its end. Raise CourseError for no time."""
    try:
        time = datetime.fromisoformat(text) if text else None
    except ValueError:
        raise CourseError(f"{text!r} is not a time. Write it as in 2026-11-30 18:00.") from None
    if time and len(text) == len("2026-11-30"):
        return time.replace(hour=23, minute=59, second=59)
    return time.astimezone().replace(tzinfo=None) if time and time.tzinfo else time
