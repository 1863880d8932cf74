"""Runs a benchmark, which is a program of the checkout and no part of the package."""

import argparse
import subprocess
import sys
from pathlib import Path

from ..errors import CourseError
from ..paths import ROOT
from ..setup import environment


def run(arguments: argparse.Namespace) -> int:
    """Runs the benchmark with the options that were given; its status is ours."""
    program = ROOT / "benchmarks" / f"{arguments.benchmark}.py"
    if not program.is_file():
        raise CourseError(f"{program} is missing. Get the whole course to measure it.")
    options = [f"--{name}={value}" for name in ("rounds", "only", "json") if (value := getattr(arguments, name))]
    python = Path(sys.executable)
    return subprocess.run([python, program, *options], env=environment.variables(python), check=False).returncode
