"""Runs the tests: one pytest for everything, or for one part, on up to four cores."""
from __future__ import annotations

import argparse
import importlib.util
import os

import pytest

from ...typed import COMMAND_VARIABLE
from ..errors import CourseError
from ..paths import ROOT, WORKPLACE
from ..teach import check_nbgrader
from . import pythons

PARTS = {None: ["--nbval", "notebooks", "docs", "tests", "--ignore=tests/doors", "--ignore=tests/hub"],
         "model": ["tests", "--ignore=tests/browser", "--ignore=tests/course", "--ignore=tests/doors",
                   "--ignore=tests/hub"],
         "notebooks": ["--nbval", "notebooks", "docs"],
         "browser": ["tests/browser"],
         "exercises": ["tests/practice"],
         # Whole environments under each Python: for CI, since it takes a quarter of an hour.
         "doors": ["tests/doors", "--dist=load"],
         # JupyterHub has an environment of its own, which the first test makes.
         "hub": ["tests/hub"]}
DISTRIBUTION = ["--numprocesses=auto", "--maxprocesses=4", "--dist=loadfile"]
"""Files are dealt out to processes; `conftest.py` says how many and in which order."""


def run(arguments: argparse.Namespace) -> int:
    """Run pytest in the folder of the course, under this Python or under others, or try nbgrader."""
    if arguments.nbgrader and (arguments.part or arguments.python is not None):
        raise CourseError("test --nbgrader takes no part and no --python.")
    if arguments.nbgrader:
        return check_nbgrader.run(arguments)
    if arguments.python is not None:
        return pythons.run(arguments)
    os.chdir(ROOT)
    os.environ.pop(COMMAND_VARIABLE, None)  # Tests expect the words of the README, however this was started.
    # Learners' environments have what the notebooks' tests need, but not this.
    distribution = DISTRIBUTION if importlib.util.find_spec("xdist") else []
    # The checkout may be read-only.
    cache = f"--override-ini=cache_dir={WORKPLACE / '.pytest_cache'}"
    return int(pytest.main([*distribution, cache, *PARTS[arguments.part], *arguments.rest]))
