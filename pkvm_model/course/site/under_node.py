"""Runs Python scripts in Pyodide under node, as the build and the tests of the site do."""
from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from ..errors import CourseError
from .packages import WAYS_OUT

RUNNER = Path(__file__).with_name("run_pyodide.mjs")


def run_script(script: str, pyodide: Path, *course: Path, **settings: str) -> str:
    """Return what the last line of a script returns, as text. Raise CourseError if there is no node, or it fails.

    The folder has Pyodide; with the course's archive, the script can import the course. Settings are Python's own
    variables of the environment.
    """
    node = shutil.which("node")
    if node is None:
        raise CourseError(f"node is not installed. {WAYS_OUT}")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")} | settings
    done = subprocess.run([node, *map(str, (RUNNER, pyodide, *course))], input=script, env=environment,
                          capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode:
        reason = " ".join(done.stderr.split())[-300:]
        raise CourseError(f"Pyodide could not run a script under node: {reason} {WAYS_OUT}")
    return done.stdout
