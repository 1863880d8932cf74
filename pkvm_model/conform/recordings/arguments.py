"""The arguments of recorded calls in the model's words: addresses become names, bits become letters."""
from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from ...model.guest_memory import PAGE_SHIFT
from ...model.revisions import Revision
from ...model.state import Key, Record, Span, Value
from ...model.steps import Call
from .rows import ARGUMENTS, RecordedRow, RecordingError
from .scenarios import RecordedScenario
from .structs import Struct


class Names:
    """The model's names for the addresses of one scenario; an address gets a name at its first use and keeps it."""

    def __init__(self, scenario: RecordedScenario) -> None:
        self.scenario = scenario
        self.pages: dict[int, str] = {}
        self.structs = [struct for struct in scenario.structs if struct.name]
        for struct in self.structs:
            if struct.address is not None:
                self.pages.setdefault(struct.address >> PAGE_SHIFT, struct.name)
        for struct in self.structs:
            for number, page in enumerate(self.list_pages(struct)):
                self.name_page(page, f"{struct.name}.p{number}" if number else struct.name)

    def list_pages(self, struct: Struct) -> list[int]:
        """Return the page numbers of a struct."""
        return struct.list_pages(self.scenario.longest[self.scenario.kernel, struct.kind])

    def name_page(self, number: int, wanted: str = "") -> str:
        """Return the name of a page: its own, or the wanted name if no other page has it."""
        if number not in self.pages:
            names = set(self.pages.values())
            others = (f"{wanted or 'host'}.n{n}" for n in range(len(names) + 1))
            self.pages[number] = next(name for name in (wanted, *others) if name and name not in names)
        return self.pages[number]

    def name_guest_page(self, number: int) -> str:
        """Return the name of a page that the host lends to a guest: g0, g1, in the order of first use."""
        guests = sum(re.fullmatch(r"g\d+", name) is not None for name in self.pages.values())
        return self.name_page(number, f"g{guests}")

    def name_memory(self, address: str, wanted: str) -> str:
        """Return the name of an area that the host donates."""
        return self.name_page((int(address, 16) >> PAGE_SHIFT) - self.scenario.linear_map, wanted)

    def find_struct(self, row: RecordedRow, address: str) -> Struct | None:
        """Return the newest struct at an address when the row was recorded, or None."""
        physical = int(address, 16) - (self.scenario.linear_map << PAGE_SHIFT)
        there = [struct for struct in self.structs if struct.address == physical and struct.seq < row.seq]
        return there[-1] if there else None

    def get_struct(self, row: RecordedRow, address: str) -> Struct:
        """Return the struct at an address. Raise RecordingError if the recording does not show it."""
        struct = self.find_struct(row, address)
        if struct is None:
            place = f"{self.scenario.file}, line {row.line}"
            raise RecordingError(f"{place}: {address} is not a struct that the host has lent")
        return struct

    def make_spans(self) -> dict[Key, Record]:
        """Return the pages of each struct that lies on more than the page of its name."""
        spans = {struct.name: tuple(map(self.name_page, self.list_pages(struct))) for struct in self.structs}
        return {(Span, name): Span(pages) for name, pages in spans.items() if pages != (name,)}


def translate_init_vm(names: Names, row: RecordedRow) -> tuple[Value, ...]:
    """Return the struct kvm, what EL2 reads in it (handle, vCPUs, protected), the memory for VM struct and root."""
    kvm = names.get_struct(row, row.args[0])
    vcpus = sum(struct.vm is kvm and struct.seq < row.seq for struct in names.structs)
    number = kvm.name.removeprefix("kvm")
    vm, pgd = names.name_memory(row.args[1], f"vm{number}"), names.name_memory(row.args[2], f"pgd{number}")
    return kvm.name, kvm.handle, vcpus, vm, pgd, *([True] if kvm.protected else [])


