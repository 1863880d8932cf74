"""What a start can reach, as far as it was worked out: places with numbers, and the steps between them."""
from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Container, Iterable, Iterator
from typing import Generic, TypeVar

from .contract import E, GraphValue, GrowthValue, S

LIMIT = 400
"""How many places are worked out beforehand; for further ones a widget asks."""

P = TypeVar("P")


class Reach(ABC, Generic[P, S, E]):
    """Places and the steps between them, breadth first; a subclass says what follows a place and what it shows.

    The places in `early` come before all others, so that a limit does not cut them off.
    """

    def __init__(self, first: P, limit: int = LIMIT, early: Iterable[P] = ()) -> None:
        self.nodes: list[P] = []
        self.ids: dict[P, int] = {}
        self.edges: dict[int, list[E]] = {}
        for place in (first, *early):
            self.add(place)
        while len(self.edges) < min(len(self.nodes), limit):
            self.edges[len(self.edges)] = list(self.list_edges(len(self.edges)))

    @abstractmethod
    def list_edges(self, number: int) -> Iterator[E]:
        """Yield the steps from a place, each with the number of the place it leads `to`."""

    @abstractmethod
    def encode_state(self, number: int) -> S:
        """Return what a place shows as JSON values."""

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
            self.ids[place] = len(self.nodes)
            self.nodes.append(place)
        return self.ids[place]

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
