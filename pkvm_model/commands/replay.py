"""The command `python3 -m pkvm_model replay`: its arguments and its output."""
from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ..model.state import State
from ..model.trace import LIMIT, Replay, Trace, TraceError, parse, replay
from ..outside import OutsideError, decode, escape, read_text
from ..show.words import describe_step

EPILOG = "Exit status: 0 the run matches the trace, 1 it does not, 2 the trace or the command cannot be read."


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    command.add_argument("file", metavar="FILE", help="a trace, as the course shows it; - reads standard input")


def main(arguments: argparse.Namespace) -> int:
    """Run a trace and return the exit status."""
    name = "standard input" if arguments.file == "-" else arguments.file
    try:
        trace = parse(read(arguments.file))
    except (TraceError, OutsideError) as error:
        return fail(f"{name}: {error}")
    except (OSError, ValueError) as error:  # a ValueError is a path with a NUL in it
        reason = getattr(error, "strerror", "") or error
        return fail(f"{name}: {reason}; give the path of a trace, or - for standard input")
    return report(trace, name)


def read(file: str) -> str:
    """Return the text of a trace, read just far enough to see that it is too long. Raise OutsideError or OSError."""
    if file == "-":
        if sys.stdin is None:
            raise OutsideError("it is closed")
        return decode(sys.stdin.buffer.read(4 * LIMIT + 1))
    return read_text(Path(file), 4 * LIMIT, pipe=True)


def report(trace: Trace, file: str) -> int:
    """Print the run as far as it went, and how it ended."""
    result = replay(trace)
    width = max((len(str(row)) for row in trace.lines), default=0)
    for row, sentence in zip(trace.lines, sentences(result), strict=False):
        print(f"{row!s:{width}}  {sentence}")
    if result.differs:
        print(escape(f"{file}: {result.differs}"))
        print(f"{len(result.steps)} of {len(trace.lines)} steps came out as the trace says.")
        return 1
    print(f"ends in state {trace.digest}")
    return 0


def sentences(result: Replay) -> list[str]:
    """Describe each step of a run in a sentence."""
    before = [State(result.trace.config), *(step.state for step in result.steps)]
    return [describe_step(state, step) for state, step in zip(before, result.steps, strict=False)]


def fail(message: str) -> int:
    """Print in one line what is wrong, and return the exit status."""
    print(escape(f"pkvm_model: {message}"), file=sys.stderr)
    return 2
