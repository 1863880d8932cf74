"""A prepared bench: a kernel, what has happened so far, and what each CPU is about to call."""
from __future__ import annotations

from dataclasses import dataclass

from ..model.revisions import Revision
from ..model.run import begin, call, finish, resume
from ..model.state import Config, Cpu, State
from ..model.steps import Call, Step
from ..model.trace import Trace, parse_call, record
from ..model.view import Waits

USUAL = Config()


@dataclass(frozen=True)
class Move:
    """A call that a CPU will make; `whole` if one click makes all of it, else one click is one lock region."""

    call: Call
    whole: bool = False


@dataclass(frozen=True)
class Scene:
    """A bench before the first click.

    `says` tells in one sentence where the story stands; `foretell` shows what a step will do before it is made, which
    takes the fun out of a prediction; without `checks` the bench does not say what holds, for the same reason. `free`
    are the CPUs that are the learner's and have no script: each with the calls it may make, or none for every call.
    """

    name: str
    title: str
    revision: Revision
    setup: tuple[tuple[int, Call], ...]
    scripts: tuple[tuple[Move, ...], ...]
    says: str
    config: Config = USUAL
    foretell: bool = False
    checks: bool = True
    free: tuple[tuple[int, tuple[str, ...]], ...] = ()

    def start(self) -> State:
        """The state that the setup leads to."""
        steps = self.setup_steps()
        return steps[-1].state if steps else State(self.config)

    def setup_steps(self) -> list[Step]:
        """The setup, a whole call at a time."""
        state, steps = State(self.config), []
        for cpu, made in self.setup:
            steps.append(call(state, self.revision, cpu, made.name, *made.args))
            state = steps[-1].state
        return steps

    def trace(self) -> Trace:
        """The setup as a trace."""
        return record(self.revision, self.config, [(step, True) for step in self.setup_steps()])


@dataclass(frozen=True)
class Node:
    """A place on a scene's bench: a state, and how many calls of its script each CPU has begun."""

    state: State
    begun: tuple[int, ...]

    def idle(self, cpu: int) -> bool:
        """True while a CPU is between two calls."""
        return self.state.get(Cpu, cpu).flight is None

    def after(self, step: Step) -> Node:
        """Where a step leads to."""
        begun = self.idle(step.cpu)
        return Node(step.state, tuple(n + (begun and cpu == step.cpu) for cpu, n in enumerate(self.begun)))


def next_step(scene: Scene, node: Node, cpu: int) -> Step | None:
    """The next step of a CPU: its call goes on, or the next one of its script begins; None if nothing can be done.

    That is so when the machine has ended, when the script is over, and while another CPU holds a lock it waits for.
    """
    if node.state.end:
        return None
    try:
        return resume(node.state, scene.revision, cpu) if not node.idle(cpu) else first_step(scene, node, cpu)
    except Waits:
        return None


def first_step(scene: Scene, node: Node, cpu: int) -> Step | None:
    """The first step of a script's next call, or all of it where the script says so."""
    move = upcoming(scene, node, cpu)
    if not move:
        return None
    step = begin(node.state, scene.revision, cpu, move.call)
    return finish(step, scene.revision) if move.whole else step


def upcoming(scene: Scene, node: Node, cpu: int) -> Move | None:
    """The next call of a CPU's script."""
    script = scene.scripts[cpu]
    return script[node.begun[cpu]] if node.begun[cpu] < len(script) else None


def scene(name: str, title: str, revision: Revision, setup: str, scripts: tuple[str, ...], says: str,
          config: Config = USUAL) -> Scene:
    """A scene from text: `setup` has a line `CPU CALL` per call, each script a line per call.

    A script line that ends in `whole` is made with one click. The script `free` leaves a CPU to the learner: every
    call, or those that are named behind it.
    """
    lines = [line.strip().partition(" ") for line in setup.strip().splitlines()]
    made = tuple((int(cpu), parse_call(text)) for cpu, _, text in lines)
    words = enumerate(script.split() for script in scripts)
    free = tuple((cpu, tuple(names[1:])) for cpu, names in words if names[:1] == ["free"])
    moves = tuple(() if cpu in dict(free) else tuple(to_move(line) for line in script.strip().splitlines())
                  for cpu, script in enumerate(scripts))
    return Scene(name, title, revision, made, moves, says, config, free=free)


def to_move(line: str) -> Move:
    """One line of a script."""
    text = line.strip()
    return Move(parse_call(text.removesuffix("whole").rstrip()), text.endswith("whole"))


LENT_PAGE = """
0 kvm_create_vm(kvm0)
0 kvm_first_run(kvm0, hv0.0)
0 __pkvm_vcpu_load(0x1000, 0)
0 kvm_guest_fault(kvm0, g0, 0)
0 __pkvm_vcpu_put()
"""
"""A VM that has run: one vCPU, idle now, and one page on loan to the guest."""
TWO_LENT = """
0 kvm_create_vm(kvm0)
0 kvm_first_run(kvm0, hv0.0)
0 __pkvm_vcpu_load(0x1000, 0)
0 kvm_guest_fault(kvm0, g0, 0)
0 kvm_guest_fault(kvm0, g1, 1)
0 __pkvm_vcpu_put()
"""
"""A VM that has run; the tables that led to its first page were enough for the second, so EL2 has some left."""
