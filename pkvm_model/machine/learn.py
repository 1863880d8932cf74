"""What the tool learns from a kernel that makes and runs a VM by itself, while breakpoints at EL2 catch its calls."""
from __future__ import annotations

import re
from typing import NamedTuple

from .emulator import Emulator
from .failure import MachineError
from .layout import KernelLayout
from .places import PAGE, Pattern
from .symbols import HANDLER, Symbols

ORDER_SECONDS = 120.0
ARGUMENTS = 5
PROTECTED = 1 << 31
"""The bit of a VM's type that makes it a protected one."""
SHARE, MAKE, LOAD, RUN = "__pkvm_host_share_hyp", "__pkvm_init_vm", "__pkvm_vcpu_load", "__kvm_vcpu_run"
TABLE = "host_hcall"
DONE = re.compile(r"^Done (-?)([0-9a-f]+)$", re.MULTILINE)


class Nature(NamedTuple):
    """What a kernel does by itself.

    `patterns` are its structs, of an ordinary VM and of a protected one if it has such; `linear` is what it adds to a
    physical address to use it, `hcr` the third argument of a load, `numbers` those of EL2's calls.
    """

    patterns: dict[bool, Pattern]
    linear: int
    hcr: int
    numbers: dict[str, int]


class Watcher:
    """Lets the machine's program obey orders, and watches what the kernel asks of EL2 meanwhile."""

    def __init__(self, emulator: Emulator, symbols: Symbols, layout: KernelLayout) -> None:
        self.emulator, self.debugger, self.symbols, self.layout = emulator, emulator.debugger, symbols, layout
        self.arguments: dict[str, list[int]] = {}
        self.numbers: dict[str, int] = {}
        self.said = 0

    def learn(self) -> Nature:
        """Watch an ordinary VM and, if the kernel has such, a protected one."""
        patterns = {False: self.watch(0)}
        if "__pkvm_host_donate_guest" in self.numbers:
            patterns[True] = self.watch(PROTECTED)
        return Nature(patterns, self.linear, self.arguments[LOAD][2], self.numbers)

    @property
    def linear(self) -> int:
        """What the kernel adds to a physical address: it shares the page of the struct with which it makes a VM."""
        return self.arguments[MAKE][0] // PAGE * PAGE - self.arguments[SHARE][0] * PAGE

    def watch(self, kind: int) -> Pattern:
        """Let the kernel make, run and close a VM; return what was in its structs."""
        self.tell(f"vm {kind:x} 1")
        for name in (SHARE, MAKE):
            self.catch(name)
        kvm = self.copy(MAKE, "kvm")
        for name in (LOAD, RUN):
            self.catch(name)
        vcpu = self.copy(RUN, "kvm_vcpu")
        self.debugger.set_breakpoints(set())
        self.debugger.start()
        self.wait_done(f"vm {kind:x}")
        return Pattern(kvm, vcpu)

    def tell(self, order: str) -> None:
        """Give the machine's program an order; it obeys when the machine runs."""
        self.said = len(self.emulator.console.text)
        self.emulator.console.tell(order)

    def wait_done(self, order: str) -> None:
        """Let the running machine go on until an order is done, then stop it. Raise MachineError if it is refused."""
        found = self.emulator.console.wait_for(DONE, ORDER_SECONDS, self.said)
        self.debugger.interrupt()
        if found[1]:
            raise MachineError(f"the kernel refuses to {order}: error {int(found[2], 16)}")

    def obey(self, order: str) -> None:
        """Let the machine run until its program has obeyed an order."""
        self.tell(order)
        self.debugger.start()
        self.wait_done(order)

    def catch(self, call: str) -> None:
        """Let the machine run until the host makes a call; keep its arguments."""
        self.debugger.set_breakpoints({self.symbols.find(HANDLER + call)})
        cpu = self.debugger.resume(None, ORDER_SECONDS).cpu
        context = self.debugger.read_registers(cpu)["x0"]
        data = self.debugger.read_memory(context, 8 * (ARGUMENTS + 1), cpu)
        self.arguments[call] = [int.from_bytes(data[8 * place:8 * place + 8], "little")
                                for place in range(1, ARGUMENTS + 1)]
        if not self.numbers:
            table = self.symbols.find(TABLE)
            self.numbers = self.symbols.read_numbers(self.debugger.read_memory(table, self.symbols.measure(TABLE), cpu))

    def copy(self, call: str, struct_name: str) -> bytes:
        """Return what is in the struct that is the first argument of a call."""
        return self.debugger.read_memory(self.arguments[call][0] - self.linear, self.layout.size(struct_name))
