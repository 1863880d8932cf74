"""Drive the model with plain values, from a checker in another program.

    machine = new("v1", {"slots": 2})
    step(machine, 0, "__pkvm_reserve_vm")
    begin(machine, 1, "__pkvm_host_unshare_guest", {"handle": 4096, "gfn": 0})
    resume(machine, 1)
    state(machine)

Calls, outcomes and states have the form of the recorded vectors, which docs/conformance.md describes.
"""
from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..model import run
from ..model.revisions import DESTROYING_CALLS, REVISIONS, Revision
from ..model.run import parameters
from ..model.state import (HANDLE_OFFSET, HOST, SHARED_BORROWED, SHARED_OWNED, Config, Key, Kvm, Page, Record, State,
                           Vcpu, Vm)
from ..model.state_json import observe
from ..model.steps import Call, Step
from ..model.view import ModelError
from ..schema import JSON, shorten

SIZES = Config._fields


class Split(NamedTuple):
    """Where a call may stop: before regions that begin with one of these locks, at most `left` more times.

    F stands for a region without a lock, such as the flush.
    """

    before: Collection[str]
    left: int


class TeardownTarget(NamedTuple):
    """What a teardown must give back: the host's struct kvm, the structs that EL2 keeps, the stage-2 root."""

    kvm: str
    structs: tuple[str, ...]
    root: str


@dataclass
class DrivenMachine:
    """A machine driven from outside; per CPU, `splits` is where its call may stop, `targets` what it destroys."""

    revision: Revision
    state: State
    splits: dict[int, Split] = field(default_factory=dict)
    targets: dict[int, TeardownTarget | None] = field(default_factory=dict)

    def play(self, cpu: int, request: Call | None, split: Split | None) -> Step:
        """Begin a call, or continue the one under way (None), to where it stops or to its end; return the step.

        The machine does not move until `settle`. Raise ModelError if the call is impossible.
        """
        if request and not split:
            step = run.run(self.state, self.revision, cpu, request)
        elif request:
            step = run.begin(self.state, self.revision, cpu, request)
        else:
            step = run.resume(self.state, self.revision, cpu)
            split = self.splits.get(cpu)
        while step.pending and split and split.left and not self.stops(step, split):
            step = step.then(run.resume(step.state, self.revision, cpu))
        return step if split and split.left else run.finish(step, self.revision)

    def stops(self, step: Step, split: Split) -> bool:
        """Return True after a region that held a lock, before a region that the call may stop at."""
        *passed, (locks, _) = run.list_regions(step.state, self.revision, step.cpu)
        return any(lock for lock, _ in passed) and (locks[:1] or "F") in split.before

    def settle(self, step: Step, request: Call | None, split: Split | None) -> JSON | None:
        """Move to the state after a step; after a teardown, return and empty what the host finds in its memcaches."""
        cpu = step.cpu
        if request:
            self.targets[cpu] = self.find_teardown_target(request)
        freed = collect_freed(step, self.targets.get(cpu))
        self.state = empty_memcaches(step.state, self.targets[cpu]) if freed else step.state
        now = split if request else self.splits.get(cpu)
        self.splits.pop(cpu, None)
        if step.pending and now:
            self.splits[cpu] = now._replace(left=now.left - 1)
        return freed

    def find_teardown_target(self, request: Call) -> TeardownTarget | None:
        """Return what the call would destroy, or None unless it tears down an existing VM."""
        if request.name not in DESTROYING_CALLS:
            return None
        idx = (request.args[0] & ((1 << self.revision.handle_bits) - 1)) - HANDLE_OFFSET
        address = self.state.vm_in(idx) if 0 <= idx < self.state.config.slots else None
        if address is None:
            return None
        vm = self.state.get(Vm, address)
        return TeardownTarget(vm.host_kvm, (address, *filter(None, vm.vcpus)), vm.pgd)


def collect_freed(step: Step, targets: TeardownTarget | None) -> JSON | None:
    """Return what a teardown that ends with this step gave back: page counts, whether zeroed, whether the host's."""
    if targets is None or step.pending or step.state.end or step.ret != 0:
        return None
    after, kvm = step.state, step.state.get(Kvm, targets.kvm)
    written = any((kind, name) in after.table for kind in (Vm, Vcpu) for name in targets.structs)
    owned = all(after.get(Page, name).owner == HOST for name in (*targets.structs, targets.root))
    return {"meta": kvm.teardown_mc, "s2": kvm.stage2_teardown_mc, "meta_zero": not written, "host_owned": owned}


