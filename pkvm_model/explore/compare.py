"""Two kernels on the same scripts: one run on both, step by step; or all runs of both, and where they end."""
from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from ..model.state import State
from ..model.state_json import observe
from ..model.steps import Step
from ..scenes import Node, Scene, step_cpu
from .engine.search import Search
from .machines import Scripts, keep_model_records


class StepPair(NamedTuple):
    """One step on both sides (None if that side has none left), and the fields that an observer sees differ."""

    cpu: int
    first: Step | None
    second: Step | None
    differs: tuple[str, ...] = ()


def run_side_by_side(first: Scene, second: Scene, run: tuple[int, ...]) -> tuple[StepPair, ...]:
    """Step the same CPUs in the same order on both sides; a CPU that has nothing to do there waits."""
    pairs = []
    for cpu, (here, before), (there, after) in zip(run, walk_scene(first, run), walk_scene(second, run),
                                                        strict=True):
        pairs.append(StepPair(cpu, here, there, compare_answers(here, there) + compare_views(before, after)))
    return tuple(pairs)


def compare_answers(here: Step | None, there: Step | None) -> tuple[str, ...]:
    """Return the field in which the caller sees two steps differ: their answer."""
    return ("ret",) * ((here and here.ret) != (there and there.ret))


def walk_scene(scene: Scene, run: tuple[int, ...]) -> Iterator[tuple[Step | None, State]]:
    """Yield each CPU's step, or None, and the state after it."""
    node = Node(scene.start(), (0,) * scene.config.cpus)
    for cpu in run:
        step = step_cpu(scene, node, cpu)
        node = node.after(step) if step else node
        yield step, node.state


def find_first_difference(pairs: tuple[StepPair, ...]) -> int | None:
    """Return the number of the first step, from 0, after which an observer can tell the two sides apart."""
    return next((number for number, pair in enumerate(pairs) if pair.differs), None)


def compare_views(first: State, second: State) -> tuple[str, ...]:
    """Return the fields that an observer sees differ: slots, loaded, pages, anon_hyp, host_mc, the machine's end."""
    here, there = observe(first), observe(second)
    kinds = (first.end and first.end.kind) != (second.end and second.end.kind)
    return tuple(name for name in here if here[name] != there[name]) + ("end",) * kinds


class Ends(NamedTuple):
    """Where all runs of two scenes end: how many ends both have, and runs to those of one alone."""

    both: int
    first_only: tuple[tuple[Any, ...], ...]
    second_only: tuple[tuple[Any, ...], ...]

    @property
    def same(self) -> bool:
        """True if every run of either scene ends where a run of the other does."""
        return not self.first_only and not self.second_only


def compare_all_ends(first: Scene, second: Scene) -> Ends:
    """Compare the ends of all runs, as an observer sees them; the host's own notes are ignored."""
    here, there = find_ends(first), find_ends(second)
    return Ends(len(here.keys() & there.keys()), tuple(here[end] for end in here if end not in there),
                tuple(there[end] for end in there if end not in here))


def find_ends(scene: Scene) -> dict[str, tuple[Any, ...]]:
    """Return every end of a scene's runs, with a shortest run to it."""
    machine = Scripts(scene)
    search, ends = Search(machine), dict[str, tuple[Any, ...]]()
    while search.advance():
        pass
    for code in (code for level in search.levels for code in level):
        if not any(tree(code) for tree in search.trees.values()):
            state = keep_model_records(machine.view(search.packing.unpack(code)))
            view = json.dumps([observe(state), state.end and state.end.kind], sort_keys=True)
            ends.setdefault(view, tuple(search.find_path(code)))
    return ends
