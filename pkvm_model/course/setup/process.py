"""Runs programs so that they find the course, its widgets and its settings. Standard library only."""
from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from ..paths import HOME_VARIABLE, PACKAGE, ROOT, WORKPLACE
from .environment import COURSE, DEVELOP


def build_variables(python: Path) -> dict[str, str]:
    """Return the environment variables for a command that runs with `python`."""
    course = {"PYTHONPATH": prepend(ROOT, "PYTHONPATH"),
              # The second folder has our own kernel, which so comes before all others.
              "JUPYTER_PATH": prepend(PACKAGE / "widgets" / "jupyter", "JUPYTER_PATH", PACKAGE / "course" / "jupyter"),
              "JUPYTER_CONFIG_PATH": prepend(PACKAGE / "course" / "jupyter", "JUPYTER_CONFIG_PATH"),
              "JUPYTER_PREFER_ENV_PATH": "1"}
    for environment in (COURSE, DEVELOP):
        if python == environment.python:
            course |= {"PATH": prepend(python.parent, "PATH"), "VIRTUAL_ENV": str(environment.venv)}
    if WORKPLACE != ROOT:
        course[HOME_VARIABLE] = str(WORKPLACE)
    return {**os.environ, **course}


def prepend(folder: Path, name: str, *more: Path) -> str:
    """Return the value of a path variable with folders put first."""
    first = [str(folder), *map(str, more)]
    others = [each for each in os.environ.get(name, "").split(os.pathsep) if each and each not in first]
    return os.pathsep.join([*first, *others])


def hand_over(python: Path, arguments: Sequence[str]) -> int:
    """Replace this process by `python` with these arguments; on Windows, wait for it and return its status."""
    command = [str(python), *arguments]
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name != "nt":
        os.execve(command[0], command, build_variables(python))
    with subprocess.Popen(command, env=build_variables(python)) as child:
        while True:
            try:
                return child.wait()
            except KeyboardInterrupt:
                continue  # The child gets Ctrl-C as well, and ends in its own way.
