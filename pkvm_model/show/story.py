"""A run, step by step: who stepped, the line of the trace, and what happened in one sentence."""
from __future__ import annotations

from dataclasses import dataclass

from ..model.state import Cpu, Kvm, Page, Slot, State, Vm
from ..model.steps import Call, Step
from ..model.trace import Trace, record, record_step, show_call, show_ret
from ..scenes import Node, Scene, step_cpu
from .table import Table
from .words import describe_step


@dataclass(frozen=True)
class Calls:
    """Hypercalls in their order: name, call and result, the last two as a trace writes them."""

    caption: str
    made: tuple[tuple[str, str, str], ...]

    @property
    def names(self) -> list[str]:
        """Only the names of the calls, as in the kernel."""
        return [name for name, _, _ in self.made]

    def table(self) -> Table:
        """Return the calls as a table."""
        return Table(self.caption, ("call", "result"), [(call, result) for _, call, result in self.made],
                     code=frozenset({0}))

    def __repr__(self) -> str:
        return repr(self.table())

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


@dataclass(frozen=True)
class Story:
    """The steps taken on a bench, each with the sentence that the bench shows."""

    scene: Scene
    node: Node
    steps: tuple[tuple[Step, bool], ...] = ()

    def then(self, cpu: int) -> Story | None:
        """Return the story with one more step of a CPU, or None if that CPU has nothing to do."""
        step = step_cpu(self.scene, self.node, cpu)
        if step is None:
            return None
        return Story(self.scene, self.node.after(step), (*self.steps, (step, self.node.is_idle(cpu))))

    @property
    def state(self) -> State:
        """The state at the end."""
        return self.node.state

    @property
    def trace(self) -> Trace:
        """The whole run, setup included, as a trace."""
        setup = [(step, True) for step in self.scene.run_setup()]
        return record(self.scene.revision, self.scene.config, setup + list(self.steps))

    @property
    def outcomes(self) -> list[str]:
        """The outcome of each step, as a trace writes it: `...`, `= 0`, `= -EINVAL`, `! EL2_PANIC ...`."""
        return [record_step(step, begun).outcome for step, begun in self.steps]

    def page(self, name: str) -> Page:
        """Return EL2's record of a page at the end."""
        return self.state.get(Page, name)

    def kvm(self, name: str) -> Kvm:
        """Return what the host keeps in a struct kvm at the end."""
        return self.state.get(Kvm, name)

    def loaded(self, cpu: int) -> str | None:
        """Return the vCPU struct loaded on a CPU at the end."""
        return self.state.get(Cpu, cpu).loaded

    @property
    def slots(self) -> list[str]:
        """The entries of the VM table at the end."""
        return [self.state.get(Slot, idx).entry for idx in range(self.state.config.slots)]

    def dying(self, number: int = 0) -> dict[str, bool]:
        """Return both `is_dying` flags at the end: the memo in the host's struct kvm, and EL2's own."""
        return {"memo": self.kvm(f"kvm{number}").is_dying, "EL2": self.state.get(Vm, f"vm{number}").is_dying}

    def hypercalls(self) -> Calls:
        """Return the hypercalls that the host's functions made, with EL2's answers."""
        answers = [answer for step, _ in self.steps for answer in step.answers]
        return Calls("Hypercalls of the honest host",
                     tuple((name, show_call(Call(name, args)), show_ret(ret)) for name, args, ret in answers))

    def table(self) -> Table:
        """Return the steps as a table."""
        before, rows = self.scene.start(), []
        for number, (step, begun) in enumerate(self.steps, 1):
            rows.append((str(number), str(record_step(step, begun)), describe_step(before, step)))
            before = step.state
        return Table(f"{self.scene.title} ({self.scene.revision.name})", ("step", "trace", "what happens"), rows,
                     code=frozenset({1}))

    def __repr__(self) -> str:
        return repr(self.table())

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


def play(scene: Scene, *cpus: int) -> Story:
    """Step the CPUs of a scene in this order, like clicks on its bench. Raise ValueError if a CPU cannot step."""
    story = Story(scene, Node(scene.start(), (0,) * len(scene.scripts)))
    for click, cpu in enumerate(cpus, 1):
        longer = story.then(cpu)
        if longer is None:
            raise ValueError(f"click {click}: CPU {cpu} has nothing to step here")
        story = longer
    return story


def play_out(scene: Scene, *cpus: int) -> Story:
    """Play these steps, then step each CPU, 0 first, until it has nothing left to do."""
    story = play(scene, *cpus)
    for cpu in range(len(scene.scripts)):
        while (longer := story.then(cpu)) is not None:
            story = longer
    return story
