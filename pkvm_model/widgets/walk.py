"""A position on a graph: which lines were taken from its start, and the state they lead to.

The form of a graph, of its answers and of a trace is described in `docs/widgets.md`. The front end follows the same
rules in `walk.js`; this is what Python needs to read a position back.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import unquote

Graph = dict[str, Any]
State = dict[str, Any]
Edge = dict[str, Any]
Answer = dict[str, Any]
Expand = Callable[[int, int, str], Answer]
SPACE = re.compile(r"\+(?![,)])")
"""What stands for a space in a link; a + that ends an address is its own."""


@dataclass(eq=False)
class Place:
    """A place in the history: the edge that led to it, its state, and the places that were gone to from it."""

    number: int
    before: "Place | None"
    edge: Edge | None
    id: int
    after: "list[Place]" = field(default_factory=list)


class Property(NamedTuple):
    """What is asked about every state; `step` is where a step broke it, 0 where the state shown does."""

    name: str
    says: str
    word: str
    reason: str = ""
    step: int = 0


class Walk:
    """A position on a graph that grows where Python is asked, and every step that was ever taken on it."""

    def __init__(self, graph: Graph, expand: Expand | None = None):
        """Start at the graph's start; `expand` works out what the graph does not hold."""
        self.graph = graph
        self.states: dict[int, State] = dict(enumerate(graph["states"]))
        self.edges: dict[int, list[Edge]] = {at: copies(edges) for at, edges in enumerate(graph["edges"])}
        self.places = [Place(0, None, None, int(graph["start"]))]
        self.place = self.places[0]
        self._expand = expand

    @property
    def path(self) -> list[tuple[Edge, int]]:
        """The edges from the start to the place shown, each with the state it leads to."""
        return [(edge, place.id) for place in way(self.place) if (edge := place.edge)]

    @property
    def here(self) -> int:
        """The id of the state shown."""
        return self.place.id

    @property
    def state(self) -> State:
        """The state shown."""
        return self.states[self.here]

    @property
    def edge(self) -> Edge | None:
        """The edge that led here, or None at the start."""
        return self.place.edge

    @property
    def says(self) -> str:
        """The sentence of the last step, or of the start."""
        return str(self.edge["says"] if self.edge else self.graph["says"])

    @property
    def trace(self) -> str:
        """The trace text of this position."""
        return self.trace_to(self.place)

    @property
    def branches(self) -> list[str]:
        """The trace texts to all places from which no further step was taken."""
        return [self.trace_to(place) for place in self.places if not place.after]

    def trace_to(self, place: Place) -> str:
        """The trace text of a place."""
        lines = [self.graph["header"], *self.graph["setup"], *(at.edge["line"] for at in way(place) if at.edge)]
        return "\n".join([*lines, f"state {self.states[place.id]['digest']}"])

    @property
    def history(self) -> str:
        """All places in one text: each line once, then for each place the one before it and its line, by number."""
        lines: dict[str, int] = {}
        steps = [[at.before.number, lines.setdefault(at.edge["line"], len(lines))]
                 for at in self.places if at.before and at.edge]
        return json.dumps({"lines": list(lines), "steps": steps, "at": self.place.number}, separators=(",", ":"),
                          ensure_ascii=False)

    @property
    def properties(self) -> list[Property]:
        """What holds, what is broken, and what there is nothing to check about."""
        broken = {name: (reason, step) for step, (edge, _) in reversed(list(enumerate(self.path, 1)))
                  for name, reason in edge.get("breaks", {}).items()}
        asked = zip(self.graph["properties"], self.state["holds"], strict=True)
        return [Property(name, says, *verdict(said, *broken.get(name, ("", 0)))) for (name, says), said in asked]

    def take(self, edge: Edge) -> None:
        """Goes along an edge whose end is known; where that was done before, to the same place again."""
        again = [place for place in self.place.after if place.edge and place.edge["line"] == edge["line"]]
        if not again:
            self.places.append(Place(len(self.places), self.place, edge, int(edge["to"])))
            self.place.after.append(self.places[-1])
        self.place = again[0] if again else self.places[-1]

    def go(self, edge: Edge) -> None:
        """Goes along an edge, and asks where it leads if that is not known."""
        if edge["to"] not in self.states:
            self.ask(self.here, edge["cpu"], edge["line"])
        self.take(edge)

    def recall(self, history: str) -> None:
        """Becomes the walk that a front end has told of; steps that do not fit are left out, with all that follows."""
        kept = json.loads(history)
        self.places = [Place(0, None, None, int(self.graph["start"]))]
        found: list[Place | None] = [self.places[0]]
        for before, line in kept["steps"]:
            self.place = found[before] or self.places[0]
            fits = found[before] and not self._take(kept["lines"][line])
            found.append(self.place if fits else None)
        self.place = found[kept["at"]] or self.places[0]

    def ask(self, from_id: int, cpu: int, line: str) -> Answer:
        """Works an edge out, keeps what was learnt, and returns the answer for the front end."""
        if self._expand is None:
            raise LookupError("this bench has nobody to ask; make it with bench(scene)")
        answer = self._expand(from_id, cpu, line)
        self.states |= {int(key): state for key, state in answer["states"].items()}
        self.edges |= {int(key): copies(edges) for key, edges in answer["edges"].items() if int(key) not in self.edges}
        for edge in self.edges[from_id]:
            if edge["line"] == line:
                edge["to"] = answer["to"]
        return answer

    @property
    def link(self) -> str:
        """The fragment of an address that opens this position."""
        lines = ";".join(edge["line"] for edge, _ in self.path).replace(" ", "+")
        return f"#{self.graph['name']}={lines}@{len(self.path)}"

    def open(self, link: str) -> str:
        """Goes where a link leads, as far as it fits; returns what does not fit, or an empty text."""
        fragment = unquote(link).partition("#")[2]
        name, _, rest = fragment.partition("=")
        if name != self.graph["name"]:
            return f"the link is for the bench “{name}”, this one is “{self.graph['name']}”"
        lines, _, step = rest.partition("@")
        self.place = self.places[0]
        wanted = [SPACE.sub(" ", line) for line in lines.split(";") if line]
        odd = next(filter(None, map(self._take, wanted)), "")
        places = [self.places[0], *way(self.place)]
        self.place = places[min(int(step), len(places) - 1)] if step.isdecimal() else self.place
        return odd

    def follow(self, trace: str) -> str:
        """Goes as far as a trace text fits; returns what does not fit, or an empty text."""
        lines = [line.strip() for line in trace.splitlines() if line.strip()]
        digest = lines.pop().split()[1] if lines and lines[-1].startswith("state ") else ""
        before = [self.graph["header"], *self.graph["setup"]]
        version, ours = version_of(lines), version_of(before)
        if version and version != ours:
            return f"the trace has version {version}, here version {ours} is read; make it again with this course"
        for number, expected in enumerate(before):
            if lines[number : number + 1] != [expected]:
                return f"line {number + 1} of the trace is not “{expected}”: it was made for another bench"
        self.place = self.places[0]
        return next(filter(None, map(self._take, lines[len(before) :])), "") or self._compare(digest)

    def _take(self, line: str) -> str:
        """Goes along the edge that a line names; returns why that is not possible."""
        edge = next((edge for edge in self.edges.get(self.here, []) if edge["line"] == line), None)
        if edge is None or self.state["end"]:
            return f"the trace fits up to step {len(self.path)}; “{line}” is not possible there"
        self.go(edge)
        return ""

    def _compare(self, digest: str) -> str:
        """Says whether the trace promised another state."""
        if digest in ("", self.state["digest"]):
            return ""
        return f"the trace ends in state {digest}, the bench in state {self.state['digest']}"


def version_of(lines: list[str]) -> str:
    """The version that the first line of a trace names, or an empty text."""
    first = lines[0].split() if lines else []
    return first[1] if first[:1] == ["pkvm-trace"] and len(first) > 1 else ""


def copies(edges: list[Edge]) -> list[Edge]:
    """Edges of our own, since what is learnt is written into them."""
    return [dict(edge) for edge in edges]


def verdict(said: bool | str | None, reason: str, step: int) -> tuple[str, str, int]:
    """A word, a reason and a step: what was broken on the way stays broken."""
    if reason or isinstance(said, str):
        return "broken", reason or str(said), step if reason else 0
    return "holds" if said else "nothing to check", "", 0


def way(place: Place | None) -> list[Place]:
    """The places from the start to one, without the start."""
    found = []
    while place and place.before:
        found.append(place)
        place = place.before
    return found[::-1]
