"""Restores the course's version of an exercise or chapter; the learner's version and answers are put aside.

Of an exercise's progress the tries and the last answer stay. Hints, the solution that was shown, solved, the steps and
the run start afresh, so that the exercise can be done once more.
"""
from __future__ import annotations

import argparse
from collections.abc import Iterator

from ...practice.progress import ExerciseRecord
from ...practice.quizzes import list_keys
from .my_work import CopyPaths, cut_stem, open_copy
from .update import RELOAD


def run(arguments: argparse.Namespace) -> int:
    """Reset a notebook and print what happened."""
    for line in reset(arguments.name):
        print(line)
    return 0


def reset(name: str, paths: CopyPaths | None = None) -> Iterator[str]:
    """Reset a notebook and its progress; yield a line for each. Raise CourseError for an unknown name."""
    with open_copy(paths) as copy:
        file = copy.resolve(name)
        keys = list_keys(copy.files[file]) | list_keys(copy.read(file))
        yield copy.reset(file)
        if forgotten := copy.reset_quizzes(file, keys):
            yield forgotten
        progress, damage = copy.read_progress()
        if damage:
            yield damage
        record = progress.get(cut_stem(file), ExerciseRecord())
        if record != clear_result(record):
            copy.write_progress(progress | {cut_stem(file): clear_result(record)})
            yield f"{cut_stem(file)}: open again. The number of your tries and your last answer are kept."
    yield RELOAD


def clear_result(record: ExerciseRecord) -> ExerciseRecord:
    """Return what is kept of an exercise's progress when it is started afresh."""
    return record._replace(hints=0, shown=False, solved=False, steps=None, fewest=None, trace="")
