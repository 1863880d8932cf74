"""The doctor names what keeps a learner from working, and lab ends in the same words."""
from __future__ import annotations

import argparse
import errno
import os
import resource
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from pkvm_model.course import lab
from pkvm_model.course.doctor import diagnosis, examination, folders, packages, trials, try_out
from pkvm_model.course.errors import CourseError
from pkvm_model.course.learner import my_work
from pkvm_model.course.setup import shadows
from pkvm_model.practice import progress
from tests.course.conftest import Checkout


class Machine:
    """A learner's machine, on which everything works until a fault breaks it."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder, self.patch = folder, patch
        self.copy = folder / "my_work"
        self.other = folder.parent / "other"
        patch.setattr(folders, "MY_WORK", self.copy)
        patch.setattr(shadows, "ROOT", folder)
        patch.setattr(folders, "ROOT", folder)
        patch.setattr(folders, "WORKPLACE", folder)
        patch.delenv("PYTHONPATH", raising=False)
        folder.mkdir()

    def fail(self, owner: object, name: str, error: BaseException) -> None:
        """Let a function raise an exception."""
        def fail(*_: object, **__: object) -> None:
            raise error

        self.patch.setattr(owner, name, fail)

    def write(self, path: Path, text: str = "") -> Path:
        """Write a file and make its folder."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def install(self, name: str, version: str, text: str) -> None:
        """Put a package into a folder on PYTHONPATH."""
        self.write(self.other / name / "__init__.py", text)
        self.search(self.write(self.other / f"{name}-{version}.dist-info" / "METADATA",
                               f"Name: {name}\nVersion: {version}\n"))

    def search(self, _: Path) -> None:
        """Name the other folder in PYTHONPATH, now that something is in it."""
        self.patch.setenv("PYTHONPATH", str(self.other))
        self.patch.syspath_prepend(self.other)

    def limit(self, name: str, soft: int, hard: int = resource.RLIM_INFINITY) -> None:
        """Set a limit, for those who ask."""
        real = resource.getrlimit
        self.patch.setattr(resource, "getrlimit", lambda number: (soft, hard) if number == getattr(resource, name)
                           else real(number))


