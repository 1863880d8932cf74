"""The bench: lanes, state and ownership to step through. Python works states out, the front end draws and steps."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..graphs.reach import Reach
from .bench_static import render_bench
from .bench_words import describe_bench
from .front_end import read_constants
from .walk import Edge, Expand, Graph, State, Walk
from .widget import Widget, compact


class Bench(Widget):
    """A bench on a graph; it asks `expand(from_id, cpu, line)` for what the graph does not hold.

    Its place is a history: every step that was ever taken, and the one shown.
    """

    kind = "bench"

    def __init__(self, graph: Graph, expand: Expand | None = None, packed: str = ""):
        """Stand at the start of the graph; `packed` is the same as a text, where it is known already."""
        self._walk = Walk(graph, expand)
        super().__init__(packed or pack(graph), self._walk.history)

    @property
    def graph(self) -> Graph:
        """The graph that was shipped."""
        return self._walk.graph

    @property
    def at(self) -> int:
        """How many steps lead from the start to the state shown."""
        return len(self._here().path)

    @property
    def trace(self) -> str:
        """The trace text of the state shown."""
        return self._here().trace

    @property
    def broken(self) -> dict[str, str]:
        """What does not hold, or was broken on the way here: the invariant's name and the reason."""
        return {prop.name: prop.reason for prop in self._here().properties if prop.word == "broken"}

    @property
    def branches(self) -> list[str]:
        """The trace texts of all that was tried: one for each place from which no further step was taken."""
        return self._here().branches

    @property
    def state(self) -> State:
        """The state shown, as in `docs/widgets.md`."""
        return self._here().state

    @property
    def digest(self) -> str:
        """The digest of the state shown."""
        return str(self.state["digest"])

    @property
    def link(self) -> str:
        """What to put behind the address of a notebook or a page so that it opens here."""
        return self._here().link

    def goto(self, text: str) -> None:
        """Opens a trace text or a link in every view; raises ValueError where it does not fit, and stays there."""
        walk = self._here()
        odd = walk.open(text) if "#" in text else walk.follow(text)
        self.stand(walk.history)
        if odd:
            raise ValueError(f"The bench is at step {len(walk.path)}: {odd}.")

    def describe(self) -> str:
        """The state shown: a sentence and a table."""
        return describe_bench(self._here())

    def static(self) -> str:
        """The state shown, as a sentence, a list and a table."""
        return render_bench(self._here())

    def answer(self, question: Mapping[str, Any]) -> Mapping[str, Any]:
        """Works one step out."""
        return self._walk.ask(question["from"], question["cpu"], question["line"])

    def _here(self) -> Walk:
        """The walk, brought to where the front end stands."""
        if self._walk.history != self.place:
            self._walk.recall(self.place)
        return self._walk

    def __repr__(self) -> str:
        """Short, and the same on every machine."""
        graph = self.graph
        return f"Bench({graph['name']!r}, {graph['revision']['id']}, {len(graph['states'])} states, at step {self.at})"


MOST_BYTES = 200_000
"""How much a widget may ship: notebooks and pages carry it with them."""
SHARED: tuple[str, ...] = tuple(read_constants()["packed"])
"""The lists of a state whose parts recur in others."""


def pack(graph: Graph) -> str:
    """One line of JSON in which equal parts of states and equal steps stand once; a notebook would indent an object."""
    places: dict[str, int] = {}

    def place(part: object) -> int:
        return places.setdefault(compact(part), len(places))

    def packed(state: State) -> State:
        shared = {kind: [place(part) for part in state[kind]] for kind in SHARED if kind in state}
        return state | shared | {"holds": place(state["holds"])}

    def led(edge: Edge) -> tuple[int, int | None]:
        return place({key: value for key, value in edge.items() if key != "to"}), edge["to"]

    states = [packed(state) for state in graph["states"]]
    edges = [list(map(led, out)) for out in graph["edges"]]
    # The parts are texts already; encoding them once more would take as long again.
    return f'{compact({**graph, "states": states, "edges": edges})[:-1]},"parts":[{",".join(places)}]}}'


def fit_graph(graph: Reach[Any, Any, Any], most: int = MOST_BYTES) -> Graph:
    """As much of a graph as may be shipped; for the rest Python is asked."""
    return fit_and_pack(graph, most)[0]


def fit_and_pack(graph: Reach[Any, Any, Any], most: int = MOST_BYTES) -> tuple[Graph, str]:
    """The same, and as the text that is shipped."""
    value = graph.value()
    packed = pack(value)
    while (size := len(packed.encode())) > most and len(value["states"]) > 1:
        value = graph.value(max(1, len(value["states"]) * most // size - 1))
        packed = pack(value)
    return value, packed
