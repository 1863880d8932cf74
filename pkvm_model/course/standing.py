"""Shows the learner's progress: each chapter with its exercises, and what to do next."""

import argparse
from collections.abc import Iterator, Mapping

from pkvm_model.course.errors import CourseError
from pkvm_model.course.work import Copy, chapters_of, exercises_of, stem
from pkvm_model.practice import progress
from pkvm_model.practice.progress import Done, ProgressError
from pkvm_model.practice.text import Exercise
from pkvm_model.show.table import Table

HEADS = ("chapter, exercise", "", "tries", "hints", "steps", "fewest")


def run(arguments: argparse.Namespace) -> int:
    """Prints the table."""
    print(table())
    return 0


def table(copy: Copy | None = None) -> Table:
    """The learner's progress as a table, with what to do next below it."""
    copy = copy or Copy()
    noted, exercises = read(copy), list(exercises_of(copy.exercises).values())
    chapters = [stem(name) for name in chapters_of(copy.chapters) if name[:2].isdecimal()]
    rows = [row for chapter in chapters for row in rows_of(chapter, exercises, noted)]
    solved = sum(noted.get(one.id, Done()).solved for one in exercises)
    caption = f"{solved} of {counted(len(exercises))} solved"
    return Table(caption, HEADS, rows, what_next(exercises, noted, copy))


def read(copy: Copy) -> dict[str, Done]:
    """What is noted in a copy. Raises CourseError for progress that is damaged."""
    try:
        return progress.read(copy.folder)
    except ProgressError as error:
        raise CourseError(
            f"{copy.folder / progress.NAME} cannot be used: {error}. Rename it, and a new one begins; "
            "your answers are in your notebooks."
        ) from error


def rows_of(chapter: str, exercises: list[Exercise], noted: Mapping[str, Done]) -> Iterator[tuple[str, ...]]:
    """A chapter's row and one for each of its exercises."""
    mine = [one for one in exercises if one.chapter == chapter]
    solved = sum(noted.get(one.id, Done()).solved for one in mine)
    yield chapter, f"{solved} of {len(mine)}" if mine else "", "", "", "", ""
    for one in mine:
        yield row_of(one.id, noted.get(one.id, Done()))


def row_of(name: str, done: Done) -> tuple[str, ...]:
    """An exercise's row."""
    state = "solved" if done.solved else "solution shown" if done.shown else "tried" if done.tries else "open"
    steps, fewest = (str(number) if number is not None else "" for number in (done.steps, done.fewest))
    return f"  {name}", state, str(done.tries or ""), str(done.hints or ""), steps, fewest


def what_next(exercises: list[Exercise], noted: Mapping[str, Done], copy: Copy) -> str:
    """One sentence on what to do next."""
    left = [one for one in exercises if not noted.get(one.id, Done()).solved]
    if not left:
        return "Everything is solved. To hand it in: python3 course.py handin"
    begun = next((one for one in left if noted.get(one.id, Done()).tries), left[0])
    where = f"{copy.folder.name}/exercises/{begun.id}.ipynb"
    return f"Next: {begun.title}, {begun.minutes} minutes, in {where}; python3 course.py lab opens JupyterLab."


def counted(number: int) -> str:
    """So many exercises, in words that fit the number."""
    return f"{number} exercise{'' if number == 1 else 's'}"
