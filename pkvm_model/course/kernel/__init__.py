"""The command `kernel`: what a real kernel needs here, and how to get one. Standard library only.

`report` says what is there. `fetch` gets a kernel of Debian's: `apt` runs Debian's client, `causes` turns what stops it
into one line, `offers` reads its list, `package` opens what it brings. `take` takes a file. `store` keeps kernels.
"""
from __future__ import annotations

import argparse
import contextlib
import signal
from collections.abc import Iterator

from ..errors import CourseError
from . import fetch, report, take

__all__ = ["run"]


def run(arguments: argparse.Namespace) -> int:
    """Get a kernel, list those that can be had, or report on what there is."""
    if arguments.kernel is not None and (arguments.get is not None or arguments.list):
        raise CourseError("kernel takes a file (--kernel) or fetches (--get, --list), one at a time.")
    with hear_signals():
        if arguments.kernel is not None:
            return take.take_file(arguments.kernel)
        if arguments.list:
            return fetch.show_offers(arguments)
        return report.report() if arguments.get is None else fetch.fetch_kernel(arguments)


@contextlib.contextmanager
def hear_signals() -> Iterator[None]:
    """Let a request to end, or a closed terminal, do what Ctrl-C does: everything unfinished is removed."""
    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {name: signal.signal(getattr(signal, name), signal.default_int_handler) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)
