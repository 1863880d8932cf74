"""Two kernels side by side in words: a row for each step, and what differs between the two states."""
from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from .bench_static import RIGHTS
from .bench_words import SIGNS, show_answer, align_columns
from ..graphs.contract import PairEdgeValue, PairGraphValue, PairStateValue
from .walk import PairWalk, Walk


class StepRow(NamedTuple):
    """A step: its number, the CPU, what each kernel did, and whether it is the first difference."""

    number: int
    who: str
    sides: tuple[str, str]
    first: bool


def describe_pair(walk: PairWalk) -> str:
    """Return a sentence, a row for each step, and a table of what differs between the two states."""
    names = name_revisions(walk)
    step = f"step {len(walk.path)}" if walk.path else "before the first step"
    head = f"{walk.graph['title']}, {' and '.join(names)} side by side, {step}. {walk.says}"
    steps = [line for row in list_rows(walk) for line in describe_row(row, names)]
    runs = [walk.graph["runs"]["says"]] if walk.graph["runs"] else []
    return "\n".join([head, *steps, "", *describe_differences(walk), *runs])


def name_revisions(walk: PairWalk) -> tuple[str, str]:
    """Return the names of the two kernels."""
    first, second = walk.graph["revisions"]
    return first["id"], second["id"]


def find_first_difference(walk: PairWalk) -> int | None:
    """Return the first step after which an observer can tell the two apart, 0 for the start, or None."""
    if walk.states[walk.graph["start"]]["differs"]:
        return 0
    return next((number for number, (edge, _) in enumerate(walk.path, 1) if edge["differs"]), None)


def list_rows(walk: PairWalk) -> Iterator[StepRow]:
    """Yield the steps taken."""
    before, first = walk.states[walk.graph["start"]], find_first_difference(walk)
    for number, (edge, to) in enumerate(walk.path, 1):
        sides = describe_side(before, edge, 0), describe_side(before, edge, 1)
        yield StepRow(number, f"CPU {edge['cpu']} {edge['label']}", sides, number == first)
        before = walk.states[to]


def walk_to_difference(graph: PairGraphValue) -> PairWalk:
    """Return a walk of the shortest shipped way to a difference, without steps if there is none."""
    start = int(graph["start"])
    ways, queue = {start: list[PairEdgeValue]()}, [start]
    for number in queue:
        for edge in graph["edges"][number]:
            if edge["to"] is not None and edge["to"] not in ways:
                ways[edge["to"]] = [*ways[number], edge]
                queue.append(edge["to"])
    walk = Walk(graph)
    for edge in next((way for way in ways.values() if way and way[-1]["differs"]), []):
        walk.take(edge)
    return walk


def describe_side(before: PairStateValue, edge: PairEdgeValue, side: int) -> str:
    """Return what a kernel did in a step, or why it did nothing."""
    step = edge["sides"][side]
    if step:
        return f"{step['says']}{show_answer(step)}"
    return "not reached" if before["ends"][side] else str(before["next"][edge["cpu"]][side])


def describe_row(row: StepRow, names: tuple[str, str]) -> list[str]:
    """Return a step as one line if both kernels did the same, else a line for each."""
    head = f"step {row.number}, {row.who}{' * first difference' if row.first else ''}"
    if row.sides[0] == row.sides[1]:
        return [f"{head}: {row.sides[0]}"]
    return [f"{head}:", *(f"    {name}: {says}" for name, says in zip(names, row.sides, strict=True))]


def describe_differences(walk: PairWalk) -> list[str]:
    """Return what an observer sees differ, as a table."""
    state = walk.state
    if not state["differs"]:
        return ["At this step an observer sees no difference."]
    cells = [[f"{cell['name']} {cell['part']}".strip(), *(show_value(cell["sign"], value) for value in cell["values"])]
            for cell in state["cells"]]
    return [f"Differs: {', '.join(state['differs'])}.", *align_columns([["what", *name_revisions(walk)], *cells])]


def show_value(kind: str, value: str) -> str:
    """Return a value with its sign, or `not there` if a side lacks it."""
    return f"{SIGNS[value]} {RIGHTS[value]}" if kind in ("host", "hyp", "guest") and value else value or "not there"
