"""Gives files other names so that neither a stop nor a save by another program at any moment loses one."""
from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

from ...practice.progress import insist, write_atomically


@contextlib.contextmanager
def move_aside(path: Path, folder: Path) -> Iterator[str]:
    """Move a file to a free name in a folder and yield that name; move it back after an error.

    The name is '' if somebody has just deleted the file.
    """
    folder.mkdir(exist_ok=True)
    aside = find_free_name(path.name, folder)
    try:
        insist(lambda: path.rename(folder / aside))
    except FileNotFoundError:
        aside = ""
    try:
        yield aside
    except OSError:
        if aside and not os.path.lexists(path):
            (folder / aside).rename(path)
        raise


def find_free_name(name: str, folder: Path) -> str:
    """Return a name with a number that no file in a folder has."""
    path = Path(name)
    names = (f"{path.stem}-{number}{path.suffix}" for number in itertools.count(1))
    return next(name for name in names if not os.path.lexists(folder / name))


def add_name(path: Path, second: Path) -> bool:
    """Give a file a second name; return False if that name belongs to another file."""
    if os.path.lexists(second):
        return second.exists() and second.samefile(path)
    try:
        os.link(path, second)
    except FileExistsError:
        return False
    except OSError:  # A file system without hard links gets a copy, whole or not at all.
        write_atomically(second, path.read_bytes())
    return True
