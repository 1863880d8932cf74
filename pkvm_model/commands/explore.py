"""What `python3 -m pkvm_model explore` asks for and prints."""
from __future__ import annotations

import argparse
import json
import sys
import time
from typing import NamedTuple

from ..explore import invariants, races
from ..explore.check import EMPTY, HOLDS, INCOMPLETE, VIOLATED, Limits
from ..explore.mutants import MUTANTS, mutate
from ..explore.properties import INVARIANTS
from ..explore.traces import trace
from ..model.revisions import REVISIONS, Revision

EPILOG = ("Exit status: 0 it holds or an example was found, 1 it is violated, empty or never reached, 2 the command is "
          "wrong, 3 the search did not get to its end. docs/explorer.md says what is asked and how it is answered.")
STATUS = {HOLDS: 0, "example": 0, VIOLATED: 1, EMPTY: 1, "never": 1, INCOMPLETE: 3}
HARMLESS = (races.OK, races.ERR)
"""What may come of a race without anything being lost or logged."""


class ExploreResult(NamedTuple):
    """What is printed about one question, in the order of the JSON."""

    name: str
    revision: str
    mutant: str | None
    property: str
    verdict: str
    outcome: str
    premise: bool | None
    states: int
    transitions: int
    depth: int
    seconds: float
    complete: bool
    trace: str | None
    reason: str


def add_arguments(command: argparse.ArgumentParser) -> None:
    """What can be asked for on the command line."""
    command.add_argument("name", metavar="NAME", nargs="?", help="a race (R7) or an invariant (I3); --list names them")
    command.add_argument("--list", action="store_true", help="say what can be explored")
    command.add_argument("--revision", choices=list(REVISIONS), default="v1", metavar="REVISION",
                         help="the kernel, v1 unless said: " + ", ".join(REVISIONS))
    command.add_argument("--without", action="append", default=[], metavar="GUARD", help="take a guard away")
    command.add_argument("--mutant", choices=list(MUTANTS), metavar="MUTANT", help="M1 to M18, a kernel with a fault")
    command.add_argument("--host", choices=invariants.HOSTS, default=invariants.ANY, metavar="HOST",
                         help="who calls when an invariant is asked about: " + ", ".join(invariants.HOSTS))
    command.add_argument("--states", type=int, metavar="N", help="stop after this many states")
    command.add_argument("--seconds", type=float, metavar="S", help="stop after this many seconds")
    command.add_argument("--json", action="store_true", help="print one JSON object instead of lines")


def main(asked: argparse.Namespace) -> int:
    """Explore one thing, or say what there is; the answer is the exit status."""
    if asked.list:
        print("\n".join(list_names()))
        return 0
    try:
        found = explore_named(asked)
    except (KeyError, ValueError) as error:
        print(f"pkvm_model: {error.args[0]}", file=sys.stderr)
        return 2
    print(json.dumps(found._asdict(), indent=1) if asked.json else "\n".join(describe(found)))
    return STATUS[found.verdict]


def list_names() -> list[str]:
    """Everything that can be explored, and the mutants."""
    return [*(f"{name:5} {race.title}" for name, race in races.RACES.items()),
            *(f"{one.name:5} {one.says}" for one in INVARIANTS),
            *(f"{name:5} --mutant: {mutant.says}" for name, mutant in MUTANTS.items())]


def explore_named(asked: argparse.Namespace) -> ExploreResult:
    """What comes of it. Raises KeyError or ValueError for a name, a guard or a mutant that does not fit."""
    if not asked.name:
        raise ValueError("say what to explore; --list names it")
    kernel = choose_kernel(asked)
    if asked.name in races.RACES:
        return explore_race(races.RACES[asked.name], kernel, asked)
    known = {one.name: number for number, one in enumerate(INVARIANTS)}
    if asked.name not in known:
        raise KeyError(f"there is no {asked.name!r} to explore; see --list")
    return explore_invariant(asked.name, kernel, asked)


def choose_kernel(asked: argparse.Namespace) -> Revision:
    """The kernel that is asked about."""
    kernel = REVISIONS[asked.revision]
    return (mutate(kernel, asked.mutant) if asked.mutant else kernel).without(*asked.without)


def explore_race(race: races.Race, kernel: Revision, asked: argparse.Namespace) -> ExploreResult:
    """What comes of a race; it is harmless if nothing is lost, logged or ended."""
    limits = Limits(asked.states or races.ENOUGH.states, asked.seconds)
    begun = time.monotonic()
    cell = races.cell(race, kernel, limits)
    explored = cell.outcome not in (races.NOT_THERE, races.NOT_EXPLORED)
    verdict = (VIOLATED if explored and cell.outcome not in HARMLESS else HOLDS if explored and cell.complete
               else EMPTY if cell.outcome == races.NOT_THERE else INCOMPLETE)
    return ExploreResult(race.id, kernel.name, asked.mutant, f"{race.title} Nothing is lost, logged or ended.", verdict,
                         cell.outcome, explored, cell.states, cell.transitions, cell.depth, time.monotonic() - begun,
                         cell.complete, str(cell.trace) if cell.trace else None, cell.reason)


def explore_invariant(name: str, kernel: Revision, asked: argparse.Namespace) -> ExploreResult:
    """What comes of an invariant; all are asked in one search, so that a violation of another does not hide it."""
    if not invariants.has(kernel, asked.host) or (name == INVARIANTS[-1].name and asked.host != invariants.HONEST):
        raise ValueError(f"{name} is not asked about {kernel.name} with the host {asked.host}; try --host honest")
    found = next(cell for cell in invariants.column(kernel, asked.host, Limits(asked.states, asked.seconds))
                 if cell.invariant.name == name)
    report, run = found.report, found.answer.run
    outcome = races.OK if run is None else races.EL2_PANIC if name == "I0a" else races.BUG
    text = None if run is None else str(trace(invariants.machine(kernel, asked.host), run))
    return ExploreResult(name, kernel.name, asked.mutant, found.invariant.says, found.answer.verdict, outcome,
                         found.answer.premise, report.states, report.transitions, report.depth, report.seconds,
                         report.complete, text, found.answer.reason)


def describe(found: ExploreResult) -> list[str]:
    """The answer in lines: what was asked, what came out, how much was looked at, the shortest run."""
    looked = f"{found.states:,} states, {found.transitions:,} transitions, {found.seconds:.2f} s"
    mutant = f" with {found.mutant}" if found.mutant else ""
    lines = [f"{found.name} in {found.revision}{mutant}: {found.property}",
             f"{found.verdict}, {found.outcome}{': ' if found.reason else ''}{found.reason}",
             looked + ("" if found.complete else "; not everything was looked at")]
    return [*lines, *([found.trace] if found.trace else [])]
