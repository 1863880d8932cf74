"""Asks a machine if one can be had here, else what is stored; says which of the two, and what to do for the other."""
from __future__ import annotations

import os
import sys
from typing import NamedTuple

from ..model.trace import Trace, TraceError, replay
from ..place import name_command
from ..text import make_sentence
from .answer import RealAnswer
from .failure import MachineError
from .observations import Origin
from .stored import find_stored

VARIABLE, STORED = "PKVM_MACHINE", "stored"
"""The environment variable that says which answers are wanted, and its value for stored ones."""
RELEASED = ("pre", "upstream")
"""The revisions that released kernels are examples of."""
HOW = f"{name_command('kernel')} says how to get a machine"
IN_A_PAGE = "The browser edition has no machine; in a copy of the course on Linux, " + HOW


class MachineReply(NamedTuple):
    """A trace and what a machine answers to it, None if nobody knows; `origin` says where that comes from."""

    trace: Trace
    answer: RealAnswer | None
    origin: str


def ask_machine(trace: Trace) -> MachineReply:
    """Return what a real kernel answers to a trace, live if possible. Raise TraceError if the model does not."""
    if differs := replay(trace).differs:
        raise TraceError(f"the model does not come out as the trace says: {differs}")
    reason = find_reason()
    if not reason:
        from .live import ask  # noqa: PLC0415  # it has processes, which a browser's Python does not have

        try:
            answer, emulator = ask(trace)
            here = f"Asked now: Linux {answer.kernel} in a machine that {emulator} emulates here."
            return MachineReply(trace, answer, here)
        except MachineError as error:
            reason = f"The machine here did not answer: {error}"
    return look_up(trace, reason)


def find_reason() -> str:
    """Return why no machine can be asked here, '' if one can."""
    if sys.platform == "emscripten":
        return IN_A_PAGE
    if os.environ.get(VARIABLE, "") == STORED:
        return f"Only stored answers are wanted here ({VARIABLE}={STORED}); without that setting, {HOW}"
    from .live import explain_missing  # noqa: PLC0415  # as above

    missing = explain_missing()
    return f"No machine can be asked here: {missing}; {HOW}" if missing else ""


def look_up(trace: Trace, reason: str) -> MachineReply:
    """Return the stored answer of a run, or say that there is none and why nobody was asked."""
    if found := find_stored(trace):
        return MachineReply(trace, found.answer, describe_origin(found.origin))
    unknown = "" if trace.revision.name in RELEASED and not trace.revision.removed else \
        f" No released kernel is {trace.revision.name}{' without a guard' if trace.revision.removed else ''}."
    return MachineReply(trace, None, f"Nothing is stored of this run.{unknown} {make_sentence(reason)}")


def describe_origin(origin: Origin) -> str:
    """Return where a stored answer comes from, in a sentence."""
    return (f"Stored, not asked now: Linux {origin.kernel} ({origin.package}, {origin.version}) in a machine that "
            f"{origin.emulator} emulated ({origin.machine}, {origin.mode}), {origin.date}.")