@pytest.fixture
def learners_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Return a machine without a fault. No probe runs in it, which would take seconds."""
    monkeypatch.setattr(trials, "try_out", lambda _: try_out.Trial("fine"))
    return Machine(tmp_path / "course", monkeypatch)


def read_only(machine: Machine) -> None:
    machine.fail(tempfile, "NamedTemporaryFile", OSError(errno.EROFS, "Read-only file system"))


def fill_disk(machine: Machine) -> None:
    machine.fail(tempfile, "NamedTemporaryFile", OSError(errno.ENOSPC, "No space left on device"))


def fill_disk_nearly(machine: Machine) -> None:
    usage = shutil.disk_usage(machine.folder)._replace(free=3_999_999)
    machine.patch.setattr(shutil, "disk_usage", lambda _: usage)


def give_copy_away(machine: Machine) -> None:
    machine.copy.mkdir()
    real = folders.write_sample

    def write(folder: Path) -> None:
        if folder == machine.copy:
            raise PermissionError(errno.EACCES, "Permission denied")
        real(folder)

    machine.patch.setattr(folders, "write_sample", write)
    machine.patch.setattr(folders, "is_other_users", lambda folder: folder == machine.copy)


def empty_package(machine: Machine) -> None:
    machine.write(machine.other / "tiny_thing" / "__init__.py")
    machine.write(machine.other / "tiny_thing-1.dist-info" / "METADATA", "Name: tiny-thing\nVersion: 1\n")
    machine.patch.syspath_prepend(machine.other)
    machine.patch.setattr(packages, "REQUIRED", {"tiny-thing": "tiny_thing"})


def empty_folder_of_package(machine: Machine) -> None:
    empty_package(machine)
    (machine.other / "tiny_thing" / "__init__.py").unlink()


class Fault(NamedTuple):
    """A fault: its name, how to break a machine, and the words of doctor and lab."""

    name: str
    break_machine: Callable[[Machine], object]
    words: str


QUICK_FAULTS = (
    Fault("my_work is a file", lambda m: m.write(m.copy), "my_work is a file, and the course needs a folder"),
    Fault("a part of my_work is a file", lambda m: m.write(m.copy / "exercises"), "exercises is a file, and"),
    Fault("another user's my_work", give_copy_away, "belongs to another user: sudo chown -R"),
    Fault("read-only", read_only, "cannot be written (Read-only file system): set PKVM_COURSE_HOME to a folder"),
    Fault("full disk", fill_disk, "cannot be written (No space left on device): make room"),
    Fault("nearly full disk", fill_disk_nearly, "has 3 MB free, and your notebooks need 10: make room"),
    Fault("no locks", lambda m: m.fail(progress, "lock_file", OSError(errno.ENOLCK, "No locks available")),
          "has no file locks (No locks available)"),
    Fault("no locks for SQLite", lambda m: m.fail(sqlite3, "connect", sqlite3.OperationalError("I/O error")),
          "has no file locks (SQLite: I/O error)"),
    Fault("a module of Python's in the course", lambda m: m.write(m.folder / "random.py"),
          "random.py hides Python's own module random, so the course cannot start: give it another name"),
    Fault("a package of Python's on PYTHONPATH", lambda m: m.search(m.write(m.other / "json" / "__init__.py")),
          "json hides Python's own module json, so the course cannot start"),
    Fault("a package's name in the course", lambda m: m.write(m.folder / "anywidget.py"),
          "anywidget.py hides the package anywidget"),
    Fault("an old package on PYTHONPATH", lambda m: m.install("ipywidgets", "7.0", "VERSION = 7"),
          "ipywidgets hides the course's ipywidgets 8"),
    Fault("a folder on PYTHONPATH", lambda m: m.search(m.write(m.other / "graphviz.py", "old = 1")),
          "graphviz.py hides the course's graphviz"),
    Fault("no package", lambda m: m.patch.setattr(packages, "REQUIRED", {"no-such-thing": "x"}),
          "no-such-thing is not installed"),
    Fault("an emptied package", empty_package, "tiny_thing/__init__.py is empty"),
    Fault("an emptied folder of a package", empty_folder_of_package, "tiny-thing is not whole, its module"),
    Fault("memory", lambda m: m.limit("RLIMIT_AS", 2**28),
          "may be at most 262144 kB here (ulimit -v), and JupyterLab needs 800000: type ulimit -S -v 800000"),
    Fault("memory, for good", lambda m: m.limit("RLIMIT_AS", 2**28, 2**28), "needs 800000: ask the person who"),
    Fault("open files", lambda m: m.limit("RLIMIT_NOFILE", 64, 64), "may be at most 64 here (ulimit -n), and"),
    Fault("size of files", lambda m: m.limit("RLIMIT_FSIZE", 0), "size of a file may be at most 0 kB here"),
    Fault("computing time", lambda m: m.limit("RLIMIT_CPU", 60), "may be at most 60 seconds here (ulimit -t)"),
    Fault("no temporary folder", lambda m: m.fail(tempfile, "gettempdir", FileNotFoundError(2, "No usable directory")),
          "no folder for temporary files can be written"),
    Fault("nothing on loopback", lambda m: m.fail(socket, "create_connection", OSError(101, "Network is unreachable")),
          "cannot reach another on this machine at 127.0.0.1 (Network is unreachable): let your firewall"),
    Fault("a firewall", lambda m: m.fail(socket, "create_connection", TimeoutError("timed out")),
          "at 127.0.0.1 (TimeoutError: timed out): let your firewall"),
    Fault("umask", lambda m: m.patch.setattr(os, "umask", lambda _: 0o777), "umask 777 takes your own rights"),
)
"""What `lab` sees before it starts."""


def run_lab() -> str:
    """Run `lab` and return the words in which it ends."""
    with pytest.raises(CourseError) as caught:
        lab.run(argparse.Namespace(port=None, no_browser=True))
    return str(caught.value)


@pytest.fixture
def no_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let lab get no further than to the learner's copy."""
    def make_copy() -> list[str]:
        raise AssertionError("lab goes on")

    monkeypatch.setattr(my_work, "make_copy", make_copy)


def test_a_machine_without_a_fault_misses_nothing(learners_machine: Machine) -> None:
    assert [*diagnosis.list_missing(examination.examine())] == []


@pytest.mark.usefixtures("no_copy")
@pytest.mark.parametrize("fault", QUICK_FAULTS, ids=lambda fault: fault.name)
def test_doctor_names_a_fault_and_lab_ends_in_the_same_words(fault: Fault, learners_machine: Machine) -> None:
    fault.break_machine(learners_machine)
    first = next(diagnosis.list_missing(examination.examine()))
    assert fault.words in first.text
    assert run_lab() == f"{first.text}."
    assert "\n" not in first.text


def test_a_shadow_in_the_course_is_named_before_anything_fails(checkout: Checkout) -> None:
    (checkout.folder / "random.py").write_text("mine = 1")
    words = "random.py hides Python's own module random, so the course cannot start: give it another name"
    doctor, lab_run = checkout.run("doctor"), checkout.run("lab", "--no-browser")
    assert f"missing file names     {checkout.folder}/{words}\n" in doctor.stdout
    assert (lab_run.returncode, lab_run.stderr) == (1, f"course.py: {checkout.folder}/{words}.\n")


def test_a_shadow_in_the_folder_of_the_shell_does_no_harm(checkout: Checkout) -> None:
    elsewhere = checkout.folder / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "random.py").write_text("mine = 1")
    done = subprocess.run([sys.executable, checkout.folder / "course.py", "start"], cwd=elsewhere,
                          env=checkout.variables(), capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
