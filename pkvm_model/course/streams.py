"""Makes printing safe, whatever the streams are: closed, full, gone, or of a poor encoding. Standard library only."""
from __future__ import annotations

import io
import os
import sys


def prepare_streams() -> None:
    """Let a closed stream lead nowhere, and let output escape what its encoding cannot write."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        stream = getattr(sys, name)
        if stream is None:
            reopen_nowhere(number)
            setattr(sys, name, open(number, "r" if number == 0 else "w", closefd=False))  # noqa: SIM115
        elif number and isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def reopen_nowhere(number: int) -> None:
    """Open the null device under the number of a closed stream, lest another file gets that number."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    if nowhere != number:
        os.dup2(nowhere, number)
        os.close(nowhere)


def finish_output() -> None:
    """Write what is still to be written; if that cannot be done, let it go nowhere, also when Python ends."""
    try:
        sys.stdout.flush()
    except OSError:
        reopen_nowhere(sys.stdout.fileno())
