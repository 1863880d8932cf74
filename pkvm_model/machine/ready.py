"""Machines that are ready, kept from one program to the next, so that only the first one has to boot.

What is kept is the emulator's disk with its snapshot, and what was learned before it was made. Each belongs to one
kernel, one number of CPUs, one emulator and one version of this tool. It may be deleted at any time.
"""
from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any, NamedTuple

from ..place import WORKPLACE
from .learn import Nature
from .places import Pattern

FOLDER = WORKPLACE / "kernels" / ".ready"
FORMAT = 1
"""Goes up when a machine is prepared otherwise than before."""
MOST = 4
"""The most machines that are kept; the oldest goes first."""


class Ready(NamedTuple):
    """A machine in the moment when it was ready: its disk, what it had printed, what was learned, its CPUs."""

    disk: bytes
    text: str
    nature: Nature
    parked: list[dict[str, int]]


def make_key(image: bytes, *others: object) -> str:
    """Return the name of a machine: it differs if the kernel or anything else does."""
    return hashlib.sha256(image + repr((FORMAT, *others)).encode()).hexdigest()[:24]


def describe_file(path: str) -> tuple[object, ...]:
    """Return what tells a program from another version of it."""
    found = shutil.which(path)
    status = os.stat(found) if found else None  # noqa: PTH116  # it may be a name on the path
    return (found, status.st_size, status.st_mtime_ns) if status else (path,)


def find_ready(key: str) -> Ready | None:
    """Return the machine that was kept under a key; None if there is none that is whole."""
    try:
        facts = json.loads((FOLDER / f"{key}.json").read_text(encoding="utf-8"))
        disk = (FOLDER / f"{key}.disk").read_bytes()
        return restore(facts, disk) if len(disk) == facts["bytes"] else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def restore(facts: dict[str, Any], disk: bytes) -> Ready:
    """Return a machine from what was kept of it."""
    patterns = {bool(int(kind)): Pattern(*map(bytes.fromhex, pair)) for kind, pair in facts["patterns"].items()}
    return Ready(disk, facts["text"], Nature(patterns, facts["linear"], facts["hcr"], facts["numbers"]),
                 facts["parked"])


def keep(key: str, ready: Ready) -> None:
    """Keep a machine, if there is room; it is no loss if there is not."""
    nature = ready.nature
    facts = {"bytes": len(ready.disk), "text": ready.text, "linear": nature.linear, "hcr": nature.hcr,
             "numbers": nature.numbers, "parked": ready.parked,
             "patterns": {int(kind): [part.hex() for part in pattern] for kind, pattern in nature.patterns.items()}}
    with contextlib.suppress(OSError):
        FOLDER.mkdir(parents=True, exist_ok=True)
        forget_old()
        write(FOLDER / f"{key}.disk", ready.disk)
        write(FOLDER / f"{key}.json", json.dumps(facts).encode())


def write(path: Path, content: bytes) -> None:
    """Write a file at once: nobody ever sees half of it. Raise OSError if that fails; nothing is left then."""
    part = path.with_suffix(f".{os.getpid()}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def forget(key: str) -> None:
    """Delete what is kept under a key."""
    for kind in ("json", "disk"):
        with contextlib.suppress(OSError):
            (FOLDER / f"{key}.{kind}").unlink(missing_ok=True)


def forget_old() -> None:
    """Delete the oldest machines, so that there is room for one more."""
    disks = sorted(FOLDER.glob("*.disk"), key=lambda path: path.stat().st_mtime)
    for disk in disks[:max(0, len(disks) - MOST + 1)]:
        forget(disk.stem)
