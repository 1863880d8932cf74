"""The command `python3 -m pkvm_model machine`: its arguments and its output."""
from __future__ import annotations

import argparse
import json
import math
import re
from pathlib import Path

from ..conform.recordings.kernels import KERNELS, release_of
from ..machine.debugger import PATIENCE
from ..machine.answer import AGREES, NOT_TRIED, RealAnswer, Row
from ..machine.failure import MachineError
from ..machine.image import load_image, read_release
from ..machine.interleavings import interleavings
from ..machine.plain import to_json
from ..machine.play import play
from ..machine.session import RealMachine
from ..machine.tools import find_tools
from ..model.revisions import REVISIONS
from ..model.trace import Trace, TraceError, parse
from ..outside import OutsideError, escape
from .replay import fail, read

EPILOG = ("Exit status: 0 the machine agrees in every step that was tried, 1 it differs, 2 it cannot be asked. "
          "docs/machine.md describes how it works.")
RACE = re.compile(r"R\d{1,2}")


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    command.add_argument("file", metavar="TRACE",
                         help="a trace, as the course shows it, or a race such as R7; - reads standard input")
    command.add_argument("--kernel", type=Path, metavar="FILE",
                         help="the vmlinuz or Image of an arm64 kernel, by default the newest one that the course has")
    command.add_argument("--fresh", action="store_true", help="boot the kernel, even if a machine with it is ready")
    command.add_argument("--patience", type=read_seconds, default=PATIENCE, metavar="SECONDS",
                         help=f"how long a call may take before it counts as one that does not come back; "
                              f"{PATIENCE:.0f} by default")
    command.add_argument("--keep-going", action="store_true", help="go on after the first difference")
    command.add_argument("--json", action="store_true", help="print one JSON object instead of lines")


def read_seconds(text: str) -> float:
    """Return a number of seconds. Raise ArgumentTypeError if it is none above 0."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"{text[:20]!r} is not a number of seconds")
    return seconds


def main(arguments: argparse.Namespace) -> int:
    """Play a trace on a machine and return the exit status."""
    name = "standard input" if arguments.file == "-" else arguments.file
    try:
        trace = None if RACE.fullmatch(name) else parse(read(arguments.file))
        answer = ask(trace, arguments)
    except (TraceError, OutsideError) as error:
        return fail(f"{name}: {error}")
    except MachineError as error:
        return fail(str(error))
    except (OSError, ValueError) as error:  # a ValueError is a path with a NUL in it
        reason = getattr(error, "strerror", "") or error
        return fail(f"{name}: {reason}; give the path of a trace, or - for standard input")
    print(json.dumps(to_json(answer), indent=1) if arguments.json else "\n".join(conclude(answer)))
    return 1 if answer.difference else 0 if answer.count(AGREES) else 2


def ask(trace: Trace | None, arguments: argparse.Namespace) -> RealAnswer:
    """Start a machine and play the trace on it, or a run of the race. Raise MachineError if that is impossible."""
    tools = find_tools(arguments.kernel)
    if tools.missing or not tools.kernel:
        raise MachineError("; ".join(tools.missing))
    trace = trace or find_run(arguments.file, read_release(load_image(tools.kernel)))
    with RealMachine(tools.kernel, max(trace.config.cpus, 2), fresh=arguments.fresh,
                     patience=arguments.patience) as machine:
        printer = RowPrinter(trace, silent=arguments.json)
        printer.introduce(machine.release, machine.revision.name, machine.tries)
        return play(machine, trace, keep_going=arguments.keep_going, report=printer)


def find_run(race: str, release: str) -> Trace:
    """Return the first interleaving of a race on a kernel. Raise MachineError if it has none."""
    revision = REVISIONS[KERNELS.get(release_of(release), "upstream")]
    runs = {each.race: each.trace for each in reversed(interleavings(revision))}
    if race not in runs:
        known = ", ".join(sorted(filter(None, runs), key=lambda name: int(name[1:])))
        raise MachineError(f"Linux {release} has no run of {race} that a machine can play; it has {known}")
    return runs[race]


class RowPrinter:
    """Prints each row as soon as it is there: the step, both outcomes, the verdict."""

    def __init__(self, trace: Trace, *, silent: bool) -> None:
        self.trace, self.silent = trace, silent
        self.widths = [max([len(str(line).removesuffix(line.outcome)) for line in trace.lines], default=0),
                       max([len(line.outcome) for line in trace.lines], default=0)]

    def introduce(self, release: str, revision: str, tries: int = 1) -> None:
        """Say which kernel runs, whether the trace is of its revision, and how often its CPUs waited for each other."""
        if self.silent:
            return
        other = "" if revision == self.trace.revision.name else f"; the trace is of {self.trace.revision.name}"
        print(f"Linux {release}, protected KVM in an emulated machine, an example of {revision}{other}", flush=True)
        if tries > 1:
            print(f"Its CPUs were stopped at try {tries}: before, one waited for another that stood still.", flush=True)
        print(f"{'CPU and step':{self.widths[0]}}{'model':{self.widths[1]}}  machine", flush=True)

    def __call__(self, row: Row) -> None:
        """Print one row."""
        if not self.silent:
            print(escape(describe_row(row, *self.widths)), flush=True)


def describe_row(row: Row, first: int, second: int) -> str:
    """Return a row as a line of three columns and a remark."""
    says = row.machine if row.verdict != NOT_TRIED else NOT_TRIED
    remark = {AGREES: "", NOT_TRIED: ""}.get(row.verdict, "DIFFERS")
    remark = ": ".join(filter(None, (remark, row.note)))
    return f"{f'{row.cpu} {row.call} ':{first}}{row.model:{second}}  {says:{second}}  {remark}".rstrip()


def conclude(answer: RealAnswer) -> list[str]:
    """Return the lines after the last row: the first difference, and the counts."""
    lines = [answer.summarise()]
    if row := answer.difference:
        both = f"the model says {row.model!r}, the machine {row.machine!r}" if row.model != row.machine else row.note
        lines.insert(0, f"line {row.line} is the first difference: {answer.stray or both}")
    return lines
