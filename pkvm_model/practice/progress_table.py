"""Where the learner stands: each chapter with its exercises, and what to do next."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ..graphs.hunt import count
from ..show.table import Table
from . import progress
from .exercises import Exercise, load_exercises
from .progress import ExerciseRecord, ProgressError

HEADS = ("chapter, exercise", "state", "tries", "hints", "steps", "fewest")


def make_table(exercises: Sequence[Exercise], noted: Mapping[str, ExerciseRecord]) -> Table:
    """The learner's progress as a table, with what to do next below it."""
    chapters = dict.fromkeys(one.chapter for one in exercises)
    rows = [row for chapter in chapters for row in list_rows(chapter, exercises, noted)]
    solved = sum(noted.get(one.id, ExerciseRecord()).solved for one in exercises)
    return Table(f"{solved} of {count(len(exercises), 'exercise')} solved", HEADS, rows, suggest_next(exercises, noted))


def make_table_here() -> Table:
    """The table of the copy that the current folder is in; outside of a copy nothing is noted."""
    folder = progress.find_copy()
    try:
        return make_table(list(load_exercises().values()), progress.read(folder) if folder else {})
    except ProgressError as error:
        return Table("Your progress cannot be read", HEADS, [],
                     f"{progress.NAME}: {error}. The next answer that is checked puts it aside and begins a new one.")


def list_rows(chapter: str, exercises: Iterable[Exercise],
              noted: Mapping[str, ExerciseRecord]) -> Iterator[tuple[str, ...]]:
    """A chapter's row and one for each of its exercises."""
    mine = [one for one in exercises if one.chapter == chapter]
    solved = sum(noted.get(one.id, ExerciseRecord()).solved for one in mine)
    yield chapter, f"{solved} of {len(mine)}", "", "", "", ""
    for one in mine:
        yield make_row(one.id, noted.get(one.id, ExerciseRecord()))


def make_row(name: str, done: ExerciseRecord) -> tuple[str, ...]:
    """An exercise's row."""
    state = "solved" if done.solved else "solution shown" if done.shown else "tried" if done.tries else "open"
    steps, fewest = (str(number) if number is not None else "" for number in (done.steps, done.fewest))
    return f"  {name}", state, str(done.tries or ""), str(done.hints or ""), steps, fewest


def suggest_next(exercises: Iterable[Exercise], noted: Mapping[str, ExerciseRecord]) -> str:
    """One sentence on what to do next: what was begun, or else the first that is open."""
    left = [one for one in exercises if not noted.get(one.id, ExerciseRecord()).solved]
    if not left:
        return "Everything is solved. To hand it in: python3 course.py handin"
    one = next((one for one in left if noted.get(one.id, ExerciseRecord()).tries), left[0])
    return f"Next: {one.title}, {one.minutes} minutes, in exercises/{one.id}.ipynb of your copy."
