"""The command `python3 -m pkvm_model conform`: its arguments and its output."""
from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ..conform.compare import conform
from ..conform.lines import BadFile
from ..conform.tally import Disagreement, Tally
from ..model.revisions import REVISIONS
from ..outside import escape
from ..text import count

EPILOG = ("Exit status: 0 no disagreement, 1 at least one, 2 a file cannot be read or the command is wrong. "
          "docs/conformance.md describes what is compared.")
MOST_BYTES = 500_000_000
"""The most bytes that are read from a pipe or from standard input."""
SECONDS = 5.0
"""How often a long comparison reports its progress."""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    command.add_argument("files", metavar="FILE", nargs="+",
                         help="vectors (.jsonl, .jsonl.gz), or a recording of real kernels; - reads standard input")
    command.add_argument("--as", dest="revision", choices=list(REVISIONS), metavar="REVISION",
                         help="compare with another revision than each file's own: " + ", ".join(REVISIONS))
    command.add_argument("--json", action="store_true", help="print one JSON object instead of lines")


def main(arguments: argparse.Namespace) -> int:
    """Compare all files and return the exit status; a file that cannot be read does not stop the others."""
    total, rows, bad = Tally(), list[dict[str, object]](), 0
    for name in arguments.files:
        try:
            with keep_stream(name) as path:
                tally = conform(path, REVISIONS.get(arguments.revision), ProgressPrinter(name))
        except (BadFile, ValueError) as error:  # a ValueError is a path with a NUL in it
            print(escape(f"pkvm_model: {name}: {error}"), file=sys.stderr)
            bad += 1
            continue
        total.add(tally)
        rows.append({"file": name} | tally.to_json())
        if not arguments.json:
            first = describe_first(tally.first) if tally.first else []
            print("\n".join([escape(f"{name}: {summarise(tally)}"), *first]), flush=True)
    if arguments.json:
        print(json.dumps({"files": rows, "unreadable": bad, "total": total.to_json()}, indent=1))
    else:
        print(f"{count(len(rows), 'file')}{f', {bad} more not read' if bad else ''}: {summarise(total)}")
    return 2 if bad else 1 if total.disagreements else 0


@contextlib.contextmanager
def keep_stream(name: str) -> Iterator[Path]:
    """Yield the path of a file; what can be read only once, as a pipe or standard input, is kept in a file for a while.

    Raise BadFile if it cannot be read, or is endless.
    """
    path = Path("/dev/stdin" if name == "-" else name)
    if name != "-" and (path.is_file() or path.is_dir() or not path.exists()):
        yield path
        return
    if name == "-" and sys.stdin is None:
        raise BadFile("standard input is closed")
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "stream"
        try:
            with (sys.stdin.buffer if name == "-" else path.open("rb")) as source, kept.open("wb") as file:
                copy_stream(source, file)
        except OSError as error:
            raise BadFile(f"{error.strerror}; give the path of a file") from None
        yield kept


def copy_stream(source: BinaryIO, file: BinaryIO) -> None:
    """Copy a stream to a file. Raise BadFile if it is endless."""
    while part := source.read(1 << 20):
        if file.tell() >= MOST_BYTES:
            raise BadFile(f"it has more than {MOST_BYTES:,} bytes; give the path of a file")
        file.write(part)


def summarise(tally: Tally) -> str:
    """Return the counts of one file, or of all, in one line."""
    parts = [count(tally.sequences, "sequence")]
    parts += [count(number, word) for number, word in (
        (tally.steps, "step"), (tally.probes, "probe"), (tally.rows, "row")) if number]
    fields = ", ".join(f"{name} {number}" for name, number in sorted(tally.fields.items()))
    text = ", ".join(parts) + f"; {count(tally.disagreements, 'disagreement')}" + (f" ({fields})" if fields else "")
    if tally.unreached:
        text += f"; {count(tally.unreached, 'step')} not reached"
    if tally.others:
        others = ", ".join(f"{name} {number}" for name, number in sorted(tally.others.items()))
        text += f"; rows of calls that are not modelled: {others}"
    return text


def describe_first(first: Disagreement) -> list[str]:
    """Describe the first disagreement: its place, both sides, and the trace that leads there."""
    where = " ".join(filter(None, [first.where, first.call]))
    beside = ", ".join(f"{name} {value}" for name, value in first.beside.items())
    lines = [f"  first: line {first.line}, {first.sequence}, {where}" + (f" ({beside})" if beside else ""),
             f"    {first.field} in the model:    {json.dumps(first.model)}",
             f"    {first.field} in the file:     {json.dumps(first.recorded)}",
             "    the run that leads there (python3 -m pkvm_model replay describes it in words):"]
    return lines + [f"      {row}" for row in first.trace.splitlines()]


class ProgressPrinter:
    """Reports the progress of a long comparison on the error stream every few seconds."""

    def __init__(self, name: str) -> None:
        self.name, self.next = name, time.monotonic() + SECONDS

    def __call__(self, tally: Tally) -> None:
        """Report the counts so far if it is time."""
        now = time.monotonic()
        if now >= self.next:
            self.next = now + SECONDS
            print(f"{escape(self.name)}: {count(tally.sequences, 'sequence')} so far, "
                  f"{count(tally.disagreements, 'disagreement')}", file=sys.stderr, flush=True)
