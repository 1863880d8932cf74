"""What the explorer can search: the scripts of a scene, or a host that may call anything at any time.

A machine has a first table of records, actions with a fixed order, and `act`, which runs one action on a table and
gives the table after it and the step, or None where the action is not possible. `act` runs the model's own functions.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from ..steps import Step
from ..scenes import Node, Scene, next_step
from ..state import Cpu, State
from .packing import Part

Records = dict[Part, Any]
END: Part = ("machine", "end")


def with_end(records: Records, step: Step) -> Records:
    """The records of a step, with the event that ended the machine if one has."""
    if step.state.end:
        records[END] = step.state.end
    return records


class Machine(Protocol):
    """What the explorer needs to know of a model."""

    @property
    def actions(self) -> tuple[Any, ...]:
        """Everything that somebody can do, in the order in which it is tried."""

    def first(self) -> Records:
        """The state to begin with."""

    def act(self, action: Any, records: Records) -> tuple[Any, Any] | None:
        """The records after an action and what came of it; None if it cannot be done."""

    def state(self, records: Records) -> State:
        """The state as a property sees it."""

    def unfinished(self, records: Records) -> bool:
        """True while somebody still has something to do."""


@dataclass(frozen=True)
class Scripts:
    """The CPUs of a scene, each with its script; an action is the CPU that makes its next step."""

    scene: Scene

    @property
    def actions(self) -> tuple[int, ...]:
        """The CPUs."""
        return tuple(range(self.scene.config.cpus))

    def first(self) -> Records:
        """The scene before the first step."""
        return dict(self.scene.start().table)

    def act(self, cpu: int, records: Records) -> tuple[Records, Step] | None:
        """The next step of a CPU."""
        state = self.state(records)
        idle = not state.get(Cpu, cpu).flight
        begun = records.get(("begun", cpu), 0) if idle else 0
        step = next_step(self.scene, Node(state, (0,) * cpu + (begun,)), cpu)
        if not step:
            return None
        after: Records = step.state.table
        if idle:
            after["begun", cpu] = begun + 1
        return with_end(after, step), step

    def state(self, records: Records) -> State:
        """The state that these records are."""
        return State(self.scene.config, records, records.get(END))

    def unfinished(self, records: Records) -> bool:
        """True while a CPU of a machine that goes on has not come to the end of its script."""
        return not records.get(END) and any(records.get(("begun", cpu), 0) < len(script) or records.get((Cpu, cpu))
                                            for cpu, script in enumerate(self.scene.scripts))
