"""The product's explorer as tools of the table: on the two families, and on the course's own machines."""
from __future__ import annotations

import ast
import os
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.counts import Counts
from benchmarks.measure import Failed
from benchmarks.peers import Tool, last_line
from benchmarks.scenarios import LARGE, OWN, SMALL, BenchCase

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = "import sys; from benchmarks.{} import main; sys.exit(main(sys.argv[1:]))"
"""The module is imported, not run as a script, since Python keeps no compiled copy of a script."""
PLAIN_UP_TO = 1_000_000
PLAIN_OWN = 100_000
"""An own machine with fewer states is also searched without any memory."""


def ours(numpy: Path | None) -> list[Tool]:
    """Return the product's explorer: with the standard library alone, with numpy, and with symmetry as well."""
    python = Path(sys.executable)
    tools = [Tool("ours", "ours", family_run(python), read_ours,
                  lambda it: it.family != OWN and it.expected.states <= PLAIN_UP_TO)]
    if numpy:
        tools += [
            Tool("ours, numpy", "ours", family_run(numpy, "--numpy"), read_ours,
                 lambda it: it.family != OWN and SMALL < it.expected.states < 2 * LARGE),
            Tool("ours, numpy, symmetry", "ours", family_run(numpy, "--numpy", "--symmetry"), read_ours,
                 lambda it: it.family == "H" and it.expected.states > SMALL, frozenset({"states", "depth", "orbits"}))]
    return tools


def own_machines(numpy: Path | None) -> list[Tool]:
    """Return the product's explorer on the course's own machines, and the search without any memory."""
    python = Path(sys.executable)
    plainly, symmetry = own_run(python, "--plain"), ("--numpy", "--symmetry")
    tools = [Tool("without any memory", "plain", plainly, read_ours, is_own(0, PLAIN_OWN), once=True),
             Tool("ours", "ours", own_run(python), read_ours, is_own(0, PLAIN_UP_TO))]
    if numpy:
        tools += [Tool("ours, numpy", "ours", own_run(numpy, "--numpy"), read_ours, is_own(0)),
                  Tool("ours, numpy, symmetry", "ours", own_run(numpy, *symmetry), read_ours, is_own(0)),
                  Tool("... all invariants", "ours", own_run(numpy, *symmetry, "--asked"), read_ours, is_own(0),
                       once=True)]
    return tools


def is_own(least: int, most: float = float("inf")) -> Callable[[BenchCase], bool]:
    """Return a function that returns True for an own machine with so many states."""
    return lambda scenario: scenario.family == OWN and least <= scenario.expected.states < most


def family_run(python: Path, *options: str) -> Callable[[BenchCase, Path], list[list[str]]]:
    """Return the explorer on a family."""
    def prepare(scenario: BenchCase, folder: Path) -> list[list[str]]:
        """Return the command."""
        mutant = ["--mutant", scenario.mutant] if scenario.mutant else []
        sizes = [str(size) for size in scenario.sizes]
        return [[*start(python, "family", options), scenario.family, *sizes, *mutant, *options, "--data"]]
    return prepare


def own_run(python: Path, *options: str) -> Callable[[BenchCase, Path], list[list[str]]]:
    """Return the explorer on an own machine."""
    return lambda scenario, folder: [[*start(python, "own", options), scenario.host, *options]]


def start(python: Path, module: str, options: tuple[str, ...]) -> list[str]:
    """Return the command that runs a module; without numpy it runs without any installed package."""
    return [str(python), *([] if "--numpy" in options else ["-S"]), "-c", PROGRAM.format(module)]


def read_ours(output: str) -> Counts:
    """Return our answer. Raise Failed if there is none."""
    try:
        counts = ast.literal_eval(last_line(output))
        return Counts(**{field: counts.get(field) for field in Counts._fields})
    except (ValueError, SyntaxError, AttributeError):
        raise Failed(f"no answer: {last_line(output)}") from None


def our_variables() -> dict[str, str]:
    """Return an environment in which our tool runs from this checkout, and Python may keep compiled files, as usual."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": str(ROOT)}
