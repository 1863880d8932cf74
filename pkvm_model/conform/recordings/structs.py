"""The host's structs in a recording: which pages each lies on, its address, its name in the model."""
from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ...model.guest_memory import PAGE_SHIFT
from .rows import RecordedRow, RecordingError

MADE = re.compile(r"(?P<vm>create_vm) type=(?P<type>[0-9a-f]{1,16}) ok|vcpu_init (?P<done>\d{1,3}) ret=0\b.*"
                  r"|create_vcpu (?P<raw>\d{1,3}) uninit.*")
"""What the test program writes when it has made a VM or a vCPU."""
TRIED = re.compile(r"(create_vm|create_vcpu|vcpu_init)\b.*")
"""What it writes when it has made one or has failed to."""
PROTECTED = 1 << 31
"""The bit of a VM's type that asks for a protected VM."""


@dataclass
class Struct:
    """A struct of the host on loan to EL2: `pages` were lent for it, `address` is where it begins, once known."""

    seq: int
    index: int | None
    pages: list[int]
    handle: int = 0
    protected: bool = False
    address: int | None = None
    vm: Struct | None = None
    name: str = ""

    @property
    def kind(self) -> str:
        """`kvm` or `vcpu`: a struct kvm has no index."""
        return "kvm" if self.index is None else "vcpu"

    @property
    def reach(self) -> int:
        """The least number of bytes it can have: it begins at its address and touches its last page."""
        return 0 if self.address is None else (self.pages[-1] << PAGE_SHIFT) - self.address + 1

    def list_pages(self, length: int) -> list[int]:
        """Return all its pages, also those that were on loan for a neighbour already; `length` is in bytes."""
        if self.address is None:
            return self.pages
        last = max(self.pages[-1], (self.address + length - 1) >> PAGE_SHIFT)
        return list(range(self.address >> PAGE_SHIFT, last + 1))


def find_structs(rows: Iterable[RecordedRow]) -> Iterator[Struct]:
    """Yield each struct that the host lent: the pages lent since the last one belong to what the program has made."""
    lent: list[int] = []
    handle = 0
    for row in rows:
        creation = MADE.fullmatch(row.call) if row.side == "user" else None
        if row.is_hypercall and row.call == "__pkvm_host_share_hyp":
            lent.append(int(row.args[0], 16))
        elif row.is_hypercall and row.call == "__pkvm_reserve_vm":
            handle = row.ret or 0
        elif creation and lent:
            index = None if creation["vm"] else int(creation["done"] or creation["raw"])
            protected = bool(int(creation["type"] or "0", 16) & PROTECTED)
            yield Struct(row.seq, index, lent, 0 if index is not None else handle, protected)
        if row.side == "user" and TRIED.fullmatch(row.call):
            lent = []


def find_addresses(rows: Iterable[RecordedRow]) -> Iterator[tuple[RecordedRow, str, int]]:
    """Yield each row that names a struct by its address for the first time, with the kind and the address."""
    for row in rows:
        if row.side == "hyp" and row.call == "__pkvm_init_vm":
            yield row, "kvm", int(row.args[0], 16)
        elif row.is_hypercall and row.call == "__pkvm_init_vcpu":
            yield row, "vcpu", int(row.args[1], 16)


def find_linear_map(file: str, rows: list[RecordedRow], structs: list[Struct]) -> int:
    """Return the distance from page addresses to page numbers that puts every named struct on lent pages."""
    addresses = [(kind, address >> PAGE_SHIFT) for _, kind, address in find_addresses(rows)]
    lent = {page for struct in structs for page in struct.pages}
    first = next((address for kind, address in addresses if kind == "kvm"), None)
    if first is None:
        return 0
    for struct in structs:
        distance = first - struct.pages[0]
        if struct.kind == "kvm" and all(address - distance in lent for _, address in addresses):
            return distance
    raise RecordingError(f"{file}: the structs that init_vm and init_vcpu name lie on pages that the host never lent")


def locate_structs(file: str, rows: list[RecordedRow], structs: list[Struct], distance: int) -> None:
    """Set the address of each struct, and for a vCPU the handle of its VM.

    A struct may begin on a page that was on loan before it, so it is the nearest struct lent from its page on.
    The first `init_vcpu` after an `init_vm` shows which handle the host has stored in its struct kvm.
    """
    new: Struct | None = None
    for row, kind, address in find_addresses(rows):
        physical = address - (distance << PAGE_SHIFT)
        fits = [struct for struct in structs if struct.kind == kind and struct.seq < row.seq
                and struct.address in (None, physical) and struct.pages[0] >= physical >> PAGE_SHIFT]
        if not fits:
            raise RecordingError(f"{file}, line {row.line}: {address:#x} is not a struct that the host has lent")
        struct = min(fits, key=lambda struct: (struct.pages[0], -struct.seq))
        struct.address = physical
        if kind == "kvm":
            new = struct
        else:
            struct.handle = int(row.args[0], 16)
            if new:
                new.handle, new = struct.handle, None


def name_structs(structs: list[Struct]) -> None:
    """Name VMs and vCPUs, kvm0 and hv0.1; a vCPU that never ran belongs to the newest VM that lacks its number."""
    vms: list[Struct] = []
    names: set[str] = set()
    for struct in structs:
        if struct.index is None:
            struct.name = f"kvm{len(vms)}"
            vms.append(struct)
            continue
        for vm in reversed(vms):
            name = f"hv{vm.name.removeprefix('kvm')}.{struct.index}"
            if name not in names and struct.handle in (0, vm.handle):
                struct.vm, struct.name = vm, name
                names.add(name)
                break
