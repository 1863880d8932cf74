"""The bench: step through lanes, state and ownership. Python computes states; the front end draws and steps."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..graphs.reach import Reach
from .bench_static import render_bench
from .bench_words import describe_bench
from .front_end import read_constants
from .walk import Edge, Expand, Graph, ShownState, Walk
from .widget import Widget, compact


class Bench(Widget):
    """A bench on a graph; `expand(from_id, cpu, line)` computes what the graph does not hold.

    Its place is a history: every step that was ever taken, and the one shown.
    """

    kind = "bench"

    def __init__(self, graph: Graph, expand: Expand | None = None, packed: str = ""):
        """Begin at the start of the graph; `packed` is its packed text if the caller has it."""
        self._walk = Walk(graph, expand)
        super().__init__(packed or pack(graph), self._walk.history)

    @property
    def graph(self) -> Graph:
        """The graph as shipped."""
        return self._walk.graph

    @property
    def at(self) -> int:
        """The number of steps from the start to the state shown."""
        return len(self._here().path)

    @property
    def trace(self) -> str:
        """The trace text of the state shown."""
        return self._here().trace

    @property
    def broken(self) -> dict[str, str]:
        """The broken properties, by name, with the reason: those of this state, and those of steps on the way here."""
        return {prop.name: prop.reason for prop in self._here().properties if prop.word == "broken"}

    @property
    def branches(self) -> list[str]:
        """The trace texts of all branches: one for each place from which no further step was taken."""
        return self._here().branches

    @property
    def state(self) -> ShownState:
        """The state shown, as in `docs/widgets.md`."""
        return self._here().state

    @property
    def digest(self) -> str:
        """The digest of the state shown."""
        return str(self.state["digest"])

    @property
    def link(self) -> str:
        """The fragment that, added to the address of a notebook or a page, opens it here."""
        return self._here().link

    def goto(self, text: str) -> None:
        """Open a trace text or a link in every view. Raise ValueError at the first step that does not fit."""
        walk = self._here()
        misfit = walk.open(text) if "#" in text else walk.follow(text)
        self.stand(walk.history)
        if misfit:
            raise ValueError(f"The bench is at step {len(walk.path)}: {misfit}.")

    def describe(self) -> str:
        """Return the state shown as a sentence and a table."""
        return describe_bench(self._here())

    def static(self) -> str:
        """Return the state shown as HTML: a sentence, a list and a table."""
        return render_bench(self._here())

    def answer(self, question: Mapping[str, Any]) -> Mapping[str, Any]:
        """Compute one step."""
        return self._walk.ask(question["from"], question["cpu"], question["line"])

    def _here(self) -> Walk:
        """Return the walk, moved to the place that the front end shows."""
        if self._walk.history != self.place:
            self._walk.recall(self.place)
        return self._walk

    def __repr__(self) -> str:
        """Return a short text that is the same on every machine."""
        graph = self.graph
        return f"Bench({graph['name']!r}, {graph['revision']['id']}, {len(graph['states'])} states, at step {self.at})"


MOST_BYTES = 200_000
"""The most that a widget may ship, since notebooks and pages carry it."""
SHARED: tuple[str, ...] = tuple(read_constants()["packed"])
"""The lists of a state whose parts recur in other states."""


def pack(graph: Graph) -> str:
    """Return one line of JSON that holds equal parts and steps once. A notebook would indent an object."""
    places: dict[str, int] = {}

    def find_place(part: object) -> int:
        return places.setdefault(compact(part), len(places))

    def pack_state(state: ShownState) -> ShownState:
        shared = {kind: [find_place(part) for part in state[kind]] for kind in SHARED if kind in state}
        return state | shared | {"holds": find_place(state["holds"])}

    def pack_edge(edge: Edge) -> tuple[int, int | None]:
        return find_place({key: value for key, value in edge.items() if key != "to"}), edge["to"]

    states = [pack_state(state) for state in graph["states"]]
    edges = [list(map(pack_edge, out)) for out in graph["edges"]]
    # The parts are JSON already; encoding them again would double the time.
    return f'{compact({**graph, "states": states, "edges": edges})[:-1]},"parts":[{",".join(places)}]}}'


def fit_graph(graph: Reach[Any, Any, Any], most: int = MOST_BYTES) -> Graph:
    """Return as much of a graph as fits; the front end asks Python for the rest."""
    return fit_and_pack(graph, most)[0]


def fit_and_pack(graph: Reach[Any, Any, Any], most: int = MOST_BYTES) -> tuple[Graph, str]:
    """Return as much of a graph as fits, and its packed text."""
    value = graph.value()
    packed = pack(value)
    while (size := len(packed.encode())) > most and len(value["states"]) > 1:
        value = graph.value(max(1, len(value["states"]) * most // size - 1))
        packed = pack(value)
    return value, packed
