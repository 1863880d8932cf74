"""Run calls on the machine, a lock region at a time.

`begin` starts a call on a CPU and runs its first region, `resume` the next one, `call` all that are left. Each takes
a state and gives a `Step` with the next one; nothing is kept in between. A call that is under way is a value in the
state, and is brought back to where it was by running it again and telling it what it read the first time.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass, replace
from functools import cache
from inspect import Parameter, getgeneratorlocals, signature
from types import GeneratorType
from typing import Any

from .dispatch import HYPERCALLS
from .host import HOST_CALLS
from .revisions import Revision
from .state import Cpu, Event, Flight, State, Value, Vm
from .view import Ended, Hypercall, Ref, Refused, Region, View

CALLS: dict[str, Callable[..., Hypercall]] = HYPERCALLS | HOST_CALLS
"""Everything that can be begun on a CPU: a hypercall as it is, or one of the honest host's functions."""


signature_of = cache(signature)


def parameters(name: str) -> dict[str, Parameter]:
    """The arguments of a call by name, in their order; they are annotated as str, int or bool."""
    return dict(list(signature_of(CALLS[name]).parameters.items())[1:])


class ModelError(Exception):
    """The model was asked for something that cannot be; the message says what to do."""


@dataclass(frozen=True)
class Call:
    """A hypercall by its kernel name, with its arguments in their order."""

    name: str
    args: tuple[Value, ...] = ()

    @property
    def short(self) -> str:
        """The name people use: `__pkvm_start_teardown_vm` is start."""
        return short(self.name)


SHORT = {
    "kvm_create_vm": "create", "kvm_first_run": "first run", "kvm_guest_fault": "fault", "kvm_destroy_vm": "destroy",
    "__pkvm_start_teardown_vm": "start", "__pkvm_finalize_teardown_vm": "finalise", "__pkvm_teardown_vm": "teardown",
    "__pkvm_host_share_guest": "share", "__pkvm_host_unshare_guest": "unshare", "__pkvm_host_donate_guest": "donate",
    "__pkvm_reclaim_dying_guest_page": "reclaim", "__pkvm_force_reclaim_guest_page": "force_reclaim",
    "__pkvm_tlb_flush_vmid": "flush", "__pkvm_host_share_hyp": "share_hyp", "__pkvm_host_unshare_hyp": "unshare_hyp"}


def short(name: str) -> str:
    """A call's short name."""
    if name in SHORT:
        return SHORT[name]
    bare = name.removeprefix("__pkvm_").removeprefix("__kvm_").removeprefix("vcpu_").removeprefix("host_")
    return bare.removesuffix("_vm").removesuffix("_guest")


@dataclass(frozen=True)
class Step:
    """What one step did: the state after it, and what the caller and the onlooker learn.

    `pending` is true while the call goes on; `ret` counts only when it is false and the machine goes on. `regions` are
    the lock regions that were run and `purposes` what each of them was for, `refused` the code and the reason of a
    check that failed, `flushed` the VMIDs flushed, `answers`
    the hypercalls that a host function made, with what EL2 answered.
    """

    state: State
    cpu: int
    call: Call
    ret: int | None = None
    pending: bool = False
    regions: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    refused: tuple[int | None, str] | None = None
    events: tuple[Event, ...] = ()
    flushed: tuple[int, ...] = ()
    answers: tuple[tuple[str, tuple[Value, ...], int | None], ...] = ()

    def then(self, after: Step) -> Step:
        """The step and the next one of the same call, as one."""
        return replace(after, regions=self.regions + after.regions, purposes=self.purposes + after.purposes,
                       refused=after.refused or self.refused, events=self.events + after.events,
                       flushed=self.flushed + after.flushed, answers=self.answers + after.answers)


def begin(state: State, revision: Revision, cpu: int, call: Call, fatal_warn: bool = True) -> Step:
    """Start a call on an idle CPU and run its first lock region. Raises ModelError if that cannot be."""
    if call.name not in revision.calls and call.name not in HOST_CALLS:
        known = ", ".join(sorted(revision.calls))
        raise ModelError(f"revision {revision.name} has no call {call.name}; it has {known}")
    if 0 <= cpu < state.config.cpus and state.get(Cpu, cpu).flight:
        raise ModelError(f"CPU {cpu} is in the middle of a call; resume that one first")
    return run_region(state, revision, cpu, Flight(call.name, complete(call).args), fatal_warn)


