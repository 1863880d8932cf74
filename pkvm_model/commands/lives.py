"""What the command record does about whole lives of VMs: record them, and compare recordings."""
from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from ..conform.lines import BadFile
from ..conform.recordings import RecordingError
from ..machine.chronicle import (
    RecordedLife,
    Chronicler,
    Findings,
    choose_names,
    choose_release,
    examine,
    examine_file,
    list_unknown,
    to_text,
)
from ..machine.drafts import write_whole
from ..machine.failure import MachineError
from ..machine.life import HVHE, LifeMachine
from ..machine.observe import find_mode
from ..text import count, list_words
from .conform import describe_first, summarise
from .kernels import choose_kernel
from .replay import fail
from .say import say


def open_life_machine(kernel: Path | None, *, hvhe: bool) -> LifeMachine:
    """Start a machine whose program makes VMs step by step; on a processor for hVHE if that is wanted."""
    return LifeMachine(choose_kernel(kernel), options=HVHE if hvhe else ())


def record_lives(arguments: argparse.Namespace) -> int:
    """Record scenarios, write them, and say what they show; at Ctrl-C, those that are whole."""
    start = partial(open_life_machine, arguments.kernel, hvhe=arguments.hvhe)
    done = list[RecordedLife]()
    with contextlib.closing(Chronicler(start(), start)) as chronicler:
        names, machine = choose(chronicler, arguments), chronicler.recorder.machine
        release = choose_release(machine.release, split=machine.is_split)
        try:
            record(chronicler, names, done)
        except (KeyboardInterrupt, SystemExit, MachineError):
            if any(each.rows for each in done):
                keep_lives(done, release, arguments.output)
            say(f"stopped after {len(done)} of {count(len(names), 'scenario')}")
            raise
    return keep_lives(done, release, arguments.output)


def choose(chronicler: Chronicler, arguments: argparse.Namespace) -> list[str]:
    """Return the names of the scenarios to record. Raise MachineError if the kernel cannot have one of them."""
    machine = chronicler.recorder.machine
    if unknown := list_unknown(arguments.lives or (), split=machine.is_split):
        raise MachineError(f"{machine.release} has no scenario {list_words(unknown)}; the README of the recordings "
                           "that come with the course describes them")
    say(f"Linux {machine.release}, {find_mode(machine.log)}")
    return choose_names(arguments.lives or (), injected=arguments.injected, split=machine.is_split)


def record(chronicler: Chronicler, names: Sequence[str], done: list[RecordedLife]) -> None:
    """Add each scenario as it is recorded, and say so."""
    for number, name in enumerate(names, 1):
        done.append(chronicler.record(name))
        what = done[-1].failure or count(len(done[-1].rows), "row")
        say(f"{number:{len(str(len(names)))}} of {len(names)}  {name:3}  {what}")


def keep_lives(done: list[RecordedLife], release: str, output: Path | None) -> int:
    """Write recorded scenarios, say what they show, and return the exit status."""
    if output:
        write_whole(output, to_text(done))
    print("" if output else to_text(done), end="")
    recorded = [each for each in done if each.rows]
    findings = examine(recorded, release) if recorded else None
    failed = [f"{each.name}: not recorded: {each.failure}" for each in done if each.failure]
    lines = [*failed, *(describe(findings) if findings else [])]
    print("\n".join(lines), file=sys.stdout if output else sys.stderr)
    return 2 if not findings else int(findings.differs)


def describe(findings: Findings) -> list[str]:
    """Return what recordings show, in lines; the first ones are the differences to those that come with the course."""
    odd = [str(each) for each in findings.comparisons if each.lines]
    first = describe_first(findings.tally.first) if findings.tally.first else []
    kernels = list_words(sorted({each.kernel for each in findings.comparisons}))
    same = len(findings.comparisons) - len(odd)
    beside = f"{count(len(findings.comparisons), 'scenario')} beside the recordings of {kernels}: {same} the same, " \
             f"{len(odd)} {'differs' if len(odd) == 1 else 'differ'}"
    return [*odd, *first, f"beside the model: {summarise(findings.tally)}", *([beside] if kernels else [])]


def compare_files(paths: Sequence[Path]) -> int:
    """Compare files of recorded scenarios with the model and with the recordings that come with the course."""
    status = 0
    for path in paths:
        try:
            findings = examine_file(path)
        except (BadFile, RecordingError) as error:
            status = fail(f"{path}: {error}")
            continue
        print("\n".join([f"{path}:", *describe(findings)]))
        status = max(status, int(findings.differs))
    return status
