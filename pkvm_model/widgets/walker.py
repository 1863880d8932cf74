"""The base of widgets that show a position on a graph, and of those that are nothing but a walk."""
from __future__ import annotations

from typing import Generic

from ..graphs.contract import E, GraphValue, GrowthValue, S, StepQuestion
from ..graphs.reach import P, Reach
from .front_end import read_constants
from .walk import Expand, Walk, refuse_long
from .widget import Widget, compact


class PositionWidget(Widget, Generic[S, E]):
    """A widget that shows a position: a trace text leads to it, and a link opens it."""

    @property
    def at(self) -> int:
        """The number of steps from the start to the state shown."""
        return len(self._walked().path)

    @property
    def trace(self) -> str:
        """The trace text of the state shown."""
        return self._walked().trace

    @property
    def state(self) -> S:
        """The state shown, as in `docs/widgets.md`."""
        return self._walked().state

    @property
    def digest(self) -> str:
        """The digest of the state shown."""
        return self.state["digest"]

    @property
    def link(self) -> str:
        """The fragment that, added to the address of a notebook or a page, opens it here."""
        raise NotImplementedError

    def goto(self, text: str) -> None:
        """Open a trace text or a link in every view. Raise ValueError at the first step that does not fit."""
        refuse_long(text)
        place, misfit = self._open(text)
        self.stand(place)
        if misfit:
            raise ValueError(f"The bench is at step {self.at}: {misfit}.")

    def _walked(self) -> Walk[S, E]:
        """Return the walk, moved to the place that the front end shows."""
        raise NotImplementedError

    def _open(self, text: str) -> tuple[str, str]:
        """Follow a trace text or a link; return the new place as text, and what does not fit, or ''."""
        raise NotImplementedError


class Walker(PositionWidget[S, E]):
    """A widget on a graph; `expand(from_id, cpu, line)` computes what the graph does not hold.

    Its place is a history: every step that was ever taken, and the one shown.
    """

    def __init__(self, graph: GraphValue[S, E], expand: Expand[S, E] | None = None, packed: str = ""):
        """Begin at the start of the graph; `packed` is its packed text if the caller has it."""
        self._walk = Walk(graph, expand)
        super().__init__(packed or pack(graph), self._walk.history)

    @property
    def graph(self) -> GraphValue[S, E]:
        """The graph as shipped."""
        return self._walk.graph

    @property
    def broken(self) -> dict[str, str]:
        """The broken properties, by name, with the reason: those of this state, and those of steps on the way here."""
        return {prop.name: prop.reason for prop in self._walked().properties if prop.word == "broken"}

    @property
    def branches(self) -> list[str]:
        """The trace texts of all branches: one for each place from which no further step was taken."""
        return self._walked().branches

    @property
    def link(self) -> str:
        """The fragment that, added to the address of a notebook or a page, opens it here."""
        return self._walked().link

    def _step(self, question: StepQuestion) -> GrowthValue[S, E]:
        """Compute one step."""
        return self._walk.ask(question)

    def _walked(self) -> Walk[S, E]:
        """Return the walk, moved to the place that the front end shows."""
        if self._walk.history != self.place:
            self._walk.recall(self.place)
        return self._walk

    def _open(self, text: str) -> tuple[str, str]:
        """Follow a trace text or a link; return the new place as text, and what does not fit, or ''."""
        walk = self._walked()
        misfit = walk.open(text) if "#" in text else walk.follow(text)
        return walk.history, misfit


MOST_BYTES = 200_000
"""The most that a widget may ship, since notebooks and pages carry it."""
SHARED: tuple[str, ...] = tuple(read_constants()["packed"])
"""The lists of a state whose parts recur in other states."""


def pack(graph: GraphValue[S, E]) -> str:
    """Return one line of JSON that holds equal parts and steps once. A notebook would indent an object."""
    places: dict[str, int] = {}

    def find_place(part: object) -> int:
        return places.setdefault(compact(part), len(places))

    def pack_state(state: S) -> dict[str, object]:
        shared = {kind: [find_place(part) for part in parts]
                  for kind, parts in state.items() if kind in SHARED and isinstance(parts, list)}
        return {**state, **shared, "holds": find_place(state["holds"])}

    def pack_edge(edge: E) -> tuple[int, int | None]:
        return find_place({key: value for key, value in edge.items() if key != "to"}), edge["to"]

    states = [pack_state(state) for state in graph["states"]]
    edges = [list(map(pack_edge, out)) for out in graph["edges"]]
    # The parts are JSON already; encoding them again would double the time.
    return f'{compact({**graph, "states": states, "edges": edges})[:-1]},"parts":[{",".join(places)}]}}'


def fit_graph(graph: Reach[P, S, E], most: int = MOST_BYTES) -> GraphValue[S, E]:
    """Return as much of a graph as fits; the front end asks Python for the rest."""
    return fit_and_pack(graph, most)[0]


def fit_and_pack(graph: Reach[P, S, E], most: int = MOST_BYTES) -> tuple[GraphValue[S, E], str]:
    """Return as much of a graph as fits, and its packed text."""
    value = graph.value()
    packed = pack(value)
    while (size := len(packed.encode())) > most and len(value["states"]) > 1:
        value = graph.value(max(1, len(value["states"]) * most // size - 1))
        packed = pack(value)
    return value, packed
