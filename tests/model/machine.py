"""A machine for writing tests: it keeps the state and returns the answer of each call."""
from __future__ import annotations

from pkvm_model.model.revisions import REVISIONS, Revision
from pkvm_model.model.run import CALLS, begin, finish, resume
from pkvm_model.model.state import (
    HOST,
    RESERVED,
    SHARED_BORROWED,
    SHARED_OWNED,
    Config,
    Cpu,
    Key,
    Page,
    Record,
    Slot,
    State,
    Value,
    Vm,
)
from pkvm_model.model.steps import Call, Step
from pkvm_model.model.trace import Trace, record
from pkvm_model.show.words import shorten

PRE, V1, MERGED, UPSTREAM = (REVISIONS[name] for name in ("pre", "v1", "merged", "upstream"))
NAMES = {shorten(name): name for name in CALLS} | {name: name for name in CALLS}
HANDLE = 0x1000
TWO_SLOTS = Config(slots=2)


def lent(config: Config = TWO_SLOTS) -> State:
    """Return a machine on which the host has lent its structs of two VMs to EL2, and nothing else has happened."""
    page = Page(SHARED_OWNED, SHARED_BORROWED, 0, 0, HOST)
    names = ("kvm0", "kvm1", "hv0.0", "hv0.1", "hv0.2", "hv0.3", "hv1.0", "hv1.1")
    records: dict[Key, Record] = {(Page, name): page for name in names}
    return State.of(config, records)


class Machine:
    """A state that advances with every call; `steps` records how it got there."""

    def __init__(self, revision: Revision, state: State | None = None) -> None:
        self.revision = revision
        self.state = lent() if state is None else state
        self.steps: list[tuple[Step, bool]] = []

    def call(self, cpu: int, name: str, *args: Value) -> int | None:
        """Run a whole call, by its short name, and return its answer."""
        step = begin(self.state, self.revision, cpu, Call(NAMES[name], args))
        return self.note(finish(step, self.revision), True).ret

    def begin(self, cpu: int, name: str, *args: Value) -> Step:
        """Run the first lock region of a call."""
        return self.note(begin(self.state, self.revision, cpu, Call(NAMES[name], args)), True)

    def resume(self, cpu: int) -> Step:
        """Run the next lock region of the call on a CPU."""
        return self.note(resume(self.state, self.revision, cpu), False)

    def finish(self, cpu: int) -> Step:
        """Run the rest of the call on a CPU."""
        return self.note(finish(resume(self.state, self.revision, cpu), self.revision), False)

    def note(self, step: Step, begun: bool) -> Step:
        """Move to the state after a step and record the step."""
        self.state = step.state
        self.steps.append((step, begun))
        return step

    @property
    def trace(self) -> Trace:
        """The run as a trace; only for machines that began with an empty state."""
        return record(self.revision, self.state.config, self.steps)

    @property
    def ended(self) -> str:
        """The kind of event that ended the machine, '' if it goes on."""
        return self.state.end.kind if self.state.end else ""

    @property
    def vm(self) -> Vm:
        """EL2's record of the VM at vm0."""
        return self.state.get(Vm, "vm0")

    @property
    def count(self) -> int:
        """The reference count of the VM at vm0."""
        return self.state.get(Page, "vm0").refcount

    def page(self, name: str) -> Page:
        """Return a page's record."""
        return self.state.get(Page, name)

    def loaded(self, cpu: int) -> str | None:
        """Return the vCPU loaded on a CPU."""
        return self.state.get(Cpu, cpu).loaded


def reserved(revision: Revision) -> Machine:
    """Build S1: a handle is promised, there is no VM."""
    machine = Machine(revision)
    machine.call(0, "reserve")
    return machine


def initialised(revision: Revision) -> Machine:
    """Build S2: a VM without vCPUs."""
    machine = reserved(revision)
    machine.call(0, "init_vm", "kvm0", HANDLE, 3, "vm0", "pgd0")
    return machine


def live(revision: Revision) -> Machine:
    """Build S3 without guest pages: a VM with two of the three vCPUs that it may have, none loaded."""
    machine = initialised(revision)
    machine.call(0, "init_vcpu", HANDLE, "hv0.0", "vc0.0")
    machine.call(0, "init_vcpu", HANDLE, "hv0.1", "vc0.1")
    return machine


def loaded(revision: Revision) -> Machine:
    """Build S4: vCPU 0 is loaded on CPU 0, and the guest has page g0 as gfn 0."""
    machine = live(revision)
    machine.call(0, "load", HANDLE, 0)
    machine.call(0, "share", "g0", 0)
    return machine


def idle(revision: Revision) -> Machine:
    """Build S3: as S4, but nothing is loaded any more."""
    machine = loaded(revision)
    machine.call(0, "put")
    return machine


def dying(revision: Revision) -> Machine:
    """Build S5: the teardown has started, the guest has no pages."""
    machine = live(revision)
    machine.call(0, "start", HANDLE)
    return machine


def dying_with_pages(revision: Revision) -> Machine:
    """Build S6: the teardown has started, the guest still has page g0."""
    machine = idle(revision)
    machine.call(0, "start", HANDLE)
    return machine


def protected(revision: Revision) -> Machine:
    """Build a protected VM with vCPU 0 loaded on CPU 0; it owns page g0 as gfn 0."""
    machine = reserved(revision)
    machine.call(0, "init_vm", "kvm0", HANDLE, 1, "vm0", "pgd0", True)
    machine.call(0, "init_vcpu", HANDLE, "hv0.0", "vc0.0")
    machine.call(0, "load", HANDLE, 0)
    machine.call(0, "donate", "g0", 0)
    return machine


def lent_back(revision: Revision) -> Machine:
    """Build a protected VM that lends its page to the host."""
    machine = protected(revision)
    machine.call(0, "guest_mem_share", 0)
    return machine


def poisoned(revision: Revision) -> Machine:
    """Build a protected VM whose page the host has taken by force."""
    machine = protected(revision)
    machine.call(1, "force_reclaim", "g0")
    return machine


def protected_idle(revision: Revision) -> Machine:
    """Build a protected VM with a page and no vCPU loaded."""
    machine = protected(revision)
    machine.call(0, "put")
    return machine


def protected_dying(revision: Revision) -> Machine:
    """Build a protected VM whose teardown has started and which still has its page."""
    machine = protected_idle(revision)
    machine.call(0, "start", HANDLE)
    return machine


def destroyed(revision: Revision) -> Machine:
    """Build S7: the VM is gone."""
    machine = live(revision)
    if "__pkvm_teardown_vm" in revision.calls:
        machine.call(0, "teardown", HANDLE)
    else:
        machine.call(0, "start", HANDLE)
        machine.call(0, "finalise", HANDLE)
    return machine


STATES = {"S0": Machine, "S1": reserved, "S2": initialised, "S3": idle, "S4": loaded, "S5": dying,
          "S6": dying_with_pages, "S7": destroyed,
          "S3 protected": protected_idle, "S4 protected": protected, "S6 protected": protected_dying,
          "S4 lent back": lent_back, "S4 poisoned": poisoned}


def state_class(state: State) -> str:
    """Return which of S0 to S6 the first handle is in."""
    address = state.vm_in(0)
    if address is None:
        return "S1" if state.get(Slot, 0).entry == RESERVED else "S0"
    vm = state.get(Vm, address)
    if vm.is_dying:
        return "S6" if vm.maps else "S5"
    if not any(vm.vcpus):
        return "S2"
    return "S4" if any(state.get(Cpu, cpu).loaded for cpu in range(state.config.cpus)) else "S3"
