"""Find the places of many states in a table, with numpy.

A table is about some parts of a state. `Projection` turns those into one number, a place, field by field: what each
value of a field adds to the place is read from an array. Often the first part that is read decides which others matter,
so a projection has *branches*, each with its own parts. `Index` finds what a table has at a place.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from math import prod
from typing import Any

import numpy as np

from .arrays import GrowingArray, Numbers, find_in
from .fields import Fields

SPARSE = 1 << 40
"""Places from here on are kept in order and searched; places below are an array."""
LARGEST = 1 << 60
DENSE = 1 << 14
"""A branch with more places than this is sparse, unless the caller chooses otherwise."""


class TooManyPlaces(Exception):  # noqa: N818  # an outcome, not a failure of this program
    """A table reads so much that its places cannot be numbered; its states are looked up one by one."""


Look = Callable[[int], Any]
"""What somebody sees of bits; by default the bits."""


class FieldView:
    """The values of a field as a reader sees them that needs only some of its bits.

    Values that agree in these bits are one class, and so are values that look the same, if there is a `look`. `seen`
    has the class of each value, by the value's number.
    """

    def __init__(self, fields: Fields, field: int, need: int, look: Look) -> None:
        self.field, self.need, self.look, self.values = field, need, look, fields.short.values[field]
        self.classes: dict[int, int] = {}
        self.seen = GrowingArray()

    def refresh(self) -> None:
        """Take in new values of the field."""
        if self.seen.length < len(self.values):
            self.seen.extend(np.array([self.classes.setdefault(self.look((value or 0) & self.need), len(self.classes))
                                       for value in islice(self.values.values(), self.seen.length, None)], np.int64))


class Branch:
    """The places of one branch: from `base` on, one for each combination of classes, and some to spare.

    Raise TooManyPlaces if there are too many combinations, which only states of two words can have.
    """

    def __init__(self, mask: int, views: list[FieldView], base: int) -> None:
        self.mask, self.views, self.base = mask, views, base
        self.sizes = [max(2, len(view.classes) * 3 // 2) for view in views]
        if prod(self.sizes) > LARGEST:
            self.sizes = [len(view.classes) for view in views]
        if prod(self.sizes) > LARGEST:
            raise TooManyPlaces
        self.strides = [prod(self.sizes[:at]) for at in range(len(views))]
        self.filled = [0] * len(views)

    @property
    def size(self) -> int:
        """The number of places."""
        return prod(self.sizes)

    @property
    def is_full(self) -> bool:
        """True if a field has more classes than there is room for."""
        return any(len(view.classes) > size for view, size in zip(self.views, self.sizes, strict=True))

    def find_place(self, code: int) -> int | None:
        """Return the place of a number of the packing, None if a field never had this value."""
        place = self.base
        for view, stride in zip(self.views, self.strides, strict=True):
            if (number := view.classes.get(view.look(code & view.need))) is None:
                return None
            place += number * stride
        return place


class Projection:
    """The places of states in a table: each branch has places for the parts that it is about."""

    def __init__(self, fields: Fields, dense: int = DENSE, look: Look = int) -> None:
        self.fields, self.dense, self.look = fields, dense, look
        self.views: dict[tuple[int, int], FieldView] = {}
        self.branches: dict[int, Branch] = {}
        self.bases = GrowingArray()
        self.adds: dict[int, Numbers] = {}
        self.ends = [0, SPARSE]
        self.counts, self.fresh, self.readers = [-1], set[int](), dict[int, set[int]]()

    def refresh(self, number: int, mask: int) -> bool:
        """Take in new bits and values for a branch; return True if its places have moved."""
        branch = self.branches.get(number)
        for view in branch.views if branch else ():
            view.refresh()
        moved = branch is None or branch.mask != mask or branch.is_full
        if branch is None or moved:
            branch = self.lay_out(number, mask)
        for at, view in enumerate(branch.views):
            if branch.filled[at] < view.seen.length:
                new = slice(branch.filled[at], view.seen.length)
                self.make_room(view.field, number, new.stop)[number, new] = view.seen.room[new] * branch.strides[at]
                branch.filled[at] = new.stop
        self.fresh.add(number)
        return moved

    def list_stale(self, numbers: Iterable[int]) -> set[int]:
        """Return those of these branches that may have to take in new bits or values."""
        counts = [self.fields.packing.age, *map(len, self.fields.short.values)]
        if counts != self.counts:
            if counts[0] != self.counts[0]:
                self.fresh.clear()
            for field, (count, before) in enumerate(zip(counts[1:], self.counts[1:], strict=False)):
                if count != before:
                    self.fresh -= self.readers.get(field, set())
            self.counts = counts
        return set(numbers) - self.fresh

    def lay_out(self, number: int, mask: int) -> Branch:
        """Give a branch new places, after all others."""
        views = [self.view(field, whole & mask) for field, whole in enumerate(self.fields.masks) if whole & mask]
        branch = Branch(mask, views, 0)
        kind = branch.size > self.dense
        branch.base = self.ends[kind]
        self.ends[kind] += branch.size
        self.branches[number] = branch
        for view in views:
            self.readers.setdefault(view.field, set()).add(number)
        self.bases.extend(np.zeros(max(0, number + 1 - self.bases.length), np.int64))
        self.bases.room[number] = branch.base
        return branch

    def view(self, field: int, need: int) -> FieldView:
        """Return the view of these bits of a field."""
        view = self.views.setdefault((field, need), FieldView(self.fields, field, need, self.look))
        view.refresh()
        return view

    def make_room(self, field: int, number: int, values: int) -> Numbers:
        """Return the array of a field, large enough for a branch and for this many values."""
        room = self.adds.get(field, np.zeros((0, 0), np.int64))
        if room.shape[0] <= number or room.shape[1] < values:
            shape = (max(room.shape[0], 2 * number + 1), max(room.shape[1], values + values // 2))
            larger = np.zeros(shape, np.int64)
            larger[:room.shape[0], :room.shape[1]] = room
            self.adds[field] = larger
        return self.adds[field]

    def __call__(self, digits: Digits, which: Numbers = 0) -> Numbers:
        """Return the place of each of these states; `which` are the numbers of their branches."""
        places = np.zeros(len(digits.codes), np.int64) + self.bases.room[which]
        for field in self.adds:
            adds = self.make_room(field, self.bases.length - 1, len(self.fields.short.values[field]))
            places += adds.take(digits[field] + which * adds.shape[1])
        return places


class Digits(dict[int, Numbers]):
    """The number of the value that each field has in some states; each field is worked out once, when it is asked."""

    def __init__(self, fields: Fields, codes: Numbers) -> None:
        self.fields, self.codes, self.words = fields, codes, fields.words.split(codes)

    def __missing__(self, field: int) -> Numbers:
        places = self.fields.short.places[field]
        pieces = [self.cut(*run) for run in find_runs(places, self.fields.words.size)]
        numbers = self[field] = sum(pieces[1:], pieces[0]) if pieces else np.zeros(len(self.codes), np.int64)
        return numbers

    def cut(self, number: int, place: int, length: int) -> Numbers:
        """Return a run of bits of each state, moved to where it stands in its field."""
        word, at = divmod(place, self.fields.words.size)
        if word == len(self.words):
            raise OverflowError("these words have no such bit")
        piece = (self.words[word] >> at) & ((1 << length) - 1)
        return piece << number if number else piece


def find_runs(places: list[int], size: int) -> list[tuple[int, int, int]]:
    """Return the runs of bits that lie side by side in one word of so many bits.

    Each has the number of its first bit in the field, its place in the state, and its length.
    """
    runs: list[tuple[int, int, int]] = []
    for number, place in enumerate(places):
        first, start, length = runs[-1] if runs else (0, -1, 0)
        if start + length == place and place % size:
            runs[-1] = first, start, length + 1
        else:
            runs.append((number, place, 1))
    return runs


class Index:
    """A number for each place that was entered, 0 for all others."""

    def __init__(self) -> None:
        self.array: Numbers = np.zeros(1 << 10, np.int32)
        self.places, self.numbers = np.zeros(0, np.int64), np.zeros(0, np.int32)

    def enter(self, places: Numbers, numbers: Numbers) -> None:
        """Enter numbers at places."""
        if len(places) and places[0] >= SPARSE:
            self.places, first = np.unique(np.concatenate((places, self.places)), return_index=True)
            self.numbers = np.concatenate((numbers, self.numbers))[first]
        else:
            self.array[places] = numbers

    def extend(self, end: int) -> None:
        """Make room for places below this one."""
        if end > len(self.array):
            self.array = np.concatenate((self.array, np.zeros(end, np.int32)))

    def find(self, places: Numbers) -> Numbers:
        """Return the number at each place."""
        if places.max(initial=0) < SPARSE:
            return self.array.take(places)
        far = np.flatnonzero(places >= SPARSE)
        numbers = np.where(places < SPARSE, self.array[np.where(places < SPARSE, places, 0)], 0)
        at, there = find_in(self.places, places[far])
        numbers[far[there]] = self.numbers[at[there]]
        return numbers
