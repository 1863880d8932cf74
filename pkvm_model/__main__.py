"""The model's own commands, replay, conform and explore. They need Python and the checkout, nothing else."""
from __future__ import annotations

import argparse
import io
import os
import sys
from types import ModuleType

from .commands import conform, explore, replay

COMMANDS: dict[str, tuple[ModuleType, str, str]] = {
    "replay": (replay, "run a trace and say in words what each step does", ""),
    "conform": (conform, "compare the model with recorded vectors and kernels",
                "Compare the model, field by field, with recorded vectors and recordings of real kernels."),
    "explore": (explore, "try every order of what CPUs do, and find the shortest way to break it", "")}
"""Each command: its module, its line in the list of commands, and its description where that line is too short."""


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit status."""
    arguments = parser().parse_args(sys.argv[1:] if argv is None else argv)
    status: int = COMMANDS[arguments.command][0].main(arguments)
    return status


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser("python3 -m pkvm_model", description="Run the model of pKVM's teardown.",
                                  epilog=replay.EPILOG)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (module, summary, description) in COMMANDS.items():
        command = commands.add_parser(name, help=summary, epilog=module.EPILOG,
                                      description=description or f"{summary[0].upper()}{summary[1:]}.")
        module.add_arguments(command)
    return top


def run_from_shell() -> int:
    """Run a command for a reader who may stop listening, on a screen that may lack a letter."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    try:
        status = main()
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes once more when it ends; send that nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130
    return status


if __name__ == "__main__":
    sys.exit(run_from_shell())
