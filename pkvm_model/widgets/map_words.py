"""A map of states in words: the states, what each is, and the steps that lead on."""
from __future__ import annotations

from ..graphs.contract import DrawingValue
from ..graphs.drawing import arrow_text
from .bench_words import align_columns, describe_step, describe_state, describe_properties
from .front_end import read_constants
from .walk import BenchWalk

MOST_BOXES: int = read_constants()["mostBoxes"]
"""A map with more states shows only those near the way."""
HEAD = ["state", "in words", "from here"]


def describe_map(walk: BenchWalk) -> str:
    """Return the state shown in words, and a table of the states of the map."""
    boxes = choose_boxes(walk)
    there = "" if len(boxes) == len(walk.graph["drawing"]["boxes"]) else " near the way"
    rows = [HEAD, *(make_box_row(walk, number) for number in boxes)]
    parts = [describe_step(walk), *describe_state(walk), *describe_properties(walk), ""]
    return "\n".join([*parts, f"States{there}; * is where you are.", *align_columns(rows)])


def make_box_row(walk: BenchWalk, number: int) -> list[str]:
    """Return the row of a state: its text, marked if shown, what it is, and its steps."""
    drawn = walk.graph["drawing"]
    onward = [f"{arrow_text(arrow)} to {drawn['boxes'][arrow['to']]['text']}"
              for arrow in drawn["arrows"] if arrow["start"] == number]
    box = drawn["boxes"][number]
    says = [*(f"BROKEN {name}" for name in box["broken"]), box["says"].partition(": ")[2]]
    mark = "* " if number == walk.state["box"] else "  "
    return [f"{mark}{box['text']}", "; ".join(says), "; ".join(onward) or "nothing"]


def choose_boxes(walk: BenchWalk) -> list[int]:
    """Return all boxes of a small map; of a large map the path, its neighbours, and two steps ahead."""
    drawn = walk.graph["drawing"]
    if len(drawn["boxes"]) <= MOST_BOXES:
        return list(range(len(drawn["boxes"])))
    states = [walk.graph["start"], *(to for _, to in walk.path)]
    way, here = (get_boxes(walk, numbers) for numbers in (states, [walk.here]))
    return sorted(way | find_successors(drawn, way) | find_successors(drawn, find_successors(drawn, here)))


def get_boxes(walk: BenchWalk, states: list[int]) -> set[int]:
    """Return the boxes of states, without those beyond the drawing."""
    return {box for state in states if (box := walk.states[state]["box"]) is not None}


def find_successors(drawn: DrawingValue, boxes: set[int]) -> set[int]:
    """Return the boxes that arrows from these boxes lead to."""
    return {arrow["to"] for arrow in drawn["arrows"] if arrow["start"] in boxes}
