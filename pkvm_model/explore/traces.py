"""Runs of the explorer as steps, and as traces that anybody can replay.

The actions are made once more, with the model alone: a trace owes nothing to how the run was found.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..model.run import begin, call, resume
from ..model.state import State
from ..model.steps import Step
from ..model.trace import Trace, record
from ..scenes import Node, step_cpu
from .machines import AnyHost, Scripts, list_memory


def trace(machine: Scripts | AnyHost, run: tuple[Any, ...]) -> Trace:
    """Return a run as a trace: first what was there before it, then each of its actions."""
    setup = lend_structs(machine) if isinstance(machine, AnyHost) else machine.scene.run_setup()
    revision = machine.revision if isinstance(machine, AnyHost) else machine.scene.revision
    config = machine.config if isinstance(machine, AnyHost) else machine.scene.config
    return record(revision, config, [*((step, True) for step in setup), *run_steps(machine, run)])


def run_steps(machine: Scripts | AnyHost, run: tuple[Any, ...]) -> Iterator[tuple[Step, bool]]:
    """Yield the steps of a run, each with True if a call began with it."""
    return host_steps(machine, run) if isinstance(machine, AnyHost) else script_steps(machine, run)


def lend_structs(machine: AnyHost) -> list[Step]:
    """Return the steps before an untrusted host's run: it lends EL2 its structs."""
    state, steps = State(machine.config), []
    for struct in list_memory(machine.calls, "kvm", "hv"):
        steps.append(call(state, machine.revision, 0, "__pkvm_host_share_hyp", struct))
        state = steps[-1].state
    return steps


def host_steps(machine: AnyHost, run: tuple[Any, ...]) -> Iterator[tuple[Step, bool]]:
    """Yield the steps of an untrusted host."""
    state, kernel = lend_structs(machine)[-1].state, machine.revision
    for cpu, new in run:
        step = begin(state, kernel, cpu, new, machine.whole) if new else resume(state, kernel, cpu)
        yield step, new is not None
        state = step.state


def script_steps(machine: Scripts, run: tuple[int, ...]) -> Iterator[tuple[Step, bool]]:
    """Yield the steps of CPUs that follow their scripts."""
    node = Node(machine.scene.start(), (0,) * machine.scene.config.cpus)
    for cpu in run:
        step, begins = step_cpu(machine.scene, node, cpu), node.is_idle(cpu)
        assert step, "the run was found by making these very steps"
        yield step, begins
        node = node.after(step)
