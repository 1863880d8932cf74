"""The command `python3 -m pkvm_model explore`: its arguments and its output."""
from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

from ..explore.catalogue import find_scenario
from ..explore.check import EMPTY, HOLDS, INCOMPLETE, VIOLATED, AlwaysPossible, Answer, Limits, Report, Stuck, explore
from ..explore.inquiry import choose_answer
from ..explore.invariants import ANY, HONEST, HOSTS, InvariantResult, check_invariants, list_invariants
from ..explore.mutants import MUTANTS, mutate
from ..explore.outcomes import BUG, EL2_PANIC, ENOUGH, ERR, NOT_EXPLORED, NOT_THERE, OK, find_outcome
from ..explore.questions import STUCK, WRONG, Question, ask, ask_if_wrong
from ..explore.races import RACES
from ..explore.scenario import HOST_WARN, Scenario
from ..explore.traces import trace
from ..model.revisions import REVISIONS, Revision
from ..outside import escape
from ..scenes import SCENES

EPILOG = ("Exit status: 0 it holds or an example was found, 1 it is violated, empty or never reached, 2 the command is "
          "wrong, 3 the search is incomplete. docs/explorer.md describes questions and answers.")
STATUS = {HOLDS: 0, "example": 0, VIOLATED: 1, EMPTY: 1, "never": 1, INCOMPLETE: 3}
HARMLESS = (OK, ERR)
"""The outcomes of a race in which nothing is lost or logged."""
MOST_DIGITS, LONGEST = 12, 1_000
"""Digits of a number, and characters of a message."""
LOST, WAITS = "LOST", "WAITS"
"""The outcomes of questions: something can never come home again; a script waits for ever."""


class ExploreResult(NamedTuple):
    """The answer to one question, in the order of the JSON."""

    name: str
    revision: str
    mutant: str | None
    question: str | None
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
    explained: str = ""
    reduced: int = 0


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    command.add_argument("name", metavar="NAME", nargs="?",
                         help="a race (R7), a scene, a host, or an invariant (I3, way-home); --list names them")
    command.add_argument("--ask", metavar="QUESTION",
                         help="ask this about a race, a scene or a host: wrong, stuck, or an invariant")
    command.add_argument("--list", action="store_true", help="list what can be explored")
    command.add_argument("--revision", choices=list(REVISIONS), default="v1", metavar="REVISION",
                         help="the kernel, by default v1: " + ", ".join(REVISIONS))
    command.add_argument("--without", action="append", default=[], metavar="GUARD", help="remove a guard")
    command.add_argument("--mutant", choices=list(MUTANTS), metavar="MUTANT", help="M1 to M18, a kernel with a fault")
    command.add_argument("--host", choices=HOSTS, default=ANY, metavar="HOST",
                         help="the host that calls when an invariant is checked: " + ", ".join(HOSTS))
    command.add_argument("--reduced", action="store_true",
                         help="with --ask: do not try every order of steps that touch nothing in common")
    command.add_argument("--states", type=read_count, metavar="N", help="stop after this many states")
    command.add_argument("--seconds", type=read_seconds, metavar="S", help="stop after this many seconds")
    command.add_argument("--json", action="store_true", help="print one JSON object instead of lines")


def read_count(text: str) -> int:
    """Return a number from the command line. Raise ArgumentTypeError unless it is 1 or more."""
    if not text.isdecimal() or len(text) > MOST_DIGITS or not int(text):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no number of 1 or more, of at most {MOST_DIGITS} digits")
    return int(text)


def read_seconds(text: str) -> float:
    """Return a time from the command line. Raise ArgumentTypeError unless it is more than 0 and has an end."""
    with contextlib.suppress(ValueError):
        if 0 < float(text) < float("inf"):
            return float(text)
    raise argparse.ArgumentTypeError(f"{text[:40]!r} is no number of seconds above 0")


def main(arguments: argparse.Namespace) -> int:
    """Explore one thing, or list what there is, and return the exit status."""
    if arguments.list:
        print("\n".join(list_names()))
        return 0
    try:
        result = explore_named(arguments)
    except (KeyError, ValueError) as error:
        print(escape(f"pkvm_model: {error.args[0]}"[:LONGEST]), file=sys.stderr)
        return 2
    print(json.dumps(result._asdict(), indent=1) if arguments.json else "\n".join(describe(result)))
    return STATUS[result.verdict]


def list_names() -> list[str]:
    """List everything that can be explored, the questions about it, and the mutants."""
    invariants = {invariant.name: invariant.says for invariant in list_invariants(HONEST)}
    races = [(race.name, question) for race in RACES.values() if race.scripts for question in race.questions]
    own = [(name, question) for name, question in races if question.name not in {*invariants, WRONG, STUCK}]
    return [*(f"{name:5} {race.title}" for name, race in RACES.items()),
            *(f"{name} {bench.title}" for name, bench in SCENES.items() if not bench.free),
            *(f"{host.name} --ask: {host.title}" for host in HOSTS.values()),
            *(f"{name:5} {says}" for name, says in invariants.items()),
            *(f"--ask {question.name}: {question.says}" for question in (ask_if_wrong(), ask(Stuck()))),
            *(f"{name:5} --ask {question.name}: {question.says}" for name, question in own),
            *(f"{name:5} --mutant: {mutant.says}" for name, mutant in MUTANTS.items())]


