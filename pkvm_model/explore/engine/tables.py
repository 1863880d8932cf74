"""What was learnt about a machine, stored so that nothing is run twice.

A step of a machine reads only a few parts of the state. So it is run once for each combination of values that it reads
(`Tree`), and what it did there is right for every other state with the same values. A look-up in a tree costs one
comparison per part. A `LookupTable` stores the answers of several trees by the bits of all parts that they ever read.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .packing import Packing, TracingTable


class RecordedEdge:
    """What an action does to every state with the values that it has read.

    It replaces the bits of the `parts` by `bits`. `label` describes the step; `origin` is the state in which it was
    recorded. `changes` has the new bits of those parts that were not read with the same bits before. `mask` covers all
    bits of the parts, and is valid for a packing of this `age`.
    """

    __slots__ = ("age", "bits", "changes", "label", "mask", "origin", "parts")

    def __init__(self, written: dict[int, int], read: dict[int, int], label: Any, origin: int) -> None:
        self.parts, self.bits = tuple(written), sum(written.values())
        self.changes = {part: bits for part, bits in written.items() if read.get(part) != bits}
        self.label, self.origin = label, origin
        self.age = self.mask = 0


class Tree:
    """Everything that one action can do: the values that it reads, one after the other, lead to an edge or to None.

    A fork is a pair: the part that is read there, and where each of its values leads. `parts` are all parts that were
    ever read or written; `branches` has the same for each value of the part that is read first.
    """

    def __init__(self, packing: Packing, step: Callable[[TracingTable], Any]) -> None:
        self.packing, self.step = packing, step
        self.start: dict[int, Any] = {}
        self.root: Any = (0, self.start)
        self.parts: set[int] = set()
        self.branches: dict[int, set[int]] = {}
        self.edges: list[RecordedEdge] = []
        self.runs = 0

    def __call__(self, code: int) -> int:
        """Return what the action adds to the number of a state; 0 if it changes nothing or is not possible."""
        masks, node = self.packing.masks, self.root
        try:
            while type(node) is tuple:
                part, ways = node
                node = ways[code & masks[part]]
        except LookupError:
            node = self.learn(code)
        if not node:
            return 0
        if node.age != self.packing.age:
            node.age, node.mask = self.packing.age, self.packing.mask(node.parts)
        delta: int = node.bits - (code & node.mask)
        return delta

    @property
    def first(self) -> int | None:
        """The part that is read first; None if nothing was read yet."""
        return self.root[0] if isinstance(self.root, tuple) and self.runs else None

    def learn(self, code: int) -> RecordedEdge | None:
        """Run the action, and record in the tree what it reads and does."""
        self.runs += 1
        table = self.packing.open(code)
        result = self.step(table)
        return self.enter(table, self.record_edge(code, *result) if result else None)

    def enter(self, table: TracingTable, edge: RecordedEdge | None) -> RecordedEdge | None:
        """Enter an edge, or None, at the end of the path that was read in a table."""
        ways, bits = self.start, 0
        for part, next_bits in table.bits_read.items():
            if bits not in ways:
                ways[bits] = part, {}
            ways, bits = ways[bits][1], next_bits
        ways[bits] = edge
        self.root = self.start[0]
        branch = self.branches.setdefault(next(iter(table.bits_read.values()), 0), set())
        for parts in (table.bits_read, edge.parts if edge else ()):
            self.packing.add(self.parts, parts)
            self.packing.add(branch, parts)
        return edge

    def record_edge(self, code: int, after: TracingTable, label: Any) -> RecordedEdge:
        """Record and return the edge that leads to this table."""
        edge = RecordedEdge(after.changes(), after.bits_read, label, code)
        self.edges.append(edge)
        return edge


class LookupTable:
    """The answers of several functions of a state together, by the bits of all parts that they have ever read.

    Parts and bits that come later only add to the mask; what is known by then is about states with zeros there.
    """

    def __init__(self, packing: Packing, members: Sequence[Any]) -> None:
        self.packing, self.members = packing, members
        self.known: dict[int, list[Any]] = {}
        self.mask, self.age = 0, -1
        self.refresh()

    @property
    def parts(self) -> set[int]:
        """Everything that the members have read."""
        return set[int]().union(*[member.parts for member in self.members])

    def refresh(self) -> int:
        """Add to the mask what the members have read since, and return it."""
        if self.age != self.packing.age:
            self.age = self.packing.age
            self.mask = self.packing.mask(self.parts)
        return self.mask

    def __call__(self, code: int) -> list[Any]:
        """Return the true answers of the members for a state."""
        known = self.known.get(code & self.refresh())
        return self.learn(code) if known is None else known

    def learn(self, code: int) -> list[Any]:
        """Call every member, and remember the answers."""
        answers = self.call_members(code)
        self.known[code & self.refresh()] = answers
        return answers

    def call_members(self, code: int) -> list[Any]:
        """Call every member for a state, and return the true answers."""
        return [answer for member in self.members if (answer := member(code))]

    def successors(self, codes: Iterable[int]) -> list[int]:
        """Return the states to which the members lead from these states, once for each step."""
        mask, known, after = self.refresh(), self.known.get, list[int]()
        add = after.append
        for code in codes:
            deltas = known(code & mask)
            if deltas is None:
                deltas, mask = self.learn(code), self.mask
            for delta in deltas:
                add(code + delta)
        return after


class TableGroup(LookupTable):
    """Tables that read mostly the same, as one table. When the group is made anew, they still have their answers."""

    def call_members(self, code: int) -> list[Any]:
        """Return the answers of all tables for a state."""
        return [answer for table in self.members for answer in table(code)]


def group_tables(tables: Iterable[LookupTable], bits: int,
                 known: dict[tuple[LookupTable, ...], LookupTable]) -> list[LookupTable]:
    """Merge tables that read mostly the same bits, at most `bits` in all; `known` keeps groups for the next time."""
    groups: list[tuple[int, tuple[LookupTable, ...]]] = []
    for table in sorted(tables, key=lambda table: -table.refresh().bit_count()):
        fitting = [((table.mask & ~group[0]).bit_count(), at) for at, group in enumerate(groups)
                   if (group[0] | table.mask).bit_count() <= bits]
        mask, members = groups.pop(min(fitting)[1]) if fitting else (0, ())
        groups.append((mask | table.mask, (*members, table)))
    return [known.setdefault(members, TableGroup(members[0].packing, members)) if len(members) > 1 else members[0]
            for _, members in groups]
