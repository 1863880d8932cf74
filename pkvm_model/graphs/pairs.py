"""Two kernels side by side: the same CPUs step in the same order, and what tells the two apart is put in words."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..explore.compare import Ends, compare_all_ends, compare_answers, compare_views
from ..model.revisions import Revision
from ..model.state import Cpu, Page, State, Vm
from ..model.state_json import digest
from ..model.steps import Step
from ..model.trace import show_header
from ..scenes import Node, Scene, step_cpu, get_next_move
from ..show.words import shorten
from ..text import count
from .bench import encode_edge, name_node
from .parts import encode_card, encode_row, encode_slot
from .contract import CellValue, EdgeValue, PairEdgeValue, PairGraphValue, PairStateValue, RunsValue, SideValue
from .reach import LIMIT, Reach

NodePair = tuple[Node, Node]
BETWEEN, NONE = " | ", "-"
"""Between two lines that differ, and in place of a missing line."""
KINDS = ("step", "nothing", "refused", "warn", "panic")
"""The kinds of steps; of two different kinds the later one is shown for both."""
PARTS = {"ret": "answers", "slots": "VM table", "loaded": "loaded vCPUs", "pages": "pages",
         "anon_hyp": "pages in EL2’s pools", "host_mc": "the host’s memcaches", "end": "end of the machine"}
"""What an onlooker can compare."""
ROWS = ("slot", "VM", "page")
"""The order of the parts in which two states differ, by the first word of their name."""
CellKey = tuple[str, str, str]
"""Whose part it is, which part, and the kind of sign that shows it."""


class PairGraph(Reach[NodePair, PairStateValue, PairEdgeValue]):
    """The pairs of states that one scene reaches in two kernels."""

    def __init__(self, scene: Scene, first: Revision, second: Revision, limit: int = LIMIT) -> None:
        if scene.free:
            raise ValueError("side by side needs a script for each CPU; this scene leaves one free")
        self.scenes = replace(scene, revision=first), replace(scene, revision=second)
        start = tuple(Node(side.start(), (0,) * len(side.scripts)) for side in self.scenes)
        super().__init__((start[0], start[1]), limit)

    def list_edges(self, number: int) -> Iterator[PairEdgeValue]:
        """Yield the steps of a pair: one per CPU that has something to do on either side."""
        for cpu in range(self.scenes[0].config.cpus):
            steps = [step_cpu(*side, cpu) for side in self.sides(number)]
            if any(steps):
                yield self.edge(number, cpu, steps)

    def sides(self, number: int) -> list[tuple[Scene, Node]]:
        """Return the two scenes, each with its half of a pair."""
        return list(zip(self.scenes, self.nodes[number], strict=True))

    def edge(self, number: int, cpu: int, steps: list[Step | None]) -> PairEdgeValue:
        """Return a step of both sides as a walk needs it: what each side did, and what tells them apart after it."""
        halves = list(zip(self.nodes[number], steps, strict=True))
        first, second = (node.after(step) if step else node for node, step in halves)
        edges = [encode_edge(node.state, step, node.is_idle(cpu)) if step else None for node, step in halves]
        there = [edge for edge in edges if edge]
        return {"cpu": cpu, "label": BETWEEN.join(dict.fromkeys(edge["label"] for edge in there)),
                "line": merge(*(edge["line"] if edge else NONE for edge in edges)), "to": self.add((first, second)),
                "says": self.sentence(edges), "kind": max((edge["kind"] for edge in there), key=KINDS.index),
                "ret": None, "differs": part_names(compare_answers(*steps) + compare_views(first.state, second.state)),
                "sides": [edge and encode_side(edge) for edge in edges]}

    def sentence(self, edges: list[EdgeValue | None]) -> str:
        """Return what both sides did, once if it is the same."""
        first, second = (edge["says"] if edge else "nothing." for edge in edges)
        if first == second:
            return first
        return f"{title(self.scenes[0].revision)}: {first} {title(self.scenes[1].revision)}: {second}"

    def encode_state(self, number: int) -> PairStateValue:
        """Return what tells the halves of a pair apart, and what each CPU does next in either."""
        first, second = (node.state for node in self.nodes[number])
        differs = part_names(compare_views(first, second))
        ends = [state.end and f"CPU {state.end.cpu} {state.end.says}." for state in (first, second)]
        coming = [[next_words(*side, cpu) for side in self.sides(number)] for cpu in range(first.config.cpus)]
        return {"digest": merge(digest(first), digest(second), "|"), "differs": differs, "next": coming, "ends": ends,
                "cells": list(cells(first, second)) if differs else [], "holds": [],
                "end": {"kind": "panic", "title": "Both machines have ended", "says": "Undo to go on."}
                if all(ends) else None}

    def name_place(self, place: NodePair) -> str:
        """Return a text for a pair: both nodes."""
        return "\n".join(map(name_node, place))

    def value(self, most: int = LIMIT) -> PairGraphValue:
        """Return the graph as JSON values, with at most `most` pairs; steps into further ones lead to None."""
        first = self.scenes[0]
        setups = ([str(line) for line in scene.trace().lines] for scene in self.scenes)
        titles = [title(scene.revision) for scene in self.scenes]
        states, edges = self.encode_part(most)
        return {
            "name": "-".join([first.name, *titles]).replace(" ", "-"), "title": first.title,
            "revisions": [{"id": name, "letter": name[0], "late": name is titles[1]} for name in titles],
            "header": merge(*(show_header(scene.revision, scene.config) for scene in self.scenes)),
            "setup": list(map(merge, *setups)), "says": first.says, "start": 0, "properties": [],
            "cpus": [f"CPU {cpu}" for cpu in range(first.config.cpus)],
            "runs": self.all_runs() if self.complete else None, "states": states, "edges": edges,
        }

    def all_runs(self) -> RunsValue:
        """Return whether every run of either kernel ends where one of the other does, and if not, runs that show it."""
        both = compare_all_ends(*self.scenes)
        names = [title(scene.revision) for scene in self.scenes]
        alone = [list(map(list, runs)) for runs in (both.first_only, both.second_only)]
        return {"says": compare_ends(both, names), "alone": [min(runs, key=len) if runs else None for runs in alone]}


def encode_side(edge: EdgeValue) -> SideValue:
    """Return what one side of a step did."""
    return {"label": edge["label"], "says": edge["says"], "kind": edge["kind"], "ret": edge["ret"]}


def part_names(differs: tuple[str, ...]) -> list[str]:
    """Return what an onlooker sees differ, in words."""
    return [PARTS[part] for part in differs]


def title(revision: Revision) -> str:
    """Return a kernel's name, with the guards that were taken away."""
    return " without ".join([revision.name, *([" ".join(revision.removed)] if revision.removed else [])])


