"""Makes an exercise, or a chapter, as the course gives it again; what was there is put aside.

Of an exercise's progress the tries and the last answer stay. Hints, the solution that was shown, solved, the steps and
the run start anew, so that it can be done once more.
"""

import argparse
from collections.abc import Iterator

from ...practice.progress import ExerciseRecord
from .update import RELOAD
from .work import Copy, opened, stem


def run(arguments: argparse.Namespace) -> int:
    """Resets what is named and says what it did."""
    for line in reset(arguments.name):
        print(line)
    return 0


def reset(name: str, copy: Copy | None = None) -> Iterator[str]:
    """Makes a notebook pristine again, and what is noted of it."""
    with opened(copy) as work:
        file = work.named(name)
        yield work.reset(file)
        noted, damage = work.noted()
        if damage:
            yield damage
        done = noted.get(stem(file), ExerciseRecord())
        if done != anew(done):
            work.keep_noted(noted | {stem(file): anew(done)})
            yield f"{stem(file)}: open again. The number of your tries and your last answer stay noted."
    yield RELOAD


def anew(done: ExerciseRecord) -> ExerciseRecord:
    """What stays noted of an exercise that is begun once more."""
    return done._replace(hints=0, shown=False, solved=False, steps=None, fewest=None, trace="")
