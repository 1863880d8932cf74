"""A position on a graph: the lines taken from its start, and the state they lead to.

`docs/widgets.md` describes graphs, answers and traces. `walk.js` computes the same in the front end, and
`tests/front_end/cases.json` holds both to the same results. This module has only what Python needs to read a position.
"""
from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple
from urllib.parse import unquote

from ..graphs.contract import (E, EdgeValue, GraphValue, GrowthValue, Holds, HistoryValue, PairEdgeValue,
                               PairStateValue, S, StateValue, StepQuestion)
from ..model.trace import split_trace
from ..text import quote_briefly
from .front_end import read_constants

Expand = Callable[[int, int, str], GrowthValue[S, E]]
MOST_TEXT = read_constants()["mostText"]
"""The most characters of a trace or a link that are read."""
SPACE = re.compile(r"\+(?![,)])")
"""A + that stands for a space in a link; a + that ends an address stays."""


@dataclass(eq=False)
class HistoryPlace(Generic[E]):
    """A place in the history: the edge that led to it, its state, and the places reached from it."""

    number: int
    before: HistoryPlace[E] | None
    edge: E | None
    id: int
    after: list[HistoryPlace[E]] = field(default_factory=list)


class PropertyResult(NamedTuple):
    """A property and its verdict; `step` is the step that broke it, 0 if only the state shown does."""

    name: str
    says: str
    word: str
    reason: str = ""
    step: int = 0


class Walk(Generic[S, E]):
    """A position on a graph that grows as Python is asked, and every step ever taken on it."""

    def __init__(self, graph: GraphValue[S, E], expand: Expand[S, E] | None = None):
        """Start at the graph's start; `expand` computes what the graph does not hold."""
        self.graph = graph
        self.states: dict[int, S] = dict(enumerate(graph["states"]))
        self.edges: dict[int, list[E]] = {at: copy_edges(edges) for at, edges in enumerate(graph["edges"])}
        self.places: list[HistoryPlace[E]] = [HistoryPlace(0, None, None, graph["start"])]
        self.place = self.places[0]
        self.expand = expand

    @property
    def path(self) -> list[tuple[E, int]]:
        """The edges from the start to the place shown, each with the state it leads to."""
        return [(edge, place.id) for place in trace_back(self.place) if (edge := place.edge)]

    @property
    def here(self) -> int:
        """The id of the state shown."""
        return self.place.id

    @property
    def state(self) -> S:
        """The state shown."""
        return self.states[self.here]

    @property
    def edge(self) -> E | None:
        """The edge that led here, or None at the start."""
        return self.place.edge

    @property
    def says(self) -> str:
        """The sentence of the last step, or of the start."""
        return self.edge["says"] if self.edge else self.graph["says"]

    @property
    def trace(self) -> str:
        """The trace text of this position."""
        return self.trace_to(self.place)

    @property
    def branches(self) -> list[str]:
        """The trace texts of all places from which no further step was taken."""
        return [self.trace_to(place) for place in self.places if not place.after]

    def trace_to(self, place: HistoryPlace[E]) -> str:
        """Return the trace text of a place."""
        lines = [self.graph["header"], *self.graph["setup"], *(at.edge["line"] for at in trace_back(place) if at.edge)]
        return "\n".join([*lines, f"state {self.states[place.id]['digest']}"])

    @property
    def history(self) -> str:
        """All places as one text: each line once, then for each place the numbers of the place before and its line."""
        lines: dict[str, int] = {}
        steps = [[at.before.number, lines.setdefault(at.edge["line"], len(lines))]
                 for at in self.places if at.before and at.edge]
        history: HistoryValue = {"lines": list(lines), "steps": steps, "at": self.place.number}
        return json.dumps(history, separators=(",", ":"), ensure_ascii=False)

    @property
    def properties(self) -> list[PropertyResult]:
        """The verdict on each property: it holds, is broken, or has nothing to check."""
        broken = {name: (reason, step) for step, (edge, _) in reversed(list(enumerate(self.path, 1)))
                  for name, reason in list_breaks(edge).items()}
        verdicts = zip(self.graph["properties"], self.state["holds"], strict=True)
        return [PropertyResult(name, says, *judge_property(verdict, *broken.get(name, ("", 0))))
                for (name, says), verdict in verdicts]

    def find_break(self, names: Iterable[str]) -> int | None:
        """Return the first step on the way here after which one of these properties is broken, or None."""
        wanted = [(at, name) for at, (name, _) in enumerate(self.graph["properties"]) if name in set(names)]
        ways: list[tuple[E | None, int]] = [(None, self.graph["start"]), *self.path]
        for step, (edge, state) in enumerate(ways):
            broken = list_breaks(edge)
            if any(name in broken or isinstance(self.states[state]["holds"][at], str) for at, name in wanted):
                return step
        return None

    def take(self, edge: E) -> None:
        """Follow an edge whose end is known; taken again from the same place it leads to the same place."""
        again = [place for place in self.place.after if place.edge and place.edge["line"] == edge["line"]]
        if not again:
            if edge["to"] is None:
                raise LookupError("nobody knows yet where this step leads; use go")
            self.places.append(HistoryPlace(len(self.places), self.place, edge, edge["to"]))
            self.place.after.append(self.places[-1])
        self.place = again[0] if again else self.places[-1]

    def go(self, edge: E) -> None:
        """Follow an edge, and ask where it leads if that is not known."""
        if edge["to"] not in self.states:
            self.learn(self.here, edge["cpu"], edge["line"])
        self.take(edge)

    def recall(self, history: str) -> None:
        """Restore the history that a front end sent; drop steps that do not fit and all that follow them."""
        kept: HistoryValue = json.loads(history)
        self.places = [HistoryPlace(0, None, None, self.graph["start"])]
        places: list[HistoryPlace[E] | None] = [self.places[0]]
        for before, line in kept["steps"]:
            self.place = places[before] or self.places[0]
            fits = places[before] and not self.take_line(kept["lines"][line])
            places.append(self.place if fits else None)
        self.place = places[kept["at"]] or self.places[0]

    def ask(self, question: StepQuestion) -> GrowthValue[S, E]:
        """Return the answer to a question of the front end. Raise LookupError if there is no such step."""
        return self.learn(self.find(question["after"]), question["cpu"], question["line"])

    def find(self, lines: Iterable[str]) -> int:
        """Return the id of the state to which lines lead from the start. Raise LookupError if they lead nowhere."""
        here = self.graph["start"]
        for line in lines:
            edge = next((edge for edge in self.edges.get(here, []) if edge["line"] == line), None)
            if edge is None:
                raise LookupError(f"no step {quote_briefly(line)!r} is possible there")
            to = edge["to"]
            here = to if to is not None and to in self.states else self.learn(here, edge["cpu"], line)["to"]
        return here

    def learn(self, from_id: int, cpu: int, line: str) -> GrowthValue[S, E]:
        """Compute an edge, keep the result and return it."""
        if self.expand is None:
            raise LookupError("this bench has nobody to ask; make it with bench(scene)")
        answer = self.expand(from_id, cpu, line)
        self.states |= {int(key): state for key, state in answer["states"].items()}
        for key, edges in answer["edges"].items():
            self.edges.setdefault(int(key), copy_edges(edges))
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
        """Follow a link as far as it fits; return what does not fit, or ''."""
        name, _, rest = unquote(link).partition("#")[2].partition("=")
        if name != self.graph["name"]:
            return f"the link is for the bench “{quote_briefly(name)}”, this one is “{self.graph['name']}”"
        lines, step = split_link(rest)
        self.place = self.places[0]
        misfit = next(filter(None, map(self.take_line, lines)), "")
        places = [self.places[0], *trace_back(self.place)]
        self.place = places[min(int(step[:9]), len(places) - 1)] if step.isascii() and step.isdecimal() else self.place
        return misfit

    def follow(self, trace: str) -> str:
        """Follow a trace text as far as it fits; return what does not fit, or ''."""
        text, before = split_trace(trace), [self.graph["header"], *self.graph["setup"]]
        version = split_trace(self.graph["header"]).version
        if text.version and text.version != version:
            misfit = f"the trace has version {quote_briefly(text.version)}, here version {version} is read"
            return f"{misfit}; make it again with this course"
        for number, expected in enumerate(before):
            if text.lines[number : number + 1] != [expected]:
                return f"line {number + 1} of the trace is not “{expected}”: it was made for another bench"
        self.place = self.places[0]
        return next(filter(None, map(self.take_line, text.lines[len(before):])), "") or self.check_digest(text.digest)

    def take_line(self, line: str) -> str:
        """Follow the edge that a line names; return why that is not possible, or ''."""
        edge = next((edge for edge in self.edges.get(self.here, []) if edge["line"] == line), None)
        if edge is None or self.state["end"]:
            return f"the trace fits up to step {len(self.path)}; “{quote_briefly(line)}” is not possible there"
        self.go(edge)
        return ""

    def check_digest(self, digest: str) -> str:
        """Return what differs if a trace ends in another state than the one shown, or ''."""
        if digest in ("", self.state["digest"]):
            return ""
        return f"the trace ends in state {quote_briefly(digest)}, the bench in state {self.state['digest']}"


