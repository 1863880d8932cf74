"""Explore one of all states that differ only in names: swapped CPUs, swapped pages, swapped memory of VMs.

A machine may have *renamings*: functions of a part and its value, each of which turns the steps from a state into the
steps from the renamed state. Together with the identity they form a group, and the initial state stays as it is. All
states that come out of one by renaming are its *orbit*: one of them can be reached, and breaks a property, if and only
if all of them do, after the same number of steps. So the search keeps the state of each orbit that has the lowest
number. It still counts every state: the size of an orbit is the number of renamings divided by the number of those that
leave one of its states unchanged (both with the identity).

To rename a number is to rename the value of each field, and what that adds to the new number is read from an array.
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np

from .arrays import GrowingArray, Numbers, sort_unique
from .fields import Fields
from .packing import Rename
from .places import Digits
from .words import Short

SLICE = 1 << 16
"""How many states are renamed together."""


class RenamedFields:
    """What each value of each field adds to the short number of the renamed state."""

    def __init__(self, fields: Fields, rename: Rename) -> None:
        self.fields, self.packing, self.rename = fields, fields.packing, rename
        self.arrays: list[GrowingArray] = []

    def refresh(self) -> bool:
        """Take in new values; return True if there were any, for renaming them may have made others."""
        values, more = self.fields.short.values, False
        self.arrays += [GrowingArray(self.fields.words.kind) for _ in range(len(values) - len(self.arrays))]
        for field, array in enumerate(self.arrays):
            new = list(islice(values[field].values(), array.length, None))
            array.extend(np.array([self.rename_value(field, value or 0) for value in new], array.room.dtype))
            more |= bool(new)
        return more

    def rename_value(self, field: int, value: int) -> Short:
        """Return what a value of a field adds to a short number once it is renamed."""
        renamed = dict(self.rename_parts(value & self.fields.masks[field]))
        self.fields.refresh()
        after = {self.fields.find_field(part) for part in renamed} or {field}
        if len(after) > 1:
            raise ValueError("a renaming must keep together what is numbered together")
        return self.fields.encode(after.pop(), sum(renamed.values()))

    def rename_parts(self, value: int) -> Iterator[tuple[int, int]]:
        """Yield the parts that the parts of a value become, each with its bits; a part without a record has none."""
        for part, mask in enumerate(list(self.packing.masks)):
            if value & mask:
                key, record = self.rename(self.packing.keys[part], self.packing.values[part][value & mask])
                after = self.packing.number(key)
                yield after, self.packing.encode(after, record)

    def __call__(self, digits: Digits) -> Numbers:
        """Return the renamed states."""
        return sum(array.room[digits[field]] for field, array in enumerate(self.arrays))


class Symmetry:
    """The renamings of a machine, for many states at once. Without any, each state is an orbit."""

    def __init__(self, fields: Fields, renamings: Sequence[Rename]) -> None:
        self.fields = fields
        self.renamed = [RenamedFields(fields, rename) for rename in renamings]

    def list_images(self, codes: Numbers) -> Iterator[Numbers]:
        """Yield these states renamed, once for each renaming."""
        while any(renamed.refresh() for renamed in self.renamed):
            pass
        digits = Digits(self.fields, codes)
        return (renamed(digits) for renamed in self.renamed)

    def choose(self, codes: Numbers) -> Numbers:
        """Return for each state the one with the lowest number in its orbit, sorted, each once."""
        least = codes
        for image in self.list_images(codes):
            least = np.minimum(least, image)
        return sort_unique([least]) if self.renamed else codes

    def measure(self, codes: Numbers) -> Numbers:
        """Return how many states each of these states' orbits has."""
        alone: Any = np.ones(len(codes), np.int64)
        for image in self.list_images(codes):
            alone += image == codes
        return (1 + len(self.renamed)) // alone

    def count(self, codes: Numbers) -> int:
        """Return how many states these states stand for."""
        if not self.renamed:
            return len(codes)
        return sum(int(self.measure(part).sum()) for part in np.array_split(codes, len(codes) // SLICE + 1))

    def split(self, codes: Numbers) -> list[tuple[int, Numbers]]:
        """Return these states by how many each of them stands for."""
        if not self.renamed:
            return [(1, codes)]
        sizes = self.measure(codes)
        return [(size, codes[sizes == size]) for size in np.unique(sizes).tolist()]

    def expand(self, codes: Numbers) -> Numbers:
        """Return all states in the orbits of these states."""
        return sort_unique([codes, *self.list_images(codes)])
