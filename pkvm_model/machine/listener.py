"""Hears every call that a host makes of EL2, with its arguments and its answer, while all CPUs run."""
from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import NamedTuple

from .calls import FUNCTION_ID, PANICS, SIGN
from .debugger import Stop
from .emulator import Emulator
from .failure import MachineError, Silence
from .symbols import Symbols

DISPATCHER, TABLE, INSIDE = "handle_trap", "host_hcall", "pkvm_load_hyp_vcpu"
"""EL2's function for what traps from the host, its table of handlers, and a function of its own that is heard, too."""
CLASS, CALL = 26, 0x16
"""Where a syndrome says why the host trapped, and what it says at a call."""
REGISTERS = 6
BREATH = 0.01
"""How long the debugger is asked before the console is looked at."""
ORDER_SECONDS = 120.0
ENDLESS = 10
"""How often a run of a vCPU may fail in a row before the host is taken to try for ever."""
RUN = "__kvm_vcpu_run"
DONE = re.compile(r"^Done((?: -?[0-9a-f]+)+)\n", re.MULTILINE)


class Heard(NamedTuple):
    """A call of EL2, or one of EL2's own functions if it is `inside`.

    `known` is false if EL2 does not know the call; `answer` is None if it did not come back, as the machine ended.
    """

    cpu: int
    number: int
    arguments: tuple[int, ...]
    answer: int | None
    known: bool = True
    inside: bool = False


class Visit(NamedTuple):
    """A call under way on a CPU, the address behind it in EL2, and where EL2 keeps the host's registers."""

    back: int
    heard: Heard
    context: int = 0


class MachineEnded(MachineError):  # noqa: N818  # what the machine does, not a failure of this program
    """EL2 has met what ends the machine."""


class EndlessRun(MachineError):  # noqa: N818  # as MachineEnded
    """The host lets a vCPU run again and again, although EL2 refuses."""


