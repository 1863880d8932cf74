"""A prepared bench: a kernel, what has happened so far, and what each CPU is about to call."""
from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ..model.revisions import Revision
from ..model.run import begin, call, finish, resume
from ..model.state import Config, Cpu, State
from ..model.steps import Call, Step
from ..model.trace import Trace, parse_call, record
from ..model.view import Waits

USUAL = Config()
DETAILS = ("locks", "vmid", "memo", "caches", "back")
"""What a bench can leave out besides pages: letters of locks, VMID, the host's memo, memcaches, what was given back."""


class Move(NamedTuple):
    """A call that a CPU will make; with `whole` one click makes all of it, otherwise one click is one lock region."""

    call: Call
    whole: bool = False


@dataclass(frozen=True)
class Scene:
    """A bench before the first click.

    `says` describes the situation in one sentence. `foretell` shows what a step will do before it is made, which takes
    the fun out of a prediction; without `checks` the bench does not say what holds, for the same reason. `free` are the
    learner's CPUs, which have no script: each with the calls it may make, or with none if it may make every call.
    `opens` names the drawers that are open at first: `words`, `holds`, `trace`. A part is opened where it is taught.
    `shows` names the pages in the picture and the `DETAILS` that the chapter has explained so far; empty shows all.
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
    opens: tuple[str, ...] = ()
    shows: tuple[str, ...] = ()

    def is_whole(self, cpu: int, number: int) -> bool:
        """Return True if one click makes all of this call of a CPU's script."""
        script = self.scripts[cpu]
        return 0 <= number < len(script) and script[number].whole

    def start(self) -> State:
        """Return the state after the setup."""
        steps = self.run_setup()
        return steps[-1].state if steps else State(self.config)

    def run_setup(self) -> list[Step]:
        """Run the setup, a whole call at a time, and return the steps."""
        state, steps = State(self.config), []
        for cpu, move in self.setup:
            steps.append(call(state, self.revision, cpu, move.name, *move.args))
            state = steps[-1].state
        return steps

    def trace(self) -> Trace:
        """Return the setup as a trace."""
        return record(self.revision, self.config, [(step, True) for step in self.run_setup()])


class Node(NamedTuple):
    """A place on a scene's bench: a state, and how many calls of its script each CPU has begun."""

    state: State
    begun: tuple[int, ...]

    def is_idle(self, cpu: int) -> bool:
        """Return True while a CPU is between two calls."""
        return self.state.get(Cpu, cpu).flight is None

    def after(self, step: Step) -> Node:
        """Return the place to which a step leads."""
        begun = self.is_idle(step.cpu)
        return Node(step.state, tuple(n + (begun and cpu == step.cpu) for cpu, n in enumerate(self.begun)))


def step_cpu(scene: Scene, node: Node, cpu: int) -> Step | None:
    """Make the next step of a CPU: go on with its call, or begin its script's next call. Return None if there is none.

    A CPU has no step when the machine has ended, when its script is over, and while it waits for a lock of another CPU.
    """
    if node.state.end:
        return None
    try:
        return resume(node.state, scene.revision, cpu) if not node.is_idle(cpu) else begin_next_call(scene, node, cpu)
    except Waits:
        return None


def begin_next_call(scene: Scene, node: Node, cpu: int) -> Step | None:
    """Make the first step of a script's next call, or all of the call if the script says so."""
    move = get_next_move(scene, node, cpu)
    if not move:
        return None
    step = begin(node.state, scene.revision, cpu, move.call)
    return finish(step, scene.revision) if move.whole else step


def get_next_move(scene: Scene, node: Node, cpu: int) -> Move | None:
    """Return the next call of a CPU's script, None at its end."""
    script = scene.scripts[cpu]
    return script[node.begun[cpu]] if node.begun[cpu] < len(script) else None


def scene(name: str, title: str, revision: Revision, setup: str, scripts: tuple[str, ...], says: str,
          config: Config = USUAL) -> Scene:
    """Make a scene from text: `setup` has a line `CPU CALL` for each call, each script a line for each call.

    A script line that ends in `whole` is made with one click. The script `free` leaves a CPU to the learner, with every
    call, or with those named after it.
    """
    lines = [line.strip().partition(" ") for line in setup.strip().splitlines()]
    calls = tuple((int(cpu), parse_call(text)) for cpu, _, text in lines)
    words = enumerate(script.split() for script in scripts)
    free = tuple((cpu, tuple(names[1:])) for cpu, names in words if names[:1] == ["free"])
    moves = tuple(() if cpu in dict(free) else tuple(parse_move(line) for line in script.strip().splitlines())
                  for cpu, script in enumerate(scripts))
    return Scene(name, title, revision, calls, moves, says, config, free=free)


def parse_move(line: str) -> Move:
    """Parse a line of a script."""
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
