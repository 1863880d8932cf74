"""The Pythons of the matrix, and for each a course with its environment, which all processes share."""
from __future__ import annotations

import fcntl
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.doors.desks import make_desk

Seed = Callable[[Path], Path]


@pytest.fixture(scope="session")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Seed:
    """Return a function that returns a course that has its environment for a Python; the first call makes them."""
    shared = tmp_path_factory.getbasetemp().parent

    def made(python: Path) -> Path:
        top = shared / f"seed-{'-'.join(python.parts[1:])}"
        with (shared / f"{top.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (top / "made").exists():
                make_seed(python, top)
        return top / "course"

    return made


def make_seed(python: Path, top: Path) -> None:
    """Make the environment of a course, as its first command does."""
    top.mkdir()
    status, text = make_desk(python, top).run("start")
    assert status == 0, text
    (top / "made").touch()
