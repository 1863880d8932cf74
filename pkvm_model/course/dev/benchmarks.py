"""Runs a benchmark: a program of the checkout, outside the package."""
from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from ..errors import CourseError
from ..paths import ROOT
from ..setup.process import build_variables


def run(arguments: argparse.Namespace) -> int:
    """Run the benchmark with the options that were given, and return its status."""
    program = ROOT / "benchmarks" / f"{arguments.benchmark}.py"
    if not program.is_file():
        raise CourseError(f"{program} is missing. Get the whole course to measure it.")
    options = [f"--{name}={value}" for name in ("rounds", "only", "json") if (value := getattr(arguments, name))]
    options += ["--all"] * arguments.all
    python = Path(sys.executable)
    return subprocess.run([python, program, *options], env=build_variables(python), check=False).returncode
