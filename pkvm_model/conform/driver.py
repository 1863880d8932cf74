"""Drive the model with plain values, as a checker in another program would.

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
from ..schema import shorten

JSON = dict[str, Any]
SIZES = Config._fields


class Split(NamedTuple):
    """Where a call may stop: before regions that begin with one of these locks, and how often it still may.

    F stands for a region without a lock, as the one that flushes.
    """

    before: Collection[str]
    left: int


class TeardownTarget(NamedTuple):
    """What a teardown is to give back: the host's struct kvm, the structs EL2 keeps, the stage-2 root."""

    kvm: str
    structs: tuple[str, ...]
    root: str


@dataclass
class DrivenMachine:
    """A machine that is driven from outside; per CPU, where its call may stop and which VM it is destroying."""

    revision: Revision
    state: State
    splits: dict[int, Split] = field(default_factory=dict)
    targets: dict[int, TeardownTarget | None] = field(default_factory=dict)

    def play(self, cpu: int, request: Call | None, split: Split | None) -> Step:
        """Begin a call, or go on with the one under way (None), up to where it stops or to its end.

        The machine stays where it was until `settle`. Raises ModelError for what cannot be.
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
        """True behind a region that held a lock, before one that the call may stop at."""
        *passed, (locks, _) = run.regions(step.state, self.revision, step.cpu)
        return any(lock for lock, _ in passed) and (locks[:1] or "F") in split.before

    def settle(self, step: Step, request: Call | None, split: Split | None) -> JSON | None:
        """Go on from a step; what the host finds in its memcaches if a teardown is through, which it empties then."""
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
        """What the call would destroy, if it is a teardown of a VM that is there."""
        if request.name not in DESTROYING_CALLS:
            return None
        idx = (request.args[0] & (1 << self.revision.handle_bits) - 1) - HANDLE_OFFSET
        address = self.state.vm_in(idx) if 0 <= idx < self.state.config.slots else None
        if address is None:
            return None
        vm = self.state.get(Vm, address)
        return TeardownTarget(vm.host_kvm, (address, *filter(None, vm.vcpus)), vm.pgd)


def collect_freed(step: Step, targets: TeardownTarget | None) -> JSON | None:
    """What a teardown that succeeded with this step gave back: how many pages, whether zeroed, whether the host's."""
    if targets is None or step.pending or step.state.end or step.ret != 0:
        return None
    after, kvm = step.state, step.state.get(Kvm, targets.kvm)
    written = any((kind, name) in after.table for kind in (Vm, Vcpu) for name in targets.structs)
    owned = all(after.get(Page, name).owner == HOST for name in (*targets.structs, targets.root))
    return {"meta": kvm.teardown_mc, "s2": kvm.stage2_teardown_mc, "meta_zero": not written, "host_owned": owned}


def empty_memcaches(state: State, targets: TeardownTarget | None) -> State:
    """The same state after the host has taken all pages out of the teardown memcaches of one struct kvm."""
    if targets is None:
        return state
    kvm = state.get(Kvm, targets.kvm)
    empty = kvm._replace(teardown_mc=0, stage2_teardown_mc=0)
    return State.of(state.config, {**state.table, (Kvm, targets.kvm): empty}, state.end)


def describe_outcome(step: Step, freed: JSON | None) -> JSON:
    """What came of a step, in the words of a vector; `where` and `says` of an event are for people."""
    event = step.events[0] if step.events else None
    return {"ret": return_value(step), "event": event and event.kind, "where": event and event.where,
            "says": event and event.says, "flush": list(step.flushed), "freed": freed, "regions": list(step.regions)}


def return_value(step: Step) -> int | str | None:
    """The return value: "pending" while the call goes on, None when the machine has ended."""
    if step.pending:
        return "pending"
    return None if step.state.end else step.ret


def new(revision: str | Revision, config: Mapping[str, int] | None = None, init: JSON | None = None) -> DrivenMachine:
    """A machine on which nothing has happened, apart from the pages in `init` that the host lends to EL2.

    Raises ModelError for a revision, a size or an initial state that is none.
    """
    if isinstance(revision, str):
        if revision not in REVISIONS:
            raise ModelError(f"there is no revision {revision!r}; there are {', '.join(REVISIONS)}")
        revision = REVISIONS[revision]
    sizes = dict(config or {})
    for name, size in sizes.items():
        if name not in SIZES or type(size) is not int or not 1 <= size <= 99:
            raise ModelError(f"{name}={size!r} is no size of a machine; sizes are {', '.join(SIZES)}, from 1 to 99")
    machine = DrivenMachine(revision, State(Config(**sizes)))
    lent = (init or {}).get("pages", {})
    records: dict[Key, Record] = {(Page, name): Page(SHARED_OWNED, SHARED_BORROWED) for name in lent}
    machine.state = State.of(machine.state.config, records)
    if init is not None and init != observe(machine.state):
        raise ModelError("the initial state is more than pages that the host lends to EL2")
    return machine


def make_call(call: str, args: Mapping[str, Any], revision: Revision) -> Call:
    """A call with named arguments. Raises ModelError where the call, an argument or a value is none."""
    if call not in revision.calls:
        raise ModelError(f"revision {revision.name} has no call {call}")
    wanted = parameters(call)
    for name in args:
        if name not in wanted:
            raise ModelError(f"{call} has no argument {name!r}; it has {', '.join(wanted) or 'none'}")
    for name, parameter in wanted.items():
        if name not in args and parameter.required:
            raise ModelError(f"{call} wants the argument {name!r}")
    values = [args.get(name, parameter.default) for name, parameter in wanted.items()]
    for value, (name, parameter) in zip(values, wanted.items(), strict=True):
        if type(value).__name__ != parameter.annotation or not is_short(value):
            raise ModelError(f"{call}: {name} must be of type {parameter.annotation}, not {shorten(value)}")
    return Call(call, tuple(values))


def is_short(value: Any) -> bool:
    """True for a name or number that fits into the machine."""
    return 0 < len(value) <= 20 if isinstance(value, str) else -2**63 <= value < 2**64


def step(machine: DrivenMachine, cpu: int, call: str, args: Mapping[str, Any] | None = None) -> JSON:
    """Run a whole call with nobody in between, and tell what came of it."""
    return advance(machine, cpu, make_call(call, args or {}, machine.revision), None)


def begin(machine: DrivenMachine, cpu: int, call: str, args: Mapping[str, Any] | None = None,
          before: Collection[str] = "LHYGPF", most: int = 99) -> JSON:
    """Begin a call that may stop, at most so often, before a region that begins with one of these locks.

    `ret` is "pending" when it has stopped. It never stops before it has passed a region with a lock.
    """
    return advance(machine, cpu, make_call(call, args or {}, machine.revision), Split(before, most))


def resume(machine: DrivenMachine, cpu: int) -> JSON:
    """Go on with the call under way on a CPU, to where it stops next or to its end."""
    return advance(machine, cpu, None, None)


def advance(machine: DrivenMachine, cpu: int, request: Call | None, split: Split | None) -> JSON:
    """Play a step and stay there."""
    done = machine.play(cpu, request, split)
    return describe_outcome(done, machine.settle(done, request, split))


def state(machine: DrivenMachine) -> JSON | None:
    """What an onlooker sees of the machine now; None when it has ended."""
    return None if machine.state.end else observe(machine.state)
