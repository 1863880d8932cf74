"""The learner's progress as a table: each chapter with its exercises, and what to do next."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ..place import name_command
from ..show.table import Table
from ..text import count
from .exercises import Exercise
from .progress import ExerciseRecord

ALL_SOLVED = f"Everything is solved. To hand it in: {name_command('handin')}"
SHOWN = "solution shown"
HEADS = ("chapter, exercise", "state", "tries", "hints", "steps", "fewest")


def make_table(exercises: Sequence[Exercise], records: Mapping[str, ExerciseRecord]) -> Table:
    """Return the learner's progress as a table, with what to do next below it."""
    chapters = dict.fromkeys(exercise.chapter for exercise in exercises)
    rows = [row for chapter in chapters for row in list_rows(chapter, exercises, records)]
    return Table(count_solved(exercises, records), HEADS, rows, suggest_next(exercises, records))


def count_solved(exercises: Sequence[Exercise], records: Mapping[str, ExerciseRecord]) -> str:
    """Return how many exercises are solved, in words."""
    solved = sum(records.get(exercise.id, ExerciseRecord()).solved for exercise in exercises)
    return f"{solved} of {count(len(exercises), 'exercise')} solved"


def list_rows(chapter: str, exercises: Sequence[Exercise],
              records: Mapping[str, ExerciseRecord]) -> Iterator[tuple[str, ...]]:
    """Yield a chapter's row and a row for each of its exercises."""
    members = {each.id: records.get(each.id, ExerciseRecord()) for each in exercises if each.chapter == chapter}
    more = {each.id for each in exercises if each.road == "more"}
    solved = sum(record.solved for record in members.values())
    yield chapter, f"{solved} of {len(members)}", "", "", "", ""
    for name, record in members.items():
        yield make_row(f"{name} (more)" if name in more else name, record)


def make_row(name: str, record: ExerciseRecord) -> tuple[str, ...]:
    """Return an exercise's row."""
    steps, fewest = (str(number) if number is not None else "" for number in (record.steps, record.fewest))
    state = ", ".join(filter(None, (name_state(record), SHOWN if record.shown else ""))) or "open"
    return f"  {name}", state, str(record.tries or ""), str(record.hints or ""), steps, fewest


def name_state(record: ExerciseRecord) -> str:
    """Return how far the learner is with an exercise, '' if it was never tried."""
    return "solved" if record.solved else "tried" if record.tries else ""


def suggest_next(exercises: Iterable[Exercise], records: Mapping[str, ExerciseRecord]) -> str:
    """Return a sentence on what to do next."""
    exercise = find_next(exercises, records)
    if exercise is None:
        return ALL_SOLVED
    return f"Next: {exercise.title}, {exercise.minutes} minutes, in exercises/{exercise.id}.ipynb of your copy."


def find_next(exercises: Iterable[Exercise], records: Mapping[str, ExerciseRecord]) -> Exercise | None:
    """Return the first that is begun, or else the first that is open; more practice waits for the main road."""
    unsolved = [each for each in exercises if not records.get(each.id, ExerciseRecord()).solved]
    left = [each for each in unsolved if each.road == "main"] or unsolved
    begun = (each for each in left if records.get(each.id, ExerciseRecord()).tries)
    return next(begun, next(iter(left), None))
