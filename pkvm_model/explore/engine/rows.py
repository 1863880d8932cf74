"""Trees applied to many states at once, with numpy.

`Rows` keeps what trees answer as rows of arrays: a state's place finds its row, and all rows are added at once. What a
step reads depends mostly on the part that it reads first: for a call under way, that is its CPU, whose value says where
the call stands. So each value of the part that is read first is a branch, and a row is about what its branch reads.
"""
from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from .arrays import GrowingArray, Numbers
from .fields import Fields
from .places import Digits, Index, Projection, TooManyPlaces
from .tables import LookupTable, Tree
from .words import Short

FEW = 12
"""Fewer states than this are looked up one by one, which is faster than numpy for so few."""
UNKNOWN, SHIFT = -1 << 62, 31
WHOLE = 1 << 22
"""Up to this many places, rows without branches are found in an array."""
ShortStep = tuple[Short, dict[int, int]]
"""What a step adds to a short number, and the numbers of the flips that add the rest, by field."""


class Rows:
    """The answers of trees as rows: the row of a state is looked up for many states at once. Row 0 stands for unknown.

    The steps of row n are the last `counts[n]` of the steps before `ends[n]`. A step adds its difference and, for each
    field that its branch reads only in part, what flipping some of its bits adds to the number.
    """

    def __init__(self, trees: Sequence[Tree], flips: Flips, table: LookupTable | None = None) -> None:
        self.table, self.trees, self.flips = table, trees, flips
        self.fields, self.packing = flips.fields, flips.fields.packing
        firsts = {tree.first for tree in trees}
        self.first = firsts.pop() if len(firsts) == 1 else None
        self.age, self.masks = -1, dict[int, int]()
        self.keys = list[dict[int, int]]()
        self.wholes = dict[int, set[int]]()
        self.numbers: dict[int, int] = {}
        self.counts, self.ends, self.deltas = GrowingArray(), GrowingArray(), GrowingArray(self.fields.words.kind)
        self.flipped: dict[int, GrowingArray] = {}
        self.add_rows([[]])
        self.index = Index()
        self.projection = Projection(self.fields, WHOLE) if self.first is None else Projection(self.fields)
        self.chosen: Numbers = np.zeros(0, np.int64)

    def add_rows(self, answers: list[list[ShortStep]]) -> None:
        """Add a row for each answer."""
        counts = np.array([len(answer) for answer in answers], np.int64)
        changes = [change for answer in answers for change in answer]
        self.counts.extend(counts)
        self.ends.extend(np.cumsum(counts) + self.deltas.length)
        for field in {field for _, flips in changes for field in flips} - self.flipped.keys():
            self.flipped[field] = GrowingArray()
            self.flipped[field].extend(np.zeros(self.deltas.length, np.int64))
        self.deltas.extend(np.array([delta for delta, _ in changes], self.fields.words.kind))
        for field, numbers in self.flipped.items():
            numbers.extend(np.array([flips.get(field, 0) for _, flips in changes], np.int64))

    @property
    def first_mask(self) -> int:
        """The bits of the part that says which branch a state takes; 0 if there is no such part."""
        return 0 if self.first is None else self.packing.masks[self.first]

    def find_mask(self, value: int) -> int:
        """Return the bits that matter in the branch of a value."""
        if self.age != self.packing.age:
            self.age, self.masks = self.packing.age, {}
        if value not in self.masks:
            self.masks[value] = self.union_mask(value)
        return self.masks[value]

    def union_mask(self, value: int) -> int:
        """Return the bits that the trees read or write in the branch of a value."""
        known = (tree.branches.get(value, ()) if self.first is not None else tree.parts for tree in self.trees)
        return self.packing.mask(set[int]().union(*known))

    def ask(self, code: int) -> list[int]:
        """Return what the trees add to a state; a table stores most of these answers."""
        return self.table(code) if self.table else [delta for tree in self.list_able(code) if (delta := tree(code))]

    def list_able(self, code: int) -> Sequence[Tree]:
        """Return the trees that may lead somewhere from a state, as far as the part that is read first says."""
        if self.first is None:
            return self.trees
        value = code & self.first_mask
        return [tree for tree in self.trees if tree.root[1].get(value, tree) is not None]

    def choose(self, digits: Digits) -> Numbers:
        """Return the number of the branch that each state takes."""
        if self.first is None or not self.first_mask:
            self.numbers.setdefault(0, 0)
            return np.int64(0)
        field = next(field for field, mask in enumerate(self.fields.masks) if mask & self.first_mask)
        values = digits[field]
        known = [*self.fields.short.values[field].values()]
        self.chosen = np.concatenate((self.chosen, np.full(len(known) - len(self.chosen), -1)))
        which = self.chosen.take(values)
        if which.min(initial=0) >= 0:
            return which
        for number in np.unique(values[which < 0]).tolist():
            value = (known[number] or 0) & self.first_mask
            self.chosen[number] = self.numbers.setdefault(value, len(self.numbers))
        return self.chosen.take(values)

    def refresh(self, which: Numbers) -> None:
        """Take in new bits and values for these branches. Places that have moved are entered anew."""
        values = list(self.numbers)
        self.keys += [{} for _ in range(len(values) - len(self.keys))]
        for number in self.projection.list_stale(np.flatnonzero(np.bincount(np.atleast_1d(which))).tolist()):
            mask = self.find_mask(values[number])
            self.forget_outgrown(number, mask)
            if self.projection.refresh(number, mask & ~self.first_mask):
                self.index.extend(self.projection.ends[0])
                self.enter(number, self.keys[number])

    def forget_outgrown(self, number: int, mask: int) -> None:
        """Forget the rows of a branch if a field that it read completely has got new parts that it does not read.

        Such rows replace the field's whole value. The branch is learnt again, at new places.
        """
        self.fields.refresh()
        if any(self.fields.masks[field] & ~mask for field in self.wholes.get(number, ())):
            self.keys[number], self.wholes[number] = {}, set()
            del self.projection.branches[number]

    def enter(self, number: int, keys: dict[int, int]) -> None:
        """Enter the rows of a branch's keys at their places."""
        find_place = self.projection.branches[number].find_place
        found = [(place, row) for key, row in keys.items() if (place := find_place(key)) is not None]
        self.index.enter(np.array([place for place, _ in found], np.int64),
                         np.array([row for _, row in found], np.int32))

    def find_rows(self, digits: Digits) -> Numbers:
        """Return the row of each state; what is not known yet is learnt, and then looked up for those states only."""
        which = self.choose(digits)
        self.refresh(which)
        places = self.projection(digits, which)
        rows = self.index.find(places)
        unknown = np.flatnonzero(rows == 0)
        if len(unknown):
            rest = Digits(self.fields, digits.codes.take(unknown))
            _, first = np.unique(places.take(unknown), return_index=True)
            self.learn(map(self.fields.lengthen, rest.codes.take(first).tolist()))
            rows[unknown] = self.find_rows(rest)
        return rows

    def learn(self, codes: Iterable[int]) -> None:
        """Ask the trees about these states, and add a row for each new answer."""
        entered, answers = dict[int, dict[int, int]](), list[list[ShortStep]]()
        for code in codes:
            deltas = self.ask(code)
            value = code & self.first_mask
            mask, number = self.find_mask(value), self.numbers[value]
            if code & mask not in self.keys[number]:
                self.keys[number][code & mask] = self.counts.length + len(answers)
                answers.append([self.split_change(code, delta, number, mask) for delta in deltas])
            entered.setdefault(number, {})[code & mask] = self.keys[number][code & mask]
        self.add_rows(answers)
        for number, keys in entered.items():
            self.enter(number, keys)

    def split_change(self, code: int, delta: int, number: int, mask: int) -> ShortStep:
        """Return what a step adds to the fields that are read, and the number of the flip of each other field."""
        whole: Short = 0
        flips = dict[int, int]()
        for field, flip in self.fields.list_flips(code, delta):
            if self.fields.masks[field] & ~mask:
                flips[field] = self.flips.number(field, flip)
            else:
                self.wholes.setdefault(number, set()).add(field)
                whole += self.fields.shorten_flip(field, code & self.fields.masks[field], flip)
        return whole, flips

    def successors(self, digits: Digits) -> list[Numbers]:
        """Return where the trees lead from these states, once for each way: their first steps, their second, and so on.

        That costs less than an array in which each state is repeated as often as it has steps.
        """
        codes, after = digits.codes, list[Numbers]()
        try:
            rows = self.find_rows(digits) if len(codes) >= FEW else None
        except TooManyPlaces:
            rows = None
        if rows is None:
            return [np.array([state for code in codes.tolist() for state in self.list_successors(code)], codes.dtype)]
        left: Numbers = self.counts.room.take(rows)
        steps: Numbers = self.ends.room.take(rows) - left
        while len(moving := np.flatnonzero(left)):
            codes, steps, left = codes.take(moving), steps.take(moving), left.take(moving) - 1
            after.append(self.take_steps(codes, steps))
            steps += 1
        return after

    def take_steps(self, codes: Numbers, steps: Numbers) -> Numbers:
        """Return where each of these steps leads from its state."""
        after = codes + self.deltas.room.take(steps)
        for field, numbers in self.flipped.items():
            flips = numbers.room.take(steps)
            flipping = np.flatnonzero(flips)
            if len(flipping):
                after[flipping] += self.flips.look_up(field, flips.take(flipping), codes.take(flipping))
        return after

    def list_successors(self, code: Short) -> list[Short]:
        """Return where the trees lead from one state."""
        long = self.fields.lengthen(code)
        return [code + self.fields.shorten_change(long, delta) for delta in self.ask(long)]


