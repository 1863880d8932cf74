"""Killed at any moment, on a full disk, two at once: no line that the learner wrote is lost, and the next run mends."""
from __future__ import annotations

import builtins
import errno
import io
import os
import random
import signal
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from pkvm_model.course.errors import CourseError
from pkvm_model.course.learner import my_work
from pkvm_model.practice import progress
from tests.course.copies import Course, Learner

TIMES = 100
WATCHED = ("my_work.py", "progress.py", "update.py", "reset.py", "import_progress.py")
LONGEST = 550
"""About how many lines of the watched files a command runs."""


def learner(folder: Path, seed: int) -> Learner:
    """A learner who has worked for a while, and has just got a newer course."""
    found = Learner(Course(folder / str(seed)), seed)
    my_work.make_copy(found.course.copy)
    for _ in range(found.random.randrange(1, 3)):
        found.work()
        if found.random.random() < 0.5:
            found.get_newer_course()
            list(found.command())
    found.work()
    found.get_newer_course()
    return found


def child(run: Callable[[], object]) -> int:
    """Run something in a process of its own; gives its number. It ends with 0, or with 1 if it went wrong."""
    number = os.fork()
    if number == 0:
        try:
            run()
        except BaseException as error:
            print(repr(error), file=sys.__stderr__)
            os._exit(1)
        os._exit(0)
    return number


def ending(number: int) -> int:
    """How a process ended: 0 well, below 0 by a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])


def killed_at(moment: int, command: Iterator[str]) -> None:
    """Run a command, and kill this process when so many lines of the watched files have run."""
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


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of a process, unlike that of a machine, leaves what was written; so nobody waits for the disk here."""
    def fsync(number: int) -> None:
        pass

    monkeypatch.setattr(os, "fsync", fsync)


@pytest.mark.usefixtures("quick")
@pytest.mark.skipif(os.name != "posix", reason="nothing is killed like this on Windows")
def test_a_kill_at_any_moment_loses_no_line(tmp_path: Path) -> None:
    kills, seed, moments = 0, 0, random.Random(7)
    while kills < TIMES:
        someone, moment, seed = learner(tmp_path, seed), moments.randrange(1, LONGEST), seed + 1
        command = someone.command()
        kills += ending(child(partial(killed_at, moment, command))) == -signal.SIGKILL
        assert not someone.lost(), seed
        assert not someone.faults(), seed


class Full(io.FileIO):
    """A file on a disk that takes the first half of what is written, and no more."""

    def write(self, content: Any) -> int:
        """Write the half of it."""
        super().write(bytes(content)[: len(content) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class Disk:
    """A disk that is full from some write on, once or for good."""

    def __init__(self, full_at: int, for_good: bool) -> None:
        self.left, self.for_good, self.refused = full_at, for_good, list[str]()
        self.open = builtins.open

    def is_full(self, what: str) -> bool:
        """Count down; True when there is no room."""
        self.left -= 1
        full = self.left <= 0 if self.for_good else self.left == 0
        self.refused += [what] * full
        return full

    def refusing(self, do: Callable[..., Any]) -> Callable[..., Any]:
        """What a call to the system does on this disk."""
        def instead(*arguments: Any, **named: Any) -> Any:
            # A folder that is there already is found there, on a full disk as well.
            is_there = do.__name__ == "mkdir" and Path(arguments[0]).is_dir()
            if not is_there and self.is_full(do.__name__):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return do(*arguments, **named)

        return instead

    def opened(self, path: Any, mode: str = "r", *rest: Any, **named: Any) -> Any:
        """Open a file; one that is written on a full disk takes only half."""
        if mode == "wb" and self.is_full(mode):
            return Full(path, "wb")
        return self.open(path, mode, *rest, **named)


def complaint(command: Iterator[str]) -> str:
    """What a command complains of, '' if it does not."""
    try:
        list(command)
    except CourseError as error:
        return str(error)
    return ""


def on(disk: Disk, command: Iterator[str]) -> str:
    """Run a command on a disk, as far as Python sees it; gives its complaint."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("fsync", "link", "replace", "mkdir", "rename"):
            patch.setattr(os, name, disk.refusing(getattr(os, name)))
        patch.setattr(io, "open", disk.opened)
        return complaint(command)


@pytest.mark.usefixtures("quick")
def test_a_full_disk_loses_no_line_and_says_so(tmp_path: Path) -> None:
    refused, seed = 0, 1000
    while refused < TIMES:
        someone, seed = learner(tmp_path, seed), seed + 1
        full = Disk(someone.random.randrange(1, 16), someone.random.random() < 0.5)
        said = on(full, someone.command())
        # Where a second name is refused once, a copy does as well.
        assert ("No space left on device" in said) == (full.refused not in ([], ["link"])), seed
        assert "\n" not in said
        refused += bool(full.refused)
        assert not someone.lost(), seed
        assert not someone.faults(), seed


def tries(folder: Path) -> int:
    """How many tries are noted in all."""
    return sum(done.tries for done in progress.read_or_put_aside(folder).values())


@pytest.mark.usefixtures("quick")
@pytest.mark.skipif(os.name != "posix", reason="there is no fork on Windows")
def test_two_at_once_lose_no_line_and_no_try(tmp_path: Path) -> None:
    for seed in range(2000, 2000 + TIMES):
        someone = learner(tmp_path, seed)
        before = tries(someone.folder)

        def cell(some: Learner = someone) -> None:
            for _ in range(3):
                progress.update(some.folder, "say-it", lambda done: done._replace(tries=done.tries + 1))

        commands = [someone.command(), someone.command()]
        runs = [*(child(partial(list, command)) for command in commands), child(cell)]
        assert [ending(number) for number in runs] == [0, 0, 0], seed
        assert not someone.lost(), seed
        assert tries(someone.folder) >= before + 3, seed
        assert not someone.faults(), seed


def test_a_learner_loses_what_a_command_would_overwrite(tmp_path: Path) -> None:
    someone = learner(tmp_path, 1)
    line = someone.line()
    (someone.folder / "05-one-shot.ipynb").write_text(line)
    assert not someone.lost()
    (someone.folder / "05-one-shot.ipynb").write_text("overwritten")
    assert someone.lost() == {line}
