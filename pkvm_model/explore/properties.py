"""What should always be true of the machine: invariants I0 to I9, written over who owns what, not over calls.

Each one gives its reason in words where it is broken, and a premise: the states that it is about. Some are broken by
design, and say so. The numbers are those of the course's table of facts.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..model.state import (FREE, GUEST, HOST, HYP, NOPAGE, OWNED, SECRET, SHARED_BORROWED, SHARED_OWNED, Cpu, Event,
                           Kvm, Mapped, Page, Slot, State, Vcpu, Vm)
from ..model.steps import Step
from ..model.vm_table import holders
from .check import Always


def find_panic(_: State, step: Step) -> str:
    """Return the warning at EL2, which is a panic, that a step ends in; '' if there is none."""
    return next((describe_event(event) for event in step.events if event.kind == "EL2_PANIC"), "")


def touches_lost_memory(_: State, step: Step) -> str:
    """Why a step uses memory that EL2 has given back, or no memory at all; '' if it does not."""
    kinds = ("EL2_USE_AFTER_DONATION", "EL2_FAULT", "EL2_STALE_PUT")
    return next((describe_event(event) for event in step.events if event.kind in kinds), "")


def describe_event(event: Event) -> str:
    """Return an event in words."""
    return f"{event.kind}: CPU {event.cpu} {event.says}"


def one_owner(state: State) -> str:
    """I1: a page has one owner, and what one side borrows the other side lends."""
    for name, page in state.all(Page):
        if page.host == OWNED and (page.hyp != NOPAGE or page.owner != HOST or page.host_share_guest_count):
            return f"page {name} is the host's alone and yet somebody else's"
        if page.hyp == OWNED and (page.host != NOPAGE or page.owner != HYP):
            return f"page {name} is EL2's and the host has it too"
        if page.host == SHARED_OWNED and (page.hyp == SHARED_BORROWED) == (page.host_share_guest_count > 0):
            return f"page {name} is lent to nobody, or to EL2 and a guest at once"
        if page.hyp == SHARED_BORROWED and page.host != SHARED_OWNED:
            return f"EL2 borrows page {name}, which the host does not lend"
    return next((why for vm, mapped in leaves(state) if (why := not_lent(state, vm, mapped))), "")


def not_lent(state: State, vm: Vm, mapped: Mapped) -> str:
    """Why what a guest has mapped does not fit what the host's side says of the page; '' if it does."""
    page = state.get(Page, mapped.page or "")
    fits = {SHARED_BORROWED: page.host == SHARED_OWNED and page.host_share_guest_count > 0,
            OWNED: page.host == NOPAGE and page.owner == (GUEST, vm.handle, mapped.gfn),
            SHARED_OWNED: page.host == SHARED_BORROWED}
    return "" if fits.get(mapped.right, True) else f"VM {vm.handle:#x} has page {mapped.page} as {mapped.right}"


def leaves(state: State) -> Iterator[tuple[Vm, Mapped]]:
    """Everything that a guest has mapped."""
    return ((vm, mapped) for _, vm in state.all(Vm) for mapped in vm.maps if mapped.page)


def borrowers(state: State, page: str) -> int:
    """How many guests' leaves borrow a page."""
    return sum(mapped.page == page and mapped.right == SHARED_BORROWED for _, mapped in leaves(state))


def counted_too_low(state: State) -> str:
    """Which page has more borrowers than it counts."""
    return next((f"page {name} counts {page.host_share_guest_count}, and its borrowers are {borrowers(state, name)}"
                 for name, page in state.all(Page) if page.host_share_guest_count < borrowers(state, name)), "")


def counted_too_high(state: State) -> str:
    """Which page counts more borrowers than it has."""
    return next((f"page {name} counts {page.host_share_guest_count}, and its borrowers are {borrowers(state, name)}"
                 for name, page in state.all(Page) if page.host_share_guest_count > borrowers(state, name)), "")


def dying_and_loaded(state: State) -> str:
    """Which dying VM has a vCPU loaded."""
    return next((f"VM {vm.handle:#x} is dying and {vcpu} is loaded on CPU {state.get(Vcpu, vcpu).loaded_on}"
                 for _, vm in state.all(Vm) if vm.is_dying for vcpu in vm.vcpus
                 if vcpu and state.get(Vcpu, vcpu).loaded_on is not None), "")


def miscounted(state: State) -> str:
    """Which VM's count is not the number of its loaded vCPUs and of the calls that hold it."""
    for address in published(state):
        vm, count = state.get(Vm, address), state.get(Page, address).refcount
        loaded = sum(state.get(Vcpu, vcpu).loaded_on is not None for vcpu in vm.vcpus if vcpu)
        calls = sum(bool(holder.call) and not holder.is_stale for holder in holders(state, address))
        if count != loaded + calls:
            return f"VM {vm.handle:#x} counts {count}; vCPUs loaded: {loaded}; calls that hold it: {calls}"
    return ""


