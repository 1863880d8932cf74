"""A machine whose program makes VMs step by step, while all that the host asks of EL2 is heard."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from .calls import Caller
from .emulator import Emulator
from .listener import Heard, Listener
from .session import EMULATOR, PARKED_IN, RealMachine

LIVES = Path(__file__).with_name("lives")
"""The program that runs in the machine; lives.c is its source."""


HVHE = ("-cpu", "cortex-a76")
"""Options for a processor with the extensions (VHE) with which a kernel that protects VMs runs EL2 in the mode hVHE."""
STEADY = ("-icount", "shift=0")
"""Options with which time in the machine follows its instructions, so that it stands still when the machine does."""


class LifeMachine(RealMachine):
    """A machine that obeys orders; `reset` brings it back to when its kernel had booted."""

    def __init__(self, kernel: Path, cpus: int = 2, emulator: str = EMULATOR, options: Sequence[str] = ()) -> None:
        self.kernel, self.cpus, self.program, self.options = kernel, cpus, LIVES.read_bytes(), (*STEADY, *options)
        self.start(emulator)

    def start(self, emulator: str) -> None:
        """Boot the kernel and keep this moment."""
        self.use(Emulator(emulator, self.kernel, self.program, self.cpus, options=self.options))
        with self.ending_at_failure():
            self.boot()
            self.prepare()

    def prepare(self) -> None:
        """Learn the numbers of calls from a VM that is made and closed, and keep this moment."""
        self.listen({})
        for order in ("create 0 0", "shut 0", "exit"):
            self.obey(order)
        self.debugger.set_breakpoints(set())
        self.emulator.save()

    def listen(self, numbers: dict[str, int]) -> None:
        """Begin to hear calls; the numbers of calls are learned from the first one if they are not known."""
        self.listener = Listener(self.emulator, self.symbols, self.symbols.find_host(PARKED_IN), numbers)
        self.halted: tuple[int, dict[str, int]] | None = None

    def reset(self, slots: int = 1) -> None:
        """Bring the machine back to when its kernel had booted."""
        self.emulator.load()
        self.listen(self.listener.numbers)

    @property
    def numbers(self) -> Mapping[str, int]:
        """The numbers of EL2's calls."""
        return self.listener.numbers

    @property
    def is_split(self) -> bool:
        """True if the kernel takes a VM apart in two calls."""
        return "__pkvm_start_teardown_vm" in self.numbers

    def obey(self, order: str) -> list[int]:
        """Let the program obey an order; return what it answers."""
        self.release_cpu()
        return self.listener.obey(order)

    def release_cpu(self) -> None:
        """Let the CPU that was halted for injected calls go on."""
        if self.halted:
            cpu, registers = self.halted
            self.debugger.write_registers(cpu, registers)
            self.debugger.step(cpu)
            self.listener.finish_order()
            self.halted = None

    def inject(self, number: int, arguments: list[int]) -> Heard:
        """Make a call on the CPU of the program; return what came of it. Raise MachineEnded if that is the end."""
        if not self.halted:
            cpu = self.listener.halt_at("stand")
            self.halted = cpu, self.debugger.read_registers(cpu)
        cpu, registers = self.halted
        caller = Caller(self.debugger, self.symbols, self.find_gate(cpu), [registers] * self.cpus)
        caller.begin(cpu, number, arguments)
        self.listener.run_call(cpu, caller.gate + 4)
        return self.listener.heard.pop()

