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
SHARED = 17
"""Trees share a table as long as they look at no more bits than this together."""
SLICE = 1 << 16
"""How many states are looked at together: few enough to stay in the processor's cache."""
LONGEST = 63
"""How many bits a state's number may have."""
Numbers = Any
"""An array of whole numbers with 64 bits."""


def fits(search: Search) -> bool:
    """True if a search's numbers are short enough for numpy, with room for a few more bits."""
    return search.packing.width <= LONGEST - 8


class Rows:
    """A table's answers by row: which row a state has is looked up for many states at once."""

    def __init__(self, table: Table) -> None:
        self.table, self.mask = table, -1
        self.answers: list[list[Any]] = [[]]
        self.keys: dict[int, int] = {}
        self.index: Numbers = None
        self.chunks: list[tuple[int, Numbers]] = []
        self.frozen: tuple[int, Any] = (0, None)

    def refresh(self) -> None:
        """Take in bits that have come. An index for fewer bits would take states for others, so it is made anew."""
        if self.table.refresh() == self.mask:
            return
        self.mask = self.table.mask
        self.chunks = chunks(self.mask)
        self.index = np.zeros(1 << self.mask.bit_count(), np.int32) if self.mask.bit_count() <= DENSE else None
        if self.index is not None:
            self.enter(list(self.keys.items()))

    def gathered(self, codes: Numbers) -> Numbers:
        """The bits of the mask, moved together."""
        found = np.zeros(len(codes), np.int64)
        for shift, spread in self.chunks:
            found += spread[(codes >> shift) & ((1 << CHUNK) - 1)]
        return found

    def of(self, codes: Numbers) -> Numbers:
        """The row of each state; what is not known yet is learnt."""
        while True:
            self.refresh()
            rows = self.index[self.gathered(codes)] if self.index is not None else self.looked_up(codes)
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
        known = len(self.keys)
        for code in codes:
            answers, key = self.table(code), code & self.table.refresh()
            if key not in self.keys:
                self.keys[key] = len(self.answers)
                self.answers.append(answers)
        if self.index is not None and self.table.mask == self.mask:
            self.enter(list(self.keys.items())[known:])

    def enter(self, keys: list[tuple[int, int]]) -> None:
        """Put the rows of these keys into the index."""
        if keys:
            self.index[self.gathered(np.array([key for key, _ in keys], np.int64))] = [row for _, row in keys]

    def successors(self, codes: Numbers) -> Numbers:
        """Where the table's trees lead from these states."""
        rows = self.of(codes)
        if self.frozen[0] != len(self.answers):
            many = np.array([len(answers) for answers in self.answers])
            deltas = np.array([delta for answers in self.answers for delta in answers], np.int64)
            self.frozen = len(self.answers), (many, np.cumsum(many), deltas)
        many, ends, deltas = self.frozen[1]
        counts = many[rows]
        behind = np.cumsum(counts)
        which = np.arange(behind[-1]) + np.repeat(ends[rows] - behind, counts)
        return np.repeat(codes, counts) + deltas[which]

    def first(self, codes: Numbers) -> int | None:
        """The first state to which the table has an answer."""
        rows = self.of(codes)
        hits = np.flatnonzero(np.array([bool(answers) for answers in self.answers])[rows])
        return int(codes[hits[0]]) if len(hits) else None


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


class Branch:
    """A tree in the states that have one value of what it reads first; it has nothing to say of the others."""

    def __init__(self, tree: Tree, bits: int) -> None:
        self.tree, self.bits = tree, bits
        self.part: int = tree.root[0]

    def __call__(self, code: int) -> int:
        """What the tree says of a state."""
        here = code & self.tree.packing.masks[self.part] == self.bits
        return self.tree(code) if here else 0

    @property
    def parts(self) -> set[int]:
        """What the tree reads and writes on this branch."""
        return {self.part} | below(self.tree.root[1].get(self.bits))


def below(node: Any) -> set[int]:
    """The parts that are read or written from a place in a tree on."""
    if isinstance(node, tuple):
        return {node[0]}.union(*[below(way) for way in node[1].values()])
    return set(node.parts) if node else set()


class LevelSearch(Search):
    """Goes on where a plain search stands. `levels` has a sorted array for each level, `all` has all states, sorted."""

    def __init__(self, plain: Search) -> None:
        vars(self).update(vars(plain))
        self.levels: list[Any] = [np.sort(np.array(level, np.int64)) for level in plain.levels]
        self.all: Numbers = np.sort(np.concatenate(self.levels))
        self.found: list[Numbers] = [np.array(sorted(plain.next - plain.seen), np.int64)]
        self.seen, self.next = set(), set()
        trees = list(self.trees.values())
        self.wide = [tree for tree in trees if self.packing.mask(tree.parts).bit_count() > SHARED and is_fork(tree)]
        self.cut = {(tree, bits): Branch(tree, bits) for tree in self.wide for bits in self.values(tree)}
        narrow = [tree for tree in trees if tree not in self.wide]
        members = [Table(self.packing, [member]) for member in (*narrow, *self.cut.values())]
        self.leaves = [*plain.leaves, *members]
        self.tables = grouped(members, SHARED, {})
        self.rows = [Rows(table) for table in self.tables]
        self.judges: dict[Table, Rows] = {}

    def values(self, tree: Tree) -> list[int]:
        """The values that what a tree reads first has had so far."""
        return list(self.packing.values[tree.root[0]])

    def cover(self) -> None:
        """Add a branch for each value that has come since."""
        for tree in self.wide:
            for bits in self.values(tree):
                if (tree, bits) not in self.cut:
                    self.cut[tree, bits] = Branch(tree, bits)
                    self.tables.append(Table(self.packing, [self.cut[tree, bits]]))
                    self.leaves.append(self.tables[-1])
                    self.rows.append(Rows(self.tables[-1]))

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
        for rows in self.rows if len(chunk) else ():
            found.append(rows.successors(chunk))
        self.found.append(distinct(found))
        self.transitions += sum(map(len, found))
        self.done += len(chunk)
        if self.done == len(level):
            self.open_level()
        return self.more

    def open_level(self) -> None:
        """Go one step further: what was found and is new is the next level."""
        found = distinct(self.found)
        at = np.searchsorted(self.all, found)
        at[at == len(self.all)] = 0
        level = found[self.all[at] != found]
        self.all = np.concatenate((self.all, level))
        self.all.sort(kind="stable")
        self.found, self.done = [], 0
        self.levels.append(level)
        self.cover()

    def first(self, table: Table, level: int) -> int | None:
        """The first state of a level to which a table has an answer."""
        codes = self.levels[level]
        return self.judges.setdefault(table, Rows(table)).first(codes) if len(codes) else None

    def members(self, level: Any) -> set[int]:
        """The states of a level."""
        return set(level.tolist())


def is_fork(tree: Tree) -> bool:
    """True if a tree reads anything and goes different ways."""
    return isinstance(tree.root, tuple) and isinstance(tree.root[1], dict) and tree.root[0] in tree.parts


def distinct(found: list[Numbers]) -> Numbers:
    """All of these numbers, sorted, each once."""
    if not found:
        return np.zeros(0, np.int64)
    numbers = np.concatenate(found)
    numbers.sort()
    return numbers[np.concatenate(([True], numbers[1:] != numbers[:-1]))] if len(numbers) else numbers
