"""Imports progress and answers from another machine: from a hand-in, a progress file, or a whole copy in an archive.

The file is parsed, never evaluated. Of two answers the better is kept as progress: solved, then fewer steps, then more
tries. An answer goes into the exercise's notebook if that is untouched; otherwise it gets a notebook beside it. An
answer to a quiz counts if there was none, or if it goes on from the one that was there.
"""
from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path

from ...practice import quizzes
from ...practice.notebook import extract_answer, make_notebook
from ...practice.progress import ExerciseRecord, merge
from ...text import count
from . import work
from .my_work import EXERCISES, CopyPaths, OpenCopy, open_copy, read_exercises
from .update import RELOAD
from .work import Work

ProgressByExercise = Mapping[str, ExerciseRecord]


def run(arguments: argparse.Namespace) -> int:
    """Import a file and print what became of it."""
    for line in import_progress(Path(arguments.file)):
        print(line)
    return 0


def import_progress(path: Path, paths: CopyPaths | None = None) -> Iterator[str]:
    """Merge a file into the learner's copy; yield a line for each change. Raise CourseError if that fails."""
    paths = paths or CopyPaths()
    theirs = work.read(path, read_exercises(paths.exercises).values())
    with open_copy(paths) as copy:
        mine, damage = copy.read_progress()
        if damage:
            yield damage
        merged = merge(mine, theirs.exercises)
        # Answers first: after a stop, the next import finds them done.
        yield from import_answers(copy, theirs, mine, merged)
        if theirs.quizzes:
            quizzes.add(copy.folder, theirs.quizzes)
        copy.write_progress(merged)
    solved = sum(record.solved for record in merged.values())
    yield (f"Progress of {count(len(theirs.exercises), 'exercise')} is imported; {solved} "
           f"{'is' if solved == 1 else 'are'} solved now. {RELOAD}")


def import_answers(copy: OpenCopy, theirs: Work, mine: ProgressByExercise,
                   merged: ProgressByExercise) -> Iterator[str]:
    """Put all answers where the learner finds them, and yield a line for each."""
    for answer in theirs.answers:
        yield from import_answer(copy, answer.exercise, answer.text)
    for name, record in theirs.exercises.items():
        yield from import_answer(copy, name, record.answer)
        if name in mine and mine[name].answer != merged[name].answer:
            yield from import_answer(copy, name, mine[name].answer)


def import_answer(copy: OpenCopy, name: str, answer: str) -> Iterator[str]:
    """Put an answer where the learner finds it, and yield a line that says where; nothing if it is there already."""
    file, answer = f"{EXERCISES}/{name}.ipynb", answer.rstrip()
    if file not in copy.exercises:
        yield f"{name}: your course has no such exercise. Its progress is kept."
    elif answer and answer != read_answer(copy, file, name):
        content = make_notebook(copy.exercises[file], answer)
        if copy.is_untouched(file, copy.read(file)):
            _, kept = copy.replace(file, lambda mine: content)
            yield f"{name}: the answer is in {file}{kept and f'.{kept}'}"
        elif other := choose_name(copy, name, answer):
            copy.create(other, content)
            yield f"{name}: yours is kept, the other answer is in {other}"


def choose_name(copy: OpenCopy, name: str, answer: str) -> str:
    """Return a free name next to an exercise's notebook, '' if a notebook there already has the answer."""
    for number in itertools.count(1):
        file = f"{EXERCISES}/{name}-imported-{number}.ipynb"
        if not (copy.folder / file).exists():
            return file
        if read_answer(copy, file, name) == answer:
            return ""
    raise AssertionError


def read_answer(copy: OpenCopy, file: str, name: str) -> str:
    """Return the answer to an exercise in a notebook, trailing whitespace removed."""
    return (extract_answer(copy.read(file), name) or "").rstrip()