class Flips:
    """What flipping some bits of a field adds to a short number, for each value of the field."""

    def __init__(self, fields: Fields) -> None:
        self.fields = fields
        self.numbers: dict[int, dict[int, int]] = {}
        self.adds: dict[int, Numbers] = {}

    def number(self, field: int, flip: int) -> int:
        """Return the number of a flip of a field; 0 stands for none."""
        numbers = self.numbers.setdefault(field, {})
        return numbers.setdefault(flip, len(numbers) + 1)

    def look_up(self, field: int, flips: Numbers, codes: Numbers) -> Numbers:
        """Return what each of these flips adds to each of these states."""
        values = Digits(self.fields, codes)[field]
        room = self.make_room(field)
        adds = room[flips, values]
        unknown = np.flatnonzero(adds == UNKNOWN)
        if len(unknown):
            pairs = np.unique(flips[unknown] << SHIFT | values[unknown]).tolist()
            self.learn(field, room, [(pair >> SHIFT, pair & ((1 << SHIFT) - 1)) for pair in pairs])
            adds = room[flips, values]
        return adds

    def learn(self, field: int, room: Numbers, pairs: list[tuple[int, int]]) -> None:
        """Work out what a flip adds to a value, for these pairs of their numbers."""
        flips, values = [0, *self.numbers[field]], [*self.fields.short.values[field].values()]
        for flip, value in pairs:
            room[flip, value] = self.fields.shorten_flip(field, values[value], flips[flip])

    def make_room(self, field: int) -> Numbers:
        """Return the array for a field, large enough for all flips and values."""
        room = self.adds.get(field, np.zeros((0, 0), self.fields.words.kind))
        rows, columns = len(self.numbers[field]) + 1, len(self.fields.short.values[field])
        if room.shape[0] < rows or room.shape[1] < columns:
            larger = np.full((2 * rows, 2 * columns), UNKNOWN, room.dtype)
            larger[:room.shape[0], :room.shape[1]] = room
            room = self.adds[field] = larger
        return room
