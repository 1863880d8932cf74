"""What a step did, in one sentence: the doer first, then what it does to which page or VM, then what matters."""
from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from ..model import vm_table
from ..model.revisions import errno
from ..model.state import (FREE, HOST, HYP, OWNED, POISON, RESERVED, SHARED_BORROWED, SHARED_OWNED, ZERO, Cpu, Event,
                           Kvm, Mapped, Page, Record, Slot, State, Value, Vcpu, Vm, sort_key)
from ..model.steps import Step

SHORT = {
    "kvm_create_vm": "create", "kvm_first_run": "first run", "kvm_guest_fault": "fault", "kvm_destroy_vm": "destroy",
    "kvm_create_vcpu": "create vCPU", "kvm_vcpu_run": "KVM_RUN", "kvm_unmap": "unmap", "kvm_close": "close",
    "kvm_delete_memslot": "delete memslot", "exit_mmap": "exit", "host_access": "access", "fork_owner": "fork",
    "__pkvm_start_teardown_vm": "start", "__pkvm_finalize_teardown_vm": "finalise", "__pkvm_teardown_vm": "teardown",
    "__pkvm_host_share_guest": "share", "__pkvm_host_unshare_guest": "unshare", "__pkvm_host_donate_guest": "donate",
    "__pkvm_reclaim_dying_guest_page": "reclaim", "__pkvm_force_reclaim_guest_page": "force_reclaim",
    "__pkvm_init_vm": "init_vm", "__pkvm_tlb_flush_vmid": "flush", "__pkvm_host_share_hyp": "share_hyp",
    "__pkvm_host_unshare_hyp": "unshare_hyp"}


def shorten(name: str) -> str:
    """Return the short name of a call."""
    if name in SHORT:
        return SHORT[name]
    bare = name.removeprefix("__pkvm_").removeprefix("__kvm_").removeprefix("vcpu_").removeprefix("host_")
    return bare.removesuffix("_vm").removesuffix("_guest")


class ShownHolder(NamedTuple):
    """Somebody who holds a reference to a VM: a loaded vCPU, or a call while it is under way."""

    kind: str
    says: str
    stale: bool


def find_holders(state: State, vm: str) -> list[ShownHolder]:
    """Return who holds the references that a VM struct's page counts."""
    holders = [ShownHolder("call", f"CPU {holder.cpu} · {shorten(holder.call)}", holder.is_stale) if holder.call else
             ShownHolder("vcpu", f"vCPU {state.get(Vcpu, holder.vcpu).idx} on CPU {holder.cpu}", False)
             for holder in vm_table.holders(state, vm)]
    uncounted = state.get(Page, vm).refcount - len(holders)
    return holders + find_freed_vcpus(state)[:max(uncounted, 0)]


def find_freed_vcpus(state: State) -> list[ShownHolder]:
    """Return the CPUs with a vCPU loaded whose struct was given back, and no longer says which VM it belongs to."""
    return [ShownHolder("vcpu", f"{cpu.loaded} on CPU {number}", True)
            for number, cpu in state.all(Cpu) if cpu.loaded and not state.get(Vcpu, cpu.loaded).vm]


def describe_step(before: State, step: Step) -> str:
    """Describe a step in one sentence; a host warning gets one of its own."""
    warnings = [event for event in step.events if event.kind == "HOST_WARN"]
    return " ".join([describe_main_change(before, step), *(describe_warning(event) for event in warnings)])


def describe_warning(event: Event) -> str:
    """Describe a host warning, which does not end the machine."""
    return f"The host logs a warning: {event.says}. The machine goes on."


def describe_main_change(before: State, step: Step) -> str:
    """Describe the end of the machine, a refusal, or the change that matters most."""
    who = f"CPU {step.cpu}’s {shorten(step.call.name)}"
    if step.state.end:
        return f"The machine ends: {who} {step.state.end.says}."
    if step.refused:
        code, why = step.refused
        if code is None:
            return f"EL2 ignores {who} and gives no answer: {why}."
        return f"EL2 refuses {who} with {errno(code)}: {why}."
    if why := find_undo_reason(before, step):
        return f"{who} finds that {why}, and begins to undo its work."
    verb, _, rest = step.purposes[-1].partition(" if ")[0].partition(" ")  # the step was made, so the condition was met
    return f"{who} {next(describe_changes(before, step), f'{conjugate(verb)} {rest}')}."


def conjugate(verb: str) -> str:
    """Return a verb in the third person: takes, flushes, empties."""
    if re.search(r"[^aeiou]y$", verb):
        return f"{verb[:-1]}ies"
    return f"{verb}es" if verb.endswith(("sh", "ch", "ss", "x", "o")) else f"{verb}s"


