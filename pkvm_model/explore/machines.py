"""What the explorer can search: the scripts of a scene, or a host that may call anything at any time.

A machine has a first table of records, actions with a fixed order, and `act`, which runs one action on a table and
gives the table after it and the step, or None where the action is not possible. `act` runs the model's own functions.
"""
from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from itertools import product
from typing import Any, NamedTuple

from ..model.revisions import DESTROYING_CALLS, Revision
from ..model.run import begin, parameters, resume
from ..model.state import HANDLE_OFFSET, KINDS, SHARED_BORROWED, SHARED_OWNED, Config, Cpu, Kvm, Page, State
from ..model.steps import Call, Step
from ..scenes import Node, Scene, next_step
from .engine.machine import Records
from .engine.packing import Part

END: Part = ("machine", "end")
FULL: Part = ("machine", "full")
"""Set for good when a count has become larger than a search wants to follow."""
USUAL = Config()
NOT_OF_A_VM = {"__pkvm_host_share_hyp", "__pkvm_host_unshare_hyp", "__pkvm_vcpu_sync_state"}
"""Calls that the most general host leaves out: they touch no VM."""


def model_only(state: State) -> State:
    """The state without what a machine or a mutant keeps beside the model's own records."""
    return state._replace(table={key: record for key, record in state.table.items() if key[0] in KINDS})


def with_end(records: Records, step: Step) -> Records:
    """The records of a step, with the event that ended the machine if one has."""
    if step.state.end:
        records[END] = step.state.end
    return records


def in_a_call(records: Records, cpu: int) -> bool:
    """True while a CPU is in the middle of a call; one that has a vCPU loaded may still be between two."""
    here = records.get((Cpu, cpu))
    return here is not None and here.flight is not None


class Scripts(NamedTuple):
    """The CPUs of a scene, each with its script; an action is the CPU that makes its next step."""

    scene: Scene

    @property
    def actions(self) -> tuple[int, ...]:
        """The CPUs."""
        return tuple(range(self.scene.config.cpus))

    def first(self) -> Records:
        """The scene before the first step."""
        return dict(self.scene.start().table)

    def act(self, cpu: int, records: Records) -> tuple[Records, Step] | None:
        """The next step of a CPU."""
        state = self.state(records)
        idle = not state.get(Cpu, cpu).flight
        begun = records.get(("begun", cpu), 0) if idle else 0
        step = next_step(self.scene, Node(state, (0,) * cpu + (begun,)), cpu)
        if not step:
            return None
        after: Records = step.state.table
        if idle:
            after["begun", cpu] = begun + 1
        return with_end(after, step), step

    def state(self, records: Records) -> State:
        """The state that these records are."""
        return State(self.scene.config, records, records.get(END))

    def unfinished(self, records: Records) -> bool:
        """True while a CPU of a machine that goes on has not come to the end of its script."""
        return not records.get(END) and any(records.get(("begun", cpu), 0) < len(script) or in_a_call(records, cpu)
                                            for cpu, script in enumerate(self.scene.scripts))


class AnyHost(NamedTuple):
    """The most general untrusted host: at any time, on any CPU, any of these calls.

    With `whole` a call is made at a stroke, otherwise a lock region at a time. What a teardown pushes on the host's
    memcaches the host takes out at once. Some refused calls leave a count behind, and could do so for ever: a state in
    which one is above `most` is visited, but nothing is done in it.
    """

    revision: Revision
    calls: tuple[tuple[int, Call], ...]
    config: Config = USUAL
    whole: bool = False
    most: int = 2

    @property
    def actions(self) -> tuple[tuple[int, Call | None], ...]:
        """Each call, and for each CPU that the one under way goes on."""
        return self.calls if self.whole else (*((cpu, None) for cpu in range(self.config.cpus)), *self.calls)

    def first(self) -> Records:
        """Nothing has happened but that the host lends its structs to EL2."""
        return {(Page, name): Page(SHARED_OWNED, SHARED_BORROWED) for name in named(self.calls, "kvm", "hv")}

    def act(self, action: tuple[int, Call | None], records: Records) -> tuple[Records, Step] | None:
        """Begin a call on an idle CPU, or go on with the one under way."""
        (cpu, call), state = action, self.state(records)
        if bool(call) == bool(state.get(Cpu, cpu).flight) or state.end or self.is_full(state):
            return None
        step = begin(state, self.revision, cpu, call, self.whole) if call else resume(state, self.revision, cpu)
        after = with_end(step.state.table, step)
        if step.call.name in DESTROYING_CALLS and step.ret == 0 and not step.pending:
            for name in named(self.calls, "kvm"):
                after.pop((Kvm, name), None)
        # A call can raise the counts of pages that it names: of those that the host shares with EL2 or a guest.
        pages = [step.state.get(Page, name) for name in named(((cpu, step.call),), "kvm", "hv", "g")]
        if any(max(page.refcount, page.host_share_guest_count) > self.most for page in pages):
            after[FULL] = True
        return after, step

    def is_full(self, state: State) -> bool:
        """True if a count that a refused call can leave behind has become larger than the limit."""
        return bool(state.table.get(FULL))

    def state(self, records: Records) -> State:
        """The state that these records are."""
        return State(self.config, records, records.get(END))

    def unfinished(self, records: Records) -> bool:
        """A call under way is not at its end."""
        return not records.get(END) and any(in_a_call(records, cpu) for cpu in range(self.config.cpus))


@cache
def named(calls: Iterable[tuple[int, Call]], *prefixes: str) -> tuple[str, ...]:
    """The memory that calls name, by how its name begins."""
    names = {str(arg) for _, call in calls for arg in call.args if str(arg).startswith(prefixes)}
    return tuple(sorted(names))


def every_call(revision: Revision, config: Config = USUAL, vcpus: int = 1, pages: int = 1,
               protected: tuple[bool, ...] = (False,)) -> tuple[tuple[int, Call], ...]:
    """Every hypercall on every CPU, with every argument that means something; one VM per slot, and one bad handle.

    `protected` says which kinds of VM the host makes.
    """
    slots = range(config.slots)
    choices: dict[str, list[Any]] = {
        "handle": [HANDLE_OFFSET + slot for slot in range(config.slots + 1)], "idx": list(range(vcpus + 1)),
        "gfn": list(range(pages)), "page": [f"g{number}" for number in range(pages)], "protected": list(protected),
        "kvm": [f"kvm{slot}" for slot in slots], "nr_vcpus": [vcpus],
        "host_vcpu": [f"hv{slot}.{idx}" for slot in slots for idx in range(vcpus)]}
    calls = []
    for name in sorted(revision.calls - NOT_OF_A_VM):
        known = parameters(name)
        for args in product(*(choices.get(arg, [parameter.default]) for arg, parameter in known.items())):
            calls.append(Call(name, with_memory(dict(zip(known, args, strict=True)))))
    return tuple((cpu, call) for call in dict.fromkeys(calls) for cpu in range(config.cpus))


def with_memory(args: dict[str, Any]) -> tuple[Any, ...]:
    """The arguments in their order, with the memory that goes with the host's struct that they name."""
    if "vm_mem" in args:
        number = args["kvm"].removeprefix("kvm")
        args |= {"vm_mem": f"vm{number}", "pgd_mem": f"pgd{number}"}
    if "vcpu_mem" in args:
        args |= {"vcpu_mem": args["host_vcpu"].replace("hv", "vc")}
    return tuple(args.values())
