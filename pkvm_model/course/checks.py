"""Runs the tests: one pytest for everything, or for one part."""

import argparse
import os
import sys

import pytest

from pkvm_model.course.environment import ROOT

PARTS = {
    None: ["--nbval", "notebooks", "docs", "tests"],
    "model": ["tests", "--ignore=tests/browser", "--ignore=tests/setup"],
    "notebooks": ["--nbval", "notebooks", "docs"],
    "browser": ["tests/browser"],
}


def run(arguments: argparse.Namespace) -> int:
    """Runs pytest in the folder of the course."""
    if arguments.part == "exercises":
        print("course.py: there are no exercises yet.", file=sys.stderr)
        return 2
    os.chdir(ROOT)
    return int(pytest.main([*PARTS[arguments.part], *arguments.rest]))