def find_undo_reason(before: State, step: Step) -> str:
    """Return why a call begins to undo its work in this step, '' if it does not."""
    earlier, now = (state.get(Cpu, step.cpu).flight for state in (before, step.state))
    return now.undoing.why if now and now.undoing and not (earlier and earlier.undoing) else ""


def describe_changes(before: State, step: Step) -> Iterator[str]:
    """Yield what the step changed, the change that matters most first."""
    differ = StateDiff(before, step.state)
    for event in step.events:
        if event.kind == "EL2_STALE_PUT":
            yield event.says
    for tell in TELLERS:
        yield from tell(differ)


class StateDiff:
    """The difference between two states, by kind of record and field."""

    def __init__(self, before: State, after: State) -> None:
        self.before, self.after, self.fields = before, after, compare_states(before, after)

    def of(self, kind: type[Any], field: str) -> list[tuple[Any, Any, Any]]:
        """Return name, old and new value of each record of this kind whose field changed."""
        return [(name, old, new) for k, name, f, old, new in self.fields if k is kind and f == field]

    def handle(self, vm: str) -> str:
        """Return a VM's handle as text, even if its struct is gone by now."""
        return f"{self.after.get(Vm, vm).handle or self.before.get(Vm, vm).handle:#x}"

    def count(self, vm: str) -> int:
        """Return the number of references to a VM now."""
        return self.after.get(Page, vm).refcount

    def gone(self, vm: str) -> bool:
        """Return True if this step gave the VM's struct back to the host."""
        return self.before.get(Page, vm).owner == HYP and self.after.get(Page, vm).owner == HOST


def tell_dying(diff: StateDiff) -> Iterator[str]:
    """Say that a VM was marked."""
    for vm, _, new in diff.of(Vm, "is_dying"):
        if new:
            yield f"marks VM {diff.handle(vm)} as dying; from now on no vCPU can be loaded"


def tell_memo(diff: StateDiff) -> Iterator[str]:
    """Say that the host made a note."""
    for kvm, _, new in diff.of(Kvm, "is_dying"):
        if new:
            yield f"notes in the host’s {kvm} that start was called"


def tell_slot(diff: StateDiff) -> Iterator[str]:
    """Say how the VM table changed."""
    for idx, old, new in diff.of(Slot, "entry"):
        handle = f"{0x1000 + idx:#x}"
        if new == RESERVED:
            yield f"promises slot {idx} to the host; its handle is {handle}"
        elif new == FREE and old == RESERVED:
            yield f"takes back the promise of slot {idx}"
        elif new == FREE and diff.gone(old):
            yield f"destroys VM {handle} and gives its pages back{describe_holding(diff, old)}"
        elif new == FREE:
            yield f"empties slot {idx}; a new VM may get handle {handle}"
        else:
            yield f"puts VM {handle} into slot {idx}; {describe_count(diff.after.get(Page, new).refcount)}"


def describe_count(references: int) -> str:
    """Describe the count of a new VM: 0, unless somebody still holds what was in its memory before."""
    return f"its count is already {references}" if references else "nobody holds a reference"


def describe_holding(diff: StateDiff, vm: str) -> str:
    """Describe who still holds a VM whose struct is given back."""
    using = find_holders(diff.after, vm)
    return f" while {using[0].says.replace(' · ', '’s ')} still holds a reference" if using else ""


def tell_loading(diff: StateDiff) -> Iterator[str]:
    """Say that a vCPU came or went."""
    for address, old, new in diff.of(Vcpu, "loaded_on"):
        vcpu = diff.after.get(Vcpu, address)
        counts = f"the count of VM {diff.handle(vcpu.vm)} is now {diff.count(vcpu.vm)}"
        if new is not None:
            yield f"puts vCPU {vcpu.idx} on CPU {new}; {counts}"
        elif vcpu.vm:
            yield f"takes vCPU {vcpu.idx} off CPU {old}; {counts}"
    for vm, _, vcpus in diff.of(Vm, "vcpus"):
        for idx, address in enumerate(vcpus):
            if address and address not in diff.before.get(Vm, vm).vcpus:
                yield f"adds vCPU {idx} to VM {diff.handle(vm)}"


def tell_mapping(diff: StateDiff) -> Iterator[str]:
    """Say that a guest got or lost a page."""
    for vm, old, new in diff.of(Vm, "maps"):
        before, after = {leaf.gfn: leaf for leaf in old}, {leaf.gfn: leaf for leaf in new}
        for gfn, leaf in after.items():
            yield from describe_new_leaf(diff, diff.handle(vm), before.get(gfn), leaf)
        if diff.after.get(Page, diff.after.get(Vm, vm).pgd).refcount:
            for gfn in before.keys() - after.keys():
                yield describe_lost_leaf(diff, before[gfn])


