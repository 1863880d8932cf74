"""A process that kills a learner's commands, or runs two at once, each in a fork of its own: it has one thread.

pytest's own processes have threads, and a process that is forked among threads may wait for ever for a lock of theirs.
"""
from __future__ import annotations

import os
import random
import signal
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from pkvm_model.course.learner import my_work
from pkvm_model.practice import progress
from tests.course.copies import Course, Learner

TIMES = 100
WATCHED = ("my_work.py", "renaming.py", "progress.py", "update.py", "reset.py", "import_progress.py")
LONGEST = 550
"""About the number of lines of the watched files that a command runs."""


def make_learner(folder: Path, seed: int) -> Learner:
    """Return a learner who has worked for a while, and has just got a newer course."""
    learner = Learner(Course(folder / str(seed)), seed)
    my_work.make_copy(learner.course.copy)
    for _ in range(learner.random.randrange(1, 3)):
        learner.work()
        if learner.random.random() < 0.5:
            learner.get_newer_course()
            list(learner.choose_command())
    learner.work()
    learner.get_newer_course()
    return learner


def fork(run: Callable[[], object]) -> int:
    """Run something in its own process and return the process id. The process ends with 0, or 1 after an error."""
    number = os.fork()
    if number == 0:
        try:
            run()
        except BaseException as error:
            print(repr(error), file=sys.__stderr__)
            os._exit(1)
        os._exit(0)
    return number


def wait_for(number: int) -> int:
    """Wait for a process and return its status, negative for a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])


def killed_at(moment: int, command: Iterator[str]) -> None:
    """Run a command, and kill this process after `moment` lines of the watched files."""
    left = [moment]

    def see(frame: FrameType, event: str, _: Any) -> Any:
        if not frame.f_code.co_filename.endswith(WATCHED):
            return None
        left[0] -= event == "line"
        if left[0] <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return see

    sys.settrace(see)
    list(command)


def kill_at_any_moment(folder: Path) -> None:
    """Kill many commands, each at another moment, and look for what is lost."""
    kills, seed, moments = 0, 0, random.Random(7)
    while kills < TIMES:
        someone, moment, seed = make_learner(folder, seed), moments.randrange(1, LONGEST), seed + 1
        command = someone.choose_command()
        kills += wait_for(fork(partial(killed_at, moment, command))) == -signal.SIGKILL
        assert not someone.find_lost_lines(), seed
        assert not someone.find_faults(), seed


def count_tries(folder: Path) -> int:
    """Return the number of all tries."""
    return sum(done.tries for done in progress.read_or_put_aside(folder).values())


def run_two_at_once(folder: Path) -> None:
    """Run two commands and a cell at the same time, many times, and look for what is lost."""
    for seed in range(2000, 2000 + TIMES):
        someone = make_learner(folder, seed)
        before = count_tries(someone.folder)

        def cell(some: Learner = someone) -> None:
            for _ in range(3):
                progress.update(some.folder, "say-it", lambda done: done._replace(tries=done.tries + 1))

        commands = [someone.choose_command(), someone.choose_command()]
        runs = [*(fork(partial(list, command)) for command in commands), fork(cell)]
        assert [wait_for(number) for number in runs] == [0, 0, 0], seed
        assert not someone.find_lost_lines(), seed
        assert count_tries(someone.folder) >= before + 3, seed
        assert not someone.find_faults(), seed


def skip_fsync(number: int) -> None:
    """Do nothing: what a killed process wrote stays, unlike what a machine wrote that lost power."""


def main() -> None:
    """Do what the first argument says in the folder that the second one names."""
    os.fsync = skip_fsync  # type: ignore[assignment]
    {"kill": kill_at_any_moment, "two": run_two_at_once}[sys.argv[1]](Path(sys.argv[2]))


if __name__ == "__main__":
    main()
