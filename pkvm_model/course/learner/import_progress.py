"""Takes progress and answers from another machine: a hand-in, or a progress file.

The file is parsed, never evaluated. Of two answers the better is noted: solved, fewer steps, more tries. An answer goes
into the exercise's notebook if that was not touched; otherwise it gets a notebook beside it.
"""

import argparse
import itertools
from collections.abc import Iterator
from pathlib import Path

from ...graphs.hunt import count
from ...practice.notebook import extract_answer, make_notebook
from ...practice.progress import ExerciseRecord
from . import handin
from .update import RELOAD
from .work import EXERCISES, Copy, Work, opened


def run(arguments: argparse.Namespace) -> int:
    """Takes a file in and says what became of it."""
    for line in take_in(Path(arguments.file)):
        print(line)
    return 0


def take_in(path: Path, copy: Copy | None = None) -> Iterator[str]:
    """Merges what a file says into the learner's copy; yields a line for each exercise that changes."""
    theirs = handin.progress_in(path)
    with opened(copy) as work:
        noted, damage = work.noted()
        if damage:
            yield damage
        merged = noted | {name: best(noted.get(name, ExerciseRecord()), done) for name, done in theirs.items()}
        # Answers first: a stop in between leaves what the next import finds done already.
        for name, done in theirs.items():
            yield from take_answer(work, name, done.answer)
            if name in noted and noted[name].answer != merged[name].answer:
                yield from take_answer(work, name, noted[name].answer)
        work.keep_noted(merged)
    solved = sum(done.solved for done in merged.values())
    now = f"{solved} {'is' if solved == 1 else 'are'} solved now."
    taken = f"Progress of {count(len(theirs), 'exercise')} is taken in; {now}"
    yield f"{taken} {RELOAD}"


def take_answer(work: Work, name: str, answer: str) -> Iterator[str]:
    """Puts an answer where the learner finds it, and says where; nothing if it is there already."""
    file, answer = f"{EXERCISES}/{name}.ipynb", answer.rstrip()
    if file not in work.exercises:
        yield f"{name}: your course has no such exercise. Its progress is kept."
    elif answer and answer != written(work, file, name):
        notebook = make_notebook(work.exercises[file], answer)
        if work.is_untouched(file):
            work.replace(file, notebook)
            yield f"{name}: the answer is in {file}"
        elif beside := free_name(work, name, answer):
            work.write(beside, notebook)
            yield f"{name}: yours is kept, the other answer is in {beside}"


def free_name(work: Work, name: str, answer: str) -> str:
    """A name beside an exercise's notebook that is free; '' if the answer stands beside it already."""
    for number in itertools.count(1):
        file = f"{EXERCISES}/{name}-imported-{number}.ipynb"
        if not (work.folder / file).exists():
            return file
        if written(work, file, name) == answer:
            return ""
    raise AssertionError


def written(work: Work, file: str, name: str) -> str:
    """The answer to an exercise that stands in a notebook; blanks at its end are none of it."""
    return (extract_answer(work.mine(file), name) or "").rstrip()


def best(mine: ExerciseRecord, theirs: ExerciseRecord) -> ExerciseRecord:
    """The better of two; tries, hints and the shown solution are those of the one that has more."""
    further = max(mine, theirs, key=reached)
    return further._replace(
        tries=max(mine.tries, theirs.tries),
        hints=max(mine.hints, theirs.hints),
        shown=mine.shown or theirs.shown,
    )


def reached(done: ExerciseRecord) -> tuple[bool, float, bool, int]:
    """How far somebody got, as something to compare."""
    return done.solved, -done.steps if done.steps is not None else float("-inf"), bool(done.answer), done.tries
