"""The environments that the course runs in, and what may be wrong with them. Standard library only.

Each is made by install.py from a hash-locked file in `locks/`, beside its place, and gets its stamp when it is whole.
A folder without a stamp is somebody else's.
"""
from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from ..errors import CourseError
from ..paths import CONTENT, ROOT, WORKPLACE, is_ours, shorten_path
from . import lock


class Stamp(NamedTuple):
    """What an environment says about itself: the digest of its lock, and the folder that its scripts name."""

    digest: str
    place: str = ""


class Environment(NamedTuple):
    """An environment: its folder, and the lock that it is made from."""

    venv: Path
    lock: Path

    @property
    def name(self) -> str:
        """How messages name its folder."""
        return shorten_path(self.venv)

    @property
    def stamp(self) -> Path:
        """The file that makes an environment ours."""
        return self.venv / "course.stamp"

    @property
    def is_ours(self) -> bool:
        """Whether the course has made this environment."""
        return self.stamp.is_file()

    @property
    def python(self) -> Path:
        """The interpreter in it."""
        return self.venv / "Scripts" / "python.exe" if os.name == "nt" else self.venv / "bin" / "python"

    def beside(self, ending: str) -> Path:
        """Return the path beside the environment that has its name and an ending."""
        return self.venv.with_name(self.venv.name + ending)

    def read_stamp(self) -> Stamp:
        """Return what the stamp says; a damaged one says nothing that fits."""
        digest, _, place = self.stamp.read_bytes().partition(b"\n")
        return Stamp(digest.decode("ascii", "replace"), os.fsdecode(place.strip(b"\n")))

    def write_stamp(self, stamp: Stamp) -> None:
        """Write the stamp, whole or not at all."""
        new = self.stamp.with_suffix(".new")
        new.write_bytes(stamp.digest.encode() + b"\n" + os.fsencode(stamp.place) + b"\n")
        new.replace(self.stamp)


ROOM, TEMPORARY_ROOM = 300_000_000, 100_000_000
"""The bytes that the environment to learn in takes, and those of the files that come to make it; some to spare."""
LOCKS = CONTENT / "locks"


def read_lock(environment: Environment) -> str:
    """Return the text of an environment's lock. Raise CourseError if it cannot be read."""
    try:
        return environment.lock.read_text(encoding="utf-8")
    except OSError as error:
        raise CourseError(f"{environment.lock} cannot be read ({error.strerror}). Get the whole course "
                          "again.") from error


def hash_lock(environment: Environment) -> str:
    """Return the SHA-256 of an environment's lock, which is what the stamp holds."""
    return hashlib.sha256(read_lock(environment).encode()).hexdigest()


def find_shared(venv: Path, lock_file: Path) -> Path | None:
    """Return the environment that the owner of a checkout of somebody else's has made there, if it fits the lock."""
    shared = Environment(venv, lock_file)
    try:
        is_whole = shared.is_ours and shared.read_stamp().digest == hash_lock(shared)
        return venv if is_whole and not is_ours(venv.parent) else None
    except OSError:
        return None


LEARN = LOCKS / "learn.lock"
COURSE = Environment(find_shared(ROOT / ".venv", LEARN) or WORKPLACE / ".venv", LEARN)
"""The environment to learn in: what the notebooks need, and nothing else."""
DEVELOP = Environment(WORKPLACE / ".venv-develop", LOCKS / "develop.lock")
"""The environment to build, test and measure the course in: the same versions, and the tools for that."""


def find_venv_package() -> str:
    """Return the package in which Debian and Ubuntu keep what this Python needs to make an environment."""
    return f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"


def has_locked_packages(environment: Environment = COURSE) -> bool:
    """Return True if the running Python has everything that an environment's lock names."""
    return next(lock.find_differences(read_lock(environment), lock.describe_interpreter(), sys.path), None) is None


def find_fault(environment: Environment = COURSE) -> str:
    """Return a phrase that says why an environment cannot be used, '' if it can."""
    if not os.path.lexists(environment.venv):
        return "missing"
    if not environment.is_ours:
        return "not made by the course"
    if environment.read_stamp().digest != hash_lock(environment):
        return f"older or newer than {environment.lock.name}"
    defect = find_defect(environment)
    return f"broken ({defect})" if defect else ""


def find_defect(environment: Environment) -> str:
    """Return a phrase that says what an environment lacks, '' if its Python starts and has all that the lock names."""
    interpreter = ask_interpreter(environment)
    if interpreter is None:
        return "its Python does not start"
    return next(lock.find_differences(read_lock(environment), interpreter, [interpreter["packages"]]), "")


def ask_interpreter(environment: Environment = COURSE) -> dict[str, str] | None:
    """Return how the Python in an environment describes itself; None if it does not start."""
    command: list[str | Path] = [environment.python, "-I", lock.__file__]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        return {name: os.fsdecode(value.encode("latin-1")) for name, value in json.loads(answer.stdout).items()}
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
