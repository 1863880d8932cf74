"""Two kernels side by side: the same CPUs step in the same order, and what tells the two apart is put in words."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ..explore.compare import Ends, differences, ends, told_apart
from ..model.revisions import Revision
from ..model.state import Cpu
from ..model.state_json import digest
from ..model.steps import Step
from ..model.trace import show_header
from ..scenes import Node, Scene, next_step, upcoming
from ..show.words import short
from .bench import edge
from .reach import LIMIT, Reach
from .unlike import unlike

Pair = tuple[Node, Node]
BETWEEN, NONE = " | ", "-"
"""Between two lines that are not the same, and in place of one that is not there."""
KINDS = ("step", "nothing", "refused", "warn", "panic")
"""What comes of a step; what comes later here is shown for both."""
PARTS = {"ret": "answers", "slots": "VM table", "loaded": "loaded vCPUs", "pages": "pages",
         "anon_hyp": "pages in EL2’s pools", "host_mc": "the host’s memcaches", "end": "end of the machine"}
"""What an onlooker can compare."""


class PairGraph(Reach[Pair]):
    """The pairs of states that one scene reaches in two kernels."""

    def __init__(self, scene: Scene, first: Revision, second: Revision, limit: int = LIMIT) -> None:
        if scene.free:
            raise ValueError("side by side needs a script for each CPU; this scene leaves one free")
        self.scenes = replace(scene, revision=first), replace(scene, revision=second)
        start = tuple(Node(one.start(), (0,) * len(one.scripts)) for one in self.scenes)
        super().__init__((start[0], start[1]), limit)

    def out(self, number: int) -> Iterator[dict[str, Any]]:
        """The steps of a pair: one per CPU that has something to do on either side."""
        for cpu in range(self.scenes[0].config.cpus):
            steps = [next_step(*side, cpu) for side in self.sides(number)]
            if any(steps):
                yield self.edge(number, cpu, steps)

    def sides(self, number: int) -> list[tuple[Scene, Node]]:
        """The two scenes, each with its half of a pair."""
        return list(zip(self.scenes, self.nodes[number], strict=True))

    def edge(self, number: int, cpu: int, steps: list[Step | None]) -> dict[str, Any]:
        """A step of both sides as a walk needs it, with what each side did and what tells them apart after it."""
        halves = list(zip(self.nodes[number], steps, strict=True))
        first, second = (node.after(step) if step else node for node, step in halves)
        told = [edge(node.state, step, node.idle(cpu)) if step else None for node, step in halves]
        there = [one for one in told if one]
        return {"cpu": cpu, "label": BETWEEN.join(dict.fromkeys(one["label"] for one in there)),
                "line": both(*(one["line"] if one else NONE for one in told)), "to": self.add((first, second)),
                "says": self.sentence(told), "kind": max((one["kind"] for one in there), key=KINDS.index), "ret": None,
                "differs": named(told_apart(*steps) + differences(first.state, second.state)),
                "sides": [one and {key: one[key] for key in ("label", "says", "kind", "ret")} for one in told]}

    def sentence(self, told: list[dict[str, Any] | None]) -> str:
        """What both sides did, once where it is the same."""
        first, second = (one["says"] if one else "nothing." for one in told)
        if first == second:
            return str(first)
        return f"{title(self.scenes[0].revision)}: {first} {title(self.scenes[1].revision)}: {second}"

    def state_value(self, number: int) -> dict[str, Any]:
        """What tells the halves of a pair apart, and what each CPU does next in either."""
        first, second = (node.state for node in self.nodes[number])
        differs = named(differences(first, second))
        ends = [state.end and f"CPU {state.end.cpu} {state.end.says}." for state in (first, second)]
        coming = [[next_words(*side, cpu) for side in self.sides(number)] for cpu in range(first.config.cpus)]
        over = {"kind": "panic", "title": "Both machines have ended", "says": "Undo to go on."} if all(ends) else None
        return {"digest": both(digest(first), digest(second), "|"), "differs": differs, "next": coming, "ends": ends,
                "cells": list(unlike(first, second)) if differs else [], "holds": [], "end": over}

    def value(self, most: int = LIMIT) -> dict[str, Any]:
        """The graph as JSON values, with the first pairs at most; steps into further ones lead to None."""
        first = self.scenes[0]
        setups = ([str(line) for line in one.trace().lines] for one in self.scenes)
        titles = [title(one.revision) for one in self.scenes]
        return {
            "name": "-".join([first.name, *titles]).replace(" ", "-"), "title": first.title,
            "revisions": [{"id": name, "letter": name[0], "late": name is titles[1]} for name in titles],
            "header": both(*(show_header(one.revision, one.config) for one in self.scenes)),
            "setup": list(map(both, *setups)), "says": first.says, "start": 0, "properties": [],
            "cpus": [f"CPU {cpu}" for cpu in range(first.config.cpus)],
            "runs": self.all_runs() if self.complete else None, **self.shipped(most),
        }

    def all_runs(self) -> dict[str, Any]:
        """Whether every run of either kernel ends where one of the other does, and runs that show it where not."""
        found = ends(*self.scenes)
        names = [title(one.revision) for one in self.scenes]
        alone = [list(map(list, runs)) for runs in (found.first_only, found.second_only)]
        return {"says": compared(found, names), "alone": [min(runs, key=len) if runs else None for runs in alone]}


def named(differs: tuple[str, ...]) -> list[str]:
    """What an onlooker sees differ, in words."""
    return [PARTS[part] for part in differs]


def title(revision: Revision) -> str:
    """A kernel's name, with the guards that were taken away."""
    return " without ".join([revision.name, *([" ".join(revision.removed)] if revision.removed else [])])


def both(first: str, second: str, between: str = BETWEEN) -> str:
    """Two texts as one, which stands alone where they are the same."""
    return first if first == second else f"{first}{between}{second}"


def apart(text: str) -> tuple[str, str]:
    """The two traces in the trace text of a pair."""
    sides: tuple[list[str], list[str]] = [], []
    for line in text.splitlines():
        between = "|" if line.startswith("state ") else BETWEEN
        first, _, second = line.partition(between)
        told = (first, f"state {second}" if second and between == "|" else second or first)
        for side, one in zip(sides, told, strict=True):
            side.extend([] if one == NONE else [one])
    return "\n".join(sides[0]), "\n".join(sides[1])


def next_words(scene: Scene, node: Node, cpu: int) -> str:
    """What a CPU does next, or why it does nothing."""
    flight, move = node.state.get(Cpu, cpu).flight, upcoming(scene, node, cpu)
    if node.state.end:
        return "the machine has ended"
    if not flight and not move:
        return "nothing left to do"
    name = short(flight.call if flight else move.call.name if move else "")
    if next_step(scene, node, cpu) is None:
        return f"{name} waits for a lock"
    return f"{name} goes on" if flight else f"{name} begins"


def compared(found: Ends, names: list[str]) -> str:
    """The ends of all runs, in words."""
    if found.same:
        ends = f"{count(found.both)} in all"
        return f"Every run of {names[0]} ends where one of {names[1]} does, and the other way round: {ends}."
    only = [f"{count(len(runs))} only in {name}"
            for name, runs in zip(names, (found.first_only, found.second_only), strict=True) if runs]
    return f"Some ends come in one kernel only: {count(found.both)} in both, {', '.join(only)}."


def count(ends: int) -> str:
    """A number of ends."""
    return "1 end" if ends == 1 else f"{ends} ends"