def published(state: State) -> Iterator[str]:
    """The addresses of the VMs in the table."""
    return (address for slot, _ in state.all(Slot) if (address := state.vm_in(slot)))


def not_in_memory(state: State) -> str:
    """Which VM in the table is made of memory that is not EL2's."""
    return next((f"VM {vm.handle:#x} is in the table and its page {page} is not EL2's"
                 for address in published(state) for vm in [state.get(Vm, address)]
                 for page in (address, vm.pgd, *vm.vcpus) if page and state.get(Page, page).hyp != OWNED), "")


def not_clean(state: State) -> str:
    """Which page is the host's alone again and still counts something or holds a struct of EL2's."""
    written = {name for kind in (Vm, Vcpu) for name, _ in state.all(kind)}
    return next((f"page {name} is the host's alone and still {'holds a struct' if name in written else 'counts'}"
                 for name, page in state.all(Page)
                 if page.host == OWNED and page.hyp == NOPAGE and (page.refcount or name in written)), "")


def runs_unpublished(state: State) -> str:
    """Which CPU has a vCPU loaded whose VM is not in the table."""
    return next((f"CPU {number} has {cpu.loaded} loaded, whose VM is gone"
                 for number, cpu in state.all(Cpu) if cpu.loaded
                 and state.get(Vcpu, cpu.loaded).vm not in set(published(state))), "")


def tells_a_secret(before: State, step: Step) -> str:
    """Which page goes from a guest that keeps it to itself to the host, and was not zeroed."""
    after = step.state
    shared = {mapped.page for _, mapped in leaves(after) if mapped.right == SHARED_OWNED}
    return next((f"the host can read page {name}, which the guest kept to itself"
                 for name, page in before.all(Page) if page.content == SECRET and page.host == NOPAGE
                 and after.get(Page, name).host != NOPAGE and after.get(Page, name).content == SECRET
                 and name not in shared), "")


def host_is_through(state: State) -> bool:
    """True when no file of a VM is open any more and no CPU is in the middle of a call."""
    return not any(kvm.fds for _, kvm in state.all(Kvm)) and not any(cpu.flight for _, cpu in state.all(Cpu))


def not_home(state: State) -> str:
    """After an honest host has destroyed its VM: what is not as it was before."""
    if not host_is_through(state):
        return ""
    taken = [f"slot {idx} is not free" for idx, slot in state.all(Slot) if slot.entry != FREE]
    away = [f"page {name} is {page.host} and counts {page.refcount + page.host_share_guest_count}"
            for name, page in state.all(Page)
            if page.host != OWNED or page.hyp != NOPAGE or page.refcount or page.host_share_guest_count]
    return next(iter(taken + away), "")


def some(kind: type[Any]) -> Callable[[State], object]:
    """A premise: there is one of this kind."""
    return lambda state: any(True for _ in state.all(kind))


def is_dying(state: State) -> bool:
    """A premise: a VM is dying."""
    return any(vm.is_dying for _, vm in state.all(Vm))


def is_mapped(state: State) -> bool:
    """A premise: a guest has a page."""
    return any(True for _ in leaves(state))


def is_secret(state: State) -> bool:
    """A premise: a guest has a page to itself."""
    return any(page.content == SECRET for _, page in state.all(Page))


INVARIANTS = (
    Always("I0a", "EL2 never panics.", broken_by=find_panic),
    Always("I0b", "EL2 never touches memory that it has given back.", broken_by=touches_lost_memory),
    Always("I1", "A page has one owner, and what is borrowed is lent.", one_owner, premise=is_mapped),
    Always("I2", "A page counts at least as many borrowers as it has.", counted_too_low, premise=is_mapped),
    Always("I2x", "A page counts no more borrowers than it has.", counted_too_high, premise=is_mapped),
    Always("I3", "A dying VM has no vCPU loaded.", dying_and_loaded, premise=is_dying),
    Always("I4", "A VM's count is its loaded vCPUs and the calls that hold it.", miscounted, premise=some(Vm)),
    Always("I5", "A VM in the table is made of EL2's memory.", not_in_memory, premise=some(Vm)),
    Always("I6", "A page that is the host's alone is clean.", not_clean, premise=some(Vm)),
    Always("I7", "A loaded vCPU's VM is in the table.", runs_unpublished, premise=some(Vcpu)),
    Always("I8", "What a guest keeps to itself nobody else can read.", broken_by=tells_a_secret, premise=is_secret),
    Always("I9", "After an honest host's destroy everything is as it was.", not_home, premise=host_is_through))
"""Everything that should always be true. I0 and I2 have two halves; that of I2x is broken by design (R17)."""
