"""Brings every CPU to a place in the host's kernel where it holds no lock: the entry of a system call."""
from __future__ import annotations

import time
from typing import NamedTuple

from .debugger import Debugger
from .failure import MachineError, Silence

TRIES, SECONDS, BREATH = 20, 3.0, 0.05
"""How often it is tried, how long a CPU may take alone, and how long all run before the next try."""


class Parked(NamedTuple):
    """The registers of each CPU, and the number of the try that went well."""

    registers: list[dict[str, int]]
    tries: int


def park(debugger: Debugger, entry: int, cpus: int) -> Parked:
    """Stop every CPU at a function that each of them calls all the time.

    When the first CPU arrives, the others go on one by one. One that waits for a CPU that stands still never arrives:
    it needs a lock which that CPU holds, or an answer from it. Then all run for a moment, and it is tried again.
    """
    for number in range(1, TRIES + 1):
        try:
            return Parked(try_to_park(debugger, entry, cpus), number)
        except Silence:
            debugger.interrupt()
            debugger.set_breakpoints(set())
            debugger.start()
            time.sleep(BREATH)
            debugger.interrupt()
    raise MachineError(f"the CPUs cannot be parked: in {TRIES} tries, one waited for another each time")


def try_to_park(debugger: Debugger, entry: int, cpus: int) -> list[dict[str, int]]:
    """Stop every CPU at the function. Raise Silence if one does not arrive."""
    debugger.set_breakpoints({entry})
    arrived = {debugger.resume(None, SECONDS).cpu}
    for cpu in range(cpus):
        if cpu not in arrived:
            debugger.resume(cpu, SECONDS)
    debugger.set_breakpoints(set())
    registers = [debugger.read_registers(cpu) for cpu in range(cpus)]
    if any(each["pc"] != entry for each in registers):
        debugger.start()
        raise Silence("a CPU stopped elsewhere")
    return registers
