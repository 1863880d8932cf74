"""Two kernels on the same scripts: one run on both, step by step; or all runs of both, and where they end."""
from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from ..model.state import State
from ..model.state_json import observe
from ..model.steps import Step
from ..scenes import Node, Scene, next_step
from .engine.search import Search
from .machines import Scripts, model_only


class Pair(NamedTuple):
    """One step on both sides (None where that side has none left), and which fields that an onlooker sees differ."""

    cpu: int
    first: Step | None
    second: Step | None
    differs: tuple[str, ...] = ()


def beside(first: Scene, second: Scene, run: tuple[int, ...]) -> tuple[Pair, ...]:
    """The same CPUs go in the same order on both sides; a CPU that has nothing to do there waits."""
    pairs = []
    for cpu, (here, before), (there, after) in zip(run, walk(first, run), walk(second, run), strict=True):
        pairs.append(Pair(cpu, here, there, told_apart(here, there) + differences(before, after)))
    return tuple(pairs)


def told_apart(here: Step | None, there: Step | None) -> tuple[str, ...]:
    """Whether the caller can tell two steps apart: by what they answer."""
    return ("ret",) * ((here and here.ret) != (there and there.ret))


def walk(scene: Scene, run: tuple[int, ...]) -> Iterator[tuple[Step | None, State]]:
    """Each CPU's step, or None, and the state after it."""
    node = Node(scene.start(), (0,) * scene.config.cpus)
    for cpu in run:
        step = next_step(scene, node, cpu)
        node = node.after(step) if step else node
        yield step, node.state


def first_difference(pairs: tuple[Pair, ...]) -> int | None:
    """The number of the first step, from 0, after which an onlooker can tell the two sides apart."""
    return next((number for number, pair in enumerate(pairs) if pair.differs), None)


def differences(first: State, second: State) -> tuple[str, ...]:
    """The fields that an onlooker sees differ: slots, loaded, pages, anon_hyp, host_mc, and the machine's end."""
    here, there = observe(first), observe(second)
    kinds = (first.end and first.end.kind) != (second.end and second.end.kind)
    return tuple(name for name in here if here[name] != there[name]) + ("end",) * kinds


class Ends(NamedTuple):
    """Where all runs of two scenes end: ends of both, and of one alone, each with a shortest run to it."""

    both: int
    first_only: tuple[tuple[Any, ...], ...]
    second_only: tuple[tuple[Any, ...], ...]

    @property
    def same(self) -> bool:
        """True if every run of either ends where one of the other does."""
        return not self.first_only and not self.second_only


def ends(first: Scene, second: Scene) -> Ends:
    """Compare the ends of all runs, as an onlooker sees them; what the host notes for itself is not looked at."""
    here, there = ends_of(first), ends_of(second)
    return Ends(len(here.keys() & there.keys()), tuple(here[end] for end in here if end not in there),
                tuple(there[end] for end in there if end not in here))


def ends_of(scene: Scene) -> dict[str, tuple[Any, ...]]:
    """Every end of a scene's runs, with a shortest run to it."""
    machine = Scripts(scene)
    search, found = Search(machine), dict[str, tuple[Any, ...]]()
    while search.advance():
        pass
    for code in (code for level in search.levels for code in level):
        if not any(tree(code) for tree in search.trees.values()):
            state = model_only(machine.state(search.packing.unpack(code)))
            shown = json.dumps([observe(state), state.end and state.end.kind], sort_keys=True)
            found.setdefault(shown, tuple(search.path(code)))
    return found
