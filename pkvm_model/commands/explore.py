"""The command `python3 -m pkvm_model explore`: its arguments and its output."""
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
          "wrong, 3 the search is incomplete. docs/explorer.md describes questions and answers.")
STATUS = {HOLDS: 0, "example": 0, VIOLATED: 1, EMPTY: 1, "never": 1, INCOMPLETE: 3}
HARMLESS = (OK, ERR)
"""The outcomes of a race in which nothing is lost or logged."""


class ExploreResult(NamedTuple):
    """The answer to one question, in the order of the JSON."""

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
    """Add the arguments of the command."""
    command.add_argument("name", metavar="NAME", nargs="?", help="a race (R7) or an invariant (I3); --list names them")
    command.add_argument("--list", action="store_true", help="list what can be explored")
    command.add_argument("--revision", choices=list(REVISIONS), default="v1", metavar="REVISION",
                         help="the kernel, by default v1: " + ", ".join(REVISIONS))
    command.add_argument("--without", action="append", default=[], metavar="GUARD", help="remove a guard")
    command.add_argument("--mutant", choices=list(MUTANTS), metavar="MUTANT", help="M1 to M18, a kernel with a fault")
    command.add_argument("--host", choices=HOSTS, default=ANY, metavar="HOST",
                         help="the host that calls when an invariant is checked: " + ", ".join(HOSTS))
    command.add_argument("--states", type=int, metavar="N", help="stop after this many states")
    command.add_argument("--seconds", type=float, metavar="S", help="stop after this many seconds")
    command.add_argument("--json", action="store_true", help="print one JSON object instead of lines")


def main(arguments: argparse.Namespace) -> int:
    """Explore one thing, or list what there is, and return the exit status."""
    if arguments.list:
        print("\n".join(list_names()))
        return 0
    try:
        result = explore_named(arguments)
    except (KeyError, ValueError) as error:
        print(f"pkvm_model: {error.args[0]}", file=sys.stderr)
        return 2
    print(json.dumps(result._asdict(), indent=1) if arguments.json else "\n".join(describe(result)))
    return STATUS[result.verdict]


def list_names() -> list[str]:
    """List everything that can be explored, and the mutants."""
    return [*(f"{name:5} {race.title}" for name, race in RACES.items()),
            *(f"{invariant.name:5} {invariant.says}" for invariant in INVARIANTS),
            *(f"{name:5} --mutant: {mutant.says}" for name, mutant in MUTANTS.items())]


def explore_named(arguments: argparse.Namespace) -> ExploreResult:
    """Explore a race or an invariant. Raise KeyError or ValueError for a wrong name, guard or mutant."""
    if not arguments.name:
        raise ValueError("say what to explore; --list names it")
    kernel = choose_kernel(arguments)
    if arguments.name in RACES:
        return explore_race(RACES[arguments.name], kernel, arguments)
    if arguments.name not in [invariant.name for invariant in INVARIANTS]:
        raise KeyError(f"there is no {arguments.name!r} to explore; see --list")
    return explore_invariant(arguments.name, kernel, arguments)


def choose_kernel(arguments: argparse.Namespace) -> Revision:
    """Return the kernel to explore."""
    kernel = REVISIONS[arguments.revision]
    return (mutate(kernel, arguments.mutant) if arguments.mutant else kernel).without(*arguments.without)


def explore_race(race: Scenario, kernel: Revision, arguments: argparse.Namespace) -> ExploreResult:
    """Explore a race; it holds if nothing is lost, logged or ended."""
    limits = Limits(arguments.states or ENOUGH.states, arguments.seconds)
    start = time.monotonic()
    outcome = find_outcome(race, kernel, limits)
    explored = outcome.kind not in (NOT_THERE, NOT_EXPLORED)
    verdict = (VIOLATED if explored and outcome.kind not in HARMLESS else HOLDS if explored and outcome.complete
               else EMPTY if outcome.kind == NOT_THERE else INCOMPLETE)
    return ExploreResult(race.name, kernel.name, arguments.mutant, f"{race.title} Nothing is lost, logged or ended.",
                         verdict, outcome.kind, explored, outcome.states, outcome.transitions, outcome.depth,
                         time.monotonic() - start, outcome.complete, str(outcome.trace) if outcome.trace else None,
                         outcome.reason)


def explore_invariant(name: str, kernel: Revision, arguments: argparse.Namespace) -> ExploreResult:
    """Explore an invariant; one search checks all of them, so that no other violation hides it."""
    host = HOSTS[arguments.host]
    if not host.runs_on(kernel) or (name == INVARIANTS[-1].name and host.name != HONEST):
        raise ValueError(f"{name} is not checked for {kernel.name} with the host {host.name}; try --host honest")
    result = next(result for result in check_invariants(kernel, host.name, Limits(arguments.states, arguments.seconds))
                  if result.invariant.name == name)
    report, answer = result.report, result.answer
    kind = OK if answer.run is None else EL2_PANIC if name == "I0a" else BUG
    return ExploreResult(name, kernel.name, arguments.mutant, result.invariant.says, answer.verdict, kind,
                         answer.premise, report.states, report.transitions, report.depth, report.seconds,
                         report.complete, None if answer.run is None else str(trace(host.machine(kernel), answer.run)),
                         answer.reason)


def describe(result: ExploreResult) -> list[str]:
    """Describe the answer in lines: the question, the outcome, the size of the search, the shortest run."""
    looked = f"{result.states:,} states, {result.transitions:,} transitions, {result.seconds:.2f} s"
    mutant = f" with {result.mutant}" if result.mutant else ""
    lines = [f"{result.name} in {result.revision}{mutant}: {result.property}",
             f"{result.verdict}, {result.outcome}{': ' if result.reason else ''}{result.reason}",
             looked + ("" if result.complete else "; the search is incomplete")]
    return [*lines, *([result.trace] if result.trace else [])]
