"""What the command record does about interleavings: play them all, and write what the machine answers."""
from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from ..machine.answer import AGREES, DIFFERS, NOT_TRIED
from ..machine.drafts import write_whole
from ..machine.failure import MachineError
from ..machine.interleavings import Interleaving, interleavings
from ..machine.observations import Observation, ObservationError, Observations, Origin, read
from ..machine.observe import Observer, list_outcomes, make_interleaving, make_origin, read_facts
from ..machine.recheck import compare, to_text
from ..machine.session import RealMachine
from ..model.revisions import Revision
from ..text import count
from .kernels import choose_kernel
from .say import say

WORDS = {AGREES: "agree", DIFFERS: "differ", NOT_TRIED: "not tried"}
"""How many verdicts are counted in words."""


def open_machine(kernel: Path | None) -> RealMachine:
    """Start a machine with a kernel, the newest one that the course has unless one is named."""
    return RealMachine(choose_kernel(kernel))


def record_interleavings(arguments: argparse.Namespace) -> int:
    """Play interleavings on a machine and write what it answers; at Ctrl-C, what it has answered so far."""
    done, machine = list[Observation](), open_machine(arguments.kernel)
    with contextlib.closing(Observer(
            machine, partial(open_machine, arguments.kernel), places=arguments.places)) as observer:
        facts, revision = read_facts(machine), machine.revision
        every = choose(revision, arguments)
        say(f"Linux {facts.release}, {facts.mode}, an example of {revision.name}")
        try:
            observe(observer, every, done)
        except (KeyboardInterrupt, SystemExit, MachineError):
            if done:
                keep(done, make_origin(facts, revision, done), arguments.output)
            say(f"stopped after {len(done)} of {count(len(every), 'interleaving')}")
            raise
    return keep(done, make_origin(facts, revision, done), arguments.output)


def choose(revision: Revision, arguments: argparse.Namespace) -> Sequence[Interleaving]:
    """Return what is to be played. Raise MachineError if an old recording is of another revision."""
    if not arguments.again:
        return interleavings(revision)[:arguments.interleavings or None]
    try:
        old = read(arguments.again)
    except ObservationError as error:
        raise MachineError(str(error)) from None
    if old.origin.revision != revision:
        raise MachineError(f"{arguments.again}: this is a recording of {old.origin.kernel}, an example of "
                           f"{old.origin.revision.name}; name such a kernel with --kernel")
    return [make_interleaving(each) for each in old]


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

