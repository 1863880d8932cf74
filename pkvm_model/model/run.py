"""Run the kernel's calls on the machine: begin one, resume it, or run it as a whole.

`begin` starts a call on a CPU and runs its first lock region, `resume` the next one, `finish` all that are left, `run`
and `call` all of them. A call is either a hypercall or one of the honest host's functions.
"""
from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from .dispatch import HYPERCALLS
from .host import HOST_CALLS
from .revisions import Revision
from .state import Cpu, Flight, State, Value
from .steps import Call, Step, advance, restore
from .view import Elsewhere, Hypercall, ModelError, Region, View

CALLS: dict[str, Callable[..., Hypercall]] = HYPERCALLS | HOST_CALLS
"""Everything that can be begun on a CPU."""


class Parameter(NamedTuple):
    """An argument of a call: its type (str, int or bool), its default, and whether it must be given."""

    annotation: str
    default: Value
    required: bool


@cache
def parameters(name: str) -> dict[str, Parameter]:
    """Return the arguments of a call by name, in their order."""
    function: Any = CALLS[name]
    names = function.__code__.co_varnames[1:function.__code__.co_argcount]
    usual = dict(zip(reversed(names), reversed(function.__defaults__ or ()), strict=False))
    return {arg: Parameter(function.__annotations__[arg], usual.get(arg), arg not in usual) for arg in names}


def complete(call: Call) -> Call:
    """Return the call with its default arguments filled in. Raise ModelError for a wrong number of arguments."""
    known = parameters(call.name)
    if len(call.args) == len(known):
        return call
    left_out = list(known.values())[len(call.args):]
    if len(call.args) > len(known) or any(parameter.required for parameter in left_out):
        raise ModelError(f"{call.name} wants {', '.join(known) or 'nothing'}; {len(call.args)} given")
    return call._replace(args=(*call.args, *(parameter.default for parameter in left_out)))


def get_function(revision: Revision, name: str) -> Callable[..., Any]:
    """Return the function behind a call: the model's own, unless the revision replaces it."""
    return revision.functions.get(name) or CALLS[name]


def begin(state: State, revision: Revision, cpu: int, call: Call, to_end: bool = False) -> Step:
    """Start a call on an idle CPU and run its first lock region. Raise ModelError if that is impossible."""
    if call.name not in revision.calls and call.name not in HOST_CALLS:
        known = ", ".join(sorted(revision.calls))
        raise ModelError(f"revision {revision.name} has no call {call.name}; it has {known}")
    if 0 <= cpu < state.config.cpus and state.get(Cpu, cpu).flight:
        raise ModelError(f"CPU {cpu} is in the middle of a call; resume that one first")
    return take_step(state, revision, cpu, Flight(*complete(call)), to_end)


def resume(state: State, revision: Revision, cpu: int, to_end: bool = False) -> Step:
    """Run the next lock region of the call under way on a CPU. Raise ModelError if no call is under way."""
    flight = state.get(Cpu, cpu).flight
    if not flight:
        raise ModelError(f"CPU {cpu} is not in the middle of a call; begin one")
    return take_step(state, revision, cpu, flight, to_end)


def take_step(state: State, revision: Revision, cpu: int, flight: Flight, to_end: bool) -> Step:
    """Run the next region of a call, or all; if it meets a function that lives elsewhere, the step is taken there."""
    try:
        return advance(state, revision, cpu, flight, get_function(revision, flight.call), to_end)
    except Elsewhere as error:
        step: Step = error.take_step(state, revision, cpu, flight, to_end)
        return step


def finish(step: Step, revision: Revision) -> Step:
    """Run the rest of a call, until it returns or the machine ends."""
    return step.then(resume(step.state, revision, step.cpu, to_end=True)) if step.pending else step


def run(state: State, revision: Revision, cpu: int, call: Call) -> Step:
    """Run a whole call with nobody in between."""
    return begin(state, revision, cpu, call, to_end=True)


def call(state: State, revision: Revision, cpu: int, name: str, *args: Value) -> Step:
    """Run a whole call, by name, with nobody in between."""
    return run(state, revision, cpu, Call(name, args))


def list_regions(state: State, revision: Revision, cpu: int) -> list[Region]:
    """Return locks and purpose of each region that the call on a CPU has passed, and of the next one last."""
    flight = state.get(Cpu, cpu).flight
    return restore(View(state, cpu, revision), flight, get_function(revision, flight.call))[1] if flight else []
