"""Properties of states, called with the states' numbers: each property knows which parts of a state it has read."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ...model.state import State, sort_key
from .machine import Machine
from .packing import Packing, TracingTable
from .search import Search


class TracingState(State):
    """A state that records which parts a property reads, also when it reads all records of a kind."""

    def all(self, kind: type[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield name and record of everything of this kind, like `State.all`."""
        table: Any = self.table
        table.kinds.add(kind)
        names = sorted({key[:2] for key in table.packing.parts if key[0] is kind}, key=sort_key)
        return ((key[1], table[key]) for key in names if key in table)


class TracedPredicate:
    """A predicate about states that is called with their numbers, and knows which parts it has read."""

    def __init__(self, machine: Machine, packing: Packing, predicate: Callable[[State], object]) -> None:
        self.machine, self.packing, self.predicate = machine, packing, predicate
        self.parts_read: set[int] = set()
        self.kinds_read: set[Any] = set()

    def __call__(self, code: int) -> object:
        """Return what the predicate returns for this state."""
        table = self.open(code)
        answer = self.predicate(TracingState(*self.machine.view(table)))
        self.packing.add(self.parts_read, table.bits_read)
        self.kinds_read |= table.kinds
        return answer

    def open(self, code: int) -> TracingTable:
        """Return the table of a state."""
        return self.packing.open(code)

    @property
    def parts(self) -> set[int]:
        """The parts that the predicate has read."""
        return self.parts_read | {part for key, part in self.packing.parts.items() if key[0] in self.kinds_read}


class StuckPredicate:
    """Whether somebody has not finished although no action changes anything; it is called with a state's number.

    It asks the trees of the search, which need the same answers for the next level, so no step is run twice.
    """

    def __init__(self, search: Search) -> None:
        self.trees = search.trees.values()
        self.unfinished = TracedPredicate(search.machine, search.packing,
                                          lambda state: search.machine.is_unfinished(state.table))

    def __call__(self, code: int) -> object:
        """Return True if somebody is stuck in this state. Every tree learns, so that all see the states in order."""
        effects = [tree(code) for tree in self.trees]
        return self.unfinished(code) and not any(effects)

    @property
    def parts(self) -> set[int]:
        """The parts that the trees and the machine have read."""
        return self.unfinished.parts.union(*[tree.parts for tree in self.trees])
