"""Files that appear only when they are whole."""
from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from .failure import MachineError

LEAST_FREE = 1 << 22
"""The bytes that must be free where a file will be; the longest is half as long."""


def check_place(path: Path, *, force: bool) -> None:
    """Raise MachineError unless a file can be written here later: there is room, and none is there or may go."""
    if path.exists() and not force:
        raise MachineError(f"{path} exists; give another name, or --force to replace it")
    if path.is_dir() or (path.parent.is_dir() and not os.access(path.parent, os.W_OK)):
        raise MachineError(f"{path}: no file can be written here; give another name")
    if measure_room(path) < LEAST_FREE:
        raise MachineError(f"{path}: there is no room on this disk; make room, or give another name")


def measure_room(path: Path) -> int:
    """Return the bytes that are free where a file will be."""
    with blame(path):
        disk = os.statvfs(path.parent)
    return disk.f_bavail * disk.f_frsize


def write_whole(path: Path, text: str) -> None:
    """Write a file, which appears when it is whole. Raise MachineError, and leave nothing, if that fails."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    with remove_after(part), blame(path):
        part.write_text(text, encoding="utf-8")
        part.replace(path)


@contextlib.contextmanager
def remove_after(path: Path) -> Iterator[None]:
    """Remove a file in the end, if it is still there."""
    with contextlib.ExitStack() as stack:
        stack.callback(path.unlink, missing_ok=True)
        yield


@contextlib.contextmanager
def blame(path: Path) -> Iterator[None]:
    """Raise MachineError with the name of a file if the system refuses something meanwhile."""
    try:
        yield
    except OSError as error:
        raise MachineError(f"{path}: {error.strerror}; make room, or give another name") from None
