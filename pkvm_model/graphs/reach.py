"""What can be reached from a start, as far as it was worked out: places with numbers, and the steps between them."""
from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import Any, Generic, TypeVar

LIMIT = 400
"""How many places are worked out beforehand; beyond them a widget asks."""

Place = TypeVar("Place")
Edge = dict[str, Any]


class Reach(ABC, Generic[Place]):
    """Places and the steps between them, breadth first; a family says what follows on a place and what it shows.

    Places that are named as `early` come before all others, so that a limit does not cut them off.
    """

    def __init__(self, first: Place, limit: int = LIMIT, early: Iterable[Place] = ()) -> None:
        self.nodes: list[Place] = []
        self.ids: dict[Place, int] = {}
        self.edges: dict[int, list[Edge]] = {}
        for place in (first, *early):
            self.add(place)
        while len(self.edges) < min(len(self.nodes), limit):
            self.edges[len(self.edges)] = list(self.out(len(self.edges)))

    @abstractmethod
    def out(self, number: int) -> Iterator[Edge]:
        """The steps that can be taken from a place, each with the number of the place it leads `to`."""

    @abstractmethod
    def state_value(self, number: int) -> dict[str, Any]:
        """What a place shows, as JSON values."""

    @abstractmethod
    def value(self, most: int = LIMIT) -> dict[str, Any]:
        """The whole graph as JSON values, with the first places at most."""

    @property
    def complete(self) -> bool:
        """True if nothing is left to work out."""
        return len(self.edges) == len(self.nodes)

    def add(self, place: Place) -> int:
        """The number of a place, a new one if it has none."""
        if place not in self.ids:
            self.ids[place] = len(self.nodes)
            self.nodes.append(place)
        return self.ids[place]

    def shipped(self, most: int) -> dict[str, Any]:
        """The first places, at most so many, and the steps between them; steps into further ones lead to None."""
        known = min(len(self.edges), most)
        edges = [[e | {"to": e["to"] if e["to"] < known else None} for e in self.edges[n]] for n in range(known)]
        return {"states": [self.state_value(number) for number in range(known)], "edges": edges}

    def expand(self, number: int, cpu: int, text: str) -> dict[str, Any]:
        """What a front end asks for: the step of a CPU from a place, with the place it leads to."""
        self.edges.setdefault(number, list(self.out(number)))
        found = [e for e in self.edges[number] if e["cpu"] == cpu and e["line"] == text]
        if not found:
            raise LookupError(f"CPU {cpu} cannot take the step {text!r} from here")
        to = found[0]["to"]
        self.edges.setdefault(to, list(self.out(to)))
        onward = [e | {"to": e["to"] if e["to"] in self.edges else None} for e in self.edges[to]]
        return {"from": number, "line": text, "to": to, "states": {str(to): self.state_value(to)},
                "edges": {str(to): onward}}
