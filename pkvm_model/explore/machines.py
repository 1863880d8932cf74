"""What the explorer can search: the scripts of a scene, or a host that may call anything at any time.

A machine has an initial table of records, actions in a fixed order, and `step`, which runs one action on a table and
returns the table after it and the step, or None if the action is not possible. It runs the model's own functions.
"""
from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from itertools import product
from typing import Any, NamedTuple

from ..model.revisions import DESTROYING_CALLS, Revision
from ..model.run import begin, parameters, resume
from ..model.state import HANDLE_OFFSET, KINDS, SHARED_BORROWED, SHARED_OWNED, Config, Cpu, Kvm, Page, State
from ..model.steps import Call, Step
from ..scenes import Node, Scene, step_cpu
from .engine.machine import BEGUN, Records
from .engine.packing import Rename, RecordKey

END: RecordKey = ("machine", "end")
FULL: RecordKey = ("machine", "full")
"""Set for good once a count is larger than a search wants to follow."""
USUAL = Config()
NOT_OF_A_VM = {"__pkvm_host_share_hyp", "__pkvm_host_unshare_hyp", "__pkvm_vcpu_sync_state"}
"""Calls that the most general host leaves out: they touch no VM."""


def keep_model_records(state: State) -> State:
    """Return the state without the records that a machine or a mutant keeps in addition to the model's own."""
    return state._replace(table={key: record for key, record in state.table.items() if key[0] in KINDS})


def add_end(records: Records, step: Step) -> Records:
    """Return the records of a step, with the event that ended the machine if there is one."""
    if step.state.end:
        records[END] = step.state.end
    return records


def is_in_call(records: Records, cpu: int) -> bool:
    """Return True while a CPU is in the middle of a call; a CPU with a vCPU loaded may be between two calls."""
    here = records.get((Cpu, cpu))
    return here is not None and here.flight is not None


class Scripts(NamedTuple):
    """The CPUs of a scene, each with its script; an action is the CPU that makes its next step."""

    scene: Scene

    @property
    def actions(self) -> tuple[int, ...]:
        """The numbers of the CPUs."""
        return tuple(range(self.scene.config.cpus))

    def initial(self) -> Records:
        """Return the scene before the first step."""
        return dict(self.scene.start().table)

    def step(self, cpu: int, records: Records) -> tuple[Records, Step] | None:
        """Make the next step of a CPU; return None if it has none. Look at the CPU first: it says what follows."""
        idle = not is_in_call(records, cpu)
        state = self.view(records)
        begun = records.get((BEGUN, cpu), 0) if idle else 0
        step = step_cpu(self.scene, Node(state, (0,) * cpu + (begun,)), cpu)
        if not step:
            return None
        after: Records = step.state.table
        if idle:
            after[BEGUN, cpu] = begun + 1
        return add_end(after, step), step

    def view(self, records: Records) -> State:
        """Return the state that these records are."""
        return State(self.scene.config, records, records.get(END))

    def is_unfinished(self, records: Records) -> bool:
        """Return True while the machine goes on and a CPU has not come to the end of its script."""
        return not records.get(END) and any(records.get((BEGUN, cpu), 0) < len(script) or is_in_call(records, cpu)
                                            for cpu, script in enumerate(self.scene.scripts))


