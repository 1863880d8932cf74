"""The states of a scene as a map: where each stands, what it is in words, and which step leads where."""
from __future__ import annotations

from typing import Any

from ..show.drawing import ENDS, Arrow, Box, drawing
from .bench import StateGraph
from .reach import LIMIT


class StateMap(StateGraph):
    """The states that a scene can reach, and the drawing of them."""

    drawn = 0

    def state_value(self, number: int) -> dict[str, Any]:
        """A state as a bench shows it, with its box in the drawing; what Python is asked later has none."""
        return super().state_value(number) | {"box": number if number < self.drawn else None}

    def value(self, most: int = LIMIT) -> dict[str, Any]:
        """The graph as JSON values, with its drawing."""
        self.drawn = min(len(self.edges), most)
        value = super().value(most)
        arrows = [Arrow(number, step["to"], step["label"], step["cpu"], broken=broken(step))
                  for number, steps in enumerate(value["edges"]) for step in steps if step["to"] is not None]
        names = [name for name, _ in value["properties"]]
        boxes = [box(number, state, names) for number, state in enumerate(value["states"])]
        return value | {"drawing": drawing(boxes, arrows)}


def box(number: int, state: dict[str, Any], names: list[str]) -> Box:
    """A state as a box: its number, what its slots are, and what is wrong there."""
    words = (ENDS,) if state["end"] else tuple(slot["word"] for slot in state["slots"])
    wrong = tuple(name for name, said in zip(names, state["holds"], strict=True) if isinstance(said, str))
    return Box(f"{number} {' · '.join(words)}", words, f"state {number}: {in_words(state)}", wrong)


def broken(step: dict[str, Any]) -> tuple[str, ...]:
    """What a step breaks and the state after it does not show; the end of the machine is shown there."""
    return () if step["kind"] == "panic" else tuple(step.get("breaks", ()))


def in_words(state: dict[str, Any]) -> str:
    """A state in a few words: the end, or its VMs with their counts, and what each CPU does."""
    if state["end"]:
        return str(state["end"]["says"])
    vms = [f"VM {vm['handle']} {vm['word']}, counts {vm['count']}" for vm in state["vms"]]
    slots = [f"slot {number} {slot['word']}" for number, slot in enumerate(state["slots"])]
    lanes = [f"CPU {cpu} {lane['short']} {lane['where']}".replace("  ", " ") for cpu, lane in enumerate(state["lanes"])]
    return "; ".join([*(vms or slots), *lanes])
