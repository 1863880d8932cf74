"""One scenario, answered by the product's explorer: `python benchmarks/family.py H 2 2 2 --mutant M1 --data`.

What it takes is measured from the start of the process. So it imports no more than it needs, and reads its command line
by itself: argparse and json take as long as a small search.
"""
from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, NoReturn

from benchmarks.counts import Counts
from benchmarks.fine import FinePacking
from benchmarks.machines import MACHINES, AtomicHost, Script
from pkvm_model.explore import check

NUMBERS = {"H": ("SLOTS", "VCPUS", "PAGES"), "B": ("RUNNERS", "DESTROYERS", "ROUNDS", "PAGES")}
MUTANTS = {"H": ("M1",), "B": ("M1", "M3")}

USAGE = """\
usage: family.py H SLOTS VCPUS PAGES             whole hypercalls, any host
       family.py B RUNNERS DESTROYERS ROUNDS PAGES    scripts, step by step
  --mutant M1, M3   without the guard that it lacks
  --numpy           whole levels at a time, with numpy
  --symmetry        one state for all that differ in names only
  --warm N          explore N times more, to see a warm start
  --data            answer as one line, a dictionary as Python writes it"""
BEGUN = 3_000
"""From this many states on it is known which parts belong together."""


class Missing(Exception):  # noqa: N818  # an outcome, not a failure of this program
    """The explorer cannot do this task; the message says why."""


class FamilyTask(NamedTuple):
    """What to explore, and how."""

    family: str
    sizes: tuple[int, ...]
    mutant: str | None = None
    numpy: bool = False
    symmetry: bool = False


def explore(question: FamilyTask) -> Counts:
    """Ask the product's explorer, which builds everything from scratch each time. Raise Missing if it cannot answer."""
    machine = MACHINES[question.family](question.sizes, question.mutant)
    exploration = check.Exploration(machine, machine.claims, check.MANY if question.numpy else float("inf"),
                                    FinePacking(machine.finer))
    if question.symmetry:
        orbits(machine, exploration)
    while exploration.advance() and not exploration.witnesses:
        pass
    report = exploration.report(0.0)
    runs = [len(answer.run) for answer in report.answers if answer.run is not None]
    if runs:
        return Counts("violated", report.states, report.transitions, min(runs))
    found: Any = exploration.search
    states, keys = (found.total, report.states) if question.symmetry else (report.states, None)
    return Counts("holds", states, report.transitions, report.depth, keys)


def orbits(machine: AtomicHost | Script, exploration: check.Exploration) -> None:
    """Continue with one state of each orbit, from a few thousand states on. Raise Missing if that is not possible."""
    if isinstance(machine, Script):
        raise Missing("the scripts of family B are not interchangeable")
    try:
        from benchmarks.symmetry import SymmetricSearch  # noqa: PLC0415  # needs numpy
    except ImportError as error:
        raise Missing(f"symmetry needs numpy: {error}") from None
    while exploration.search.states < BEGUN and not exploration.witnesses and exploration.advance():
        pass
    exploration.search = SymmetricSearch(exploration.search, machine)


def take_time(work: Callable[[], Counts]) -> tuple[Counts, float]:
    """Return the answer and the seconds that it took."""
    begun = time.perf_counter()
    return work(), time.perf_counter() - begun


def answer(question: FamilyTask, warm: int) -> dict[str, object]:
    """Return the answer as a dictionary; `warm_seconds` is the median of `warm` repetitions, None without any."""
    counts, seconds = take_time(lambda: explore(question))
    again = sorted(take_time(lambda: explore(question))[1] for _ in range(warm))
    return {"family": question.family, "sizes": question.sizes, "mutant": question.mutant, **counts._asdict(),
            "seconds": seconds, "warm_seconds": again[warm // 2] if again else None}


def sentence(answer: dict[str, object]) -> str:
    """Return the answer in words."""
    orbits = f", {answer['orbits']:,} orbits" if answer["orbits"] else ""
    steps = "steps to the violation" if answer["verdict"] == "violated" else "deep"
    return (f"{answer['verdict']}: {answer['states']:,} states{orbits}, {answer['transitions']:,} transitions, "
            f"{answer['depth']} {steps}, {answer['seconds']:.3f} s")


def parse(words: Sequence[str]) -> tuple[FamilyTask, int, bool]:
    """Return the task, how often to repeat it, and whether to answer as data. Exit with 2 if a word is wrong."""
    options, sizes = {"--mutant": "", "--warm": "0"}, list[str]()
    flags, left = {"--numpy": False, "--symmetry": False, "--data": False}, list(words)
    family = left.pop(0) if left and left[0] in NUMBERS else wrong(f"wants a family first, {' or '.join(NUMBERS)}")
    while left:
        word = left.pop(0)
        if word in flags:
            flags[word] = True
        elif word in options:
            options[word] = left.pop(0) if left else wrong(f"{word} wants a value")
        else:
            sizes.append(word)
    if len(sizes) != len(NUMBERS[family]) or not all(size.isdecimal() and int(size) for size in sizes):
        wrong(f"family {family} needs {' '.join(NUMBERS[family])}, each at least 1")
    if options["--mutant"] not in ("", *MUTANTS[family]):
        wrong(f"family {family} has the mutants {', '.join(MUTANTS[family])}")
    if not options["--warm"].isdecimal():
        wrong("--warm wants a number")
    numbers = tuple(int(size) for size in sizes)
    question = FamilyTask(family, numbers, options["--mutant"] or None, flags["--numpy"], flags["--symmetry"])
    return question, int(options["--warm"]), flags["--data"]


def wrong(why: str) -> NoReturn:
    """Report what is wrong with the command line, and exit."""
    print(f"benchmarks/family.py: {why}\n{USAGE}", file=sys.stderr)
    sys.exit(2)


def main(words: Sequence[str]) -> int:
    """Explore; return 0 with an answer, 3 without one."""
    question, warm, data = parse(words)
    try:
        found = answer(question, warm)
    except Missing as missing:
        print(f"benchmarks/family.py: {missing}", file=sys.stderr)
        return 3
    print(found if data else sentence(found))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