def describe_new_leaf(diff: StateDiff, handle: str, old: Mapped | None, new: Mapped) -> Iterator[str]:
    """Say that a leaf is new, or that the guest's right to it changed."""
    if old is None:
        verb = "gives" if new.right == OWNED else "lends"
        yield f"{verb} host page {new.page} to VM {handle} as gfn {new.gfn:#x}"
    elif new.right == POISON != old.right:
        yield f"zeroes page {old.page}, gives it to the host and poisons gfn {new.gfn:#x} of VM {handle}"
    elif new.right != old.right:
        yield f"lends page {new.page} to the host" if new.right == SHARED_OWNED else f"ends the loan of page {new.page}"


def describe_lost_leaf(diff: StateDiff, old: Mapped) -> str:
    """Say that a leaf is gone."""
    if old.right == SHARED_BORROWED:
        owned = diff.after.get(Page, str(old.page)).host_share_guest_count == 0
        return f"ends the loan of page {old.page}{'; the host is its only owner again' if owned else ''}"
    zeroed = diff.after.get(Page, str(old.page)).content == ZERO
    return f"{'zeroes' if zeroed else 'takes'} page {old.page} and gives it back to the host"


def tell_homecoming(diff: StateDiff) -> Iterator[str]:
    """Say that pages came home."""
    pages = [name for name, old, new in diff.of(Page, "owner") if old == HYP and new == HOST]
    if pages:
        using = "".join(describe_holding(diff, page) for page in pages)
        yield f"gives page {pages[0]} back to the host{describe_rest(pages)}{using}"


def tell_leaving(diff: StateDiff) -> Iterator[str]:
    """Say that pages went to EL2."""
    pages = [name for name, old, new in diff.of(Page, "owner") if old == HOST and new == HYP]
    if pages:
        yield f"takes page {pages[0]} from the host{describe_rest(pages)}"


def describe_rest(pages: list[str]) -> str:
    """Return the number of pages besides the first, as the end of a phrase."""
    return "" if len(pages) == 1 else f", and {len(pages) - 1} more"


def tell_stage2(diff: StateDiff) -> Iterator[str]:
    """Say that a guest's tables were taken apart or set up."""
    for pgd, old, new in diff.of(Page, "refcount"):
        if pgd.startswith("pgd") and old and not new:
            torn = [maps for vm, maps, _ in diff.of(Vm, "maps") if diff.before.get(Vm, vm).pgd == pgd]
            left = [str(leaf.page) for maps in torn for leaf in maps if leaf.page]
            counted = f"; page {left[0]} still counts as lent{describe_rest(left)}" if left else ""
            yield f"takes stage 2 apart{counted}"
        elif pgd.startswith("pgd") and new:
            yield f"fills the VM struct and makes {pgd} its stage-2 root"


def tell_reference(diff: StateDiff) -> Iterator[str]:
    """Say that a call took or dropped a reference."""
    for vm, old, new in diff.of(Page, "refcount"):
        if diff.after.get(Vm, vm) != Vm():
            verb = "takes a reference to" if new > old else "drops its reference to"
            yield f"{verb} VM {diff.handle(vm)}, whose count is now {new}"


def tell_lending(diff: StateDiff) -> Iterator[str]:
    """Say that the host lent a page to EL2, or took it back."""
    for page, _, new in diff.of(Page, "hyp"):
        if new == SHARED_BORROWED:
            yield f"lends page {page} to EL2"
        elif diff.before.get(Page, page).hyp == SHARED_BORROWED:
            yield f"ends the loan of page {page} to EL2"


def tell_pinning(diff: StateDiff) -> Iterator[str]:
    """Say that EL2 pinned or unpinned a page of the host."""
    for page, old, new in diff.of(Page, "refcount"):
        if diff.after.get(Page, page).hyp == SHARED_BORROWED:
            yield f"{'pins' if new > old else 'unpins'} the host’s {page}"


def tell_tables(diff: StateDiff) -> Iterator[str]:
    """Say that pages without a name moved."""
    for _, old, new in diff.of(Kvm, "stage2_teardown_mc"):
        if new > old:
            yield f"gives a table page back; {new} so far"
    for _, old, new in diff.of(Vcpu, "memcache"):
        if new > old:
            yield "takes a page for tables from the host"


TELLERS = (tell_dying, tell_memo, tell_slot, tell_loading, tell_mapping, tell_homecoming, tell_leaving, tell_stage2,
           tell_reference, tell_lending, tell_pinning, tell_tables)
"""The changes that a sentence can be about, in order of importance."""


def compare_states(before: State, after: State) -> list[tuple[type[Record], str | int, str, Value, Value]]:
    """Return every field that differs as (kind, name, field, old, new), in a fixed order."""
    keys = sorted(before.table.keys() | after.table.keys(), key=sort_key)
    return [(kind, name, field, old, new)
            for kind, name in keys
            for field, old, new in zip(kind._fields, before.get(kind, name), after.get(kind, name), strict=True)
            if old != new]
