"""Shows the learner's progress: each chapter with its exercises, and what to do next."""

import argparse

from ...practice import progress
from ...practice.progress import ExerciseRecord, ProgressError
from ...practice.progress_table import make_table
from ...show.table import Table
from ..errors import CourseError
from .work import Copy, exercises_of


def run(arguments: argparse.Namespace) -> int:
    """Prints the table."""
    print(table())
    return 0


def table(copy: Copy | None = None) -> Table:
    """The learner's progress as a table, with what to do next below it."""
    copy = copy or Copy()
    return make_table(list(exercises_of(copy.exercises).values()), read(copy))


def read(copy: Copy) -> dict[str, ExerciseRecord]:
    """What is noted in a copy. Raises CourseError for progress that is damaged."""
    try:
        return progress.read(copy.folder)
    except ProgressError as error:
        raise CourseError(
            f"{copy.folder / progress.NAME} cannot be used: {error}. Rename it, and a new one begins; "
            "your answers are in your notebooks."
        ) from error
