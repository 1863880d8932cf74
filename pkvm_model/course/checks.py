"""Runs the tests: one pytest for everything, or for one part."""

import argparse
import os

import pytest

from pkvm_model.course.environment import ROOT

PARTS = {
    None: ["--nbval", "notebooks", "docs", "tests"],
    "model": ["tests", "--ignore=tests/browser", "--ignore=tests/setup"],
    "notebooks": ["--nbval", "notebooks", "docs"],
    "browser": ["tests/browser"],
    "exercises": ["tests/exercises"],
}


def run(arguments: argparse.Namespace) -> int:
    """Runs pytest in the folder of the course."""
    os.chdir(ROOT)
    return int(pytest.main([*PARTS[arguments.part], *arguments.rest]))
