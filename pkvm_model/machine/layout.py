"""The layout of a kernel's structs, read from the type information (BTF) in its image."""
from __future__ import annotations

import struct
from typing import NamedTuple

from .failure import MachineError

HEADER = b"\x9f\xeb\x01\x00\x18\x00\x00\x00"
"""How type information begins: its magic number, version 1, no flags, 24 bytes of header."""
INT, ARRAY, STRUCT, UNION, ENUM = 1, 3, 4, 5, 6
FUNCTION, VARIABLE, SECTION, TAG, ENUM64 = 13, 14, 15, 17, 19
ALIASES = (8, 9, 10, 11, 18)
"""Kinds that only give another type a name or a quality."""
SIZES = {INT: (4, 0), ARRAY: (12, 0), STRUCT: (0, 12), UNION: (0, 12), ENUM: (0, 8), FUNCTION: (0, 8),
         VARIABLE: (4, 0), SECTION: (0, 12), TAG: (4, 0), ENUM64: (0, 12)}
"""Bytes behind an entry of each kind, and bytes for each of its members."""


class Field(NamedTuple):
    """Where a member of a struct lies: its first bit from the struct's start, and its size in bits."""

    bit: int
    bits: int

    @property
    def offset(self) -> int:
        """The byte in which it begins."""
        return self.bit // 8

    def read(self, data: bytes) -> int:
        """Return the member's value from the bytes of the struct."""
        last = (self.bit + self.bits + 7) // 8
        return int.from_bytes(data[self.offset:last], "little") >> self.bit % 8 & (1 << self.bits) - 1

    def write(self, data: bytearray, value: int) -> None:
        """Set the member in the bytes of the struct; it fills whole bytes."""
        data[self.offset:self.offset + self.bits // 8] = (value % (1 << self.bits)).to_bytes(self.bits // 8, "little")


class KernelLayout:
    """The structs and enumerations of one kernel by name."""

    def __init__(self, image: bytes) -> None:
        start = image.find(HEADER)
        if start < 0:
            raise MachineError("the kernel has no type information (CONFIG_DEBUG_INFO_BTF); take a distribution's")
        types, size, strings, length = struct.unpack_from("<4I", image, start + 8)
        body = start + 24
        self.strings = image[body + strings:body + strings + length]
        self.data = image[body + types:body + types + size]
        self.places = [0, *list_entries(self.data)]
        self.structs: dict[str, int] = {}
        for place in self.places[1:]:
            name, info = struct.unpack_from("<II", self.data, place)
            if info >> 24 & 31 in (STRUCT, ENUM, ENUM64) and name:
                self.structs.setdefault(self.name(name), place)

    def name(self, offset: int) -> str:
        """Return a name by its place in the table of names."""
        return self.strings[offset:self.strings.index(b"\0", offset)].decode()

    def size(self, struct_name: str) -> int:
        """Return the bytes of a struct. Raise MachineError if the kernel has none of this name."""
        if struct_name not in self.structs:
            raise MachineError(f"the kernel has no struct {struct_name}; this course does not know such a kernel")
        return int.from_bytes(self.data[self.structs[struct_name] + 8:][:4], "little")

    def field(self, struct_name: str, path: str) -> Field:
        """Return where a member lies, such as `arch.pkvm.handle` in `kvm`."""
        self.size(struct_name)
        place, bit, bits = self.structs[struct_name], 0, 0
        for part in path.split("."):
            found = self.find(place, part)
            if not found:
                raise MachineError(f"struct {struct_name} has no {path}; this course does not know such a kernel")
            more, bits, place = found
            bit += more
        return Field(bit, bits)

    def list_constants(self, enum_name: str) -> dict[str, int]:
        """Return the constants of an enumeration, by name."""
        self.size(enum_name)
        place = self.structs[enum_name]
        info = int.from_bytes(self.data[place + 4:place + 8], "little")
        form = struct.Struct("<III" if info >> 24 & 31 == ENUM64 else "<II")
        members = form.iter_unpack(self.data[place + 12:place + 12 + form.size * (info & 0xffff)])
        return {self.name(name): sum(part << 32 * number for number, part in enumerate(parts))
                for name, *parts in members}

    def find(self, place: int, name: str) -> tuple[int, int, int] | None:
        """Return bit, bits and type of a member of a struct, also if it is in a part without a name."""
        _, info, _ = struct.unpack_from("<3I", self.data, place)
        for number in range(info & 0xffff):
            label, kind, offset = struct.unpack_from("<3I", self.data, place + 12 + 12 * number)
            bit, bits = (offset & 0xffffff, offset >> 24) if info >> 31 else (offset, 0)
            inner = self.resolve(kind)
            if self.name(label) == name:
                return bit, bits or 8 * self.measure(inner), inner
            if not label and (deeper := self.find(inner, name)):
                return bit + deeper[0], *deeper[1:]
        return None

    def resolve(self, number: int) -> int:
        """Return the place of a type, past its other names and qualities."""
        while True:
            place = self.places[number]
            _, info, other = struct.unpack_from("<3I", self.data, place)
            if info >> 24 & 31 not in ALIASES:
                return place
            number = other

    def measure(self, place: int) -> int:
        """Return the bytes of a type."""
        size: int
        _, info, size = struct.unpack_from("<3I", self.data, place)
        match info >> 24 & 31:
            case 2:  # a pointer
                size = 8
            case 3:  # an array
                element, _, amount = struct.unpack_from("<3I", self.data, place + 12)
                size = amount * self.measure(self.resolve(element))
        return size


def list_entries(data: bytes) -> list[int]:
    """Return where each entry of the table of types begins."""
    places, place, end = [], 0, len(data)
    while place < end:
        places.append(place)
        info = int.from_bytes(data[place + 4:place + 8], "little")
        fixed, each = SIZES.get(info >> 24 & 31, (0, 0))
        place += 12 + fixed + each * (info & 0xffff)
    return places
