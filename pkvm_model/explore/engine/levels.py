"""The same search, a whole level at a time, with numpy; for machines with very many states.

A state is the same number, an edge the same difference, a table the same table. Only the loop over states is numpy's:
the bits of a table's mask are gathered into an index, the index finds a row of differences, all rows are added at once.
New states are found by sorting. A number must fit into 63 bits: `fits` checks it before, and a search whose states
outgrow them hands over to the plain search.
"""
from __future__ import annotations

from typing import Any

import numpy as np

from .arrays import Numbers, gather_bits, sort_unique, split_mask
from .search import Search, TooWide
from .tables import LookupTable, Tree, group_tables

DENSE = 26
"""A table whose mask has more bits than this is looked up by sorting, not by index."""
SHARED = 16
"""Trees share a table as long as they read no more bits than this together."""
FEW = 20
"""This many states are looked up one by one: that costs less than a handful of arrays."""
SLICE = 1 << 16
"""How many states are explored together: few enough to stay in the processor's cache."""
LONGEST = 63
"""How many bits a state's number may have."""
REPRESENTED = (1 << LONGEST) - 1
"""The bits that a number in an array can have."""


def fits(search: Search) -> bool:
    """Return True if a search's numbers are short enough for numpy, with room for a few more bits."""
    return search.packing.width <= LONGEST - 8


class GrowingArray:
    """An array that grows at its end."""

    def __init__(self) -> None:
        self.room, self.length = np.zeros(1 << 10, np.int64), 0

    def extend(self, numbers: Numbers) -> None:
        """Add these at the end; room is doubled, so that adding a number costs the same however many there are."""
        end = self.length + len(numbers)
        if end > len(self.room):
            self.room = np.concatenate((self.room, np.zeros(max(end, len(self.room)), np.int64)))
        self.room[self.length:end] = numbers
        self.length = end


class TableRows:
    """A table's answers as rows: the row of a state is looked up for many states at once. Row 0 stands for unknown.

    The differences of row n are the last `counts[n]` of those before `ends[n]`.
    """

    def __init__(self, table: LookupTable) -> None:
        self.table, self.mask = table, -1
        self.keys: dict[int, int] = {}
        self.counts, self.ends, self.deltas = GrowingArray(), GrowingArray(), GrowingArray()
        self.add([[]])
        self.index: Numbers = None
        self.chunks: list[tuple[int, Numbers]] = []

    def add(self, answers: list[list[int]]) -> None:
        """Add a row for each answer."""
        counts = np.array([len(answer) for answer in answers], np.int64)
        self.counts.extend(counts)
        self.ends.extend(np.cumsum(counts) + self.deltas.length)
        self.deltas.extend(np.array([delta for answer in answers for delta in answer], np.int64))

    def refresh(self) -> None:
        """Take in new bits. An index for fewer bits would confuse states, so it is built anew."""
        if mask_represented(self.table) == self.mask:
            return
        self.mask = mask_represented(self.table)
        self.chunks = split_mask(self.mask)
        self.index = np.zeros(1 << self.mask.bit_count(), np.int32) if self.mask.bit_count() <= DENSE else None
        if self.index is not None:
            self.enter(list(self.keys.items()))

    def rows(self, codes: Numbers) -> Numbers:
        """Return the row of each state; what is not known yet is learnt."""
        while True:
            self.refresh()
            rows = self.look_up(codes) if self.index is None else self.index[gather_bits(codes, self.chunks)]
            unknown = codes[rows == 0]
            if not len(unknown):
                return rows
            _, first = np.unique(unknown & self.mask, return_index=True)
            self.learn(unknown[first].tolist())

    def look_up(self, codes: Numbers) -> Numbers:
        """Return the rows without an index: one look-up for each key that occurs."""
        keys, where = np.unique(codes & self.mask, return_inverse=True)
        return np.array([self.keys.get(key, 0) for key in keys.tolist()], np.int32)[where]

    def learn(self, codes: list[int]) -> None:
        """Ask the table about these states, and add a row for each answer."""
        known, answers = len(self.keys), list[list[int]]()
        for code in codes:
            answer, key = self.table(code), code & mask_represented(self.table)
            if key not in self.keys:
                self.keys[key] = self.counts.length + len(answers)
                answers.append(answer)
        self.add(answers)
        if self.index is not None and mask_represented(self.table) == self.mask:
            self.enter(list(self.keys.items())[known:])

    def enter(self, keys: list[tuple[int, int]]) -> None:
        """Put the rows of these keys into the index."""
        if keys:
            codes = np.array([key for key, _ in keys], np.int64)
            self.index[gather_bits(codes, self.chunks)] = [row for _, row in keys]

    def successors(self, codes: Numbers) -> Numbers:
        """Return where the table's trees lead from these states."""
        rows = self.rows(codes)
        counts = self.counts.room[rows]
        behind = np.cumsum(counts)
        which = np.arange(behind[-1]) + np.repeat(self.ends.room[rows] - behind, counts)
        return np.repeat(codes, counts) + self.deltas.room[which]


