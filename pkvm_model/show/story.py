"""A run told step by step: who stepped, the line of the trace, and what happened in one sentence."""
from __future__ import annotations

from dataclasses import dataclass

from ..run import Step
from ..scenes import Scene
from ..state import State
from ..trace import Trace, line, record
from .graph import StateGraph
from .table import Table
from .words import says


@dataclass(frozen=True)
class Story:
    """The steps taken on a bench, and beside each the sentence the bench shows."""

    scene: Scene
    steps: tuple[tuple[Step, bool], ...]

    @property
    def state(self) -> State:
        """The state at the end."""
        return self.steps[-1][0].state if self.steps else self.scene.start()

    @property
    def trace(self) -> Trace:
        """The whole run, setup included, as a trace."""
        setup = [(step, True) for step in self.scene.setup_steps()]
        return record(self.scene.revision, self.scene.config, setup + list(self.steps))

    def __getitem__(self, number: int) -> Step:
        """A step by its number; the first click is step 1."""
        return self.steps[number - 1][0]

    def table(self) -> Table:
        """The steps as a table."""
        before, rows = self.scene.start(), []
        for number, (step, begun) in enumerate(self.steps, 1):
            rows.append((str(number), str(line(step, begun)), says(before, step)))
            before = step.state
        return Table(f"{self.scene.title} ({self.scene.revision.name})", ("step", "trace", "what happens"), rows)

    def __repr__(self) -> str:
        return repr(self.table())

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


def play(scene: Scene, *cpus: int) -> Story:
    """Step the CPUs of a scene in this order, as clicks on its bench would. Raises ValueError where one cannot step."""
    graph = StateGraph(scene, limit=0)
    node, steps = graph.nodes[0], []
    for click, cpu in enumerate(cpus, 1):
        step = graph.step(node, cpu)
        if step is None:
            raise ValueError(f"click {click}: CPU {cpu} has nothing to step here")
        steps.append((step, node.idle(cpu)))
        node = node.after(step)
    return Story(scene, tuple(steps))
