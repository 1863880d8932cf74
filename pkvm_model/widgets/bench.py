"""The bench: lanes, state and ownership to step through. Python works states out, the front end draws and steps."""

import json
import uuid
from typing import Any

import anywidget
import traitlets

from pkvm_model.widgets.front_end import front_end
from pkvm_model.widgets.static import static_html
from pkvm_model.widgets.walk import Answer, Expand, Graph, State, Walk
from pkvm_model.widgets.words import describe

MIME = "application/vnd.pkvm.bench+json"


class Bench(anywidget.AnyWidget):
    """A bench on a graph; it asks `expand(from_id, cpu, line)` for what the graph does not hold."""

    _esm = front_end()
    packed = traitlets.Unicode().tag(sync=True)
    trace = traitlets.Unicode().tag(sync=True)
    history = traitlets.Unicode().tag(sync=True)
    key = traitlets.Unicode().tag(sync=True)

    def __init__(self, graph: Graph, expand: Expand | None = None):
        """Stand at the start of the graph."""
        # The key is the widget's own id: with it the stored output finds the live object. It is in no compared output.
        key = uuid.uuid4().hex
        self._walk = Walk(graph, expand)
        super().__init__(packed=pack(graph), trace=self._walk.trace, history=self._walk.history, key=key, model_id=key)
        self.on_msg(self._hear)

    @property
    def graph(self) -> Graph:
        """The graph that was shipped."""
        return self._walk.graph

    @property
    def at(self) -> int:
        """How many steps lead from the start to the state shown."""
        return len(self._here().path)

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
        """The state shown, as in `docs/bench-graph.md`."""
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
        self.set_trait("history", self._walk.history)
        self.set_trait("trace", self._walk.trace)
        self.send({"open": self.trace})
        if odd:
            raise ValueError(f"The bench is at step {len(self._walk.path)}: {odd}.")

    def describe(self) -> str:
        """The state shown: a sentence and a table."""
        return describe(self._here())

    def _here(self) -> Walk:
        """The walk, brought to where the front end stands."""
        if self._walk.history != self.history:
            self._walk.recall(self.history)
        if self._walk.trace != self.trace:
            self._walk.follow(self.trace)
        return self._walk

    def _hear(self, _: object, content: dict[str, Any], buffers: object) -> None:
        """Answers a question of the front end; whatever goes wrong is shown there."""
        question = content["ask"]
        try:
            self.send(self._answer(question))
        except Exception as error:
            self.send({"error": f"Python could not work this step out ({type(error).__name__}: {error})."})

    def _answer(self, question: dict[str, Any]) -> Answer:
        """Works one step out."""
        return self._walk.ask(question["from"], question["cpu"], question["line"])

    def __repr__(self) -> str:
        """Short, and the same on every machine."""
        graph = self.graph
        return f"Bench({graph['name']!r}, {graph['revision']['id']}, {len(graph['states'])} states, at step {self.at})"

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Text, a table without scripts, the graph for stored notebooks and pages, and the live view."""
        live = super()._repr_mimebundle_()
        data, metadata = live if live else ({}, {})
        stored = {"v": self.graph["v"], "trace": self.trace, "graph": self.packed}
        words = {"text/plain": f"{self!r}\n{self.describe()}", "text/html": static_html(self._here()), MIME: stored}
        return data | words, metadata


SHARED = ("lanes", "slots", "vms", "pages")


def pack(graph: Graph) -> str:
    """One line of JSON in which equal parts of states stand once; as an object a notebook would indent it."""
    places: dict[str, int] = {}

    def place(part: object) -> int:
        return places.setdefault(compact(part), len(places))

    def packed(state: State) -> State:
        shared = {kind: [place(part) for part in state[kind]] for kind in SHARED}
        return state | shared | {"holds": place(state["holds"])}

    states = [packed(state) for state in graph["states"]]
    return compact(graph | {"states": states, "parts": [json.loads(part) for part in places]})


def compact(value: object) -> str:
    """JSON in as few characters as possible."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