class AnyHost(NamedTuple):
    """The most general untrusted host: at any time, on any CPU, any of these calls.

    With `whole` a call is one step, otherwise each lock region is. What a teardown pushes on the host's memcaches the
    host takes out at once. Some refused calls leave a count behind, and could do so for ever: a state in which such a
    count is above `most` is visited, but nothing is done in it.
    """

    revision: Revision
    calls: tuple[tuple[int, Call], ...]
    config: Config = USUAL
    whole: bool = False
    most: int = 2

    @property
    def actions(self) -> tuple[tuple[int, Call | None], ...]:
        """Every call, and for each CPU that its call under way goes on."""
        return self.calls if self.whole else (*((cpu, None) for cpu in range(self.config.cpus)), *self.calls)

    def initial(self) -> Records:
        """Return the state in which the host has lent its structs to EL2 and done nothing else."""
        return {(Page, name): Page(SHARED_OWNED, SHARED_BORROWED) for name in list_memory(self.calls, "kvm", "hv")}

    def step(self, action: tuple[int, Call | None], records: Records) -> tuple[Records, Step] | None:
        """Begin a call on an idle CPU, or go on with the call under way: the CPU, which is read first, says which."""
        cpu, call = action
        if bool(call) == is_in_call(records, cpu):
            return None
        state = self.view(records)
        if state.end or self.is_full(state):
            return None
        step = begin(state, self.revision, cpu, call, self.whole) if call else resume(state, self.revision, cpu)
        after = add_end(step.state.table, step)
        if step.call.name in DESTROYING_CALLS and step.ret == 0 and not step.pending:
            for name in list_memory(self.calls, "kvm"):
                after.pop((Kvm, name), None)
        # A call can raise the counts of pages that it names: of those that the host shares with EL2 or a guest.
        pages = [step.state.get(Page, name) for name in list_memory(((cpu, step.call),), "kvm", "hv", "g")]
        if any(max(page.refcount, page.host_share_guest_count) > self.most for page in pages):
            after[FULL] = True
        return after, step

    def family(self, key: RecordKey) -> Any:
        """Return what a part of the state goes with: a family of memory changes numbers together, a CPU is one."""
        return find_family(key)

    @property
    def renamings(self) -> tuple[Rename, ...]:
        """What can change names and nothing else changes; a rewritten call must not care about names either."""
        from .renaming import list_renamings  # noqa: PLC0415  # only large searches ask
        return list_renamings(self.config.cpus, frozenset(self.calls))

    def is_full(self, state: State) -> bool:
        """Return True if a count that a refused call can leave behind is above the limit."""
        return bool(state.table.get(FULL))

    def view(self, records: Records) -> State:
        """Return the state that these records are."""
        return State(self.config, records, records.get(END))

    def is_unfinished(self, records: Records) -> bool:
        """Return True while a call is under way."""
        return not records.get(END) and any(is_in_call(records, cpu) for cpu in range(self.config.cpus))


@cache
def find_family(key: RecordKey) -> Any:
    """Return the group of a part of the state: the memory of a VM or of its vCPUs, a guest page, a CPU; or None."""
    kind, name = key
    if memory := re.match(r"(?:vm|pgd|kvm|(vc|hv))(\d+)", str(name)):
        return bool(memory[1]), memory[2]
    return key if kind is Cpu or (kind is Page and str(name).startswith("g")) else None


@cache
def list_memory(calls: Iterable[tuple[int, Call]], *prefixes: str) -> tuple[str, ...]:
    """Return the memory that calls name, if its name begins with one of these prefixes."""
    names = {str(arg) for _, call in calls for arg in call.args if str(arg).startswith(prefixes)}
    return tuple(sorted(names))


def every_call(revision: Revision, config: Config = USUAL, vcpus: int = 1, pages: int = 1,
               protected: tuple[bool, ...] = (False,)) -> tuple[tuple[int, Call], ...]:
    """Return every hypercall on every CPU, with every meaningful argument: one VM per slot, and one bad handle.

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
            calls.append(Call(name, add_memory(dict(zip(known, args, strict=True)))))
    return tuple((cpu, call) for call in dict.fromkeys(calls) for cpu in range(config.cpus))


def add_memory(args: dict[str, Any]) -> tuple[Any, ...]:
    """Return the arguments in their order, with the memory that belongs to the host's struct that they name."""
    if "vm_mem" in args:
        number = args["kvm"].removeprefix("kvm")
        args |= {"vm_mem": f"vm{number}", "pgd_mem": f"pgd{number}"}
    if "vcpu_mem" in args:
        args |= {"vcpu_mem": args["host_vcpu"].replace("hv", "vc")}
    return tuple(args.values())
