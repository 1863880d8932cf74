"""The model's own commands, replay, conform and explore. They need Python and the checkout, nothing else."""
from __future__ import annotations

import argparse
import io
import os
import sys
from pathlib import Path

from . import conform_command, explore_command
from .show.words import says
from .state import State
from .trace import LIMIT, Replay, Trace, TraceError, parse, replay

EPILOG = "Exit status: 0 the run came out as the trace says, 1 it did not, 2 the trace or the command cannot be read."


def main(argv: list[str] | None = None) -> int:
    """Run one command; the answer is the exit status."""
    asked = parser().parse_args(sys.argv[1:] if argv is None else argv)
    if asked.command == "conform":
        return conform_command.main(asked)
    if asked.command == "explore":
        return explore_command.main(asked)
    file = asked.file
    name = "standard input" if file == "-" else file
    try:
        trace = parse(read(file))
    except TraceError as error:
        return fail(f"{name}: {error}")
    except OSError as error:
        return fail(f"{name}: {error.strerror}; give the path of a trace, or - for standard input")
    return report(trace, name)


def parser() -> argparse.ArgumentParser:
    """What can be asked for on the command line."""
    about = "Run the model of pKVM's teardown."
    top = argparse.ArgumentParser("python3 -m pkvm_model", description=about, epilog=EPILOG)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser("replay", help="run a trace and say in words what each step does", epilog=EPILOG,
                              description="Run a trace and say in words what each step does.")
    run.add_argument("file", metavar="FILE", help="a trace, as the course shows it; - reads standard input")
    compare = commands.add_parser(
        "conform", help="compare the model with recorded vectors and kernels", epilog=conform_command.EPILOG,
        description="Compare the model, field by field, with recorded vectors and recordings of real kernels.")
    conform_command.add_arguments(compare)
    search = commands.add_parser(
        "explore", help="try every order of what CPUs do, and find the shortest way to break it",
        epilog=explore_command.EPILOG,
        description="Try every order of what CPUs do, and find the shortest way to break it.")
    explore_command.add_arguments(search)
    return top


def read(file: str) -> str:
    """The text of a trace; one that is too long is read no further than that can be seen."""
    if file == "-":
        data = sys.stdin.buffer.read(4 * LIMIT + 1)
    else:
        with Path(file).open("rb") as source:
            data = source.read(4 * LIMIT + 1)
    return data.decode(errors="replace")


def report(trace: Trace, file: str) -> int:
    """Print the run as far as it went, and how it ended."""
    done = replay(trace)
    width = max((len(str(row)) for row in trace.lines), default=0)
    for row, sentence in zip(trace.lines, sentences(done), strict=False):
        print(f"{row!s:{width}}  {sentence}")
    if done.differs:
        print(f"{file}: {done.differs}")
        print(f"{len(done.steps)} of {len(trace.lines)} steps came out as the trace says.")
        return 1
    print(f"ends in state {trace.digest}")
    return 0


def sentences(done: Replay) -> list[str]:
    """What each step of a run does, in words."""
    before = [State(done.trace.config), *(step.state for step in done.steps)]
    return [says(state, step) for state, step in zip(before, done.steps, strict=False)]


def fail(message: str) -> int:
    """Say in one line what is wrong."""
    print(f"pkvm_model: {message}", file=sys.stderr)
    return 2


def outside() -> int:
    """Run a command from the shell, where a reader may stop listening and a screen may lack a letter."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    try:
        status = main()
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes once more at its end; there that goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130
    return status


if __name__ == "__main__":
    sys.exit(outside())
