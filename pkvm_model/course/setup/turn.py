"""Lets one start at a time make an environment; another one waits. Standard library only."""
from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from ..errors import CourseError
from ..paths import HOME_VARIABLE
from .environment import Environment

if os.name == "nt":
    import msvcrt
else:
    import fcntl


def take_turn(environment: Environment) -> AbstractContextManager[None]:
    """Hold the lock on an environment; say so if that means to wait. Raise CourseError if the disk has no locks."""
    return hold_lock(environment.beside(".lock"),
                     f"Another start is making the environment in {environment.name}; this one waits for it.")


@contextlib.contextmanager
def hold_lock(path: Path, busy: str) -> Iterator[None]:
    """Hold the lock that a file is; print a sentence if that means to wait. Raise CourseError if there are no locks."""
    with path.open("a+b") as file:
        try:
            lock_file(file.fileno(), wait=False)
        except (BlockingIOError, PermissionError):
            print(busy, flush=True)
            lock_file(file.fileno(), wait=True)
        except OSError as error:
            raise CourseError(f"{describe_lockless(path.parent, str(error.strerror))}.") from error
        yield


def describe_lockless(folder: Path, reason: str) -> str:
    """Return what doctor and every command say about a folder without file locks."""
    return (f"the file system of {folder} has no file locks ({reason}), like some network disks: set {HOME_VARIABLE} "
            "to a folder of your own, on a disk of this machine")


def lock_file(number: int, *, wait: bool) -> None:
    """Lock an open file until it is closed. Raise BlockingIOError or PermissionError instead of waiting for it."""
    if os.name == "nt":
        msvcrt.locking(number, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    else:
        fcntl.flock(number, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