class Unanswered:
    """The states for which a table of predicates had no answer, by the bits that it read."""

    def __init__(self, table: LookupTable) -> None:
        self.table, self.mask = table, -1
        self.chunks: list[tuple[int, Numbers]] = []
        self.index: Numbers = None

    def refresh(self) -> None:
        """Take in new bits."""
        if mask_represented(self.table) != self.mask:
            self.mask = mask_represented(self.table)
            self.chunks = split_mask(self.mask)
            self.index = np.zeros(1 << self.mask.bit_count(), bool) if self.mask.bit_count() <= DENSE else None

    def find_first(self, codes: Numbers) -> int | None:
        """Return the first state for which the table has an answer."""
        self.refresh()
        while len(codes):
            mask, places = self.mask, codes & self.mask if self.index is None else gather_bits(codes, self.chunks)
            codes = codes if self.index is None else codes[~self.index[places]]
            different = codes[np.unique(codes & mask, return_index=True)[1]].tolist()
            first = next((code for code in different if self.table(code)), None)
            self.refresh()
            if first is not None or self.mask == mask:
                if self.index is not None and first is None:
                    self.index[places] = True
                return first
        return None


def mask_represented(table: LookupTable) -> int:
    """Return a table's mask without bits that no number in an array has."""
    return table.refresh() & REPRESENTED


class TreeWalk:
    """A tree that reads many bits: whole sets of states walk it, and part at its forks."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree

    def successors(self, codes: Numbers) -> Numbers:
        """Return where the tree leads from these states."""
        after = [codes[:0]]
        if not self.tree.runs:
            self.tree(int(codes[0]))
        self.walk(self.tree.root, codes, after)
        return np.concatenate(after)

    def walk(self, node: Any, codes: Numbers, after: list[Numbers]) -> None:
        """Go on from a place in the tree; a few states are looked up one by one."""
        if len(codes) < FEW:
            after.append(np.array([code + delta for code in codes.tolist() if (delta := self.tree(code))], np.int64))
        elif isinstance(node, tuple):
            values = codes & (self.tree.packing.masks[node[0]] & REPRESENTED)
            for bits in sort_unique([values]).tolist():
                here = codes[values == bits]
                if bits not in node[1]:
                    self.tree(int(here[0]))
                self.walk(node[1][bits], here, after)
        elif node:
            moved = codes - (codes & (self.tree.packing.mask(node.parts) & REPRESENTED)) + node.bits
            after.append(moved[moved != codes])


class LevelSearch(Search):
    """Continues a plain search. `levels` has a sorted array for each level, `all` has all states, sorted."""

    def __init__(self, plain: Search) -> None:
        vars(self).update(vars(plain))
        self.plain = plain
        self.levels: list[Any] = [np.sort(np.array(level, np.int64)) for level in plain.levels]
        self.all: Numbers = np.sort(np.concatenate(self.levels))
        self.successors: list[Numbers] = [np.array(sorted(plain.next - plain.seen), np.int64)]
        self.seen, self.next = set(), set()
        looks = {tree: self.packing.mask(tree.parts).bit_count() for tree in self.trees.values()}
        narrow = [LookupTable(self.packing, [tree]) for tree, bits in looks.items() if bits <= SHARED]
        self.ways: list[TableRows | TreeWalk] = [TableRows(table) for table in group_tables(narrow, SHARED, {})]
        self.ways += [TreeWalk(tree) for tree, bits in looks.items() if bits > SHARED]
        self.unanswered: dict[LookupTable, Unanswered] = {}

    @property
    def states(self) -> int:
        """The number of states found."""
        return len(self.all)

    @property
    def waiting(self) -> int:
        """The number of states that were found and not explored."""
        return len(self.levels[-1]) - self.done + sum(map(len, self.successors))

    @property
    def size(self) -> int:
        """How many bytes the states take: each stands in a level and in the array of all."""
        return int(2 * self.all.nbytes + sum(states.nbytes for states in self.successors))

    def advance(self, count: int = SLICE) -> bool:
        """Explore the next states of this level, at least a slice; return True while there are more.

        Raise TooWide if a state gets more bits than a number has; what was explored before is in its `plain`.
        """
        level = self.levels[-1]
        chunk = level[self.done:self.done + max(count, SLICE)]
        after = self.explore_chunk(chunk) if len(chunk) else []
        self.successors.append(sort_unique(after))
        self.transitions += sum(map(len, after))
        self.done += len(chunk)
        if self.done == len(level):
            self.open_level()
        return self.has_more

    def explore_chunk(self, codes: Numbers) -> list[Numbers]:
        """Return the states that follow on these, once for each way. Raise TooWide if they may not fit."""
        try:
            after = [way.successors(codes) for way in self.ways]
        except OverflowError:
            raise TooWide(self.go_back()) from None
        if self.packing.width > LONGEST:  # an old numpy wraps around instead of raising
            raise TooWide(self.go_back())
        return after

    def go_back(self) -> Search:
        """Return the plain search from which this one began, at the place where this one stands."""
        plain = self.plain
        plain.levels = [level.tolist() for level in self.levels]
        plain.seen, plain.next = set(self.all.tolist()), set(sort_unique(self.successors).tolist())
        plain.done, plain.transitions = self.done, self.transitions
        return plain

    def open_level(self) -> None:
        """Go one step further: what was found and is new is the next level."""
        states = sort_unique(self.successors)
        at: Numbers = np.searchsorted(self.all, states)
        at[at == len(self.all)] = 0
        level = states[self.all[at] != states]
        self.all = np.concatenate((self.all, level))
        self.all.sort(kind="stable")
        self.successors, self.done = [], 0
        self.levels.append(level)

    def find_first(self, table: LookupTable, level: int) -> int | None:
        """Return the first state of a level for which a table has an answer."""
        return self.unanswered.setdefault(table, Unanswered(table)).find_first(self.levels[level])

    def list_alike(self, level: Numbers, mask: int, code: int) -> set[int]:
        """Return the states of a level that differ from this one in these bits only."""
        mask &= REPRESENTED
        return set(level[(level & ~mask) == (code & ~mask)].tolist())
