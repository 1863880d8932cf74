"""The environments that the course runs in, and what may be wrong with them. Standard library only.

Each is made by install.py from a hash-locked file in `locks/`. Its stamp is written last, so a set-up that was stopped
at any moment looks half made, and is made again.
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
from ..paths import ROOT, WORKPLACE, shorten_path
from . import lock


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
        """The file that is written last; it holds the lock's digest."""
        return self.venv / "course.stamp"

    @property
    def python(self) -> Path:
        """The interpreter in it."""
        return self.venv / "Scripts" / "python.exe" if os.name == "nt" else self.venv / "bin" / "python"


LOCKS = ROOT / "locks"
COURSE = Environment(WORKPLACE / ".venv", LOCKS / "learn.lock")
"""The environment to learn in: what the notebooks need, and nothing else."""
DEVELOP = Environment(WORKPLACE / ".venv-develop", LOCKS / "develop.lock")
"""The environment to build, test and measure the course in: the same versions, and the tools for that."""


def has_locked_packages(environment: Environment = COURSE) -> bool:
    """Return True if the running Python has everything that an environment's lock names."""
    return next(lock.find_differences(read_lock(environment), lock.describe_interpreter(), sys.path), None) is None


def find_fault(environment: Environment = COURSE) -> str:
    """Return a phrase that says why an environment cannot be used, '' if it can."""
    if not os.path.lexists(environment.venv):
        return "missing"
    if not environment.stamp.is_file():
        return "half made"
    if environment.stamp.read_text(encoding="utf-8") != hash_lock(environment):
        return f"older or newer than {environment.lock.name}"
    interpreter = ask_interpreter(environment)
    if interpreter is None:
        return "broken (its Python does not start)"
    packages = [interpreter["packages"]]
    difference = next(lock.find_differences(read_lock(environment), interpreter, packages), None)
    return f"broken ({difference})" if difference else ""


def read_lock(environment: Environment = COURSE) -> str:
    """Return the text of an environment's lock. Raise CourseError if it cannot be read."""
    try:
        return environment.lock.read_text(encoding="utf-8")
    except OSError as error:
        raise CourseError(f"{environment.lock} cannot be read ({error.strerror}). Get the whole course "
                          "again.") from error


def hash_lock(environment: Environment = COURSE) -> str:
    """Return the SHA-256 of an environment's lock, which is what the stamp holds."""
    return hashlib.sha256(read_lock(environment).encode()).hexdigest()


def ask_interpreter(environment: Environment = COURSE) -> dict[str, str] | None:
    """Return how the Python in an environment describes itself; None if it does not start."""
    command: list[str | Path] = [environment.python, "-I", lock.__file__]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        return dict(json.loads(answer.stdout))
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
