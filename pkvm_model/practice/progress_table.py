"""The learner's progress as a table: each chapter with its exercises, and what to do next."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ..show.table import Table
from ..text import count
from . import progress
from .exercises import Exercise, load_exercises
from .progress import ExerciseRecord, ProgressError, WholeProgressError

HEADS = ("chapter, exercise", "state", "tries", "hints", "steps", "fewest")


def make_table(exercises: Sequence[Exercise], records: Mapping[str, ExerciseRecord]) -> Table:
    """Return the learner's progress as a table, with what to do next below it."""
    chapters = dict.fromkeys(exercise.chapter for exercise in exercises)
    rows = [row for chapter in chapters for row in list_rows(chapter, exercises, records)]
    solved = sum(records.get(exercise.id, ExerciseRecord()).solved for exercise in exercises)
    title = f"{solved} of {count(len(exercises), 'exercise')} solved"
    return Table(title, HEADS, rows, suggest_next(exercises, records))


def make_table_here() -> Table:
    """Return the table of the copy that contains the current folder; outside of a copy, no exercise is solved."""
    folder = progress.find_copy()
    try:
        return make_table(list(load_exercises().values()), progress.read(folder) if folder else {})
    except ProgressError as error:
        return Table("Your progress cannot be read", HEADS, [],
                     f"{progress.NAME}: {error}." + ("" if isinstance(error, WholeProgressError) else
                     " The next answer that you check puts it aside and begins a new one."))


def list_rows(chapter: str, exercises: Iterable[Exercise],
              records: Mapping[str, ExerciseRecord]) -> Iterator[tuple[str, ...]]:
    """Yield a chapter's row and a row for each of its exercises."""
    members = {each.id: records.get(each.id, ExerciseRecord()) for each in exercises if each.chapter == chapter}
    solved = sum(record.solved for record in members.values())
    yield chapter, f"{solved} of {len(members)}", "", "", "", ""
    for name, record in members.items():
        yield make_row(name, record)


def make_row(name: str, record: ExerciseRecord) -> tuple[str, ...]:
    """Return an exercise's row."""
    state = "solved" if record.solved else "solution shown" if record.shown else "tried" if record.tries else "open"
    steps, fewest = (str(number) if number is not None else "" for number in (record.steps, record.fewest))
    return f"  {name}", state, str(record.tries or ""), str(record.hints or ""), steps, fewest


def suggest_next(exercises: Iterable[Exercise], records: Mapping[str, ExerciseRecord]) -> str:
    """Return a sentence on what to do next: the first exercise that is begun, or else the first that is open."""
    unsolved = [each for each in exercises if not records.get(each.id, ExerciseRecord()).solved]
    if not unsolved:
        return "Everything is solved. To hand it in: python3 course.py handin"
    exercise = next((each for each in unsolved if records.get(each.id, ExerciseRecord()).tries), unsolved[0])
    return f"Next: {exercise.title}, {exercise.minutes} minutes, in exercises/{exercise.id}.ipynb of your copy."
