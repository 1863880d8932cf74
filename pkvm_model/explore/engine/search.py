"""Breadth-first search through all states of a machine, a slice at a time.

All states that are n steps away come before those that are n + 1 away, so a shortest run leads to the first bad state.
No state stores where it came from: when somebody asks, the search looks for the way back, level by level.
"""
from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from .machine import Machine
from .packing import Packing
from .tables import LookupTable, RecordedEdge, Tree, group_tables

GROUPED_AT = 64
"""From this many states on tables are grouped, and again whenever there are eight times as many."""


class TooWide(Exception):  # noqa: N818  # an outcome, not a failure of this program
    """A state no longer fits into the numbers of a search by whole levels; `plain` continues from the same place."""

    def __init__(self, plain: Search) -> None:
        super().__init__("a state has more bits than numpy's numbers")
        self.plain = plain


class Search:
    """A search that its caller drives: `advance` explores the next states, and everything found is kept."""

    def __init__(self, machine: Machine, packing: Packing | None = None) -> None:
        self.machine, self.packing = machine, packing or Packing()
        self.trees = {action: Tree(self.packing, partial(machine.step, action)) for action in machine.actions}
        self.leaves = [LookupTable(self.packing, [tree]) for tree in self.trees.values()]
        self.tables, self.groups = self.leaves, dict[tuple[LookupTable, ...], LookupTable]()
        start = self.packing.pack(machine.initial())
        self.levels = [[start]]
        self.grouped_at = GROUPED_AT
        self.seen = {start}
        self.next: set[int] = set()
        self.done = self.transitions = self.asked_again_at = 0
        self.edges_taken = dict.fromkeys(self.trees, 0)

    @property
    def states(self) -> int:
        """The number of states found."""
        return len(self.seen)

    @property
    def kept(self) -> int:
        """The number of states that are kept; they stand for all states that were found."""
        return self.states

    @property
    def has_more(self) -> bool:
        """True while there are states that were not explored."""
        return len(self.levels[-1]) > 0

    @property
    def waiting(self) -> int:
        """The number of states that were found and not explored."""
        return len(self.levels[-1]) - self.done + len(self.next - self.seen)

    @property
    def size(self) -> int:
        """About how many bytes the states take: each stands in a level and in the set of all."""
        return sys.getsizeof(self.seen) + len(self.seen) * (sys.getsizeof(1 << self.packing.width) + 8)

    def advance(self, count: int = 20000) -> bool:
        """Explore the next `count` states of this level; return True while there are more.

        What was found is stored at the end, so that nothing is lost when this is interrupted.
        """
        level = self.levels[-1]
        chunk = level[self.done:self.done + count]
        successors = self.expand(chunk)
        self.next.update(successors)
        self.transitions += len(successors)
        self.done += len(chunk)
        if self.done == len(level):
            self.open_level()
        return self.has_more

    def expand(self, codes: Iterable[int]) -> list[int]:
        """Return the states that follow these, once for each step."""
        successors = list[int]()
        for table in self.tables:
            successors += table.successors(codes)
        return successors

    def open_level(self) -> None:
        """Go one step further: the new states among those found are the next level."""
        level = list(self.next - self.seen)
        self.seen.update(level)
        self.next, self.done = set(), 0
        self.levels.append(level)
        if self.states >= self.grouped_at:
            self.grouped_at, bits = 8 * self.states, self.states.bit_length() + 4
            self.tables = group_tables(group_tables(self.leaves, bits - 4, self.groups), bits, self.groups)

    def take_new_edges(self) -> Iterator[tuple[Any, RecordedEdge]]:
        """Yield the edges recorded since the last call, each with its action."""
        for action, tree in self.trees.items():
            yield from ((action, edge) for edge in tree.edges[self.edges_taken[action]:])
            self.edges_taken[action] = len(tree.edges)

    def find_first(self, table: LookupTable, level: int) -> int | None:
        """Return the first state of a level for which a table returns anything. Skip a level that it knows whole."""
        mask = table.refresh()
        if table.known.keys() >= {code & mask for code in self.levels[level]}:
            return None
        return next((code for code in self.levels[level] if table(code)), None)

    def choose_first(self, codes: list[int], level: int) -> int:
        """Return the first of these states in the order of a level."""
        return min(codes, key=self.levels[level].index)

    def list_codes(self, level: Any) -> Iterable[int]:
        """Return the states of a level as the packing writes them."""
        codes: Iterable[int] = level
        return codes

    def find_path(self, code: int) -> list[Any]:
        """Return the actions of a shortest run to a state that was found."""
        at = self.find_level(code)
        actions: list[Any] = []
        for level in reversed(self.levels[:at]):
            action, code = self.step_back(level, code)
            actions.append(action)
        return actions[::-1]

    def find_level(self, code: int) -> int:
        """Return the number of the level that a state is in."""
        return next(number for number, level in enumerate(self.levels) if code in level)

    def step_back(self, level: Any, code: int) -> tuple[Any, int]:
        """Return an action and a state of the level before that leads here."""
        found = next(self.list_steps_back(level, code), None)
        assert found, "every state but the first was reached by an edge"
        return found

    def list_steps_back(self, level: Any, code: int) -> Iterator[tuple[Any, int]]:
        """Yield actions and states of the level before that lead here: edges are taken backwards."""
        edges = ((self.packing.mask(edge.parts), edge.bits) for tree in self.trees.values() for edge in tree.edges)
        masks = {mask for mask, bits in edges if code & mask == bits}
        for before in sorted(set[int]().union(*[self.list_alike(level, mask, code) for mask in masks])):
            for action, tree in self.trees.items():
                if tree(before) == code - before:
                    yield action, before

    def list_alike(self, level: Any, mask: int, code: int) -> set[int]:
        """Return the states of a level that differ from this one only in these bits."""
        return {before for before in level if before & ~mask == code & ~mask}
