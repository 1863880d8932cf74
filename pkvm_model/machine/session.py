"""A machine with a real kernel: booted once, prepared, and brought back to that moment before each trace."""
from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from ..conform.recordings.kernels import KERNELS, release_of
from ..model.revisions import REVISIONS, Revision
from ..model.state import State
from .calls import Caller, Returned
from .debugger import PATIENCE
from .emulator import BOOT_LINE, MEGABYTES, PROCESSOR, Emulator
from .failure import MachineError
from .holdings import PageRecords
from .image import load_image
from .layout import KernelLayout
from .learn import Watcher
from .parking import park
from .places import PAGE, Places
from .ready import Ready, describe_file, find_ready, forget, keep, make_key
from .symbols import HVC, Symbols, find_instruction
from .territory import Territory, compare_pages

PROGRAM = Path(__file__).with_name("init")
EMULATOR = "qemu-system-aarch64"
BOOT_SECONDS = 180.0
READY = re.compile(r"^Ready$", re.MULTILINE)
HUGE = 1 << 21
MOST_CPUS = 4
SLOTS = 255
"""The entries of EL2's table of VMs."""
HANDLE_OFFSET = 0x1000
PARKED_IN, GATE = "__arm64_sys_getpgid", "__arm_smccc_hvc"
"""The system call in which each CPU waits, and the function of the kernel that has the instruction for calls of EL2."""


class RealMachine:
    """An emulated machine that waits for calls. `reset` brings it back to the moment when it was ready."""

    patience, tries = PATIENCE, 1
    """How many seconds a call may take, and how often it was tried to stop the CPUs where they hold no lock."""

    def __init__(self, kernel: Path, cpus: int = 2, emulator: str = EMULATOR, *, fresh: bool = False,
                 patience: float = PATIENCE) -> None:
        """Start a machine; unless it must be fresh, one that was ready before need not boot."""
        if cpus > MOST_CPUS:
            raise MachineError(f"the machine has at most {MOST_CPUS} CPUs, and {cpus} are asked for")
        self.kernel, self.cpus, self.program, self.patience = kernel, cpus, PROGRAM.read_bytes(), patience
        image = load_image(kernel)
        self.layout = KernelLayout(image)
        key = make_key(image, self.program, cpus, BOOT_LINE, PROCESSOR, MEGABYTES, *describe_file(emulator))
        ready = None if fresh else find_ready(key)
        if not (ready and self.wake(emulator, ready)):
            forget(key)
            self.start(emulator)
            keep(key, Ready(self.emulator.read_disk(), self.text, self.nature, self.caller.parked))

    def wake(self, emulator: str, ready: Ready) -> bool:
        """Start from the moment when a machine was ready; return False if that fails."""
        self.use(Emulator(emulator, self.kernel, self.program, self.cpus, ready.disk))
        with self.ending_at_failure():
            try:
                self.emulator.load()
                self.read_text(ready.text)
                self.nature = ready.nature
                self.make_caller(ready.parked)
                self.survey()
            except MachineError:
                self.close()
                return False
        return True

    def start(self, emulator: str) -> None:
        """Boot the kernel and prepare the machine."""
        self.use(Emulator(emulator, self.kernel, self.program, self.cpus))
        with self.ending_at_failure():
            self.boot()
            self.prepare()

    def use(self, emulator: Emulator) -> None:
        """Work with this emulator from now on."""
        self.emulator, self.debugger = emulator, emulator.debugger
        self.debugger.patience = self.patience

    @contextmanager
    def ending_at_failure(self) -> Iterator[None]:
        """End the machine if something goes wrong, an interrupt included."""
        try:
            yield
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
        self.read_text(text)

    def read_text(self, text: str) -> None:
        """Learn from what the first program has said. Raise MachineError if the kernel does not protect VMs."""
        self.text = text
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
        parked, self.tries = park(self.debugger, self.symbols.find_host(PARKED_IN), self.cpus)
        self.make_caller(parked)
        self.survey()
        self.reserve_all()
        self.debugger.set_breakpoints(set())
        self.emulator.save()

    def make_caller(self, parked: list[dict[str, int]]) -> None:
        """Get ready to make calls on the parked CPUs."""
        self.caller = Caller(self.debugger, self.symbols, self.find_gate(0), parked)

    def find_gate(self, cpu: int) -> int:
        """Return where the host calls EL2, as a CPU in the host's kernel sees it; another one may not see it."""
        gate = self.symbols.find_host(GATE)
        return gate + find_instruction(self.debugger.read_memory(gate, 64, cpu), HVC)

    def survey(self) -> None:
        """Learn where EL2 records whose each page is, and see that the records change as they must."""
        self.territory = Territory(self.debugger, self.symbols, self.layout)
        page = self.pieces[-1] // PAGE
        if not self.territory.check(page, lambda: self.call(0, "__pkvm_host_share_hyp", [page]),
                                    lambda: self.call(0, "__pkvm_host_unshare_hyp", [page])):
            raise MachineError(f"{self.kernel.name}: EL2's records of pages are unlike those this course knows")

    def compare_pages(self, state: State, roots: Collection[str]) -> list[PageRecords]:
        """Return what the model and EL2 record of each page that has a name."""
        return compare_pages(self.territory, self.places, state, roots)

    def reserve_all(self) -> None:
        """Reserve every slot of EL2's table, which must be empty; `reset` frees as many as a trace has."""
        for slot in range(SLOTS):
            if (got := self.call(0, "__pkvm_reserve_vm", [])) != HANDLE_OFFSET + slot:
                raise MachineError(f"EL2's table of VMs is not empty: slot {slot} is not reserved, {got:#x} is")

    def call(self, cpu: int, name: str, arguments: Iterable[int]) -> int:
        """Make a whole call and return its answer. Raise MachineError if there is none, or it does not come back."""
        if name not in self.nature.numbers:
            raise MachineError(f"{self.kernel.name}: EL2 of this kernel has no {name}; the course needs a newer kernel")
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
