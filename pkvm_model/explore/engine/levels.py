"""The same search, a whole level at a time, with numpy; for machines with very many states.

A state is the same number, an edge the same difference, a table the same table. Only the loop over states is numpy's:
the bits of a table's mask are gathered into an index, the index finds a row of differences, all rows are added at once.
What is new is found by sorting. A number has to fit into 63 bits; `fits` says whether it does.
"""
from __future__ import annotations

from typing import Any

import numpy as np

from .search import Search
from .tables import Table, Tree, grouped

CHUNK = 11
"""Bits of a number that are gathered at a time."""
DENSE = 26
"""A table whose mask has more bits than this is looked up by sorting, not by index."""
SHARED = 16
"""Trees share a table as long as they look at no more bits than this together."""
FEW = 20
"""So few states are asked one by one: that costs less than a handful of arrays."""
SLICE = 1 << 16
"""How many states are looked at together: few enough to stay in the processor's cache."""
LONGEST = 63
"""How many bits a state's number may have."""
Numbers = Any
"""An array of whole numbers with 64 bits."""


def fits(search: Search) -> bool:
    """True if a search's numbers are short enough for numpy, with room for a few more bits."""
    return search.packing.width <= LONGEST - 8


class Column:
    """An array that grows at its end."""

    def __init__(self) -> None:
        self.room, self.length = np.zeros(1 << 10, np.int64), 0

    def extend(self, numbers: Numbers) -> None:
        """Add these at the end; room is doubled, so that adding costs the same however many there are."""
        end = self.length + len(numbers)
        if end > len(self.room):
            self.room = np.concatenate((self.room, np.zeros(max(end, len(self.room)), np.int64)))
        self.room[self.length:end] = numbers
        self.length = end


class Rows:
    """A table's answers by row: which row a state has is looked up for many states at once. Row 0 stands for unknown.

    The differences of row n are the last `many[n]` of those before `ends[n]`.
    """

    def __init__(self, table: Table) -> None:
        self.table, self.mask = table, -1
        self.keys: dict[int, int] = {}
        self.many, self.ends, self.deltas = Column(), Column(), Column()
        self.add([[]])
        self.index: Numbers = None
        self.chunks: list[tuple[int, Numbers]] = []

    def add(self, answers: list[list[int]]) -> None:
        """Add a row for each answer."""
        many = np.array([len(answer) for answer in answers], np.int64)
        self.many.extend(many)
        self.ends.extend(np.cumsum(many) + self.deltas.length)
        self.deltas.extend(np.array([delta for answer in answers for delta in answer], np.int64))

    def refresh(self) -> None:
        """Take in bits that have come. An index for fewer bits would take states for others, so it is made anew."""
        if self.table.refresh() == self.mask:
            return
        self.mask = self.table.mask
        self.chunks = chunks(self.mask)
        self.index = np.zeros(1 << self.mask.bit_count(), np.int32) if self.mask.bit_count() <= DENSE else None
        if self.index is not None:
            self.enter(list(self.keys.items()))

    def of(self, codes: Numbers) -> Numbers:
        """The row of each state; what is not known yet is learnt."""
        while True:
            self.refresh()
            rows = self.index[gathered(codes, self.chunks)] if self.index is not None else self.looked_up(codes)
            unknown = codes[rows == 0]
            if not len(unknown):
                return rows
            _, first = np.unique(unknown & self.mask, return_index=True)
            self.learn(unknown[first].tolist())

    def looked_up(self, codes: Numbers) -> Numbers:
        """The rows without an index: one question for each key that occurs."""
        keys, where = np.unique(codes & self.mask, return_inverse=True)
        return np.array([self.keys.get(key, 0) for key in keys.tolist()], np.int32)[where]

    def learn(self, codes: list[int]) -> None:
        """Ask the table about these states, and add a row for each answer."""
        known, answers = len(self.keys), list[list[int]]()
        for code in codes:
            answer, key = self.table(code), code & self.table.refresh()
            if key not in self.keys:
                self.keys[key] = self.many.length + len(answers)
                answers.append(answer)
        self.add(answers)
        if self.index is not None and self.table.mask == self.mask:
            self.enter(list(self.keys.items())[known:])

    def enter(self, keys: list[tuple[int, int]]) -> None:
        """Put the rows of these keys into the index."""
        if keys:
            self.index[gathered(np.array([key for key, _ in keys], np.int64), self.chunks)] = [row for _, row in keys]

    def successors(self, codes: Numbers) -> Numbers:
        """Where the table's trees lead from these states."""
        rows = self.of(codes)
        counts = self.many.room[rows]
        behind = np.cumsum(counts)
        which = np.arange(behind[-1]) + np.repeat(self.ends.room[rows] - behind, counts)
        return np.repeat(codes, counts) + self.deltas.room[which]


class Fine:
    """The states to which a table that answers questions had no answer, by the bits that it has looked at."""

    def __init__(self, table: Table) -> None:
        self.table, self.mask = table, -1
        self.chunks: list[tuple[int, Numbers]] = []
        self.index: Numbers = None

    def refresh(self) -> None:
        """Take in bits that have come."""
        if self.table.refresh() != self.mask:
            self.mask = self.table.mask
            self.chunks = chunks(self.mask)
            self.index = np.zeros(1 << self.mask.bit_count(), bool) if self.mask.bit_count() <= DENSE else None

    def first(self, codes: Numbers) -> int | None:
        """The first state to which the table has an answer."""
        self.refresh()
        while len(codes):
            mask, places = self.mask, gathered(codes, self.chunks) if self.index is not None else codes & self.mask
            codes = codes if self.index is None else codes[~self.index[places]]
            asked = codes[np.unique(codes & mask, return_index=True)[1]].tolist()
            found = next((code for code in asked if self.table(code)), None)
            self.refresh()
            if found is not None or self.mask == mask:
                if self.index is not None and found is None:
                    self.index[places] = True
                return found
        return None


