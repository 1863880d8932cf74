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
from importlib import import_module  # noqa: E402
from types import ModuleType  # noqa: E402
from typing import NoReturn  # noqa: E402

from . import commands  # noqa: E402
from .outside import escape  # noqa: E402

COMMANDS = {
    "replay": ("run a trace and say in words what each step does", ""),
    "conform": ("compare the model with recorded vectors and kernels",
                "Compare the model, field by field, with recorded vectors and recordings of real kernels."),
    "explore": ("try every order of what CPUs do, and find the shortest way to break it", ""),
    "machine": ("make a trace's steps on a real kernel in an emulated machine",
                "Play a trace on a real kernel with protected KVM, and show its outcomes beside the model's."),
    "record": ("record what a real kernel does in an emulated machine",
               "Record what a real kernel does in an emulated machine, and compare it with the model.")}
"""Each command: its line in the list of commands, and its description where that line is too short.

Its module has the same name in `commands`, and is imported only if the command is called: most of them need much more
than the others.
"""
LONGEST = 1_000
"""Characters of a message about a wrong command line."""


class Parser(argparse.ArgumentParser):
    """A parser whose messages are short, and harmless to a terminal."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and exit."""
        super().error(escape(message if len(message) <= LONGEST else f"{message[:LONGEST]}..."))


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit status."""
    words = sys.argv[1:] if argv is None else argv
    arguments = parser(words[0] if words else "").parse_args(words)
    status: int = import_command(arguments.command).main(arguments)
    return status


def import_command(name: str) -> ModuleType:
    """Import the module of a command."""
    return import_module(f"{commands.__name__}.{name}")


def parser(called: str = "") -> argparse.ArgumentParser:
    """Return the parser of the command line, with the arguments of the command that is called, or of all."""
    epilog = "" if called in COMMANDS else import_command("replay").EPILOG
    top = Parser("python3 -m pkvm_model", description="Run the model of pKVM's teardown.", epilog=epilog)
    subparsers = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (summary, description) in COMMANDS.items():
        says = description or f"{summary[0].upper()}{summary[1:]}."
        command = subparsers.add_parser(name, help=summary, description=says)
        if called not in COMMANDS or name == called:
            command.epilog = import_command(name).EPILOG
            import_command(name).add_arguments(command)
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
        import traceback  # noqa: PLC0415  # a start without it is shorter
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
