"""Breadth first through all states of a machine, a slice at a time.

All states that are n steps away come before those that are n + 1 away, so the first bad one is reached by a shortest
run. No state is kept with where it came from: the way back is looked for level by level, when somebody asks.
"""
from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from typing import Any

from .machine import Machine
from .packing import Packing
from .tables import Edge, Table, Tree, grouped

GROUPED_AT = 64
"""With so many states tables are first asked as one, and put together anew whenever there are eight times as many."""


class Search:
    """A search that its caller drives: `advance` looks at the next few states, and everything found is kept."""

    def __init__(self, machine: Machine) -> None:
        self.machine, self.packing = machine, Packing(getattr(machine, "finer", ()))
        self.trees = {action: Tree(self.packing, partial(machine.act, action)) for action in machine.actions}
        self.leaves = [Table(self.packing, [tree]) for tree in self.trees.values()]
        self.tables, self.groups = self.leaves, dict[tuple[Table, ...], Table]()
        start = self.packing.pack(machine.first())
        self.levels = [[start]]
        self.grouped_at = GROUPED_AT
        self.seen = {start}
        self.next: set[int] = set()
        self.done = self.transitions = 0
        self.told = dict.fromkeys(self.trees, 0)

    @property
    def states(self) -> int:
        """How many states were found."""
        return len(self.seen)

    @property
    def more(self) -> bool:
        """True while there are states that nobody has looked at."""
        return len(self.levels[-1]) > 0

    @property
    def waiting(self) -> int:
        """How many of the states that were found nobody has looked at."""
        return len(self.levels[-1]) - self.done + len(self.next - self.seen)

    @property
    def size(self) -> int:
        """How many bytes the states that were found take, about: each stands in a level and in the set of all."""
        return sys.getsizeof(self.seen) + len(self.seen) * (sys.getsizeof(1 << self.packing.width) + 8)

    def advance(self, count: int = 20000) -> bool:
        """Find what follows on the next `count` states of this level; True while there is more to look at.

        What was found is taken over at the end, so that nothing is lost when it is interrupted.
        """
        level = self.levels[-1]
        chunk = level[self.done:self.done + count]
        found: list[int] = []
        for table in self.tables:
            found += table.successors(chunk)
        self.next.update(found)
        self.transitions += len(found)
        self.done += len(chunk)
        if self.done == len(level):
            self.open_level()
        return self.more

    def open_level(self) -> None:
        """Go one step further: what was found and is new is the next level."""
        level = list(self.next - self.seen)
        self.seen.update(level)
        self.next, self.done = set(), 0
        self.levels.append(level)
        if self.states >= self.grouped_at:
            self.grouped_at, bits = 8 * self.states, self.states.bit_length() + 4
            self.tables = grouped(grouped(self.leaves, bits - 4, self.groups), bits, self.groups)

    def new_edges(self) -> Iterator[tuple[Any, Edge]]:
        """The edges that were not told before, each with its action."""
        for action, tree in self.trees.items():
            yield from ((action, edge) for edge in tree.edges[self.told[action]:])
            self.told[action] = len(tree.edges)

    def first(self, table: Table, level: int) -> int | None:
        """The first state of a level to which a table has an answer; it had none to what it knows already."""
        mask = table.refresh()
        if table.known.keys() >= {code & mask for code in self.levels[level]}:
            return None
        return next((code for code in self.levels[level] if table(code)), None)

    def path(self, code: int) -> list[Any]:
        """The actions of a shortest run to a state that was found."""
        at = next(number for number, level in enumerate(self.levels) if code in level)
        actions: list[Any] = []
        for level in reversed(self.levels[:at]):
            action, code = self.step_back(level, code)
            actions.append(action)
        return actions[::-1]

    def step_back(self, level: Any, code: int) -> tuple[Any, int]:
        """An action and a state of the level before from which it leads here: some edge was taken backwards."""
        edges = ((self.packing.mask(edge.parts), edge.bits) for tree in self.trees.values() for edge in tree.edges)
        masks = {mask for mask, bits in edges if code & mask == bits}
        for before in sorted(set[int]().union(*[self.alike(level, mask, code) for mask in masks])):
            for action, tree in self.trees.items():
                if tree(before) == code - before:
                    return action, before
        raise AssertionError("every state but the first was reached by an edge")

    def alike(self, level: Any, mask: int, code: int) -> set[int]:
        """The states of a level that differ from this one in these bits only."""
        return {before for before in level if before & ~mask == code & ~mask}
