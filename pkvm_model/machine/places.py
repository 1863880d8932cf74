"""Where the model's names are in the machine: real pages of the host, filled as its kernel fills them.

Each name of a trace gets 32 pages of memory that the first program holds. A struct of the host's is a copy of one that
the kernel made itself (a `Pattern`), with what differs from struct to struct written into it.
"""
from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple, Protocol

from .failure import MachineError
from .layout import KernelLayout

PAGE = 4096
ROOM = 32 * PAGE
"""The memory behind one name: more than any struct or area of a VM needs."""
UNALIGNED = 8
"""How far an address such as `vm0+` is from the page."""
KVM, HOST_VCPU = re.compile(r"kvm(\d+)"), re.compile(r"hv(\d+)\.(\d+)")
MEMCACHE = "arch.pkvm_memcache"


class Memory(Protocol):
    """Physical memory that can be read and written."""

    def read_memory(self, address: int, size: int) -> bytes:
        """Return bytes."""

    def write_memory(self, address: int, data: bytes) -> None:
        """Write bytes."""


class Pattern(NamedTuple):
    """What the kernel itself put into the structs of a VM that it ran: `struct kvm` and `struct kvm_vcpu`."""

    kvm: bytes
    vcpu: bytes


class Places:
    """The memory behind the names of one trace."""

    def __init__(self, memory: Memory, pieces: list[tuple[int, int]], linear: int, layout: KernelLayout,
                 patterns: dict[bool, Pattern]) -> None:
        self.memory, self.linear, self.layout, self.patterns = memory, linear, layout, patterns
        self.free = [place for start, size in pieces for place in range(start, start + size, ROOM)]
        self.names: dict[str, int] = {}
        self.kinds: dict[str, bool] = {}
        self.spare: Iterator[int] = iter(())

    def find(self, name: str) -> int:
        """Return the physical address of a name; memory is chosen and filled when it is named first."""
        if name.endswith("+"):
            return self.find(name.rstrip("+")) + UNALIGNED
        if name not in self.names:
            self.names[name] = self.take()
            self.fill(name, protected=False)
        return self.names[name]

    def take(self) -> int:
        """Take memory for one more name."""
        if not self.free:
            raise MachineError("the trace has more names than the machine has memory for")
        return self.free.pop(0)

    def find_virtual(self, name: str) -> int:
        """Return the address of a name as the host's kernel writes it."""
        return self.find(name) + self.linear

    def list_pages(self, name: str) -> list[int]:
        """Return the numbers of the pages that a struct of the host lies on; one page for every other name."""
        size = next((self.layout.size(struct) for struct, form in (("kvm", KVM), ("kvm_vcpu", HOST_VCPU))
                     if form.fullmatch(name)), PAGE)
        first = self.find(name) // PAGE
        return [first + number for number in range(-(-size // PAGE))]

    def fill(self, name: str, *, protected: bool) -> None:
        """Fill a struct of the host's as the kernel does; other memory stays as it is."""
        pattern = self.patterns.get(protected, self.patterns[False])
        self.kinds[name] = protected
        if KVM.fullmatch(name):
            self.memory.write_memory(self.names[name], pattern.kvm)
        elif found := HOST_VCPU.fullmatch(name):
            data, number = bytearray(pattern.vcpu), int(found[2])
            fields = {"vcpu_id": number, "vcpu_idx": number, "kvm": self.find_virtual(f"kvm{found[1]}"),
                      f"{MEMCACHE}.head": 0, f"{MEMCACHE}.nr_pages": 0}
            for field, value in fields.items():
                self.layout.field("kvm_vcpu", field).write(data, value)
            self.memory.write_memory(self.names[name], bytes(data))

    def note_vm(self, name: str, handle: int, vcpus: int, *, protected: bool) -> None:
        """Write into a VM's struct what EL2 reads when it makes the VM."""
        found = KVM.fullmatch(name)
        if not found:
            return
        self.find(name)
        for each in [each for each in self.names if each == name or each.startswith(f"hv{found[1]}.")]:
            if self.kinds[each] != protected:
                self.fill(each, protected=protected)
        for field, value in (("created_vcpus", vcpus), ("arch.pkvm.handle", handle),
                             ("arch.pkvm.is_protected", protected)):
            self.set_field(name, "kvm", field, value)

    def set_field(self, name: str, struct_name: str, field: str, value: int) -> None:
        """Write a member of a struct in memory."""
        place = self.layout.field(struct_name, field)
        data = (value % (1 << place.bits)).to_bytes(place.bits // 8, "little")
        self.memory.write_memory(self.find(name) + place.offset, data)

    def get_field(self, name: str, struct_name: str, field: str) -> int:
        """Return a member of a struct in memory."""
        place = self.layout.field(struct_name, field)
        return int.from_bytes(self.memory.read_memory(self.find(name) + place.offset, place.bits // 8), "little")

    def top_up(self, host_vcpu: str, wanted: int) -> None:
        """Have this many pages ready in the memcache of a vCPU; each begins with the place of the next."""
        count = self.get_field(host_vcpu, "kvm_vcpu", f"{MEMCACHE}.nr_pages")
        head = self.get_field(host_vcpu, "kvm_vcpu", f"{MEMCACHE}.head")
        for number in range(count, wanted):
            page = self.take_spare()
            self.memory.write_memory(page, head.to_bytes(8, "little"))
            head = page
            self.set_field(host_vcpu, "kvm_vcpu", f"{MEMCACHE}.head", head)
            self.set_field(host_vcpu, "kvm_vcpu", f"{MEMCACHE}.nr_pages", number + 1)

    def take_spare(self) -> int:
        """Take a page that has no name."""
        page = next(self.spare, None)
        if page is None:
            start = self.take()
            self.spare = iter(range(start, start + ROOM, PAGE))
            page = next(self.spare)
        return page