def complete(call: Call) -> Call:
    """The call with its default arguments written out. Raises ModelError when the number of arguments is wrong."""
    try:
        bound = signature_of(CALLS[call.name]).bind(None, *call.args)
    except TypeError as error:
        raise ModelError(f"{call.name}: {error}; its arguments are {', '.join(parameters(call.name))}") from None
    bound.apply_defaults()
    return replace(call, args=bound.args[1:])


def resume(state: State, revision: Revision, cpu: int, fatal_warn: bool = True) -> Step:
    """Run the next lock region of the call that is under way on a CPU. Raises ModelError if there is none."""
    flight = state.get(Cpu, cpu).flight
    if not flight:
        raise ModelError(f"CPU {cpu} is not in the middle of a call; begin one")
    return run_region(state, revision, cpu, flight, fatal_warn)


def finish(step: Step, revision: Revision, fatal_warn: bool = True) -> Step:
    """Run a call that has begun until it returns or the machine ends."""
    while step.pending:
        step = step.then(resume(step.state, revision, step.cpu, fatal_warn))
    return step


def call(state: State, revision: Revision, cpu: int, name: str, *args: Value) -> Step:
    """Run a whole call with nobody in between."""
    return finish(begin(state, revision, cpu, Call(name, args)), revision)


def run_region(state: State, revision: Revision, cpu: int, flight: Flight, fatal_warn: bool) -> Step:
    """Bring the call back to where it was and run one more region of it."""
    if state.end:
        raise ModelError("the machine has ended; go back a step")
    if not 0 <= cpu < state.config.cpus:
        raise ModelError(f"there is no CPU {cpu}; this machine has {state.config.cpus}")
    view = View(state, cpu, revision, fatal_warn)
    body, passed = restore(view, flight)
    locks, purpose = passed[-1]
    step = Step(state, cpu, Call(flight.call, flight.args), regions=(locks,), purposes=(purpose,))
    after, end = None, None
    try:
        next(body)
        after = replace(flight, regions=(*flight.regions, locks), held=held(body, flight), reads=tuple(view.reads))
        step = replace(step, pending=True)
    except StopIteration as done:
        step = replace(step, ret=done.value)
    except Refused as refused:
        step, view.refused = replace(step, ret=refused.code), refused
    except Ended as ended:
        end = ended.event
        after = flight
    return settle(step, view, after, end)


def settle(step: Step, view: View, flight: Flight | None, end: Event | None) -> Step:
    """The step with the state that the view has now."""
    view.records[Cpu, step.cpu] = replace(view.look(Cpu, step.cpu), flight=flight)
    events = (*view.events, end) if end else tuple(view.events)
    refused = (view.refused.code, view.refused.why) if view.refused else None
    return replace(step, state=State.of(view.config, view.records, end), refused=refused,
                   events=events, flushed=tuple(view.flushed), answers=tuple(view.answers))


def restore(view: View, flight: Flight) -> tuple[Hypercall, list[Region]]:
    """The call, run again up to where it was; the regions it passed, and last the one it is about to enter."""
    body = CALLS[flight.call](view, *flight.args)
    view.restoring, view.replay = True, flight.reads
    regions = [next(body) for _ in range(len(flight.regions) + 1)]
    view.restoring = False
    return body, regions


def regions(state: State, revision: Revision, cpu: int) -> list[Region]:
    """Locks and purpose of each region that the call under way on a CPU has passed, and last of the next one."""
    flight = state.get(Cpu, cpu).flight
    return restore(View(state, cpu, revision), flight)[1] if flight else []


def held(body: Hypercall, flight: Flight) -> tuple[tuple[str, Value], ...]:
    """What a suspended call keeps: the local variables down the chain of its frames, but not its own arguments."""
    kept: dict[str, Value] = {}
    frame: Any = body
    while isinstance(frame, GeneratorType):
        for name, value in getgeneratorlocals(frame).items():
            if isinstance(value, View) or (frame is body and name in parameters(flight.call)):
                continue
            shown = plain(value)
            kept[f"{frame.__name__}.{name}" if kept.get(name, shown) != shown else name] = shown
        frame = frame.gi_yieldfrom
    return tuple(sorted(kept.items()))


def plain(value: Any) -> Value:
    """What stands for a local variable in a state: of a pointer its address, of a record or a refusal its fields."""
    if isinstance(value, Ref):
        return value.address
    if isinstance(value, Refused):
        return value.code, value.why
    return astuple(value) if isinstance(value, Vm) else value