def translate_init_vcpu(names: Names, row: RecordedRow) -> tuple[Value, ...]:
    """Return the handle, the struct kvm_vcpu, and the memory for EL2's own struct."""
    host_vcpu = names.get_struct(row, row.args[1]).name
    return int(row.args[0], 16), host_vcpu, names.name_memory(row.args[2], f"vc{host_vcpu[2:]}")


def translate_run(names: Names, row: RecordedRow) -> tuple[Value, ...]:
    """Return the struct kvm_vcpu, or the page that the recorder named in an injected call."""
    struct = names.find_struct(row, row.args[0])
    return (struct.name if struct else names.name_memory(row.args[0], ""),)


def translate_loan(names: Names, row: RecordedRow) -> tuple[Value, ...]:
    """Return the page that the host lends to EL2, or takes back."""
    return (names.name_page(int(row.args[0], 16)),)


def translate_share_guest(names: Names, row: RecordedRow) -> tuple[Value, ...]:
    """Return page, gfn, number of pages, and rights in letters."""
    page, gfn, nr, prot = (int(arg, 16) for arg in row.args[:4])
    return names.name_guest_page(page), gfn, nr, show_rights(prot)


def translate_donate_guest(names: Names, row: RecordedRow) -> tuple[Value, ...]:
    """Return page and gfn."""
    return names.name_guest_page(int(row.args[0], 16)), int(row.args[1], 16)


def translate_force_reclaim(names: Names, row: RecordedRow) -> tuple[Value, ...]:
    """Return the page at a physical address."""
    return (names.name_page(int(row.args[0], 16) >> PAGE_SHIFT),)


def translate_test_clear_young(names: Names, row: RecordedRow) -> tuple[Value, ...]:
    """Return handle, gfn, number of pages, and whether to clear the age."""
    return (*(int(arg, 16) for arg in row.args[:3]), int(row.args[3], 16) != 0)


def translate_relax_perms(names: Names, row: RecordedRow) -> tuple[Value, ...]:
    """Return the gfn and the rights in letters."""
    return int(row.args[0], 16), show_rights(int(row.args[1], 16))


def translate_numbers(names: Names, row: RecordedRow) -> tuple[Value, ...]:
    """Return the arguments as the numbers that they are, as many as the model reads."""
    return tuple(int(arg, 16) for arg in row.args[:ARGUMENTS[row.call]])


def show_rights(prot: int) -> str:
    """Return the kernel's bits as letters: 3 (either exception level) execute, 4 write, 8 read; any other bit is Z."""
    return "".join(letter for letter, bits in (("R", 8), ("W", 4), ("X", 3), ("Z", ~15)) if prot & bits)


TRANSLATORS: dict[str, Callable[[Names, RecordedRow], tuple[Value, ...]]] = {
    "__pkvm_host_share_hyp": translate_loan, "__pkvm_host_unshare_hyp": translate_loan,
    "__pkvm_init_vm": translate_init_vm, "__pkvm_init_vcpu": translate_init_vcpu, "__kvm_vcpu_run": translate_run,
    "__pkvm_host_share_guest": translate_share_guest, "__pkvm_host_donate_guest": translate_donate_guest,
    "__pkvm_force_reclaim_guest_page": translate_force_reclaim,
    "__pkvm_host_test_clear_young_guest": translate_test_clear_young,
    "__pkvm_host_relax_perms_guest": translate_relax_perms}
"""The calls whose arguments are more than numbers."""


def is_modelled(row: RecordedRow, revision: Revision) -> bool:
    """Return True for a hypercall that the model of this revision has and a replay can translate."""
    return row.is_hypercall and row.call in ARGUMENTS and row.call in revision.calls


def translate_calls(scenario: RecordedScenario, revision: Revision) -> Iterator[tuple[RecordedRow, Call | None]]:
    """Yield each recorded hypercall with the same call in the model's words, or None if the model does not have it."""
    names = Names(scenario)
    for row in scenario.hypercalls:
        translate = TRANSLATORS.get(row.call, translate_numbers)
        yield row, Call(row.call, translate(names, row)) if is_modelled(row, revision) else None
