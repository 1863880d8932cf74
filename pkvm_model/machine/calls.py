"""Calls of EL2 on the machine's CPUs: each is made as the host makes it, and stops where the model's regions begin."""
from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from .debugger import Debugger
from .failure import MachineError, Silence
from .regions import IDLE_WITHOUT, NESTED, Boundary
from .symbols import Symbols

FUNCTION_ID = 0xC6000000
"""What is added to a call's number: a fast call of 64 bits to the hypervisor's own service."""
MASKED = 0x3c0
"""The bits of the processor state that keep interrupts away."""
MODE, EL1 = 0xf, 5
PANICS = ("hyp_panic", "hyp_panic_bad_stack")
SIGN = 1 << 31
INTERRUPTED = 2
"""The signal of a stop that the debugger has asked for."""


class Returned(NamedTuple):
    """The call has come back: `known` is false if EL2 has no such call; `value` is what it answers."""

    known: bool
    value: int


class Stands(NamedTuple):
    """The call stands between two regions."""

    place: Boundary


class Panicked(NamedTuple):
    """EL2 has met a fault or a warning, which ends the machine; `function` is where."""

    function: str


class Hangs(NamedTuple):
    """The call has not come back for some seconds: the CPU waits, or turns in circles, in a function of EL2."""

    function: str
    seconds: float


Result = Hangs | Returned | Stands | Panicked


class Caller:
    """Makes calls on CPUs that are parked in the host's kernel; `parked` are their registers."""

    def __init__(self, debugger: Debugger, symbols: Symbols, gate: int, parked: list[dict[str, int]]) -> None:
        self.debugger, self.symbols, self.gate, self.parked = debugger, symbols, gate, parked
        self.behind: dict[int, dict[int, Boundary]] = {}
        self.panics = {symbols.find(name) for name in PANICS if name in symbols.el2}

    def begin(self, cpu: int, number: int, arguments: Collection[int]) -> None:
        """Put a CPU in front of the instruction that calls EL2, with the call's number and arguments."""
        registers = dict(self.parked[cpu])
        if registers["cpsr"] & MODE != EL1:
            raise MachineError(f"CPU {cpu} is not in the host's kernel")
        registers |= {"x0": FUNCTION_ID | number, "pc": self.gate, "cpsr": registers["cpsr"] | MASKED}
        registers |= {f"x{place}": value % (1 << 64) for place, value in enumerate(arguments, 1)}
        self.debugger.write_registers(cpu, registers)
        self.behind[cpu] = {}

    def go_on(self, cpu: int, places: Collection[Boundary] = ()) -> Result:
        """Let a CPU go on to the next of these places, or to the call's end."""
        entries = {self.symbols.el2[place.function]: place.function for place in places
                   if place.function in self.symbols.el2}
        while True:
            pc = self.run(cpu, {*entries, *self.behind[cpu]})
            if pc is None:
                function = self.symbols.name(self.debugger.read_registers(cpu)["pc"])
                return Hangs(function or "no function of EL2", self.debugger.patience)
            if pc == self.gate + 4:
                return self.read_answer(cpu)
            if pc in self.panics:
                return Panicked(self.symbols.name(self.debugger.read_register(cpu, "ELR_EL2")))
            if place := self.find_place(cpu, pc, entries.get(pc, ""), places):
                return Stands(place)

    def run(self, cpu: int, stops: set[int]) -> int | None:
        """Run a CPU to one of these addresses, to a panic, or behind the call; return where it stands, None if nowhere.

        The first instruction is made alone: it may be the one at which the CPU stopped before.
        """
        stops = {*stops, *self.panics, self.gate + 4}
        self.debugger.set_breakpoints(set())
        self.debugger.step(cpu)
        pc = self.debugger.read_registers(cpu)["pc"]
        if pc in stops:
            return pc
        self.debugger.set_breakpoints(stops)
        try:
            self.debugger.resume(cpu)
        except Silence:
            if self.debugger.interrupt().signal == INTERRUPTED:
                return None
        return self.debugger.read_registers(cpu)["pc"]

    def find_place(self, cpu: int, pc: int, function: str, places: Collection[Boundary]) -> Boundary | None:
        """Return the place that a CPU has come to, or None if no region begins here after all."""
        registers = self.debugger.read_registers(cpu)
        if pc in self.behind[cpu]:
            place = self.behind[cpu].pop(pc)
            return place if place.begins(registers["x0"]) else None
        back = registers["x30"]
        if self.symbols.name(back) in NESTED or (function in IDLE_WITHOUT and not registers["x0"]):
            return None
        here = [place for place in places if place.function == function]
        self.behind[cpu].update((back, place) for place in here if place.is_behind)
        return next((place for place in here if not place.is_behind and place.begins(registers["x0"])), None)

    def read_answer(self, cpu: int) -> Returned:
        """Return the answer of a call that has come back, from the two registers that hold it."""
        registers = self.debugger.read_registers(cpu)
        value = registers["x1"] % (2 * SIGN)
        return Returned(registers["x0"] == 0, value - 2 * SIGN if value & SIGN else value)
