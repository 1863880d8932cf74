"""Runs programs so that they find the course, its widgets and its settings. Standard library only."""
from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from ..paths import HOME_VARIABLE, PACKAGE, ROOT, WORKPLACE
from .environment import COURSE, DEVELOP

HOSTILE = re.compile("PYTHON(?!DONTWRITEBYTECODE|PYCACHEPREFIX|HASHSEED|UNBUFFERED|NOUSERSITE|USERBASE)"
                     "|__PYVENV_LAUNCHER__$|JUPYTERLAB_DIR$|SSLKEYLOGFILE$")
"""Variables that could put other packages before the course's, run other code first, make warnings errors, or name a
file without which Python opens no connection."""


def build_variables(python: Path) -> dict[str, str]:
    """Return the environment variables for a command that runs with `python`."""
    kept = {name: value for name, value in os.environ.items() if not HOSTILE.match(name)}
    course = {"PYTHONPATH": prepend(ROOT, "PYTHONPATH"), "PYTHONUTF8": "1",
              # The second folder has our own kernel, which so comes before all others.
              "JUPYTER_PATH": prepend(PACKAGE / "widgets" / "jupyter", "JUPYTER_PATH", PACKAGE / "course" / "jupyter"),
              "JUPYTER_CONFIG_PATH": prepend(PACKAGE / "course" / "jupyter", "JUPYTER_CONFIG_PATH"),
              "JUPYTER_PREFER_ENV_PATH": "1"}
    for environment in (COURSE, DEVELOP):
        if python == environment.python:
            # Whoever has set PYTHONPATH meant another environment: its packages would win over the lock's.
            course |= {"PATH": prepend(python.parent, "PATH"), "VIRTUAL_ENV": str(environment.venv),
                       "PYTHONPATH": str(ROOT)}
    if WORKPLACE != ROOT:
        course[HOME_VARIABLE] = str(WORKPLACE)
    return kept | course


def adopt_variables(python: Path) -> None:
    """Let this process and its children have the environment variables for `python`."""
    variables = build_variables(python)
    for name in os.environ.keys() - variables.keys():
        del os.environ[name]
    os.environ.update(variables)


def prepend(folder: Path, name: str, *more: Path) -> str:
    """Return the value of a path variable with folders put first."""
    first = [str(folder), *map(str, more)]
    others = [each for each in os.environ.get(name, "").split(os.pathsep) if each and each not in first]
    return os.pathsep.join([*first, *others])


def become(command: list[str], variables: dict[str, str]) -> None:
    """Replace this process by a command, which lets Ctrl-C through when it is ready to hear it."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        os.execve(command[0], command, variables)
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def hand_over(python: Path, arguments: Sequence[str]) -> int:
    """Replace this process by `python` with these arguments; on Windows, wait for it and return its status."""
    command = [str(python), *arguments]
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name != "nt":
        become(command, build_variables(python))
    with subprocess.Popen(command, env=build_variables(python)) as child:
        while True:
            try:
                return child.wait()
            except KeyboardInterrupt:
                continue  # The child gets Ctrl-C as well, and ends in its own way.
