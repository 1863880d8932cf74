"""Keeps kernels: one folder for each, which is there as a whole or not at all. Standard library only."""
from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...machine import tools
from ...machine.image import Image, shorten_release
from ..errors import CourseError
from ..paths import HOME_VARIABLE
from ..setup.turn import hold_lock

UNFINISHED = ".new-"
"""How the names of folders begin in which somebody works; only a killed command leaves one."""
BUSY = "Another course.py kernel is at work here; this one waits for it."
FULL = (errno.ENOSPC, errno.EDQUOT)


@contextlib.contextmanager
def open_workshop() -> Iterator[Path]:
    """Give one command at a time a folder beside the kernels, and remove it. Raise CourseError if the disk is full."""
    try:
        tools.KERNELS.mkdir(parents=True, exist_ok=True)
        with hold_lock(tools.KERNELS / ".lock", BUSY):
            for folder in tools.KERNELS.glob(f"{UNFINISHED}*"):
                shutil.rmtree(folder, ignore_errors=True)
            with tempfile.TemporaryDirectory(dir=tools.KERNELS, prefix=UNFINISHED, ignore_cleanup_errors=True) as name:
                Path(name).chmod(0o755)  # Debian's client reads it as another user.
                yield Path(name)
    except OSError as error:
        if error.errno in FULL:
            raise CourseError(describe_full_disk()) from error
        raise


def describe_full_disk() -> str:
    """Return a sentence about a disk that has no room for a kernel."""
    return (f"the disk of {tools.KERNELS} is full: a kernel takes up to 200 MB while it is fetched, and 60 MB later. "
            f"Make room, or set {HOME_VARIABLE} to a folder on another disk.")


def keep(image: Image, facts: dict[str, Any], workshop: Path) -> Path:
    """Put a kernel in its place, instead of one with the same name, and return the path of its image."""
    version, made = shorten_release(image.release), workshop / "made"
    made.mkdir()
    (made / tools.IMAGE).write_bytes(image.content)
    note = {"release": image.release, "version": version, **facts, "date": time.strftime("%Y-%m-%d"),
            "sha256": hashlib.sha256(image.content).hexdigest()}
    (made / tools.NOTE).write_text(json.dumps(note, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    target, old = tools.KERNELS / version, workshop / "old"
    if target.exists():
        target.rename(old)
    try:
        made.rename(target)
    except BaseException:
        if old.exists():
            old.rename(target)
        raise
    return target / tools.IMAGE
