"""The command `python3 -m pkvm_model record`: its arguments and its output."""
from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from ..machine.answer import AGREES, DIFFERS, NOT_TRIED
from ..machine.drafts import check_place, write_whole
from ..machine.failure import MachineError
from ..machine.interleavings import Interleaving, interleavings
from ..machine.observations import Observation, Observations, Origin, compare, to_text
from ..machine.observe import Observer, list_outcomes, make_origin, read_facts
from ..machine.session import RealMachine
from ..machine.tools import find_tools
from ..text import count
from .lives import compare_files, record_lives
from .replay import fail
from .say import say

EPILOG = ("Exit status: 0 the machine agrees with the model, 1 it differs, 2 nothing could be recorded. "
          "docs/machine.md describes how it works.")

WORDS = {AGREES: "agree", DIFFERS: "differ", NOT_TRIED: "not tried"}
"""How many verdicts are counted in words."""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    what = command.add_mutually_exclusive_group(required=True)
    what.add_argument("--interleavings", nargs="?", type=read_number, const=0, metavar="N",
                      help="play the first N interleavings that the model proposes, by default all of them")
    what.add_argument("--lives", nargs="*", metavar="NAME",
                      help="record these scenarios, such as n3 or p25; by default the natural lives of VMs")
    what.add_argument("--injected", action="store_true", help="record the scenarios with injected calls")
    what.add_argument("--compare", nargs="+", type=Path, metavar="FILE",
                      help="compare recorded scenarios with those that come with the course; needs no machine")
    command.add_argument("-o", "--output", type=Path, metavar="FILE",
                         help="write the recording there; by default it is standard output")
    command.add_argument("--force", action="store_true", help="replace FILE if it exists")
    command.add_argument("--kernel", type=Path, metavar="FILE",
                         help="the vmlinuz or Image of an arm64 kernel, by default the newest one that the course has")
    command.add_argument("--hvhe", action="store_true",
                         help="record scenarios on a processor on which EL2 runs in the mode hVHE")


def read_number(text: str) -> int:
    """Return a number of things. Raise ArgumentTypeError if it is less than 1."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text[:20]!r} is not a number from 1 on")
    return int(text)


def main(arguments: argparse.Namespace) -> int:
    """Record what was asked for and return the exit status."""
    try:
        if arguments.output:
            check_place(arguments.output, force=arguments.force)
        return record(arguments)
    except MachineError as error:
        return fail(str(error))
    except ValueError as error:  # a path with a NUL in it
        return fail(f"{arguments.output or arguments.kernel}: {error}; give the path of a file")


def record(arguments: argparse.Namespace) -> int:
    """Do what was asked for and return the exit status."""
    if arguments.compare:
        return compare_files(arguments.compare)
    is_life = arguments.injected or arguments.lives is not None
    return record_lives(arguments) if is_life else record_interleavings(arguments)


def open_machine(kernel: Path | None) -> RealMachine:
    """Start a machine with a kernel, the newest one that the course has unless one is named."""
    tools = find_tools(kernel)
    if tools.missing or not tools.kernel:
        raise MachineError("; ".join(tools.missing))
    return RealMachine(tools.kernel)


def record_interleavings(arguments: argparse.Namespace) -> int:
    """Play interleavings on a machine and write what it answers; at Ctrl-C, what it has answered so far."""
    done, machine = list[Observation](), open_machine(arguments.kernel)
    with contextlib.closing(Observer(machine, partial(open_machine, arguments.kernel))) as observer:
        facts, revision = read_facts(machine), machine.revision
        every = interleavings(revision)[:arguments.interleavings or None]
        say(f"Linux {facts.release}, {facts.mode}, an example of {revision.name}")
        try:
            observe(observer, every, done)
        except (KeyboardInterrupt, SystemExit, MachineError):
            if done:
                keep(done, make_origin(facts, revision, done), arguments.output)
            say(f"stopped after {len(done)} of {count(len(every), 'interleaving')}")
            raise
    return keep(done, make_origin(facts, revision, done), arguments.output)


def observe(observer: Observer, every: Sequence[Interleaving], done: list[Observation]) -> None:
    """Add what the machine answers to each interleaving, and say so."""
    for number, each in enumerate(every, 1):
        done.append(observer.observe(each))
        say(f"{number:{len(str(len(every)))}} of {len(every)}  {done[-1].verdict:9}  {each.name}")


def keep(done: list[Observation], origin: Origin, output: Path | None) -> int:
    """Write observations, print the counts, and return the exit status."""
    text = to_text(Observations(origin, tuple(done)))
    if output:
        write_whole(output, text)
    print(text if not output else "", end="")
    print("\n".join(conclude(done)), file=sys.stdout if output else sys.stderr)
    return decide_status(done)


def conclude(done: list[Observation]) -> list[str]:
    """Return the counts, after a line for each observation that does not agree."""
    odd = [f"{each.verdict}: {each.name}: {'; '.join(each.notes.values())}" for each in done if each.verdict != AGREES]
    return [*odd, f"{count(len(done), 'interleaving')}: {count_verdicts([each.verdict for each in done])}"]


def count_verdicts(verdicts: Sequence[str]) -> str:
    """Return how many agree, how many differ, and how many were not tried; none of the last two is not said."""
    counts = [(verdicts.count(verdict), words) for verdict, words in WORDS.items()]
    return ", ".join(f"{number} {words}" for number, words in counts if number or words == WORDS[AGREES])


def decide_status(done: list[Observation]) -> int:
    """Return the exit status: a difference counts more than what was not tried."""
    if list_outcomes(done, DIFFERS) or compare(done):
        return 1
    return 0 if list_outcomes(done, AGREES) else 2

