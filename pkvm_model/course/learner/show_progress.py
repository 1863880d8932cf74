"""Shows the learner's progress: each chapter with its exercises, and what to do next."""
from __future__ import annotations

import argparse

from ...practice import progress, progress_table
from ...practice.progress import ExerciseRecord, ProgressError
from ...show.table import Table
from ..errors import CourseError
from .my_work import CopyPaths, read_exercises


def run(arguments: argparse.Namespace) -> int:
    """Print the table, and where there is more progress."""
    print(make_table(), *progress.list_conflicts(CopyPaths().folder), sep="\n")
    return 0


def make_table(paths: CopyPaths | None = None) -> Table:
    """Return the learner's progress as a table, with what to do next below it. Raise CourseError if that fails."""
    paths = paths or CopyPaths()
    return progress_table.make_table(list(read_exercises(paths.exercises).values()), read_progress(paths))


def read_progress(paths: CopyPaths) -> dict[str, ExerciseRecord]:
    """Return the progress in a copy, by exercise. Raise CourseError if it is damaged."""
    try:
        return progress.read(paths.folder)
    except ProgressError as error:
        raise CourseError(f"{paths.folder / progress.NAME} cannot be used: {error}. If you rename it, a new one "
                          "begins; your answers are in your notebooks.") from error
