"""A search without any memory: every step is run in every state, on plain tables. It is slow, and hard to get wrong."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from benchmarks.counts import Counts
from pkvm_model.explore.engine.machine import Machine, Records


class PlainLevel(NamedTuple):
    """The steps from the states of one depth, each with the state before it, and the states that only they reach."""

    steps: list[tuple[Records, tuple[Records, Any]]]
    reached: dict[frozenset[Any], Records]


def walk_levels(machine: Machine) -> Iterator[PlainLevel]:
    """Yield one depth after the other, until no new state is reached."""
    level = [machine.initial()]
    seen = {frozenset(level[0].items())}
    while level:
        steps = [(before, step) for before in level for action in machine.actions
                 if (step := machine.step(action, dict(before)))]
        reached = {key: after for _, (after, _) in steps if (key := frozenset(after.items())) not in seen}
        yield PlainLevel(steps, reached)
        seen.update(reached)
        level = list(reached.values())


def count_plainly(machine: Machine) -> Counts:
    """Return the counts of a machine; a step that leaves the state as it was is no transition."""
    states, transitions, depth = 1, 0, 0
    for depth, level in enumerate(walk_levels(machine)):  # noqa: B007  # the last depth is the answer
        states += len(level.reached)
        transitions += sum(after != before for before, (after, _) in level.steps)
    return Counts("holds", states, transitions, depth)
