"""What `python3 -m pkvm_model explore` asks for and prints."""
from __future__ import annotations

import argparse
import json
import sys
import time
from typing import NamedTuple

from ..explore.check import EMPTY, HOLDS, INCOMPLETE, VIOLATED, Limits
from ..explore.invariants import ANY, HONEST, HOSTS, check_invariants
from ..explore.mutants import MUTANTS, mutate
from ..explore.outcomes import BUG, EL2_PANIC, ENOUGH, ERR, NOT_EXPLORED, NOT_THERE, OK, find_outcome
from ..explore.properties import INVARIANTS
from ..explore.races import RACES
from ..explore.scenario import Scenario
from ..explore.traces import trace
from ..model.revisions import REVISIONS, Revision

EPILOG = ("Exit status: 0 it holds or an example was found, 1 it is violated, empty or never reached, 2 the command is "
          "wrong, 3 the search did not get to its end. docs/explorer.md says what is asked and how it is answered.")
STATUS = {HOLDS: 0, "example": 0, VIOLATED: 1, EMPTY: 1, "never": 1, INCOMPLETE: 3}
HARMLESS = (OK, ERR)
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
    command.add_argument("--host", choices=HOSTS, default=ANY, metavar="HOST",
                         help="who calls when an invariant is asked about: " + ", ".join(HOSTS))
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
    return [*(f"{name:5} {race.title}" for name, race in RACES.items()),
            *(f"{one.name:5} {one.says}" for one in INVARIANTS),
            *(f"{name:5} --mutant: {mutant.says}" for name, mutant in MUTANTS.items())]


def explore_named(asked: argparse.Namespace) -> ExploreResult:
    """What comes of it. Raises KeyError or ValueError for a name, a guard or a mutant that does not fit."""
    if not asked.name:
        raise ValueError("say what to explore; --list names it")
    kernel = choose_kernel(asked)
    if asked.name in RACES:
        return explore_race(RACES[asked.name], kernel, asked)
    known = {one.name: number for number, one in enumerate(INVARIANTS)}
    if asked.name not in known:
        raise KeyError(f"there is no {asked.name!r} to explore; see --list")
    return explore_invariant(asked.name, kernel, asked)


def choose_kernel(asked: argparse.Namespace) -> Revision:
    """The kernel that is asked about."""
    kernel = REVISIONS[asked.revision]
    return (mutate(kernel, asked.mutant) if asked.mutant else kernel).without(*asked.without)


def explore_race(race: Scenario, kernel: Revision, asked: argparse.Namespace) -> ExploreResult:
    """What comes of a race; it is harmless if nothing is lost, logged or ended."""
    limits = Limits(asked.states or ENOUGH.states, asked.seconds)
    begun = time.monotonic()
    outcome = find_outcome(race, kernel, limits)
    explored = outcome.kind not in (NOT_THERE, NOT_EXPLORED)
    verdict = (VIOLATED if explored and outcome.kind not in HARMLESS else HOLDS if explored and outcome.complete
               else EMPTY if outcome.kind == NOT_THERE else INCOMPLETE)
    return ExploreResult(race.name, kernel.name, asked.mutant, f"{race.title} Nothing is lost, logged or ended.",
                         verdict, outcome.kind, explored, outcome.states, outcome.transitions, outcome.depth,
                         time.monotonic() - begun, outcome.complete, str(outcome.trace) if outcome.trace else None,
                         outcome.reason)


def explore_invariant(name: str, kernel: Revision, asked: argparse.Namespace) -> ExploreResult:
    """What comes of an invariant; all are asked in one search, so that a violation of another does not hide it."""
    host = HOSTS[asked.host]
    if not host.runs_on(kernel) or (name == INVARIANTS[-1].name and host.name != HONEST):
        raise ValueError(f"{name} is not asked about {kernel.name} with the host {host.name}; try --host honest")
    result = next(result for result in check_invariants(kernel, host.name, Limits(asked.states, asked.seconds))
                  if result.invariant.name == name)
    report, answer = result.report, result.answer
    kind = OK if answer.run is None else EL2_PANIC if name == "I0a" else BUG
    return ExploreResult(name, kernel.name, asked.mutant, result.invariant.says, answer.verdict, kind,
                         answer.premise, report.states, report.transitions, report.depth, report.seconds,
                         report.complete, None if answer.run is None else str(trace(host.machine(kernel), answer.run)),
                         answer.reason)


def describe(found: ExploreResult) -> list[str]:
    """The answer in lines: what was asked, what came out, how much was looked at, the shortest run."""
    looked = f"{found.states:,} states, {found.transitions:,} transitions, {found.seconds:.2f} s"
    mutant = f" with {found.mutant}" if found.mutant else ""
    lines = [f"{found.name} in {found.revision}{mutant}: {found.property}",
             f"{found.verdict}, {found.outcome}{': ' if found.reason else ''}{found.reason}",
             looked + ("" if found.complete else "; not everything was looked at")]
    return [*lines, *([found.trace] if found.trace else [])]
