"""From the actions of a run that was found to steps, and to a trace that anybody can replay.

The actions are made once more, with the model alone: a trace owes nothing to how the run was found.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..model.run import begin, call, resume
from ..model.state import Cpu, State
from ..model.steps import Step
from ..model.trace import Trace, record
from ..scenes import Node, next_step
from .machines import AnyHost, Scripts, named


def trace(machine: Scripts | AnyHost, run: tuple[Any, ...]) -> Trace:
    """A run as a trace: first what was there before it, then each of its actions."""
    setup = lent(machine) if isinstance(machine, AnyHost) else machine.scene.setup_steps()
    revision = machine.revision if isinstance(machine, AnyHost) else machine.scene.revision
    config = machine.config if isinstance(machine, AnyHost) else machine.scene.config
    return record(revision, config, [*((step, True) for step in setup), *steps(machine, run)])


def steps(machine: Scripts | AnyHost, run: tuple[Any, ...]) -> Iterator[tuple[Step, bool]]:
    """The steps of a run; the truth beside each says that a call began with it."""
    return host_steps(machine, run) if isinstance(machine, AnyHost) else script_steps(machine, run)


def lent(machine: AnyHost) -> list[Step]:
    """The steps before an untrusted host's run: it lends EL2 its structs."""
    state, made = State(machine.config), []
    for struct in named(machine.calls, "kvm", "hv"):
        made.append(call(state, machine.revision, 0, "__pkvm_host_share_hyp", struct))
        state = made[-1].state
    return made


def host_steps(machine: AnyHost, run: tuple[Any, ...]) -> Iterator[tuple[Step, bool]]:
    """The steps of a host that calls what it likes."""
    state, kernel = lent(machine)[-1].state, machine.revision
    for cpu, asked in run:
        step = begin(state, kernel, cpu, asked, machine.whole) if asked else resume(state, kernel, cpu)
        yield step, asked is not None
        state = step.state


def script_steps(machine: Scripts, run: tuple[int, ...]) -> Iterator[tuple[Step, bool]]:
    """The steps of CPUs that follow their scripts."""
    node = Node(machine.scene.start(), (0,) * machine.scene.config.cpus)
    for cpu in run:
        step, begun = next_step(machine.scene, node, cpu), node.state.get(Cpu, cpu).flight is None
        assert step, "the run was found by making these very steps"
        yield step, begun
        node = node.after(step)
