"""Short numbers for the states of a large search: what changes together is numbered together.

A packing gives each part of a state bits of its own, but most combinations of these bits never occur: a VM that is not
there has no flag, no vCPUs and no count. Here the parts of one family (all that belongs to a VM, say; the machine says
what does) share a *field*, and a field numbers each combination that has occurred. This is a second packing: the fields
are its parts, and bits of the first packing are its values. So a state of two VMs, which has 77 bits, fits into 60.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .packing import Packing, RecordKey
from .words import ONE_WORD, Short


def keep_apart(key: RecordKey) -> Any:
    """Return the part itself, as its own family, for a machine that names no families."""
    return key


class Fields:
    """Which field each part of a packing belongs to, and the number of each value that a field has taken."""

    def __init__(self, packing: Packing, family: Callable[[RecordKey], Any] = keep_apart) -> None:
        self.packing, self.family, self.age = packing, family, -1
        self.short, self.words = Packing(), ONE_WORD
        self.masks: list[int] = []
        self.flips: dict[int, list[tuple[int, int]]] = {}
        self.refresh()

    @property
    def width(self) -> int:
        """The number of bits of a short number."""
        return self.short.width

    def refresh(self) -> None:
        """Take in parts and bits that were added to the packing since the last call."""
        if self.age != self.packing.age:
            self.age = self.packing.age
            masks: dict[int, int] = {}
            for key, mask in zip(self.packing.keys, self.packing.masks, strict=True):
                field = self.short.number(("field", self.family(key)))
                masks[field] = masks.get(field, 0) | mask
            self.masks = [masks[field] for field in range(len(masks))]

    def find_field(self, part: int) -> int:
        """Return the field that a part belongs to."""
        return self.short.parts["field", self.family(self.packing.keys[part])]

    def reserve(self, codes: Iterable[int]) -> None:
        """Give each field as many bits as these states need, side by side, and one to spare if it has many values."""
        codes = list(codes)
        for field, mask in enumerate(self.masks):
            more = len({code & mask for code in codes}) - 1
            for _ in range(more.bit_length() + (more > 2)):
                self.short.widen(field)

    def number(self, code: int) -> int:
        """Return the short number of a state."""
        self.refresh()
        encode = self.short.encode
        return sum([encode(field, code & mask or None) for field, mask in enumerate(self.masks)])

    def shorten(self, code: int) -> Short:
        """Return the short number of a state as it stands in an array."""
        return self.words.put(self.number(code))

    def lengthen(self, short: Short) -> int:
        """Return the packing's number of a state."""
        code, numbers = self.words.take(short), self.short
        return sum([values[code & mask] or 0 for values, mask in zip(numbers.values, numbers.masks, strict=True)])

    def encode(self, field: int, value: int | None) -> Short:
        """Return what a value of a field adds to a short number."""
        return self.words.put(self.short.encode(field, value or None))

    def shorten_flip(self, field: int, value: int | None, flip: int) -> Short:
        """Return what to add to a short number where these bits of a field's value are flipped."""
        return self.encode(field, (value or 0) ^ flip) - self.encode(field, value)

    def shorten_change(self, code: int, delta: int) -> Short:
        """Return what to add to the short number of a state, where `delta` is added to the number of the packing."""
        return sum([self.shorten_flip(field, code & self.masks[field], flip)
                    for field, flip in self.list_flips(code, delta)])

    def list_flips(self, code: int, delta: int) -> list[tuple[int, int]]:
        """Return the fields that change where `delta` is added to a number, each with the bits that are flipped."""
        self.refresh()
        flipped = code ^ (code + delta)
        if flipped not in self.flips:
            self.flips[flipped] = [(field, flipped & mask) for field, mask in enumerate(self.masks) if flipped & mask]
        return self.flips[flipped]