def merge(first: str, second: str, between: str = BETWEEN) -> str:
    """Merge two texts into one; equal texts stand once."""
    return first if first == second else f"{first}{between}{second}"


def split(text: str) -> tuple[str, str]:
    """Split the trace text of a pair into its two traces."""
    sides: tuple[list[str], list[str]] = [], []
    for pair in text.splitlines():
        between = "|" if pair.startswith("state ") else BETWEEN
        first, _, second = pair.partition(between)
        lines = first, f"state {second}" if second and between == "|" else second or first
        for side, line in zip(sides, lines, strict=True):
            side.extend([] if line == NONE else [line])
    return "\n".join(sides[0]), "\n".join(sides[1])


def next_words(scene: Scene, node: Node, cpu: int) -> str:
    """Return what a CPU does next, or why it does nothing."""
    flight, move = node.state.get(Cpu, cpu).flight, get_next_move(scene, node, cpu)
    if node.state.end:
        return "the machine has ended"
    if not flight and not move:
        return "nothing left to do"
    name = shorten(flight.call if flight else move.call.name if move else "")
    if step_cpu(scene, node, cpu) is None:
        return f"{name} waits for a lock"
    if move and move.whole and not flight:
        return f"{name}, the whole call"
    return f"{name} continues" if flight else f"{name} begins"


def compare_ends(both: Ends, names: list[str]) -> str:
    """Describe the ends of all runs."""
    if both.same:
        ends = f"{count(both.both, 'end')} in all"
        return f"Every end of {names[0]} is also an end of {names[1]}, and vice versa: {ends}."
    only = [f"{count(len(runs), 'end')} only in {name}"
            for name, runs in zip(names, (both.first_only, both.second_only), strict=True) if runs]
    return f"Some ends occur in only one kernel: {count(both.both, 'end')} in both, {', '.join(only)}."


def cells(first: State, second: State) -> Iterator[CellValue]:
    """Yield what an onlooker sees differ, part by part: VM table, VMs, pages; a part that a side lacks is empty."""
    here, there = (dict(visible_parts(state, (first, second))) for state in (first, second))
    for key in sorted(dict.fromkeys([*here, *there]), key=lambda key: ROWS.index(key[0].split()[0])):
        values = [side.get(key, "") for side in (here, there)]
        if values[0] != values[1]:
            name, part, sign = key
            yield {"name": name, "part": part, "sign": sign, "values": values}


def visible_parts(state: State, sides: tuple[State, State]) -> Iterator[tuple[CellKey, str]]:
    """Yield what an onlooker can see of a state."""
    for idx in range(state.config.slots):
        yield (f"slot {idx}", "", "vm"), encode_slot(state, idx)["word"]
    # A VM that either side has is shown for both; what the host alone still notes, no onlooker sees.
    for vm in sorted({name for side in sides for name, _ in side.all(Vm)}):
        yield from vm_parts(state, vm, next(filter(None, (side.get(Vm, vm).handle for side in sides)), 0))
    for name in sorted({name for side in sides for name, _ in side.all(Page)}):
        page = encode_row(state, name)
        yield (f"page {name}", "host", "host"), page["host"]
        yield (f"page {name}", "hyp", "hyp"), page["hyp"]
        yield (f"page {name}", "guest", "guest"), page["guest"]
        yield (f"page {name}", "owner", "owner"), page["owner"]
        yield (f"page {name}", "count", ""), page["count"] or "no count"


def vm_parts(state: State, vm: str, handle: int) -> Iterator[tuple[CellKey, str]]:
    """Yield what an onlooker can see of a VM."""
    card = encode_card(state, vm, handle)
    name = f"VM {card['handle']}"
    yield (name, "", "vm"), card["word"]
    holders = ", ".join(holder["says"] for holder in card["holders"])
    yield (name, "count", ""), f"{card['count']} ({holders or 'nobody'})"
    yield (name, "dying in EL2", ""), card["dying"]
    for vcpu in card["vcpus"]:
        yield (name, f"vCPU {vcpu['idx']}", "vcpu"), vcpu["word"]
