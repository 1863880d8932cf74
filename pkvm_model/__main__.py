"""The commands replay, conform, explore, machine and record. They need Python and the checkout, nothing else."""
from __future__ import annotations

import signal
import sys


def stop(*_: object) -> None:
    """End at Ctrl-C, with the status that shells expect."""
    sys.exit(130)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, stop)  # before the imports, which take a while

import argparse  # noqa: E402
import io  # noqa: E402
import os  # noqa: E402
import traceback  # noqa: E402
from types import ModuleType  # noqa: E402
from typing import NoReturn  # noqa: E402

from .commands import conform, explore, machine, record, replay  # noqa: E402
from .outside import escape  # noqa: E402

COMMANDS: dict[str, tuple[ModuleType, str, str]] = {
    "replay": (replay, "run a trace and say in words what each step does", ""),
    "conform": (conform, "compare the model with recorded vectors and kernels",
                "Compare the model, field by field, with recorded vectors and recordings of real kernels."),
    "explore": (explore, "try every order of what CPUs do, and find the shortest way to break it", ""),
    "machine": (machine, "make a trace's steps on a real kernel in an emulated machine",
                "Play a trace on a real kernel with protected KVM, and show its outcomes beside the model's."),
    "record": (record, "record what a real kernel does in an emulated machine",
               "Record what a real kernel does in an emulated machine, and compare it with the model.")}
"""Each command: its module, its line in the list of commands, and its description where that line is too short."""
LONGEST = 1_000
"""Characters of a message about a wrong command line."""


class Parser(argparse.ArgumentParser):
    """A parser whose messages are short, and harmless to a terminal."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and exit."""
        super().error(escape(message if len(message) <= LONGEST else f"{message[:LONGEST]}..."))


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit status."""
    arguments = parser().parse_args(sys.argv[1:] if argv is None else argv)
    status: int = COMMANDS[arguments.command][0].main(arguments)
    return status


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = Parser("python3 -m pkvm_model", description="Run the model of pKVM's teardown.", epilog=replay.EPILOG)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (module, summary, description) in COMMANDS.items():
        command = commands.add_parser(name, help=summary, epilog=module.EPILOG,
                                      description=description or f"{summary[0].upper()}{summary[1:]}.")
        module.add_arguments(command)
    return top


def run_from_shell() -> int:
    """Run a command for a reader who may stop listening, on a screen that may lack a letter.

    Whatever goes wrong, the status is not 1: that means that something differs.
    """
    if sys.stdout is None:
        return complain("standard output is closed")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    try:
        try:
            return main()
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        return give_up()
    except OSError as error:
        return give_up(f"standard output: {error.strerror}")
    except Exception:
        traceback.print_exc()
        return give_up()


def give_up(message: str = "") -> int:
    """Write no more to standard output, which Python would do once more when it ends; return the exit status."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return complain(message) if message else 2


def complain(message: str) -> int:
    """Say in one line what is wrong, if anybody can hear it, and return the exit status."""
    if sys.stderr is not None:
        print(f"pkvm_model: {message}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(run_from_shell())