AnyWalk = Walk[Any, Any]
"""A position on a graph of any family."""
BenchWalk = Walk[StateValue, EdgeValue]
"""A position on the graph of a bench or a map."""
PairWalk = Walk[PairStateValue, PairEdgeValue]
"""A position on the graph of two kernels."""


def split_link(text: str) -> tuple[list[str], str]:
    """Split what follows `#NAME=` in a link into lines and the step to show, '' if it names none."""
    lines, _, step = text.partition("@")
    return [SPACE.sub(" ", line) for line in lines.split(";") if line], step


def refuse_long(text: str) -> None:
    """Raise ValueError if a trace or a link is too long to be read."""
    if len(text) > MOST_TEXT:
        raise ValueError(f"This text has {len(text):,} characters; at most {MOST_TEXT:,} are read here.")


def copy_edges(edges: list[E]) -> list[E]:
    """Copy edges, since a walk writes into its own what it learns."""
    return [edge.copy() for edge in edges]


def list_breaks(edge: EdgeValue | None) -> dict[str, str]:
    """Return the properties that a step breaks, each with the reason."""
    return edge.get("breaks", {}) if edge else {}


def judge_property(verdict: Holds, reason: str, step: int) -> tuple[str, str, int]:
    """Return a word, a reason and a step; a property broken on the way stays broken."""
    if reason or isinstance(verdict, str):
        return "broken", reason or str(verdict), step if reason else 0
    return "holds" if verdict else "nothing to check", "", 0


def trace_back(place: HistoryPlace[E] | None) -> list[HistoryPlace[E]]:
    """Return the places from the start to this one, without the start."""
    places = []
    while place and place.before:
        places.append(place)
        place = place.before
    return places[::-1]
