"""A call is injected on the CPU that waits in the host's kernel; the others need not see the kernel's memory."""
from __future__ import annotations

import struct
from types import SimpleNamespace
from typing import Any

from pkvm_model.machine.debugger import GENERAL
from pkvm_model.machine.failure import MachineError
from pkvm_model.machine.life import LifeMachine
from pkvm_model.machine.listener import Heard
from pkvm_model.machine.symbols import HVC, Symbols

WAITING, GATE, BEFORE = 1, 0xffff800080000000, 2
ANSWER = Heard(WAITING, 3, (), 0)


class Sight:
    """A debugger of a machine in which one CPU is in the host's kernel, and the other one somewhere else."""

    def __init__(self) -> None:
        self.written: dict[str, int] = {}

    def read_memory(self, address: int, size: int, cpu: int) -> bytes:
        """Return code of the kernel, as a CPU sees it."""
        if cpu != WAITING:
            raise MachineError(f"the debugger cannot read {size} bytes at {address:#x}")
        return struct.pack("<16I", *[0] * BEFORE, HVC, *[0] * (15 - BEFORE))

    def read_registers(self, cpu: int) -> dict[str, int]:
        """Return the registers of a CPU in the kernel."""
        return dict.fromkeys(GENERAL, cpu) | {"cpsr": 5}

    def write_registers(self, cpu: int, values: dict[str, int]) -> None:
        """Keep what a CPU is to begin with."""
        assert cpu == WAITING
        self.written = values


def test_a_call_is_injected_where_the_cpu_that_waits_sees_the_kernels_own_call() -> None:
    machine, sight, backs = LifeMachine.__new__(LifeMachine), Sight(), list[int]()
    listener = SimpleNamespace(halt_at=lambda order: WAITING, heard=[ANSWER],
                               run_call=lambda cpu, back: backs.append(back))
    parts: dict[str, Any] = {"debugger": sight, "listener": listener, "halted": None, "cpus": 2,
                             "symbols": Symbols(f"S {GATE:016x} __arm_smccc_hvc\n")}
    vars(machine).update(parts)
    assert machine.inject(3, [7]) == ANSWER
    assert (sight.written["pc"], sight.written["x1"]) == (GATE + 4 * BEFORE, 7)
    assert backs == [GATE + 4 * BEFORE + 4]
