"""What can be reached from a start, as far as it was worked out: places with numbers, and the steps between them."""
from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Container, Iterable, Iterator
from typing import Generic, TypeVar

from .contract import E, GraphValue, GrowthValue, S

LIMIT = 400
"""How many places are worked out beforehand; beyond them a widget asks."""

P = TypeVar("P")


class Reach(ABC, Generic[P, S, E]):
    """Places and the steps between them, breadth first; a family says what follows on a place and what it shows.

    Places that are named as `early` come before all others, so that a limit does not cut them off.
    """

    def __init__(self, first: P, limit: int = LIMIT, early: Iterable[P] = ()) -> None:
        self.nodes: list[P] = []
        self.ids: dict[P, int] = {}
        self.edges: dict[int, list[E]] = {}
        for place in (first, *early):
            self.add(place)
        while len(self.edges) < min(len(self.nodes), limit):
            self.edges[len(self.edges)] = list(self.out(len(self.edges)))

    @abstractmethod
    def out(self, number: int) -> Iterator[E]:
        """The steps that can be taken from a place, each with the number of the place it leads `to`."""

    @abstractmethod
    def state_value(self, number: int) -> S:
        """What a place shows, as JSON values."""

    @abstractmethod
    def value(self, most: int = LIMIT) -> GraphValue[S, E]:
        """The whole graph as JSON values, with the first places at most."""

    @property
    def complete(self) -> bool:
        """True if nothing is left to work out."""
        return len(self.edges) == len(self.nodes)

    def add(self, place: P) -> int:
        """The number of a place, a new one if it has none."""
        if place not in self.ids:
            self.ids[place] = len(self.nodes)
            self.nodes.append(place)
        return self.ids[place]

    def shipped(self, most: int) -> tuple[list[S], list[list[E]]]:
        """The first places, at most so many, and the steps between them; steps into further ones lead to None."""
        known = min(len(self.edges), most)
        edges = [[cut(edge, range(known)) for edge in self.edges[number]] for number in range(known)]
        return [self.state_value(number) for number in range(known)], edges

    def expand(self, number: int, cpu: int, text: str) -> GrowthValue[S, E]:
        """What a front end asks for: the step of a CPU from a place, with the place it leads to."""
        self.edges.setdefault(number, list(self.out(number)))
        leads = [edge["to"] for edge in self.edges[number] if edge["cpu"] == cpu and edge["line"] == text]
        if not leads or leads[0] is None:
            raise LookupError(f"CPU {cpu} cannot take the step {text!r} from here")
        to = leads[0]
        self.edges.setdefault(to, list(self.out(to)))
        onward = [cut(edge, self.edges) for edge in self.edges[to]]
        return {"from": number, "line": text, "to": to, "states": {str(to): self.state_value(to)},
                "edges": {str(to): onward}}


def cut(edge: E, known: Container[int]) -> E:
    """Return the edge, without the state it leads to if that is not known."""
    shipped = edge.copy()
    shipped["to"] = edge["to"] if edge["to"] in known else None
    return shipped