def explore_named(arguments: argparse.Namespace) -> ExploreResult:
    """Explore what was named. Raise KeyError or ValueError for a wrong name, question, kernel, guard or mutant."""
    if not arguments.name:
        raise ValueError("say what to explore; --list names it")
    kernel = choose_kernel(arguments)
    name = arguments.name
    if arguments.reduced and arguments.ask is None:
        raise ValueError("--reduced goes with a question; add --ask wrong, or another one; see --list")
    if name in [invariant.name for invariant in list_invariants(HONEST)]:
        if arguments.ask is not None:
            raise ValueError(f"{name} is a question itself; leave out --ask, or say what to ask it about")
        return explore_invariant(name, kernel, arguments)
    if not any(name in known for known in (RACES, HOSTS, SCENES)):
        raise KeyError(f"there is no {name!r} to explore; see --list")
    if arguments.ask is not None:
        return explore_question(HOSTS.get(name) or find_scenario(name), kernel, arguments)
    if name in HOSTS:
        raise ValueError(f"say what to ask about the host {name}: --ask wrong, or another question; see --list")
    return explore_race(RACES.get(name) or find_scenario(name), kernel, arguments)


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
    says = f"{race.title.rstrip('.')}. Nothing is lost, logged or ended."
    return ExploreResult(race.name, kernel.name, arguments.mutant, None, says, verdict, outcome.kind, explored,
                         outcome.states, outcome.transitions, outcome.depth, time.monotonic() - start, outcome.complete,
                         str(outcome.trace) if outcome.trace else None, outcome.reason)


def explore_invariant(name: str, kernel: Revision, arguments: argparse.Namespace) -> ExploreResult:
    """Explore an invariant; one search checks all of them, so that no other violation hides it."""
    host = HOSTS[arguments.host]
    if not host.runs_on(kernel) or name not in [invariant.name for invariant in list_invariants(host.name)]:
        raise ValueError(f"{name} is not checked for {kernel.name} with the host {host.name}; try --host honest")
    result = next(result for result in check_invariants(kernel, host.name, Limits(arguments.states, arguments.seconds))
                  if result.invariant.name == name)
    asked = Question(name, "", result.invariant.says, ())
    found = describe_answer(host, kernel, asked, result.answer, result.report, arguments)
    as_it_was = not arguments.mutant and not arguments.without
    return found._replace(name=name, question=None, explained=explain(result) if as_it_was else "")


def explain(result: InvariantResult) -> str:
    """Return which race explains a violation, and whether it is by design, or ''."""
    return f"{result.race}, by design" if result.race and result.by_design else result.race


def explore_question(scenario: Scenario, kernel: Revision, arguments: argparse.Namespace) -> ExploreResult:
    """Ask one question about a race, a scene or a host."""
    question = scenario.question(arguments.ask)
    if not scenario.runs_on(kernel):
        others = [name for name, revision in REVISIONS.items() if scenario.runs_on(revision)]
        raise ValueError(f"{kernel.name} has no {scenario.missing_call(kernel)}, so {scenario.name} cannot run there; "
                         f"try --revision {' or '.join(others)}")
    search = choose_search(arguments)
    report = search(scenario.machine(kernel), question.properties, Limits(arguments.states, arguments.seconds))
    return describe_answer(scenario, kernel, question, choose_answer(report.answers), report, arguments)


def choose_search(arguments: argparse.Namespace) -> Callable[..., Report]:
    """Return the search of every order, or the one that tries fewer."""
    if not arguments.reduced:
        return explore
    from ..explore.reduction import explore_reduced  # noqa: PLC0415  # a start without it is shorter
    return explore_reduced


def describe_answer(scenario: Scenario, kernel: Revision, question: Question, answer: Answer, report: Report,
                    arguments: argparse.Namespace) -> ExploreResult:
    """Return the answer to a question about a scenario."""
    run = None if answer.run is None else str(trace(scenario.machine(kernel), answer.run))
    return ExploreResult(scenario.name, kernel.name, arguments.mutant, question.name, question.says, answer.verdict,
                         name_outcome(answer), answer.premise, report.states, report.transitions, report.depth,
                         report.seconds, report.complete, run, answer.reason, reduced=report.reduced)


def name_outcome(answer: Answer) -> str:
    """Return what kind of thing an answer shows; OK if it shows nothing bad."""
    if answer.verdict != VIOLATED:
        return OK
    if isinstance(answer.prop, AlwaysPossible | Stuck):
        return LOST if isinstance(answer.prop, AlwaysPossible) else WAITS
    return {"I0a": EL2_PANIC, HOST_WARN: HOST_WARN}.get(answer.prop.name, BUG)


def describe(result: ExploreResult) -> list[str]:
    """Describe the answer in lines: the question, the outcome, the size of the search, the shortest run."""
    alone = f" ({result.reduced:,} with one step taken alone)" if result.reduced else ""
    looked = f"{result.states:,} states{alone}, {result.transitions:,} transitions, {result.seconds:.2f} s"
    unfinished = "; the search is incomplete" if result.verdict == INCOMPLETE else "; that is enough"
    mutant = f" with {result.mutant}" if result.mutant else ""
    asked = f"{result.name}, {result.question}," if result.question else result.name
    explained = f" (race {result.explained})" if result.explained else ""
    lines = [f"{asked} in {result.revision}{mutant}: {result.property}",
             f"{result.verdict}, {result.outcome}{': ' if result.reason else ''}{result.reason}{explained}",
             looked + ("" if result.complete else unfinished)]
    return [*lines, *([result.trace] if result.trace else [])]
