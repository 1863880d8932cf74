"""Compare the model with what was recorded: vectors of the compiled functions, and recordings of whole kernels.

    python3 -m pkvm_model conform FILE... [--as REVISION] [--json]

Every field that a file has is compared, step by step; docs/conformance.md describes how.
"""
from __future__ import annotations

from pathlib import Path

from ..model.revisions import Revision
from . import vectors
from .compare_recordings import compare_recording
from .compare_vectors import compare_vectors
from .lines import BadFile, Duplicate, parse, read_lines
from .tally import Tally, Tick


def conform(path: Path, revision: Revision | None = None, tick: Tick = lambda tally: None) -> Tally:
    """Compare a file of either kind, by default as the revisions that it names. Raise BadFile if it is of neither."""
    return compare_recording(path, revision, tick) if is_recording(path) else compare_vectors(path, revision, tick)


def is_recording(path: Path) -> bool:
    """Return True for a recording, False for vectors, by the first line. Raise BadFile if the file is neither."""
    neither = BadFile("line 1: this is neither a vector nor a row of a recording; docs/conformance.md describes both")
    for _, line in read_lines(path, vectors.LINE_LIMIT):
        try:
            value = parse(line)
        except Duplicate as error:
            raise BadFile(f"line 1: {error}") from None
        except BadFile as error:
            raise (error if b"\r" in line.strip() else neither) from None
        if {"rev", "steps"} <= value.keys():
            return False
        if {"kernel", "seq", "side"} <= value.keys():
            return True
        raise neither
    raise BadFile("line 1: the file is empty")
