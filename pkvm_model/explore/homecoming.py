"""Whether everything can still come home: what an honest host does from any state on, and what is not home yet.

Whatever a scenario's CPUs have done, an honest host takes over: it lets calls under way finish, puts loaded vCPUs,
takes the guest's pages back, starts and finalises the teardown (or makes the one call for both), takes back promised
slots and the pages it lends to EL2, and tries again what was refused. It begins a call only while no other is under
way: whatever can come home can do so one call after the other.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from ..model.revisions import Revision
from ..model.run import begin, resume
from ..model.state import (FREE, HANDLE_OFFSET, HOST, NOPAGE, OWNED, RESERVED, SHARED_BORROWED, SHARED_OWNED, Config,
                           Cpu, Page, Slot, State, Vcpu, Vm)
from ..model.steps import Call, Step
from ..model.view import Waits
from .check import AlwaysPossible
from .engine.machine import Machine, Records
from .machines import END, AnyHost, Scripts, add_end, list_memory
from .properties import list_published

RESUME, PUT, TAKE, START, FINALISE, UNRESERVE, UNSHARE, ACCESS, LOAD = (
    "resume", "put", "take", "start", "finalise", "unreserve", "unshare", "access", "load")
"""What an honest host does."""
GO_HOME = (RESUME, PUT, TAKE, START, FINALISE, UNRESERVE, UNSHARE, ACCESS)
"""What it does to bring everything home, in the order in which it tries."""
EL2_MEMORY = ("vm", "pgd", "vc")
"""How the names of pages begin that EL2 takes for its own structs."""
SHARE, ONE_SHOT = "__pkvm_host_share_hyp", "__pkvm_teardown_vm"


class HonestHost(NamedTuple):
    """An honest host that continues from any state of a machine; an action is what it does, and to what.

    `lent` are the pages that it may have lent to EL2, `guest` those that guests may have.
    """

    revision: Revision
    config: Config
    lent: tuple[str, ...]
    guest: tuple[str, ...]
    verbs: tuple[str, ...] = GO_HOME

    @property
    def actions(self) -> tuple[tuple[str, Any], ...]:
        """Everything it can do, in the order in which it tries."""
        things: dict[str, Any] = {RESUME: range(self.config.cpus), PUT: range(self.config.cpus), UNSHARE: self.lent,
                                  ACCESS: self.guest}
        return tuple((verb, thing) for verb in self.verbs for thing in things.get(verb, range(self.config.slots)))

    def initial(self) -> Records:
        """Return the state in which nothing has happened."""
        return {}

    def step(self, action: tuple[str, Any], records: Records) -> tuple[Records, Step] | None:
        """Let a call under way go on by a lock region, or begin a call if none is under way."""
        (verb, thing), state = action, self.view(records)
        if state.end:
            return None
        flights = [cpu for cpu in range(self.config.cpus) if state.get(Cpu, cpu).flight]
        if verb == RESUME:
            return self.go_on(state, thing) if thing in flights else None
        call = None if flights else self.choose(state, verb, thing)
        if not call or call.name not in self.revision.calls:
            return None
        step = begin(state, self.revision, thing if verb == PUT else 0, call)
        return add_end(step.state.table, step), step

    def go_on(self, state: State, cpu: int) -> tuple[Records, Step] | None:
        """Return the next region of the call under way on a CPU; None while it waits for a lock of the host's."""
        try:
            step = resume(state, self.revision, cpu)
        except Waits:
            return None
        return add_end(step.state.table, step), step

    def choose(self, state: State, verb: str, thing: Any) -> Call | None:
        """Return the hypercall for an action in this state; None if there is nothing to do."""
        if verb == PUT:
            return Call("__pkvm_vcpu_put") if state.get(Cpu, thing).loaded else None
        if verb == UNSHARE:
            return Call("__pkvm_host_unshare_hyp", (thing,)) if state.get(Page, thing).host == SHARED_OWNED else None
        if verb == ACCESS:
            away = isinstance(state.get(Page, thing).owner, tuple)
            return Call("__pkvm_force_reclaim_guest_page", (thing,)) if away else None
        handle, entry = HANDLE_OFFSET + thing, state.get(Slot, thing).entry
        if verb == LOAD:
            return Call("__pkvm_vcpu_load", (handle, 0))
        if verb == UNRESERVE:
            return Call("__pkvm_unreserve_vm", (handle,)) if entry == RESERVED else None
        return None if entry in (FREE, RESERVED) else self.tear_down(state.get(Vm, entry), verb, handle)

    def tear_down(self, vm: Vm, verb: str, handle: int) -> Call | None:
        """Return the hypercall of a teardown: for the guest's first page, for its beginning, or for its end."""
        if verb == TAKE:
            leaf = next((leaf for leaf in vm.maps if leaf.page), None)
            name = "__pkvm_reclaim_dying_guest_page" if vm.is_protected else "__pkvm_host_unshare_guest"
            return Call(name, (handle, leaf.gfn)) if leaf else None
        if ONE_SHOT in self.revision.calls:
            return Call(ONE_SHOT, (handle,)) if verb == FINALISE else None
        return Call("__pkvm_start_teardown_vm" if verb == START else "__pkvm_finalize_teardown_vm", (handle,))

    def view(self, records: Records) -> State:
        """Return the state that these records are."""
        return State(self.config, records, records.get(END))

    def is_unfinished(self, records: Records) -> bool:
        """Return False: this host has no script."""
        return False