class Listener:
    """Lets a machine obey orders; what it hears meanwhile is in `heard`."""

    def __init__(self, emulator: Emulator, symbols: Symbols, halt: int, numbers: dict[str, int]) -> None:
        self.emulator, self.debugger, self.symbols, self.halt = emulator, emulator.debugger, symbols, halt
        self.entry, self.inside = symbols.find(DISPATCHER), symbols.find(INSIDE)
        self.panics = {symbols.find(name) for name in PANICS if name in symbols.el2}
        self.heard = list[Heard]()
        self.under_way: dict[int, list[Visit]] = {}
        self.stops = {self.entry, self.inside, halt} | self.panics
        self.numbers = numbers
        self.begin = 0

    def obey(self, order: str) -> list[int]:
        """Let the machine obey an order; return the numbers that it answers."""
        self.tell(order)
        return self.finish_order()

    def finish_order(self) -> list[int]:
        """Let the machine go on to the end of the last order; return the numbers that it answers."""
        while self.go_on(self.begin) is not None:
            pass
        return self.read_answer(self.begin)

    def halt_at(self, order: str) -> int:
        """Let the machine obey an order until it waits; return the CPU that does."""
        self.tell(order)
        cpu = self.go_on(self.begin)
        if cpu is None:
            raise MachineError(f"the machine's program does not wait at {order!r}")
        return cpu

    def tell(self, order: str) -> None:
        """Send an order."""
        self.begin = len(self.emulator.console.text)
        self.emulator.console.tell(order)

    def read_answer(self, begin: int) -> list[int]:
        """Return the numbers that the machine's program has answered."""
        found = DONE.search(self.emulator.console.text, begin)
        return [int(number, 16) for number in found[1].split()] if found else []

    def go_on(self, begin: int) -> int | None:
        """Let all CPUs run until an order is done (return None) or one halts (return it)."""
        for stop in self.run(begin):
            if self.note(stop.cpu):
                return stop.cpu
        return None

    def run(self, begin: int) -> Iterator[Stop]:
        """Let all CPUs run until an order is done; yield each stop on the way."""
        deadline = time.monotonic() + ORDER_SECONDS
        self.start()
        while stop := self.wait(begin, deadline):
            yield stop
            self.debugger.step(stop.cpu)
            self.start()

    def start(self) -> None:
        """Let all CPUs run."""
        self.debugger.set_breakpoints(self.stops)
        self.debugger.start()

    def wait(self, begin: int, deadline: float) -> Stop | None:
        """Return where the machine stops, or None if it was stopped as the order is done."""
        while time.monotonic() < deadline:
            try:
                return self.debugger.wait(BREATH)
            except Silence:
                if self.read_answer(begin):
                    stop = self.debugger.interrupt()
                    return None if stop.signal == 2 else stop
        self.debugger.interrupt()
        raise Silence(f"the machine does not obey for {ORDER_SECONDS:.0f} s")

    def note(self, cpu: int) -> bool:
        """Note why a CPU has stopped; return True if it halts. Raise MachineEnded or EndlessRun if that is the end."""
        registers = self.debugger.read_registers(cpu)
        pc = registers["pc"]
        visits = self.under_way.setdefault(cpu, [])
        if pc in self.panics:
            self.end(cpu)
        if visits and visits[-1].back == pc:
            self.finish(visits.pop(), registers["x0"])
        if pc == self.entry and self.debugger.read_register(cpu, "ESR_EL2") >> CLASS == CALL:
            visits.append(self.read_call(cpu, registers))
        elif pc == self.inside:
            arguments = (registers["x0"] % (1 << 32), registers["x1"] % (1 << 32))
            visits.append(Visit(registers["x30"], Heard(cpu, 0, arguments, None, inside=True)))
        self.stops |= {visit.back for visit in visits}
        return pc == self.halt

    def read_call(self, cpu: int, registers: dict[str, int]) -> Visit:
        """Return the call that EL2 is about to make."""
        context = registers["x0"]
        data = self.debugger.read_memory(context, 8 * REGISTERS, cpu)
        number, *arguments = (int.from_bytes(data[at:at + 8], "little") for at in range(0, len(data), 8))
        if not self.numbers:
            table = self.symbols.find(TABLE)
            self.numbers = self.symbols.read_numbers(self.debugger.read_memory(table, self.symbols.measure(TABLE), cpu))
        heard = Heard(cpu, number % (1 << 32) - FUNCTION_ID, tuple(arguments), None)
        return Visit(registers["x30"], heard, context)

    def finish(self, visit: Visit, returned: int) -> None:
        """Note what a call has answered."""
        if visit.heard.inside:
            self.heard.append(visit.heard._replace(answer=returned))
            return
        data = self.debugger.read_memory(visit.context, 16, visit.heard.cpu)
        value = int.from_bytes(data[8:12], "little")
        answer = value - 2 * SIGN if value & SIGN else value
        self.heard.append(visit.heard._replace(answer=answer, known=not int.from_bytes(data[:8], "little")))
        runs = [each.answer for each in self.heard if each.number == self.numbers.get(RUN) and not each.inside]
        if len(runs) >= ENDLESS and all((answer or 0) < 0 for answer in runs[-ENDLESS:]):
            raise EndlessRun(f"the host tries for ever to run a vCPU; it was refused {ENDLESS} times")

    def end(self, cpu: int) -> None:
        """Note a call that did not come back, and raise MachineEnded."""
        visits = [visit for visit in self.under_way.pop(cpu, []) if not visit.heard.inside]
        self.heard += [visit.heard for visit in visits]
        raise MachineEnded(self.symbols.name(self.debugger.read_register(cpu, "ELR_EL2")))

    def run_call(self, cpu: int, back: int) -> None:
        """Let one CPU make the call before which it stands, and nothing else run."""
        while True:
            self.debugger.step(cpu)
            self.debugger.set_breakpoints({*self.stops, back})
            self.debugger.resume(cpu, ORDER_SECONDS)
            self.note(cpu)
            if self.debugger.read_registers(cpu)["pc"] == back:
                return

    def take(self) -> list[Heard]:
        """Return what was heard since the last time."""
        heard, self.heard = self.heard, []
        return heard