def chunks(mask: int) -> list[tuple[int, Numbers]]:
    """For each chunk of a number where the mask has bits: its place, and its bits as they stand when moved together."""
    found, below = list[tuple[int, Numbers]](), 0
    for shift in range(0, mask.bit_length(), CHUNK):
        bits = [bit for bit in range(CHUNK) if mask >> shift + bit & 1]
        values = np.arange(1 << CHUNK)
        spread = np.zeros_like(values)
        for number, bit in enumerate(bits, below):
            spread += (values >> bit & 1) << number
        if bits:
            found.append((shift, spread))
        below += len(bits)
    return found


def gathered(codes: Numbers, chunks: list[tuple[int, Numbers]]) -> Numbers:
    """The bits of a mask, moved together."""
    found = np.zeros(len(codes), np.int64)
    for shift, spread in chunks:
        found += spread[(codes >> shift) & ((1 << CHUNK) - 1)]
    return found


class Wide:
    """A tree that looks at many bits: whole sets of states walk it, and part at its forks."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree

    def successors(self, codes: Numbers) -> Numbers:
        """Where the tree leads from these states."""
        found = [codes[:0]]
        if not self.tree.runs:
            self.tree(int(codes[0]))
        self.walk(self.tree.root, codes, found)
        return np.concatenate(found)

    def walk(self, node: Any, codes: Numbers, found: list[Numbers]) -> None:
        """Go on from a place in the tree; a few states are asked one by one."""
        if len(codes) < FEW:
            found.append(np.array([code + delta for code in codes.tolist() if (delta := self.tree(code))], np.int64))
        elif isinstance(node, tuple):
            values = codes & self.tree.packing.masks[node[0]]
            for bits in distinct([values]).tolist():
                here = codes[values == bits]
                if bits not in node[1]:
                    self.tree(int(here[0]))
                self.walk(node[1][bits], here, found)
        elif node:
            after = codes - (codes & self.tree.packing.mask(node.parts)) + node.bits
            found.append(after[after != codes])


class LevelSearch(Search):
    """Goes on where a plain search stands. `levels` has a sorted array for each level, `all` has all states, sorted."""

    def __init__(self, plain: Search) -> None:
        vars(self).update(vars(plain))
        self.levels: list[Any] = [np.sort(np.array(level, np.int64)) for level in plain.levels]
        self.all: Numbers = np.sort(np.concatenate(self.levels))
        self.found: list[Numbers] = [np.array(sorted(plain.next - plain.seen), np.int64)]
        self.seen, self.next = set(), set()
        looks = {tree: self.packing.mask(tree.parts).bit_count() for tree in self.trees.values()}
        narrow = [Table(self.packing, [tree]) for tree, bits in looks.items() if bits <= SHARED]
        self.ways: list[Rows | Wide] = [Rows(table) for table in grouped(narrow, SHARED, {})]
        self.ways += [Wide(tree) for tree, bits in looks.items() if bits > SHARED]
        self.fine: dict[Table, Fine] = {}

    @property
    def states(self) -> int:
        """How many states were found."""
        return len(self.all)

    @property
    def waiting(self) -> int:
        """How many of the states that were found nobody has looked at."""
        return len(self.levels[-1]) - self.done + sum(map(len, self.found))

    @property
    def size(self) -> int:
        """How many bytes the states that were found take: each stands in a level and in the array of all."""
        return int(2 * self.all.nbytes + sum(found.nbytes for found in self.found))

    def advance(self, count: int = SLICE) -> bool:
        """Find what follows on the next states of this level, at least a slice; True while there is more to look at."""
        level, found = self.levels[-1], list[Numbers]()
        chunk = level[self.done:self.done + max(count, SLICE)]
        for way in self.ways if len(chunk) else ():
            found.append(way.successors(chunk))
        self.found.append(distinct(found))
        self.transitions += sum(map(len, found))
        self.done += len(chunk)
        if self.done == len(level):
            self.open_level()
        return self.more

    def open_level(self) -> None:
        """Go one step further: what was found and is new is the next level."""
        found = distinct(self.found)
        at: Numbers = np.searchsorted(self.all, found)
        at[at == len(self.all)] = 0
        level = found[self.all[at] != found]
        self.all = np.concatenate((self.all, level))
        self.all.sort(kind="stable")
        self.found, self.done = [], 0
        self.levels.append(level)

    def first(self, table: Table, level: int) -> int | None:
        """The first state of a level to which a table has an answer."""
        return self.fine.setdefault(table, Fine(table)).first(self.levels[level])

    def alike(self, level: Numbers, mask: int, code: int) -> set[int]:
        """The states of a level that differ from this one in these bits only."""
        return set(level[(level & ~mask) == (code & ~mask)].tolist())


def distinct(found: list[Numbers]) -> Numbers:
    """All of these numbers, sorted, each once."""
    if not found:
        return np.zeros(0, np.int64)
    numbers = np.concatenate(found)
    numbers.sort()
    return numbers[np.concatenate(([True], numbers[1:] != numbers[:-1]))] if len(numbers) else numbers
