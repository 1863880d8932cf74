"""One scenario, answered by the product's explorer: `python -m benchmarks.family H 2 2 2 --mutant M1 --json`."""
from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from benchmarks.machines import MACHINES, AtomicHost, Script
from benchmarks.scenarios import Counts
from pkvm_model.explore import check

NUMBERS = {"H": ("SLOTS", "VCPUS", "PAGES"), "B": ("RUNNERS", "DESTROYERS", "ROUNDS", "PAGES")}
MUTANTS = {"H": ("M1",), "B": ("M1", "M3")}

BEGUN = 3_000
"""From so many states on it is known which parts belong together."""


class Missing(Exception):  # noqa: N818  # an outcome, not a failure of this program
    """The explorer cannot do what was asked; the message says why."""


class Question(NamedTuple):
    """What is to be explored, and how."""

    family: str
    sizes: tuple[int, ...]
    mutant: str | None = None
    numpy: bool = False
    symmetry: bool = False


def explore(question: Question) -> Counts:
    """Ask the product's explorer, which builds everything anew each time. Raises Missing."""
    machine = MACHINES[question.family](question.sizes, question.mutant)
    exploration = check.Exploration(machine, machine.claims, check.MANY if question.numpy else float("inf"))
    if question.symmetry:
        orbits(machine, exploration)
    while exploration.advance() and not exploration.finds:
        pass
    report = check.report(exploration, 0.0)
    runs = [len(answer.run) for answer in report.answers if answer.run is not None]
    if runs:
        return Counts("violated", report.states, report.transitions, min(runs))
    found: Any = exploration.search
    states, keys = (found.total, report.states) if question.symmetry else (report.states, None)
    return Counts("holds", states, report.transitions, report.depth, keys)


def orbits(machine: AtomicHost | Script, exploration: check.Exploration) -> None:
    """Go on with one state of each orbit, from a few thousand states on. Raises Missing where that cannot be done."""
    if isinstance(machine, Script):
        raise Missing("the scripts of family B are not interchangeable")
    try:
        from pkvm_model.explore.symmetry import SymmetricSearch  # noqa: PLC0415  # needs numpy
    except ImportError as error:
        raise Missing(f"symmetry needs numpy: {error}") from None
    while exploration.search.states < BEGUN and not exploration.finds and exploration.advance():
        pass
    exploration.search = SymmetricSearch(exploration.search, machine)


def timed(work: Callable[[], Counts]) -> tuple[Counts, float]:
    """The answer, and the seconds that it took."""
    begun = time.perf_counter()
    return work(), time.perf_counter() - begun


def answer(question: Question, warm: int) -> dict[str, object]:
    """The answer as a plain dictionary; `warm_seconds` is the median of that many repetitions, None without any."""
    counts, seconds = timed(lambda: explore(question))
    again = sorted(timed(lambda: explore(question))[1] for _ in range(warm))
    return {"family": question.family, "sizes": question.sizes, "mutant": question.mutant, **counts._asdict(),
            "seconds": seconds, "warm_seconds": again[warm // 2] if again else None}


def sentence(answer: dict[str, object]) -> str:
    """The answer in words."""
    orbits = f", {answer['orbits']:,} orbits" if answer["orbits"] else ""
    steps = "steps to the violation" if answer["verdict"] == "violated" else "deep"
    return (f"{answer['verdict']}: {answer['states']:,} states{orbits}, {answer['transitions']:,} transitions, "
            f"{answer['depth']} {steps}, {answer['seconds']:.3f} s")


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.family", description=__doc__)
    parser.add_argument("family", choices=NUMBERS, help="H: whole hypercalls, any host; B: scripts, step by step")
    parser.add_argument("sizes", nargs="+", type=int, metavar="SIZE", help="; ".join(
        f"{family}: {' '.join(names)}" for family, names in NUMBERS.items()))
    parser.add_argument("--mutant", help="M1, M3: without the guard that it lacks")
    parser.add_argument("--numpy", action="store_true", help="whole levels at a time, with numpy")
    parser.add_argument("--symmetry", action="store_true", help="one state for all that differ in names only")
    parser.add_argument("--warm", type=int, default=0, metavar="N", help="explore N times more, to see a warm start")
    parser.add_argument("--json", action="store_true", help="answer as one line of JSON")
    arguments = parser.parse_args(argv)
    if len(arguments.sizes) != len(NUMBERS[arguments.family]) or min(arguments.sizes) < 1:
        parser.error(f"family {arguments.family} needs {' '.join(NUMBERS[arguments.family])}, each at least 1")
    if arguments.mutant and arguments.mutant not in MUTANTS[arguments.family]:
        parser.error(f"family {arguments.family} has the mutants {', '.join(MUTANTS[arguments.family])}")
    return arguments


def main(argv: Sequence[str]) -> int:
    """Explore; 0 with an answer, 3 without one."""
    asked = parse(argv)
    question = Question(asked.family, tuple(asked.sizes), asked.mutant, asked.numpy, asked.symmetry)
    try:
        found = answer(question, asked.warm)
    except Missing as missing:
        print(f"benchmarks.family: {missing}", file=sys.stderr)
        return 3
    print(json.dumps(found) if asked.json else sentence(found))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
