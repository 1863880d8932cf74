"""What was found out about a machine, kept so that nothing is run twice.

A step of a machine reads only a few parts of the state. So it is run once for each combination of values that it reads
(`Tree`), and what it did there is right for every other state with the same values. Looking that up costs one question
per part; a `Table` remembers the answers of several trees for all parts that they have ever asked about, as bits.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .packing import Noted, Packing


class Edge:
    """What an action does to every state with the values it has read.

    It puts `bits` in the place of what the `parts` have; `label` says what came of it, `origin` is the first state in
    which it was found. `mask` are the bits of the parts; it holds for a packing of this `age`.
    """

    __slots__ = ("age", "bits", "label", "mask", "origin", "parts")

    def __init__(self, changes: dict[int, int], label: Any, origin: int) -> None:
        self.parts, self.bits = tuple(changes), sum(changes.values())
        self.label, self.origin = label, origin
        self.age = self.mask = 0


class Tree:
    """Everything one action can do: from the values it reads, one after the other, to an edge, or None for nothing.

    A fork is a pair: the part that is read there, and where each of its values leads.
    """

    def __init__(self, packing: Packing, act: Callable[[Noted], Any]) -> None:
        self.packing, self.act = packing, act
        self.start: dict[int, Any] = {}
        self.root: Any = (0, self.start)
        self.parts: set[int] = set()
        self.edges: list[Edge] = []
        self.runs = 0

    def __call__(self, code: int) -> int:
        """What the action adds to the number of a state, 0 if it leaves it as it is or cannot be done."""
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

    def learn(self, code: int) -> Edge | None:
        """Run the action, and put what it read and did into the tree."""
        self.runs += 1
        table = Noted(self.packing, code)
        done = self.act(table)
        edge = self.new_edge(code, *done) if done else None
        ways, bits = self.start, 0
        for part, next_bits in table.asked.items():
            if bits not in ways:
                ways[bits] = part, {}
            ways, bits = ways[bits][1], next_bits
        ways[bits] = edge
        self.root = self.start[0]
        self.packing.add(self.parts, table.asked)
        return edge

    def new_edge(self, code: int, after: Noted, label: Any) -> Edge:
        """The edge that leads to this table."""
        changes = after.changes()
        edge = Edge(changes, label, code)
        self.edges.append(edge)
        self.packing.add(self.parts, changes)
        return edge


class Table:
    """The answers of several functions of a state at once, by the bits of all parts that they have ever asked for.

    Parts and bits that come later only ever add to the mask; what is known already holds for states with zeros there.
    """

    def __init__(self, packing: Packing, members: Sequence[Any]) -> None:
        self.packing, self.members = packing, members
        self.known: dict[int, list[Any]] = {}
        self.mask, self.age = 0, -1
        self.refresh()

    @property
    def parts(self) -> set[int]:
        """All that the members have asked for."""
        return set[int]().union(*[member.parts for member in self.members])

    def refresh(self) -> int:
        """Take in what the members have asked for since; the mask."""
        if self.age != self.packing.age:
            self.age = self.packing.age
            self.mask = self.packing.mask(self.parts)
        return self.mask

    def __call__(self, code: int) -> list[Any]:
        """What the members say of a state."""
        known = self.known.get(code & self.refresh())
        return self.learn(code) if known is None else known

    def learn(self, code: int) -> list[Any]:
        """Ask every member, and remember what they say."""
        answers = self.asked(code)
        self.known[code & self.refresh()] = answers
        return answers

    def asked(self, code: int) -> list[Any]:
        """What the members say of a state when they are asked."""
        return [answer for member in self.members if (answer := member(code))]

    def successors(self, codes: Iterable[int]) -> list[int]:
        """Where the members lead from these states."""
        mask, known, found = self.refresh(), self.known.get, list[int]()
        add = found.append
        for code in codes:
            deltas = known(code & mask)
            if deltas is None:
                deltas, mask = self.learn(code), self.mask
            for delta in deltas:
                add(code + delta)
        return found


class Group(Table):
    """Tables that look at much the same, as one. What it forgets they still know."""

    def asked(self, code: int) -> list[Any]:
        """What the tables say of a state."""
        return [answer for table in self.members for answer in table(code)]


def grouped(tables: Iterable[Table], bits: int, made: dict[tuple[Table, ...], Table]) -> list[Table]:
    """Fewer tables for the same: some are asked as one, as long as they look at no more than so many bits together.

    `made` has the groups that were made before, and takes in those that are new.
    """
    groups: list[tuple[int, tuple[Table, ...]]] = []
    for table in sorted(tables, key=lambda table: -table.refresh().bit_count()):
        fitting = [((table.mask & ~group[0]).bit_count(), at) for at, group in enumerate(groups)
                   if (group[0] | table.mask).bit_count() <= bits]
        mask, members = groups.pop(min(fitting)[1]) if fitting else (0, ())
        groups.append((mask | table.mask, (*members, table)))
    return [made.setdefault(members, Group(members[0].packing, members)) if len(members) > 1 else members[0]
            for _, members in groups]