def empty_memcaches(state: State, targets: TeardownTarget | None) -> State:
    """Return the state after the host has emptied the teardown memcaches of a struct kvm."""
    if targets is None:
        return state
    kvm = state.get(Kvm, targets.kvm)
    empty = kvm._replace(teardown_mc=0, stage2_teardown_mc=0)
    return State.of(state.config, {**state.table, (Kvm, targets.kvm): empty}, state.end)


def describe_outcome(step: Step, freed: JSON | None) -> JSON:
    """Return the outcome of a step, with the fields of a vector; `where` and `says` of an event are for people."""
    event = step.events[0] if step.events else None
    return {"ret": return_value(step), "event": event and event.kind, "where": event and event.where,
            "says": event and event.says, "flush": list(step.flushed), "freed": freed, "regions": list(step.regions)}


def return_value(step: Step) -> int | str | None:
    """Return the return value: "pending" while the call goes on, None if the machine has ended."""
    if step.pending:
        return "pending"
    return None if step.state.end else step.ret


def new(revision: str | Revision, config: Mapping[str, int] | None = None, init: JSON | None = None) -> DrivenMachine:
    """Return a new machine, on which the host lends the pages in `init` to EL2 and nothing else has happened.

    Raise ModelError for an unknown revision, an invalid size or an initial state with anything else.
    """
    if isinstance(revision, str):
        if revision not in REVISIONS:
            raise ModelError(f"there is no revision {revision!r}; the revisions are {', '.join(REVISIONS)}")
        revision = REVISIONS[revision]
    sizes = dict(config or {})
    for name, size in sizes.items():
        if name not in SIZES or type(size) is not int or not 1 <= size <= 99:
            raise ModelError(f"{name}={size!r} is not a size of a machine; sizes are {', '.join(SIZES)}, from 1 to 99")
    machine = DrivenMachine(revision, State(Config(**sizes)))
    lent = (init or {}).get("pages", {})
    records: dict[Key, Record] = {(Page, name): Page(SHARED_OWNED, SHARED_BORROWED) for name in lent}
    machine.state = State.of(machine.state.config, records)
    if init is not None and init != observe(machine.state):
        raise ModelError("the initial state is more than pages that the host lends to EL2")
    return machine


def make_call(call: str, args: Mapping[str, Any], revision: Revision) -> Call:
    """Return a call with named arguments. Raise ModelError if the call, an argument or a value is invalid."""
    if call not in revision.calls:
        raise ModelError(f"revision {revision.name} has no call {call}")
    declared = parameters(call)
    for name in args:
        if name not in declared:
            raise ModelError(f"{call} has no argument {name!r}; it has {', '.join(declared) or 'none'}")
    for name, parameter in declared.items():
        if name not in args and parameter.required:
            raise ModelError(f"{call} wants the argument {name!r}")
    values = [args.get(name, parameter.default) for name, parameter in declared.items()]
    for value, (name, parameter) in zip(values, declared.items(), strict=True):
        if type(value).__name__ != parameter.annotation or not is_short(value):
            raise ModelError(f"{call}: {name} must be of type {parameter.annotation}, not {shorten(value)}")
    return Call(call, tuple(values))


def is_short(value: Any) -> bool:
    """Return True for a name of at most 20 characters or a number of at most 64 bits."""
    return 0 < len(value) <= 20 if isinstance(value, str) else -2**63 <= value < 2**64


def step(machine: DrivenMachine, cpu: int, call: str, args: Mapping[str, Any] | None = None) -> JSON:
    """Run a whole call with nobody in between; return its outcome."""
    return advance(machine, cpu, make_call(call, args or {}, machine.revision), None)


def begin(machine: DrivenMachine, cpu: int, call: str, args: Mapping[str, Any] | None = None,
          before: Collection[str] = "LHYGPF", most: int = 99) -> JSON:
    """Begin a call that may stop before regions that begin with one of these locks, at most `most` times.

    In the outcome `ret` is "pending" if the call has stopped. It never stops before it has passed a region with a lock.
    """
    return advance(machine, cpu, make_call(call, args or {}, machine.revision), Split(before, most))


def resume(machine: DrivenMachine, cpu: int) -> JSON:
    """Continue the call under way on a CPU, to where it stops next or to its end; return the outcome."""
    return advance(machine, cpu, None, None)


def advance(machine: DrivenMachine, cpu: int, request: Call | None, split: Split | None) -> JSON:
    """Play a step and move to the state after it; return the outcome."""
    outcome = machine.play(cpu, request, split)
    return describe_outcome(outcome, machine.settle(outcome, request, split))


def state(machine: DrivenMachine) -> JSON | None:
    """Return what an observer sees of the machine now, or None if it has ended."""
    return None if machine.state.end else observe(machine.state)
