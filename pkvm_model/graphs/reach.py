"""What a start can reach, as far as it was worked out: places with numbers, and the steps between them.

The places worked out beforehand are counted. A later one gets a number that is made of the place itself: whoever asks,
in whatever order, in this Python or in another one, gets the same numbers.
"""
from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Container, Iterable, Iterator
from typing import Generic, TypeVar

from .contract import E, GraphValue, GrowthValue, S

LIMIT = 400
"""How many places are worked out beforehand; for further ones a widget asks."""
LATE = 1 << 48
"""The first number of a place that is worked out later; the last is below what JavaScript counts exactly."""

P = TypeVar("P")


class Reach(ABC, Generic[P, S, E]):
    """Places and the steps between them, breadth first; a subclass says what follows a place and what it shows.

    The places in `early` come before all others, so that a limit does not cut them off.
    """

    def __init__(self, first: P, limit: int = LIMIT, early: Iterable[P] = ()) -> None:
        self.nodes: dict[int, P] = {}
        self.ids: dict[P, int] = {}
        self.edges: dict[int, list[E]] = {}
        self.is_begun = False
        for place in (first, *early):
            self.add(place)
        while len(self.edges) < min(len(self.nodes), limit):
            self.edges[len(self.edges)] = list(self.list_edges(len(self.edges)))
        self.is_begun = True

    @abstractmethod
    def list_edges(self, number: int) -> Iterator[E]:
        """Yield the steps from a place, each with the number of the place it leads `to`."""

    @abstractmethod
    def encode_state(self, number: int) -> S:
        """Return what a place shows as JSON values."""

    @abstractmethod
    def name_place(self, place: P) -> str:
        """Return a text that is the same for equal places, and for no others."""

    @abstractmethod
    def value(self, most: int = LIMIT) -> GraphValue[S, E]:
        """Return the graph as JSON values with at most `most` places."""

    @property
    def complete(self) -> bool:
        """Whether nothing is left to work out."""
        return len(self.edges) == len(self.nodes)

    def add(self, place: P) -> int:
        """Return the number of a place, a new one if it has none."""
        if place not in self.ids:
            number = self.make_number(place) if self.is_begun else len(self.nodes)
            self.ids[place], self.nodes[number] = number, place
        return self.ids[place]

    def make_number(self, place: P) -> int:
        """Return the number of a place that was not counted."""
        return LATE + int.from_bytes(hashlib.sha256(self.name_place(place).encode()).digest()[:6])

    def encode_part(self, most: int) -> tuple[list[S], list[list[E]]]:
        """Return at most `most` places and the steps between them; steps into further ones lead to None."""
        known = min(len(self.edges), most)
        edges = [[cut_edge(edge, range(known)) for edge in self.edges[number]] for number in range(known)]
        return [self.encode_state(number) for number in range(known)], edges

    def expand(self, number: int, cpu: int, text: str) -> GrowthValue[S, E]:
        """Return a CPU's step from a place, and the place it leads to. Raise LookupError if there is no such step."""
        self.edges.setdefault(number, list(self.list_edges(number)))
        leads = [edge["to"] for edge in self.edges[number] if edge["cpu"] == cpu and edge["line"] == text]
        if not leads or leads[0] is None:
            raise LookupError(f"CPU {cpu} cannot take the step {text!r} from here")
        to = leads[0]
        self.edges.setdefault(to, list(self.list_edges(to)))
        onward = [cut_edge(edge, self.edges) for edge in self.edges[to]]
        return {"from": number, "line": text, "to": to, "states": {str(to): self.encode_state(to)},
                "edges": {str(to): onward}}


def cut_edge(edge: E, known: Container[int]) -> E:
    """Return the edge, without the state it leads to if that is not known."""
    shipped = edge.copy()
    shipped["to"] = edge["to"] if edge["to"] in known else None
    return shipped
