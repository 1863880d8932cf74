"""The same search, a whole level at a time, with numpy; for machines with very many states.

A table is the same table, an edge the same edge. Only the loop over states is numpy's (rows.py), and a state has a
shorter number (fields.py), of one word or of two (words.py): a search whose states outgrow two goes on without numpy.
New states are found by sorting.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from .arrays import Numbers, SortedSet, sort_unique
from .asked import Unanswered
from .fields import Fields, keep_apart
from .places import Digits
from .rows import Flips, Rows
from .search import Search, TooWide
from .symmetry import Symmetry
from .tables import LookupTable, Tree, group_tables
from .words import TWO_WORDS, choose_words, make_pairs

SHARED = 16
"""Trees are grouped if together they read at most this many bits."""
SLICE = 1 << 16
"""How many states are explored together: few enough to stay in the processor's cache."""
SPARE = 8
"""How many more bits a state's number may get before it needs more words."""


def fits(search: Search) -> bool:
    """Return True if a search's numbers are short enough for numpy, with room for a few more bits."""
    return choose_words(make_fields(search).width + SPARE) is not None


def make_fields(search: Search) -> Fields:
    """Return the short numbers for the states of a search."""
    fields = Fields(search.packing, getattr(search.machine, "family", keep_apart))
    fields.reserve(search.seen)
    fields.words = choose_words(fields.width + SPARE) or TWO_WORDS
    return fields


