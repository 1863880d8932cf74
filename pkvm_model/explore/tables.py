"""What was found out about a machine, kept so that nothing is run twice.

A step of a machine reads only a few parts of the state. So it is run once for each combination of values that it reads
(`Tree`), and what it did there is right for every other state with the same values. Looking that up costs one question
per part; a `Table` remembers the answers of several trees for all parts that they have ever asked about, as bits.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from .packing import Noted, Packing


class Edge(NamedTuple):
    """What an action does to every state with the values it has read.

    It adds `delta` to the number; `label` says what came of it, `origin` is the first state in which it was found.
    """

    delta: int
    label: Any
    origin: int


class Fork(NamedTuple):
    """A place in a tree: the part that is read there, and where each of its values leads."""

    part: int
    ways: dict[int, Any]


class Tree:
    """Everything one action can do: from the values it reads, one after the other, to an edge, or None for nothing."""

    def __init__(self, packing: Packing, act: Callable[[Noted], Any]) -> None:
        self.packing, self.act = packing, act
        self.root: dict[int, Any] = {}
        self.parts: set[int] = set()
        self.edges: list[Edge] = []
        self.runs = 0

    def __call__(self, code: int) -> int:
        """What the action adds to the number of a state, 0 if it leaves it as it is or cannot be done."""
        edge = self.edge(code)
        return edge.delta if edge else 0

    def edge(self, code: int) -> Edge | None:
        """What the action does to a state; it is run only if no state like this one was met before."""
        masks, node = self.packing.masks, self.root.get(0, self)
        while type(node) is Fork:
            node = node.ways.get(code & masks[node.part], self)
        if node is self:
            node = self.learn(code)
        found: Edge | None = node
        return found

    def learn(self, code: int) -> Edge | None:
        """Run the action, and put what it read and did into the tree."""
        self.runs += 1
        table = Noted(self.packing, code)
        done = self.act(table)
        edge = Edge(done[0].delta(), done[1], code) if done else None
        if edge:
            self.edges.append(edge)
        ways, bits = self.root, 0
        for part, next_bits in table.asked.items():
            ways = ways.setdefault(bits, Fork(part, {})).ways
            bits = next_bits
        ways[bits] = edge
        self.parts.update(table.asked)
        return edge


class Table:
    """The answers of several functions of a state at once, by the bits of all parts that they have ever asked for.

    Parts and bits that come later only ever add to the mask; what is known already holds for states with zeros there.
    """

    def __init__(self, packing: Packing, members: list[Any]) -> None:
        self.packing, self.members = packing, members
        self.known: dict[int, list[Any]] = {}
        self.mask = 0

    def refresh(self) -> int:
        """Take in what the members have asked for since; the mask."""
        parts = set().union(*[member.parts for member in self.members])
        self.mask = sum([self.packing.masks[part] for part in parts])
        return self.mask

    def learn(self, code: int) -> list[Any]:
        """Ask every member, and remember what they say."""
        answers = [answer for member in self.members if (answer := member(code))]
        self.known[code & self.refresh()] = answers
        return answers
