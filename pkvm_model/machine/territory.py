"""Whose each page is: EL2's own record of it, read in the machine's memory, beside the model's.

EL2 keeps an array of `struct hyp_page`. Its place and its layout come from the kernel's symbols and type information;
they are believed only after a page that is lent to EL2 and taken back has changed there as it must.
"""
from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Protocol

from ..model.state import NOPAGE, OWNED, SHARED_BORROWED, SHARED_OWNED, State
from .failure import MachineError
from .holdings import LETTERS, Holding, PageRecords, judge_pages
from .layout import KernelLayout
from .places import PAGE, Places
from .symbols import Symbols

RECORD = "hyp_page"
STATES = tuple(LETTERS)
"""What the kernel's numbers mean; EL2's own state is kept as its complement."""
ARRAY = "__hyp_vmemmap"
VALID, TABLE = 1, 2
ADDRESS = (1 << 48) - PAGE
"""The bits of an entry of a page table that are an address."""


class Registers(Protocol):
    """A debugger that shows system registers and physical memory."""

    def read_register(self, cpu: int, name: str) -> int:
        """Return a register."""

    def read_memory(self, address: int, size: int) -> bytes:
        """Return bytes."""


class Territory:
    """EL2's records of pages."""

    def __init__(self, debugger: Registers, symbols: Symbols, layout: KernelLayout) -> None:
        self.debugger, self.size = debugger, layout.size(RECORD)
        self.fields = {name: layout.field(RECORD, name) for name in
                       ("refcount", "__host_state", "__hyp_state_comp", "host_share_guest_count")}
        self.root = debugger.read_register(0, "TTBR0_EL2") & ADDRESS
        self.known: dict[int, int] = {}
        self.array = int.from_bytes(self.read_virtual(symbols.find(ARRAY), 8), "little")

    def read_virtual(self, address: int, size: int) -> bytes:
        """Return bytes at an address as EL2 writes it; they lie in one page."""
        page = address // PAGE
        if page not in self.known:
            self.known[page] = self.walk(address)
        return self.debugger.read_memory(self.known[page] + address % PAGE, size)

    def walk(self, address: int) -> int:
        """Return the page that EL2's page table has at an address. Raise MachineError if it has none."""
        table = self.root
        for shift in (39, 30, 21, 12):
            place = table + 8 * (address >> shift & 511)
            entry = int.from_bytes(self.debugger.read_memory(place, 8), "little")
            if not entry & VALID:
                break
            table = entry & ADDRESS
            if shift == 12 or not entry & TABLE:
                return (table & -(1 << shift)) | (address & (1 << shift) - PAGE)
        raise MachineError(f"EL2 has no memory at {address:#x}; this course does not know such a kernel")

    def read(self, page: int) -> Holding:
        """Return what EL2 records of a page, given its number."""
        data = self.read_virtual(self.array + page * self.size, self.size)
        values = {name: field.read(data) for name, field in self.fields.items()}
        return Holding(STATES[values["__host_state"] & 3], STATES[~values["__hyp_state_comp"] & 3],
                       values["host_share_guest_count"], values["refcount"])

    def check(self, page: int, lend: Callable[[], object], end: Callable[[], object]) -> bool:
        """Return True if the records change as they must when a page is lent to EL2 and the loan ends."""
        seen = [self.read(page)]
        for act in (lend, end):
            act()
            seen.append(self.read(page))
        alone, lent = Holding(OWNED, NOPAGE, 0, 0), Holding(SHARED_OWNED, SHARED_BORROWED, 0, 0)
        return seen == [alone, lent, alone]


def compare_pages(territory: Territory, places: Places, state: State, roots: Collection[str]) -> list[PageRecords]:
    """Return what model and machine record of each page that has a name in the machine."""
    read = {name: territory.read(address // PAGE) for name, address in places.names.items()}
    return judge_pages(read, state, roots)
