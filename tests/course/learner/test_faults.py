"""Killed, on a full disk, or two at once: a command loses no line of a learner, and the next one repairs the copy."""
from __future__ import annotations

import builtins
import errno
import io
import itertools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pkvm_model.course.errors import CourseError
from pkvm_model.course.learner import my_work
from pkvm_model.course.learner.import_progress import import_progress
from pkvm_model.course.learner.reset import reset
from pkvm_model.course.learner.update import update
from tests.course.copies import Course, Learner
from tests.course.learner.forks import TIMES, make_learner


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip fsync: what a killed process wrote stays, unlike what a machine wrote that lost power."""
    def fsync(number: int) -> None:
        pass

    monkeypatch.setattr(os, "fsync", fsync)


def run_apart(name: str, folder: Path) -> None:
    """Let a process without threads do what forks."""
    command = [sys.executable, "-m", "tests.course.learner.forks", name, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(os.name != "posix", reason="nothing is killed like this on Windows")
def test_a_kill_at_any_moment_loses_no_line(tmp_path: Path) -> None:
    run_apart("kill", tmp_path)


class Full(io.FileIO):
    """A file that stores the first half of what is written, and then finds the disk full."""

    def write(self, content: Any) -> int:
        """Write half of the content."""
        super().write(bytes(content)[: len(content) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class Disk:
    """A disk that is full from a certain call on, once or for good."""

    def __init__(self, full_at: int, for_good: bool) -> None:
        self.left, self.for_good, self.refused = full_at, for_good, list[str]()
        self.open = builtins.open

    def is_full(self, what: str) -> bool:
        """Count a call down, and return whether the disk is full for it."""
        self.left -= 1
        full = self.left <= 0 if self.for_good else self.left == 0
        self.refused += [what] * full
        return full

    def refusing(self, do: Callable[..., Any]) -> Callable[..., Any]:
        """Return a system call as it works on this disk."""
        def instead(*arguments: Any, **named: Any) -> Any:
            # A folder that is there already is found there, on a full disk as well.
            is_there = do.__name__ == "mkdir" and Path(arguments[0]).is_dir()
            if not is_there and self.is_full(do.__name__):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return do(*arguments, **named)

        return instead

    def opened(self, path: Any, mode: str = "r", *rest: Any, **named: Any) -> Any:
        """Open a file; if the disk is full for it, it stores only half."""
        if mode == "wb" and self.is_full(mode):
            return Full(path, "wb")
        return self.open(path, mode, *rest, **named)


def find_error(command: Iterator[str]) -> str:
    """Run a command and return its error, '' if there is none."""
    try:
        list(command)
    except CourseError as error:
        return str(error)
    return ""


def run_on(disk: Disk, command: Iterator[str]) -> str:
    """Run a command on a disk, as far as Python sees it, and return its error."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("fsync", "link", "replace", "mkdir", "rename"):
            patch.setattr(os, name, disk.refusing(getattr(os, name)))
        patch.setattr(io, "open", disk.opened)
        return find_error(command)


@pytest.mark.usefixtures("quick")
def test_a_full_disk_loses_no_line_and_says_so(tmp_path: Path) -> None:
    refused, seed = 0, 1000
    while refused < TIMES:
        someone, seed = make_learner(tmp_path, seed), seed + 1
        full = Disk(someone.random.randrange(1, 16), someone.random.random() < 0.5)
        error = run_on(full, someone.choose_command())
        # Where a second name is refused once, a copy does as well.
        assert ("No space left on device" in error) == (full.refused not in ([], ["link"])), seed
        assert "\n" not in error
        refused += bool(full.refused)
        assert not someone.find_lost_lines(), seed
        assert not someone.find_faults(), seed


class Saver:
    """A learner in JupyterLab who saves a notebook just before a certain call to the system."""

    def __init__(self, learner: Learner, name: str, moment: int, in_place: bool) -> None:
        self.learner, self.name, self.left, self.in_place = learner, name, moment, in_place

    def count(self, do: Callable[..., Any]) -> Callable[..., Any]:
        """Return a system call that may come just after a save."""
        def instead(*arguments: Any, **named: Any) -> Any:
            self.left -= 1
            if self.left == 0:
                self.save()
            return do(*arguments, **named)

        return instead

    def save(self) -> None:
        """Save the notebook as it was opened, with one more line: over the file, or as a new file in its place."""
        path = self.learner.folder / self.name
        text = f"{OPENED[self.name]}{self.learner.make_line()}"
        if self.in_place:
            path.write_text(text)
        else:
            path.with_name("saving").write_text(text)
            path.with_name("saving").replace(path)


OPENED = dict.fromkeys(("05-one-shot.ipynb", "exercises/find-the-hole.ipynb"), "opened\n")
"""What a learner has in the window of a notebook."""


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("command", ["update", "reset", "import"])
@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("name", OPENED)
def test_a_save_at_any_moment_is_not_lost(command: str, in_place: bool, name: str, tmp_path: Path) -> None:
    for moment in itertools.count(1):
        someone = Learner(Course(tmp_path / str(moment)), 1)
        copy = someone.course.copy
        my_work.make_copy(copy)
        someone.get_newer_course()
        saver = Saver(someone, name, moment, in_place)
        lines = {"update": update([Path(name).stem], copy), "reset": reset(Path(name).stem, copy),
                 "import": import_progress(someone.write_other_hand_in(), copy)}
        with pytest.MonkeyPatch.context() as patch:
            for call in ("link", "replace", "rename", "unlink", "fsync"):
                patch.setattr(os, call, saver.count(getattr(os, call)))
            list(lines[command])
        assert not someone.find_lost_lines(), moment
        if saver.left > 0:  # The command ended before that moment.
            break
    assert moment > 3


@pytest.mark.skipif(os.name != "posix", reason="there is no fork on Windows")
def test_two_commands_at_once_lose_no_line_and_no_try(tmp_path: Path) -> None:
    run_apart("two", tmp_path)


def test_a_learner_loses_what_a_command_would_overwrite(tmp_path: Path) -> None:
    someone = make_learner(tmp_path, 1)
    line = someone.make_line()
    (someone.folder / "05-one-shot.ipynb").write_text(line)
    assert not someone.find_lost_lines()
    (someone.folder / "05-one-shot.ipynb").write_text("overwritten")
    assert someone.find_lost_lines() == {line}
