"""What should always be true of the machine: invariants I0 to I9, which are about who owns what, not about calls.

Each returns the reason in words if it is broken, and has a premise: the states that it is about. Some are broken by
design, and say so.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..model.state import (FREE, GUEST, HOST, HYP, NOPAGE, OWNED, SECRET, SHARED_BORROWED, SHARED_OWNED, Cpu, Event,
                           Flight, Kvm, Mapped, Page, Slot, State, Vcpu, Vm)
from ..model.steps import Step
from ..model.vm_table import holders
from ..text import count
from .check import Always
from .engine.cases import Each


def find_panic(_: State, step: Step) -> str:
    """Return the warning at EL2, which is a panic, that a step ends in; '' if there is none."""
    return next((describe_event(event) for event in step.events if event.kind == "EL2_PANIC"), "")


def find_lost_memory_use(_: State, step: Step) -> str:
    """Return how a step uses memory that EL2 has given back, or no memory at all; '' if it does not."""
    kinds = ("EL2_USE_AFTER_DONATION", "EL2_FAULT", "EL2_STALE_PUT")
    return next((describe_event(event) for event in step.events if event.kind in kinds), "")


def describe_event(event: Event) -> str:
    """Return an event in words."""
    return f"{event.kind}: CPU {event.cpu} {event.says}"


def find_ownership_conflict(state: State, name: str) -> str:
    """Return how a page has no single owner, or is borrowed and not lent, '' if all is well: I1."""
    page = state.get(Page, name)
    if page.host == OWNED and (page.hyp != NOPAGE or page.owner != HOST or page.host_share_guest_count):
        return f"page {name} is the host's alone, and yet somebody else has it"
    if page.hyp == OWNED and (page.host != NOPAGE or page.owner != HYP):
        return f"page {name} is EL2's, and the host has it too"
    if page.host == SHARED_OWNED and (page.hyp == SHARED_BORROWED) == (page.host_share_guest_count > 0):
        return f"page {name} is lent to nobody, or to EL2 and a guest at once"
    if page.hyp == SHARED_BORROWED and page.host != SHARED_OWNED:
        return f"EL2 borrows page {name}, which the host does not lend"
    return ""


def find_leaf_conflict(state: State, address: str) -> str:
    """Return how a leaf of a VM's guest contradicts the host's side of the page, '' if none does."""
    vm = state.get(Vm, address)
    return next((f"VM {vm.handle:#x} has page {mapped.page} as {mapped.right}" for mapped in vm.maps
                 if mapped.page and not fits_host(state.get(Page, mapped.page), vm.handle, mapped)), "")


def fits_host(page: Page, handle: int, mapped: Mapped) -> bool:
    """Return True if the host's side of a page fits the leaf of a guest."""
    fits = {SHARED_BORROWED: page.host == SHARED_OWNED and page.host_share_guest_count > 0,
            OWNED: page.host == NOPAGE and page.owner == (GUEST, handle, mapped.gfn),
            SHARED_OWNED: page.host == SHARED_BORROWED}
    return fits.get(mapped.right, True)


def list_leaves(state: State) -> Iterator[Mapped]:
    """Yield every page that guests have mapped."""
    return (mapped for _, vm in state.all(Vm) for mapped in vm.maps if mapped.page)


def count_borrowers(state: State, page: str) -> int:
    """Return how many guests' leaves borrow a page."""
    return sum(mapped.page == page and mapped.right == SHARED_BORROWED for mapped in list_leaves(state))


def describe_count(counted: int, borrowers: int, page: str) -> str:
    """Return a page's count and its borrowers in words."""
    return f"page {page} has {count(borrowers, 'borrower')}, but its count is {counted}"


def find_missing_count(state: State, page: str) -> str:
    """Return by how much a page has more borrowers than it counts, '' if it has not."""
    counted, borrowers = state.get(Page, page).host_share_guest_count, count_borrowers(state, page)
    return describe_count(counted, borrowers, page) if counted < borrowers else ""


def find_excess_count(state: State, page: str) -> str:
    """Return by how much a page counts more borrowers than it has, '' if it does not."""
    counted = state.get(Page, page).host_share_guest_count
    return describe_count(counted, borrowers, page) if counted > (borrowers := count_borrowers(state, page)) else ""


def find_loaded_while_dying(state: State, address: str) -> str:
    """Return which vCPU of a dying VM is loaded, '' if none; memory that it gave back may be another VM's vCPU."""
    vm = state.get(Vm, address)
    vcpus = {name: state.get(Vcpu, name) for name in vm.vcpus if vm.is_dying and name}
    return next((f"VM {vm.handle:#x} is dying and {name} is loaded on CPU {vcpu.loaded_on}"
                 for name, vcpu in vcpus.items() if vcpu.vm == address and vcpu.loaded_on is not None), "")


def find_wrong_count(state: State, slot: int) -> str:
    """Return how the count of a slot's VM is not that of its loaded vCPUs and the calls that hold it, '' if it is."""
    address = state.vm_in(slot)
    if not address:
        return ""
    vm, counted = state.get(Vm, address), state.get(Page, address).refcount
    loaded = sum(state.get(Vcpu, vcpu).loaded_on is not None for vcpu in vm.vcpus if vcpu)
    calls = sum(bool(holder.call) and not holder.is_stale for holder in holders(state, address))
    return (f"VM {vm.handle:#x} counts {counted}; vCPUs loaded: {loaded}; calls that hold it: {calls}"
            if counted != loaded + calls else "")


def see_references(cpu: Cpu) -> Cpu:
    """Return only which references to VMs the call under way on a CPU holds."""
    return Cpu(flight=cpu.flight and Flight("any", (), stale=cpu.flight.stale, references=cpu.flight.references))


