"""A position on a graph: which lines were taken from its start, and the state they lead to.

The form of a graph, of its answers and of a trace is described in `docs/bench-graph.md`. The front end follows the same
rules in `bench.js`; this is what Python needs to read a position back.
"""

from collections.abc import Callable
from typing import Any

Graph = dict[str, Any]
State = dict[str, Any]
Edge = dict[str, Any]
Answer = dict[str, Any]
Expand = Callable[[int, int, str], Answer]


class Walk:
    """A position on a graph that grows where Python is asked."""

    def __init__(self, graph: Graph, expand: Expand | None = None):
        """Start at the graph's start; `expand` works out what the graph does not hold."""
        self.graph = graph
        self.states: dict[int, State] = dict(enumerate(graph["states"]))
        self.edges: dict[int, list[Edge]] = {at: copies(edges) for at, edges in enumerate(graph["edges"])}
        self.path: list[tuple[Edge, int]] = []
        self._expand = expand

    @property
    def here(self) -> int:
        """The id of the state shown."""
        return self.path[-1][1] if self.path else int(self.graph["start"])

    @property
    def state(self) -> State:
        """The state shown."""
        return self.states[self.here]

    @property
    def edge(self) -> Edge | None:
        """The edge that led here, or None at the start."""
        return self.path[-1][0] if self.path else None

    @property
    def says(self) -> str:
        """The sentence of the last step, or of the start."""
        return str(self.edge["says"] if self.edge else self.graph["says"])

    @property
    def trace(self) -> str:
        """The trace text of this position."""
        lines = [self.graph["header"], *self.graph["setup"], *(edge["line"] for edge, _ in self.path)]
        return "\n".join([*lines, f"state {self.state['digest']}"])

    def take(self, edge: Edge) -> None:
        """Goes along an edge whose end is known."""
        self.path.append((edge, int(edge["to"])))

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

    def follow(self, trace: str) -> str:
        """Goes as far as a trace text fits; returns what does not fit, or an empty text."""
        lines = [line.strip() for line in trace.splitlines() if line.strip()]
        digest = lines.pop().split()[1] if lines and lines[-1].startswith("state ") else ""
        before = [self.graph["header"], *self.graph["setup"]]
        for number, expected in enumerate(before):
            if lines[number : number + 1] != [expected]:
                return f"line {number + 1} of the trace is not “{expected}”: it was made for another bench"
        return self._take(lines[len(before) :]) or self._compare(digest)

    def _take(self, lines: list[str]) -> str:
        """Follows lines from the start."""
        self.path = []
        for line in lines:
            edge = next((edge for edge in self.edges.get(self.here, []) if edge["line"] == line), None)
            if edge is None or self.state["end"]:
                return f"the trace fits up to step {len(self.path)}; “{line}” is not possible there"
            if edge["to"] not in self.states:
                self.ask(self.here, edge["cpu"], line)
            self.take(edge)
        return ""

    def _compare(self, digest: str) -> str:
        """Says whether the trace promised another state."""
        if digest in ("", self.state["digest"]):
            return ""
        return f"the trace ends in state {digest}, the bench in state {self.state['digest']}"


def copies(edges: list[Edge]) -> list[Edge]:
    """Edges of our own, since what is learnt is written into them."""
    return [dict(edge) for edge in edges]
