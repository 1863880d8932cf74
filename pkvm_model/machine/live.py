"""The one machine of this session: it boots when it is asked first, and ends with the session or with an interrupt.

Only Python with processes imports this module.
"""
from __future__ import annotations

import atexit
from typing import NamedTuple

from ..model.trace import Trace
from .answer import RealAnswer
from .failure import MachineError
from .play import play
from .session import RealMachine
from .tools import find_tools


class Booted(NamedTuple):
    """A machine that stays, and the emulator that runs it, by name and version."""

    machine: RealMachine
    emulator: str


KEPT: list[Booted] = []
"""The machine of this session, if there is one."""


def explain_missing() -> str:
    """Return what is missing for a machine on this computer, '' if nothing is."""
    return "; ".join(find_tools().missing)


def ask(trace: Trace) -> tuple[RealAnswer, str]:
    """Return what a machine answers to a trace, and the emulator. Raise MachineError if it cannot be asked.

    Whatever ends this early, an interrupt too, ends the machine: nobody knows in the middle of what it is.
    """
    try:
        booted = boot(trace.config.cpus)
        return play(booted.machine, trace), booted.emulator
    except BaseException:
        end()
        raise


def boot(cpus: int) -> Booted:
    """Return the session's machine; boot one if there is none, or too small a one."""
    if KEPT and KEPT[0].machine.cpus < cpus:
        end()
    if not KEPT:
        tools = find_tools()
        if tools.missing or not tools.kernel:
            raise MachineError("; ".join(tools.missing))
        print("Linux boots in an emulated machine. That takes up to a minute.", flush=True)
        KEPT.append(Booted(RealMachine(tools.kernel, max(cpus, 2)), f"QEMU {tools.version}"))
    return KEPT[0]


@atexit.register
def end() -> None:
    """End the machine, if there is one."""
    while KEPT:
        KEPT.pop().machine.close()
