"""What of a trace no machine can do, found without one: calls that only a guest makes, stops where none is possible."""
from __future__ import annotations

from typing import NamedTuple

from ..model.revisions import Revision
from ..model.run import begin, resume
from ..model.state import State
from ..model.steps import Step
from ..model.trace import Trace, TraceLine
from .parameters import PARAMETERS, find_obstacle, name_arguments
from .position import DISPATCH, Position, locate, locate_new
from .regions import find_boundary


class Impossible(NamedTuple):
    """A line of a trace, and why no machine can do what it says."""

    line: int
    reason: str


def find_impossible(trace: Trace) -> Impossible | None:
    """Return the first line of a trace that no machine can do, None if there is none. The model can make the trace."""
    state = State(trace.config)
    for number, line in enumerate(trace.lines, 2):
        state, reason = try_line(state, trace.revision, line)
        if reason:
            return Impossible(number, reason)
    return None


def try_line(state: State, revision: Revision, line: TraceLine) -> tuple[State, str]:
    """Make a line of a trace region by region; return the state after it, and why a machine cannot, '' if it can."""
    call, stops = line.call, line.outcome.startswith("...")
    while True:
        where = locate_new(state, revision, line.cpu, call) if call else locate(state, revision, line.cpu)
        step = begin(state, revision, line.cpu, call) if call else resume(state, revision, line.cpu)
        state, after, call = step.state, locate(step.state, revision, line.cpu) if step.pending else None, None
        reason = explain_call(where, state.config.slots) if where and where.hypercall else ""
        if stops and not reason:
            reason = explain_stop(where, after, step)
        if reason or stops or not step.pending:
            return state, reason


def explain_call(where: Position, slots: int) -> str:
    """Return why a machine cannot make a hypercall, '' if it can."""
    name = where.hypercall
    if where.generator == DISPATCH:
        return f"a kernel that has {name} has it in its table"
    if name not in PARAMETERS:
        return f"{name} is a request of the guest, and the machine's guest makes none"
    return find_obstacle(name, name_arguments(name, where.arguments), slots)


def explain_stop(where: Position | None, after: Position | None, step: Step) -> str:
    """Return why a machine cannot stop a hypercall where the model stands, '' if it can."""
    if not where or not after or step.answers or not where.hypercall or find_boundary(after.generator, after.purpose):
        return ""
    return f"no function of the kernel begins where {where.hypercall} stops, so that a debugger cannot stop it there"
