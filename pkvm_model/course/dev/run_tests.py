"""Runs the tests: one pytest for everything, or for one part, on all cores."""

import argparse
import os

import pytest

from ..errors import CourseError
from ..paths import ROOT
from ..teach import check_nbgrader as grading_trial

PARTS = {
    None: ["--nbval", "notebooks", "docs", "tests"],
    "model": ["tests", "--ignore=tests/browser", "--ignore=tests/course"],
    "notebooks": ["--nbval", "notebooks", "docs"],
    "browser": ["tests/browser"],
    "exercises": ["tests/practice"],
}
# A file stays together: the cells of a notebook share a kernel, the tests of a browser a JupyterLab.
SHARED_OUT = ["--numprocesses=auto", "--maxprocesses=4", "--dist=loadfile"]


def run(arguments: argparse.Namespace) -> int:
    """Runs pytest in the folder of the course, or tries nbgrader."""
    if arguments.nbgrader and arguments.part:
        raise CourseError("test takes a part or --nbgrader, not both.")
    if arguments.nbgrader:
        return grading_trial.run(arguments)
    os.chdir(ROOT)
    return int(pytest.main([*SHARED_OUT, *PARTS[arguments.part], *arguments.rest]))
