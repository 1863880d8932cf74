"""The command `python3 -m pkvm_model record`: its arguments and its output."""
from __future__ import annotations

import argparse
from pathlib import Path

from ..machine.drafts import check_place
from ..machine.failure import MachineError
from .check import check_release
from .lives import compare_files, record_lives
from .play_all import record_interleavings
from .replay import fail

EPILOG = ("Exit status: 0 the machine agrees with the model, 1 it differs, 2 nothing could be recorded. "
          "docs/machine.md describes how it works.")

LEAST = 60
"""How many interleavings a check plays."""


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
    what.add_argument("--check", nargs="?", type=read_number, const=LEAST, metavar="N",
                      help="check a kernel release in all parts, with the first N interleavings (60 by default)")
    what.add_argument("--again", type=Path, metavar="OLD",
                      help="play the interleavings of a recording again")
    command.add_argument("--places", action="store_true", help="note where each call stops")
    command.add_argument("-o", "--output", type=Path, metavar="FILE",
                         help="write the recording, or the page of a check, there; by default it is standard output")
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
    if arguments.check:
        return check_release(arguments)
    is_life = arguments.injected or arguments.lives is not None
    return record_lives(arguments) if is_life else record_interleavings(arguments)