class LevelSearch(Search):
    """Continues a plain search. `levels` has a sorted array for each level, `all` all states, as short numbers.

    With `symmetric` both have one state of each orbit only (symmetry.py), and `states` counts what they stand for.
    """

    def __init__(self, plain: Search, symmetric: bool = False) -> None:
        vars(self).update(vars(plain))
        self.plain, self.found = plain, plain.states
        self.fields = make_fields(plain)
        self.renamings = getattr(plain.machine, "renamings", ()) if symmetric else ()
        self.symmetry = Symmetry(self.fields, self.renamings)
        self.levels: list[Any] = [self.symmetry.choose(self.shorten_all(level)) for level in plain.levels]
        self.all = SortedSet()
        self.all.add(np.sort(np.concatenate(self.levels)))
        self.successors: list[Numbers] = [self.symmetry.choose(self.shorten_all(plain.next - plain.seen))]
        self.seen, self.next = set(), set()
        self.ways = self.make_ways()
        self.unanswered: dict[LookupTable, Unanswered] = {}

    def make_ways(self) -> list[Rows]:
        """Return the trees as rows, after each was run at least once.

        Group trees that read few bits by what they read, and all others by what they read first.
        """
        flips, start = Flips(self.fields), next(iter(self.plain.levels[0]))
        narrow, wide = list[LookupTable](), dict[Any, list[Tree]]()
        for tree, table in zip(self.trees.values(), self.leaves, strict=True):
            tree(start)
            if table.refresh().bit_count() <= SHARED:
                narrow.append(table)
            else:
                wide.setdefault(tree if tree.first is None else tree.first, []).append(tree)
        return [*(Rows(list_trees(table), flips, table) for table in group_tables(narrow, SHARED, {})),
                *(Rows(trees, flips) for trees in wide.values())]

    def shorten_all(self, codes: Iterable[int]) -> Numbers:
        """Return the short numbers of these states, sorted."""
        words = self.fields.words
        return np.array([words.put(number) for number in sorted(map(self.fields.number, codes))], words.kind)

    def list_codes(self, level: Any) -> Iterable[int]:
        """Return the states of a level as the packing writes them."""
        return map(self.fields.lengthen, level.tolist())

    @property
    def states(self) -> int:
        """The number of states found."""
        return self.found

    @property
    def kept(self) -> int:
        """The number of states that stand for them."""
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

        Where states outgrow their numbers, the next call explores the slice again, with wider numbers. Raise TooWide if
        there are none; what was explored before is in its `plain`.
        """
        level = self.levels[-1]
        chunk = level[self.done:self.done + max(count, SLICE)]
        found = self.explore_chunk(chunk) if len(chunk) else (0, chunk)
        if not found:
            self.widen()
            return True
        transitions, after = found
        self.successors.append(after)
        self.transitions += transitions
        self.done += len(chunk)
        if self.done == len(level):
            self.open_level()
        return self.has_more

    def explore_chunk(self, codes: Numbers) -> tuple[int, Numbers] | None:
        """Return how many steps lead on from these states, and where they lead; None if a state may not fit.

        Every state that one of them stands for has the same number of steps.
        """
        try:
            parts = [(size, Digits(self.fields, part)) for size, part in self.symmetry.split(codes)]
            ways = [(size, states) for size, digits in parts for way in self.ways for states in way.successors(digits)]
            after = self.symmetry.choose(sort_unique([states for _, states in ways]))
        except OverflowError:
            return None
        if self.fields.width > self.fields.words.longest:  # an old numpy wraps around instead of raising
            return None
        return sum(size * len(states) for size, states in ways), after

    def widen(self) -> None:
        """Write every state with two words, and learn again what a step adds. Raise TooWide if two are too few."""
        if self.fields.words is TWO_WORDS or self.fields.width > TWO_WORDS.longest:
            raise TooWide(self.go_back())
        self.fields.words = TWO_WORDS
        self.levels, self.successors, self.all.runs = (
            [make_pairs(codes) for codes in arrays] for arrays in (self.levels, self.successors, self.all.runs))
        self.symmetry, self.ways = Symmetry(self.fields, self.renamings), self.make_ways()

    def go_back(self) -> Search:
        """Return the plain search that this one continued, at the same place."""
        plain, level = self.plain, self.levels.pop()
        parts = [*self.levels, level[:self.done], level[self.done:], sort_unique(self.successors)]
        *before, explored, waiting, after = [list(self.list_codes(self.symmetry.expand(part))) for part in parts]
        plain.levels = [*before, explored + waiting]
        plain.seen, plain.next = set().union(*plain.levels), set(after)
        plain.done, plain.transitions = len(explored), self.transitions
        return plain

    def open_level(self) -> None:
        """Go one step further: what was found and is new is the next level."""
        level = self.all.drop_known(sort_unique(self.successors))
        self.all.add(level)
        self.found += self.symmetry.count(level)
        self.successors, self.done = [], 0
        self.levels.append(level)

    def find_first(self, table: LookupTable, level: int) -> int | None:
        """Return the first state of a level for which a table has an answer."""
        if table not in self.unanswered:
            self.unanswered[table] = Unanswered(table, self.fields)
        return self.unanswered[table].find_first(self.levels[level])

    def choose_first(self, codes: list[int], level: int) -> int:
        """Return the one of these states that comes first in a level: levels are sorted."""
        return min(codes, key=self.fields.number)

    def find_level(self, code: int) -> int:
        """Return the number of the level that a state is in, or one of its orbit."""
        short = self.symmetry.choose(self.shorten_all([code]))[0]
        return next(number for number, level in enumerate(self.levels) if (level == short).any())

    def list_steps_back(self, level: Numbers, code: int) -> Iterator[tuple[Any, int]]:
        """Yield actions and states that lead here: an edge into the state's orbit is taken backwards, and renamed."""
        for image in self.list_orbit(code):
            for _, start in super().list_steps_back(level, image):
                yield from ((action, before) for before in self.list_orbit(start)
                            for action, tree in self.trees.items() if tree(before) == code - before)

    def list_orbit(self, code: int) -> list[int]:
        """Return the states that differ from this one in names only."""
        return list(self.list_codes(self.symmetry.expand(self.shorten_all([code]))))

    def list_alike(self, level: Numbers, mask: int, code: int) -> set[int]:
        """Return the states of a level that differ from this one in these bits only."""
        for field, whole in enumerate(self.fields.masks):
            level = level[self.find_alike(level, field, whole & ~mask, code)]
        return set(self.list_codes(level))

    def find_alike(self, level: Numbers, field: int, kept: int, code: int) -> Numbers:
        """Return which states agree with one in these bits of a field."""
        alike = [not ((value or 0) ^ code) & kept for value in self.fields.short.values[field].values()]
        return np.array(alike)[Digits(self.fields, level)[field]]


def list_trees(table: Any) -> list[Tree]:
    """Return the trees of a table or of a group of tables."""
    return [tree for member in table.members
            for tree in ([member] if isinstance(member, Tree) else list_trees(member))]
