"""The states of a scene as a map: where each stands, what it is in words, and which step leads where."""
from __future__ import annotations

from .bench import StateGraph
from .contract import BenchGraph, EdgeValue, StateValue
from .drawing import ENDS, Arrow, Box, draw_graph
from .reach import LIMIT


class StateMap(StateGraph):
    """The states that a scene can reach, and the drawing of them."""

    drawn = 0

    def encode_state(self, number: int) -> StateValue:
        """Return a state as a bench shows it, with its box in the drawing; states worked out later have none."""
        return {**super().encode_state(number), "box": number if number < self.drawn else None}

    def value(self, most: int = LIMIT) -> BenchGraph:
        """Return the graph as JSON values, with its drawing."""
        self.drawn = min(len(self.edges), most)
        graph = super().value(most)
        arrows = [Arrow(number, edge["to"], edge["label"], edge["cpu"], broken=hidden_breaks(edge))
                  for number, edges in enumerate(graph["edges"]) for edge in edges if edge["to"] is not None]
        names = [name for name, _ in graph["properties"]]
        graph["drawing"] = draw_graph([box(number, state, names) for number, state in enumerate(graph["states"])],
                                      arrows)
        return graph


def box(number: int, state: StateValue, names: list[str]) -> Box:
    """Return a state as a box: its number, the words of its slots, and what is wrong there."""
    words = (ENDS,) if state["end"] else tuple(slot["word"] for slot in state["slots"])
    wrong = tuple(name for name, holds in zip(names, state["holds"], strict=True) if isinstance(holds, str))
    return Box(f"{number} {' · '.join(words)}", words, f"state {number}: {describe_state(state)}", wrong)


def hidden_breaks(edge: EdgeValue) -> tuple[str, ...]:
    """Return what a step breaks and the state after it does not show; that state shows the end of the machine."""
    return () if edge["kind"] == "panic" else tuple(edge.get("breaks", ()))


def describe_state(state: StateValue) -> str:
    """Describe a state in a few words: the end, or its VMs with their counts, and what each CPU does."""
    if state["end"]:
        return state["end"]["says"]
    vms = [f"VM {vm['handle']} {vm['word']}, counts {vm['count']}" for vm in state["vms"]]
    slots = [f"slot {number} {slot['word']}" for number, slot in enumerate(state["slots"])]
    lanes = [f"CPU {cpu} {lane['short']} {lane['where']}".replace("  ", " ") for cpu, lane in enumerate(state["lanes"])]
    return "; ".join([*(vms or slots), *lanes])
