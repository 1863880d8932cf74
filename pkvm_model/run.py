"""Run calls on the machine, a lock region at a time.

`begin` starts a call on a CPU and runs its first region, `resume` the next one, `call` all that are left. Each takes
a state and gives a `Step` with the next one; nothing is kept in between. A call that is under way is a value in the
state, and is brought back to where it was by running it again and telling it what it read the first time.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass, replace
from functools import cache
from inspect import Parameter, getgeneratorlocals, signature
from types import GeneratorType, MappingProxyType
from typing import Any

from .dispatch import HYPERCALLS
from .host import HOST_CALLS
from .revisions import Revision
from .state import Cpu, Event, Flight, State, Value, Vm
from .view import Ended, Hypercall, ModelError, Ref, Refused, Region, View

CALLS: dict[str, Callable[..., Hypercall]] = HYPERCALLS | HOST_CALLS
"""Everything that can be begun on a CPU: a hypercall as it is, or one of the honest host's functions."""


signature_of = cache(signature)


@cache
def parameters(name: str) -> Mapping[str, Parameter]:
    """The arguments of a call by name, in their order; they are annotated as str, int or bool."""
    return MappingProxyType(dict(list(signature_of(CALLS[name]).parameters.items())[1:]))


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
    "kvm_create_vcpu": "create vCPU", "kvm_vcpu_run": "KVM_RUN", "kvm_unmap": "unmap", "kvm_close": "close",
    "kvm_delete_memslot": "delete memslot", "exit_mmap": "exit", "host_access": "access", "fork_owner": "fork",
    "__pkvm_start_teardown_vm": "start", "__pkvm_finalize_teardown_vm": "finalise", "__pkvm_teardown_vm": "teardown",
    "__pkvm_host_share_guest": "share", "__pkvm_host_unshare_guest": "unshare", "__pkvm_host_donate_guest": "donate",
    "__pkvm_reclaim_dying_guest_page": "reclaim", "__pkvm_force_reclaim_guest_page": "force_reclaim",
    "__pkvm_init_vm": "init_vm", "__pkvm_tlb_flush_vmid": "flush", "__pkvm_host_share_hyp": "share_hyp",
    "__pkvm_host_unshare_hyp": "unshare_hyp"}


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
    check that failed, `flushed` the VMIDs flushed, `answers` the hypercalls that a host function made, with what EL2
    answered.
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
    return run_region(state, revision, cpu, new_flight(state, revision, cpu, call), fatal_warn)


def new_flight(state: State, revision: Revision, cpu: int, call: Call) -> Flight:
    """A call before its first region."""
    if call.name not in revision.calls and call.name not in HOST_CALLS:
        known = ", ".join(sorted(revision.calls))
        raise ModelError(f"revision {revision.name} has no call {call.name}; it has {known}")
    if 0 <= cpu < state.config.cpus and state.get(Cpu, cpu).flight:
        raise ModelError(f"CPU {cpu} is in the middle of a call; resume that one first")
    return Flight(call.name, complete(call).args)


def complete(call: Call) -> Call:
    """The call with its default arguments written out. Raises ModelError when the number of arguments is wrong."""
    if len(call.args) == len(parameters(call.name)):
        return call
    try:
        bound = signature_of(CALLS[call.name]).bind(None, *call.args)
    except TypeError as error:
        raise ModelError(f"{call.name}: {error}; its arguments are {', '.join(parameters(call.name))}") from None
    bound.apply_defaults()
    return replace(call, args=bound.args[1:])


def resume(state: State, revision: Revision, cpu: int, fatal_warn: bool = True) -> Step:
    """Run the next lock region of the call under way on a CPU. Raises ModelError if there is none."""
    return run_region(state, revision, cpu, in_flight(state, cpu), fatal_warn)


def in_flight(state: State, cpu: int) -> Flight:
    """The call under way on a CPU."""
    flight = state.get(Cpu, cpu).flight
    if not flight:
        raise ModelError(f"CPU {cpu} is not in the middle of a call; begin one")
    return flight


def finish(step: Step, revision: Revision, fatal_warn: bool = True) -> Step:
    """Run a call that has begun until it returns or the machine ends."""
    if not step.pending:
        return step
    return step.then(run_rest(step.state, revision, step.cpu, in_flight(step.state, step.cpu), fatal_warn))


def call(state: State, revision: Revision, cpu: int, name: str, *args: Value) -> Step:
    """Run a whole call with nobody in between."""
    return run(state, revision, cpu, Call(name, args))


def run(state: State, revision: Revision, cpu: int, call: Call, fatal_warn: bool = True) -> Step:
    """The same for a call that is a value."""
    return run_rest(state, revision, cpu, new_flight(state, revision, cpu, call), fatal_warn)


def run_rest(state: State, revision: Revision, cpu: int, flight: Flight, fatal_warn: bool) -> Step:
    """Run all regions that are left in one go, which comes to the same as one after the other.

    Only where the machine ends are they run one by one: the state then shows what the call kept before the last one.
    """
    view = view_of(state, revision, cpu, fatal_warn)
    body, passed = restore(view, flight)
    entered, ret = passed[-1:], None
    try:
        while True:
            entered.append(next(body))
    except StopIteration as done:
        ret = done.value
    except Refused as refused:
        ret, view.refused = refused.code, refused
    except Ended:
        step = run_region(state, revision, cpu, flight, fatal_warn)
        while step.pending:
            step = step.then(resume(step.state, revision, cpu, fatal_warn))
        return step
    return settle(view, flight, entered, ret=ret)


def run_region(state: State, revision: Revision, cpu: int, flight: Flight, fatal_warn: bool) -> Step:
    """Bring the call back to where it was and run one more region of it."""
    view = view_of(state, revision, cpu, fatal_warn)
    body, passed = restore(view, flight)
    entered, ret = passed[-1:], None
    try:
        next(body)
        locks = (*flight.regions, entered[0][0])
        after = replace(flight, regions=locks, held=held(body, flight), reads=tuple(view.reads))
        return settle(view, flight, entered, after)
    except StopIteration as done:
        ret = done.value
    except Refused as refused:
        ret, view.refused = refused.code, refused
    except Ended as ended:
        end = replace(ended.event, cpu=cpu)
        view.events.append(end)
        return settle(view, flight, entered, flight, end=end)
    return settle(view, flight, entered, ret=ret)


def view_of(state: State, revision: Revision, cpu: int, fatal_warn: bool) -> View:
    """A CPU's view of a machine that goes on. Raises ModelError if it does not, or has no such CPU."""
    if state.end:
        raise ModelError("the machine has ended; go back a step")
    if not 0 <= cpu < state.config.cpus:
        raise ModelError(f"there is no CPU {cpu}; this machine has {state.config.cpus}")
    return View(state, cpu, revision, fatal_warn)


def settle(view: View, flight: Flight, entered: list[Region], after: Flight | None = None, *,
           ret: int | None = None, end: Event | None = None) -> Step:
    """The step that ran these regions, with the state that the view has now; `after` is the call that goes on."""
    before = view.look(Cpu, view.number)
    if before.flight != after:
        view.put((Cpu, view.number), replace(before, flight=after))
    return Step(State(view.config, view.records, end), view.number, Call(flight.call, flight.args), ret,
                pending=after is not None and end is None,
                regions=tuple([locks for locks, _ in entered]), purposes=tuple([purpose for _, purpose in entered]),
                refused=(view.refused.code, view.refused.why) if view.refused else None,
                events=tuple(view.events), flushed=tuple(view.flushed), answers=tuple(view.answers))


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
