"""A machine with a real kernel: booted once, prepared, and brought back to that moment before each trace."""
from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from ..conform.recordings.kernels import KERNELS, release_of
from ..model.revisions import REVISIONS, Revision
from .calls import Caller, Returned
from .emulator import Emulator
from .failure import MachineError
from .image import load_image
from .layout import KernelLayout
from .learn import Watcher
from .parking import park
from .places import Places
from .symbols import HVC, Symbols, find_instruction

PROGRAM = Path(__file__).with_name("init")
EMULATOR = "qemu-system-aarch64"
BOOT_SECONDS = 300.0
READY = re.compile(r"^Ready$", re.MULTILINE)
HUGE = 1 << 21
SLOTS = 255
"""The entries of EL2's table of VMs."""
HANDLE_OFFSET = 0x1000
PARKED_IN, GATE = "__arm64_sys_getpgid", "__arm_smccc_hvc"
"""The system call in which each CPU waits, and the function of the kernel that has the instruction for calls of EL2."""


class RealMachine:
    """An emulated machine that waits for calls. `reset` brings it back to the moment when it was ready."""

    def __init__(self, kernel: Path, cpus: int = 2, emulator: str = EMULATOR) -> None:
        self.kernel, self.cpus = kernel, cpus
        self.layout = KernelLayout(load_image(kernel))
        self.emulator = Emulator(emulator, kernel, PROGRAM.read_bytes(), cpus)
        self.debugger = self.emulator.debugger
        try:
            self.boot()
            self.prepare()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the machine; nothing is left of it."""
        self.emulator.close()

    def boot(self) -> None:
        """Start the kernel and read what its first program says."""
        self.debugger.start()
        text = self.emulator.console.wait_for(READY, BOOT_SECONDS).string
        self.debugger.interrupt()
        self.log = re.findall(r"^L (?:<\d+>)?(?:\[[^]]*\] )?(.*)$", text, re.MULTILINE)
        self.release = next(iter(re.findall(r"^K (\d+(?:\.\d+)+)", text, re.MULTILINE)), "")
        self.pieces = [int(place, 16) for place in re.findall(r"^M ([0-9a-f]+)$", text, re.MULTILINE)]
        self.symbols = Symbols(text)
        if not any("Protected" in line and "initialized" in line for line in self.log):
            raise MachineError(f"{self.kernel.name}: protected KVM does not start in this kernel; take another one")
        self.symbols.place(self.debugger.read_register(0, "VBAR_EL2"))

    def prepare(self) -> None:
        """Let the kernel make VMs by itself, park its CPUs, and keep this moment."""
        watcher = Watcher(self.emulator, self.symbols, self.layout)
        self.nature = watcher.learn()
        watcher.obey("park")
        parked = park(self.debugger, self.symbols.find_host(PARKED_IN), self.cpus)
        gate = self.symbols.find_host(GATE)
        gate += find_instruction(self.debugger.read_memory(gate, 64, 0), HVC)
        self.caller = Caller(self.debugger, self.symbols, gate, parked)
        self.reserve_all()
        self.debugger.set_breakpoints(set())
        self.emulator.save()

    def reserve_all(self) -> None:
        """Reserve every slot of EL2's table, which must be empty; `reset` frees as many as a trace has."""
        for slot in range(SLOTS):
            if (got := self.call(0, "__pkvm_reserve_vm", [])) != HANDLE_OFFSET + slot:
                raise MachineError(f"EL2's table of VMs is not empty: slot {slot} is not reserved, {got:#x} is")

    def call(self, cpu: int, name: str, arguments: Iterable[int]) -> int:
        """Make a whole call and return its answer. Raise MachineError if it does not come back."""
        self.caller.begin(cpu, self.nature.numbers[name], [*arguments])
        result = self.caller.go_on(cpu)
        if not isinstance(result, Returned):
            raise MachineError(f"{name} ends the machine: {result}")
        return result.value

    @property
    def revision(self) -> Revision:
        """The revision of the model that this kernel is an example of."""
        is_split = "__pkvm_start_teardown_vm" in self.nature.numbers
        return REVISIONS[KERNELS.get(release_of(self.release), "upstream" if is_split else "pre")]

    @property
    def numbers(self) -> Mapping[str, int]:
        """The numbers of EL2's calls."""
        return self.nature.numbers

    @property
    def functions(self) -> Mapping[str, int]:
        """The symbols of EL2."""
        return self.symbols.el2

    @property
    def hcr(self) -> int:
        """What the host gives to a load, beside handle and index."""
        return self.nature.hcr

    def reset(self, slots: int = 1) -> None:
        """Bring the machine back to when it was ready, with this many free slots."""
        self.emulator.load()
        self.places = Places(self.debugger, [(piece, HUGE) for piece in self.pieces if piece], self.nature.linear,
                             self.layout, self.nature.patterns)
        for slot in range(slots):
            self.call(0, "__pkvm_unreserve_vm", [HANDLE_OFFSET + slot])