def continue_honestly(machine: Machine) -> HonestHost:
    """Return the honest host that takes over from a machine."""
    if isinstance(machine, AnyHost):
        calls, revision, config = machine.calls, machine.revision, machine.config
    else:
        assert isinstance(machine, Scripts), "only scripts and hosts have memory with names"
        bench = machine.scene
        moves = tuple((cpu, move.call) for cpu, script in enumerate(bench.scripts) for move in script)
        calls, revision, config = (*bench.setup, *moves), bench.revision, bench.config
    shares = tuple((cpu, call) for cpu, call in calls if call.name == SHARE)
    lent = {*list_memory(calls, "kvm", "hv"), *list_memory(shares, "")}
    return HonestHost(revision, config, tuple(sorted(lent)), list_memory(calls, "g"))


def continue_running(machine: Machine) -> HonestHost:
    """Return an honest host that takes over from a machine only to load the VM's first vCPU."""
    return continue_honestly(machine)._replace(verbs=(RESUME, PUT, LOAD))


def find_unloaded(state: State) -> dict[str, str]:
    """Return the living VMs none of whose vCPUs is loaded."""
    loaded = {state.get(Vcpu, cpu.loaded).vm for _, cpu in state.all(Cpu) if cpu.loaded}
    return {f"VM {vm.handle:#x}": f"VM {vm.handle:#x} cannot run" for address, vm in list_living(state)
            if address not in loaded}


def list_living(state: State) -> Iterator[tuple[str, Vm]]:
    """Yield address and struct of the VMs in the table that are not dying and have their first vCPU."""
    for address in list_published(state):
        vm = state.get(Vm, address)
        if not vm.is_dying and vm.vcpus and vm.vcpus[0]:
            yield address, vm


def ask_of_living(state: State) -> frozenset[str] | None:
    """Return that nothing is excused if a VM is alive and no call is under way; None in any other state."""
    busy = state.end or any(cpu.flight for _, cpu in state.all(Cpu))
    return None if busy or not any(True for _ in list_living(state)) else frozenset()


def find_missing(state: State) -> dict[str, str]:
    """Return what is not home in a state and why, by name: pages that are not the host's alone, slots in use."""
    return dict([*list_busy_cpus(state), *list_slots_in_use(state), *list_pages_away(state)])


def list_busy_cpus(state: State) -> Iterator[tuple[str, str]]:
    """Yield the CPUs that have a vCPU loaded or a call under way."""
    for number, cpu in state.all(Cpu):
        if cpu.loaded or cpu.flight:
            yield f"CPU {number}", f"CPU {number} keeps {cpu.loaded or 'its call under way'}"


def list_slots_in_use(state: State) -> Iterator[tuple[str, str]]:
    """Yield the slots that are not free."""
    for idx, _ in state.all(Slot):
        yield f"slot {idx}", f"slot {idx} stays taken"


def list_pages_away(state: State) -> Iterator[tuple[str, str]]:
    """Yield the pages that are not the host's alone, or that count something; those of EL2's structs come first."""
    for name, page in sorted(state.all(Page), key=lambda item: not item[0].startswith(EL2_MEMORY)):
        if page.host_share_guest_count:
            yield f"page {name}", f"page {name} still counts as lent to a guest"
        elif page.refcount and page.host in (OWNED, SHARED_OWNED):
            yield f"page {name}", f"page {name} keeps a count of {page.refcount}"
        elif (page.host, page.hyp, page.owner, page.refcount) != (OWNED, NOPAGE, HOST, 0):
            yield f"page {name}", f"page {name} is lost"


def list_left_behind(state: State) -> frozenset[str] | None:
    """Return what is lost by design: pages that a finalised VM left behind, and counts that refused calls left.

    It is None while a call is under way: what that call will leave behind cannot be seen yet.

    The first are races R9 and R17: no kernel looks for guest pages when it finalises. The second is R18: up to merged,
    a refused init_vm leaves its stage-2 root counted, and a refused init_vcpu leaves the host's vCPU pinned.
    """
    if state.end or any(cpu.flight for _, cpu in state.all(Cpu)):
        return None
    mapped = [leaf.page for address in list_published(state) for leaf in state.get(Vm, address).maps]
    structs = {name for _, vm in state.all(Vm) for name in (vm.host_kvm, vm.pgd)}
    structs |= {vcpu.host_vcpu for _, vcpu in state.all(Vcpu)}
    return frozenset(f"page {name}" for name, page in state.all(Page)
                     if mapped.count(name) < page.host_share_guest_count + is_guests_own(page)
                     or (name not in structs and page.refcount and page.host in (OWNED, SHARED_OWNED)))


def is_guests_own(page: Page) -> bool:
    """Return True if a protected guest has a page to itself, or lends it to the host."""
    return isinstance(page.owner, tuple) or page.host == SHARED_BORROWED


HOME = AlwaysPossible(
    "way-home", "Whatever has happened, an honest host can still get everything back: it lets calls finish, puts, "
    "takes pages back, destroys, and tries again what was refused.", continue_honestly, find_missing)
"""Each page its own, each count 0, each slot free."""
RUNS = AlwaysPossible("runs", "A VM that is not dying can still run, whatever was refused before.", continue_running,
                      find_unloaded, ask_of_living)
HOME_BUT_FOR_LEFT = AlwaysPossible(
    "way-home-but", "Between two calls, an honest host can still get everything back except what was left behind by "
    "design (R9, R17, R18).", continue_honestly, find_missing, list_left_behind)
"""The same without what is lost by design; `list_left_behind` says what that is."""


def can_always_reach(name: str, says: str, reached: Callable[[State], object]) -> AlwaysPossible:
    """Return the property that an honest host can reach a state like this from every state; `says` is the sentence."""
    def find_distance(state: State) -> dict[str, str]:
        return {} if reached(state) else {name: f"{name} is out of reach"}

    return AlwaysPossible(name, says, continue_honestly, find_distance)