def list_published(state: State) -> Iterator[str]:
    """Yield the addresses of the VMs in the table."""
    return (address for slot, _ in state.all(Slot) if (address := state.vm_in(slot)))


def find_memory_outside_el2(state: State, slot: int) -> str:
    """Return which page of a slot's VM is not EL2's, '' if none."""
    address = state.vm_in(slot)
    vm = state.get(Vm, address or "")
    return next((f"VM {vm.handle:#x} is in the table and its page {page} is not EL2's"
                 for page in (address, vm.pgd, *vm.vcpus)
                 if address and page and state.get(Page, page).hyp != OWNED), "")


def find_unclean_page(state: State, name: str) -> str:
    """Return how a page that is the host's alone still counts something or holds EL2's struct, '' if it is clean."""
    page, is_struct = state.get(Page, name), any((kind, name) in state.table for kind in (Vm, Vcpu))
    if page.host != OWNED or page.hyp != NOPAGE or not (page.refcount or is_struct):
        return ""
    return f"page {name} is the host's alone, but {'holds a struct of EL2' if is_struct else 'its count is not 0'}"


def find_unpublished_vcpu(state: State, number: int) -> str:
    """Return which vCPU a CPU has loaded whose VM is not in the table, '' if none."""
    loaded = state.get(Cpu, number).loaded
    is_lost = loaded and state.get(Vcpu, loaded).vm not in set(list_published(state))
    return f"CPU {number} has {loaded} loaded, whose VM is gone" if is_lost else ""


def find_leaked_secret(before: State, step: Step) -> str:
    """Return which page a step passes from a guest that keeps it to itself to the host, not zeroed; '' if none."""
    after = step.state
    shared = {mapped.page for mapped in list_leaves(after) if mapped.right == SHARED_OWNED}
    return next((f"the host can read page {name}, which the guest kept to itself"
                 for name, page in before.all(Page) if page.content == SECRET and page.host == NOPAGE
                 and after.get(Page, name).host != NOPAGE and after.get(Page, name).content == SECRET
                 and name not in shared), "")


def is_host_done(state: State) -> bool:
    """Return True if no file of a VM is open any more and no CPU is in the middle of a call."""
    return not any(kvm.fds for _, kvm in state.all(Kvm)) and not any(cpu.flight for _, cpu in state.all(Cpu))


def find_leftover(state: State) -> str:
    """Return what is not as it was before, once an honest host has destroyed its VM; '' if nothing."""
    if not is_host_done(state):
        return ""
    slots = [f"slot {idx} is not free" for idx, slot in state.all(Slot) if slot.entry != FREE]
    pages = [f"page {name} is {page.host} and counts {page.refcount + page.host_share_guest_count}"
            for name, page in state.all(Page)
            if page.host != OWNED or page.hyp != NOPAGE or page.refcount or page.host_share_guest_count]
    return next(iter(slots + pages), "")


def has_any(kind: type[Any]) -> Callable[[State], object]:
    """Return the premise that there is a record of this kind."""
    return lambda state: any(True for _ in state.all(kind))


def is_dying(state: State) -> bool:
    """Return True if a VM is dying: a premise."""
    return any(vm.is_dying for _, vm in state.all(Vm))


def is_mapped(state: State) -> bool:
    """Return True if a guest has a page: a premise."""
    return any(True for _ in list_leaves(state))


def is_secret(state: State, page: str) -> bool:
    """Return True if a guest has a page to itself: a premise."""
    return state.get(Page, page).content == SECRET


OWNERS = Each((Page, find_ownership_conflict), (Vm, find_leaf_conflict))
MISSING_COUNT, EXCESS_COUNT = Each((Page, find_missing_count)), Each((Page, find_excess_count))
LOADED_WHILE_DYING, OUTSIDE_EL2 = Each((Vm, find_loaded_while_dying)), Each((Slot, find_memory_outside_el2))
WRONG_COUNT, UNCLEAN = Each((Slot, find_wrong_count), sees={Cpu: see_references}), Each((Page, find_unclean_page))
UNPUBLISHED = Each((Cpu, find_unpublished_vcpu), sees={Cpu: lambda cpu: Cpu(cpu.loaded)})
INVARIANTS = (
    Always("I0a", "EL2 never panics.", broken_by=find_panic),
    Always("I0b", "EL2 never touches memory that it has given back.", broken_by=find_lost_memory_use),
    Always("I1", "A page has one owner, and what is borrowed is lent.", OWNERS, premise=is_mapped),
    Always("I2", "A page counts at least as many borrowers as it has.", MISSING_COUNT, premise=is_mapped),
    Always("I2x", "A page counts no more borrowers than it has.", EXCESS_COUNT, premise=is_mapped),
    Always("I3", "A dying VM has no vCPU loaded.", LOADED_WHILE_DYING, premise=is_dying),
    Always("I4", "A VM's count is its loaded vCPUs and the calls that hold it.", WRONG_COUNT, premise=has_any(Vm)),
    Always("I5", "A VM in the table is made of EL2's memory.", OUTSIDE_EL2, premise=has_any(Vm)),
    Always("I6", "A page that is the host's alone is clean.", UNCLEAN, premise=has_any(Vm)),
    Always("I7", "A loaded vCPU's VM is in the table.", UNPUBLISHED, premise=has_any(Vcpu)),
    Always("I8", "Nobody else can read what a guest keeps to itself.", broken_by=find_leaked_secret,
           premise=Each((Page, is_secret))),
    Always("I9", "After an honest host has destroyed its VM, everything is as it was.", find_leftover,
           premise=is_host_done))
"""Everything that should always be true. I0 and I2 have two halves; that of I2x is broken by design (R17)."""
