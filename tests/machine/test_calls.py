"""A call that does not come back is given up after a time that is known, on a debugger that answers from a script."""
from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest

from pkvm_model.machine.calls import Caller, Hangs, Returned
from pkvm_model.machine.debugger import GENERAL, Stop
from pkvm_model.machine.failure import Silence

GATE, LOOP = 0x1000, 0x2000
BREAKPOINT, INTERRUPT = Stop(0, 5), Stop(0, 2)


class Endless:
    """A machine in which a CPU goes round in circles; `answer` is what its interruption says."""

    patience = 3.0

    def __init__(self, answer: Stop | None, place: int = LOOP) -> None:
        self.answer, self.place, self.waited = answer, GATE, 0.0
        self.end = place

    def step(self, cpu: int) -> Stop:
        """Enter EL2."""
        self.place = LOOP
        return Stop(cpu, 5)

    def resume(self, cpu: int) -> Stop:
        """Run, and come to nothing in time."""
        self.waited += self.patience
        raise Silence(f"CPU {cpu} goes on")

    def interrupt(self) -> Stop:
        """Stop, unless the emulator hangs too."""
        self.place = self.end
        if not self.answer:
            raise Silence("the emulator does not answer")
        return self.answer

    def read_registers(self, cpu: int) -> dict[str, int]:
        """Return the registers of a CPU: the call has answered 7."""
        return dict.fromkeys(GENERAL, 0) | {"pc": self.place, "cpsr": 5, "x1": 7}

    def write_registers(self, cpu: int, values: dict[str, int]) -> None:
        """Put a CPU in front of a call."""

    def set_breakpoints(self, addresses: set[int]) -> None:
        """Have these breakpoints."""


class Names:
    """Symbols of EL2 of which only one has an address."""

    el2: Mapping[str, int] = MappingProxyType({"hyp_spin_lock": LOOP})

    def name(self, address: int) -> str:
        """Return the function at an address."""
        return "hyp_spin_lock" if address == LOOP else ""


def make_call(machine: Any) -> object:
    """Return what becomes of a call."""
    names: Any = Names()
    caller = Caller(machine, names, GATE, [machine.read_registers(0)])
    caller.begin(0, 1, [])
    return caller.go_on(0)


def test_a_call_that_goes_round_in_circles_is_given_up_and_the_function_named() -> None:
    machine = Endless(INTERRUPT)
    assert make_call(machine) == Hangs("hyp_spin_lock", 3.0)
    assert machine.waited == 3.0


def test_a_call_that_comes_back_at_the_last_moment_has_come_back() -> None:
    assert make_call(Endless(BREAKPOINT, GATE + 4)) == Returned(known=True, value=7)


def test_an_emulator_that_hangs_is_no_call_that_hangs() -> None:
    with pytest.raises(Silence):
        make_call(Endless(None))
