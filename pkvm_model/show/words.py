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


def short(name: str) -> str:
    """A call's short name."""
    if name in SHORT:
        return SHORT[name]
    bare = name.removeprefix("__pkvm_").removeprefix("__kvm_").removeprefix("vcpu_").removeprefix("host_")
    return bare.removesuffix("_vm").removesuffix("_guest")


class Holder(NamedTuple):
    """Somebody who holds a reference to a VM: a loaded vCPU, or a call for as long as it lasts."""

    kind: str
    says: str
    stale: bool


def holders(state: State, vm: str) -> list[Holder]:
    """Who holds the references that a VM struct's page counts."""
    found = [Holder("call", f"CPU {holder.cpu} · {short(holder.call)}", holder.is_stale) if holder.call else
             Holder("vcpu", f"vCPU {state.get(Vcpu, holder.vcpu).idx} on CPU {holder.cpu}", False)
             for holder in vm_table.holders(state, vm)]
    uncounted = state.get(Page, vm).refcount - len(found)
    return found + bereft(state)[:max(uncounted, 0)]


def bereft(state: State) -> list[Holder]:
    """CPUs with a vCPU loaded whose struct was given back: it can no longer say of which VM it is."""
    return [Holder("vcpu", f"{cpu.loaded} on CPU {number}", True)
            for number, cpu in state.all(Cpu) if cpu.loaded and not state.get(Vcpu, cpu.loaded).vm]


def says(before: State, step: Step) -> str:
    """One sentence about a step; a host warning gets one of its own."""
    warnings = [event for event in step.events if event.kind == "HOST_WARN"]
    return " ".join([main_sentence(before, step), *(warning(event) for event in warnings)])


def warning(event: Event) -> str:
    """The host's warning: not the end of the machine."""
    return f"The host logs a warning: {event.says}. The machine goes on."


def main_sentence(before: State, step: Step) -> str:
    """The end of the machine, a refusal, or the change that matters most."""
    who = f"CPU {step.cpu}’s {short(step.call.name)}"
    if step.state.end:
        return f"The machine ends: {who} {step.state.end.says}."
    if step.refused:
        code, why = step.refused
        if code is None:
            return f"EL2 ignores {who} and answers nothing: {why}."
        return f"EL2 refuses {who} with {errno(code)}: {why}."
    if why := undone_because(before, step):
        return f"{who} finds that {why}, and begins to undo its work."
    verb, _, rest = step.purposes[-1].partition(" if ")[0].partition(" ")  # the step was made, so the condition was met
    return f"{who} {next(changes(before, step), f'{does(verb)} {rest}')}."


def does(verb: str) -> str:
    """A verb as it follows "it": takes, flushes, empties."""
    if re.search(r"[^aeiou]y$", verb):
        return f"{verb[:-1]}ies"
    return f"{verb}es" if verb.endswith(("sh", "ch", "ss", "x", "o")) else f"{verb}s"


def undone_because(before: State, step: Step) -> str:
    """Why a call goes back from this step on: the refusal that it keeps while it undoes what it did, else nothing."""
    earlier, now = (state.get(Cpu, step.cpu).flight for state in (before, step.state))
    return now.undoing.why if now and now.undoing and not (earlier and earlier.undoing) else ""


def changes(before: State, step: Step) -> Iterator[str]:
    """What the step changed, the change that matters most first."""
    differ = Differences(before, step.state)
    for event in step.events:
        if event.kind == "EL2_STALE_PUT":
            yield event.says
    for tell in TELLERS:
        yield from tell(differ)


class Differences:
    """What differs between two states, by kind of record and field."""

    def __init__(self, before: State, after: State) -> None:
        self.before, self.after, self.fields = before, after, diff(before, after)

    def of(self, kind: type[Any], field: str) -> list[tuple[Any, Any, Any]]:
        """Name, old and new value of each record of this kind whose field changed."""
        return [(name, old, new) for k, name, f, old, new in self.fields if k is kind and f == field]

    def handle(self, vm: str) -> str:
        """A VM's handle as text, though its struct may be gone by now."""
        return f"{self.after.get(Vm, vm).handle or self.before.get(Vm, vm).handle:#x}"

    def count(self, vm: str) -> int:
        """How many references there are to a VM now."""
        return self.after.get(Page, vm).refcount

    def gone(self, vm: str) -> bool:
        """True if this step gave the VM's struct back to the host."""
        return self.before.get(Page, vm).owner == HYP and self.after.get(Page, vm).owner == HOST


def dying(d: Differences) -> Iterator[str]:
    """A VM was marked."""
    for vm, _, new in d.of(Vm, "is_dying"):
        if new:
            yield f"marks VM {d.handle(vm)} dying; from now on no vCPU can be loaded"


def memo(d: Differences) -> Iterator[str]:
    """The host made a note."""
    for kvm, _, new in d.of(Kvm, "is_dying"):
        if new:
            yield f"notes in the host’s {kvm} that the start was made"


def slot(d: Differences) -> Iterator[str]:
    """The VM table changed."""
    for idx, old, new in d.of(Slot, "entry"):
        handle = f"{0x1000 + idx:#x}"
        if new == RESERVED:
            yield f"promises slot {idx} to the host; its handle is {handle}"
        elif new == FREE and old == RESERVED:
            yield f"takes the promise of slot {idx} back"
        elif new == FREE and d.gone(old):
            yield f"destroys VM {handle} and gives its pages back{while_held(d, old)}"
        elif new == FREE:
            yield f"empties slot {idx}; a new VM may get handle {handle}"
        else:
            yield f"puts VM {handle} into slot {idx}; {inherited(d.after.get(Page, new).refcount)}"


def inherited(references: int) -> str:
    """What a VM counts when it is new: nothing, unless somebody holds on to what was in its memory before."""
    return f"it counts {references} already" if references else "nobody holds a reference"


def while_held(d: Differences, vm: str) -> str:
    """Who still uses a VM that is going home."""
    using = holders(d.after, vm)
    return f" while {using[0].says.replace(' · ', '’s ')} still holds a reference" if using else ""


def loading(d: Differences) -> Iterator[str]:
    """A vCPU came or went."""
    for address, old, new in d.of(Vcpu, "loaded_on"):
        vcpu = d.after.get(Vcpu, address)
        counts = f"VM {d.handle(vcpu.vm)} now counts {d.count(vcpu.vm)}"
        if new is not None:
            yield f"puts vCPU {vcpu.idx} on CPU {new}; {counts}"
        elif vcpu.vm:
            yield f"takes vCPU {vcpu.idx} off CPU {old}; {counts}"
    for vm, _, vcpus in d.of(Vm, "vcpus"):
        for idx, address in enumerate(vcpus):
            if address and address not in d.before.get(Vm, vm).vcpus:
                yield f"enters vCPU {idx} into VM {d.handle(vm)}"


def mapping(d: Differences) -> Iterator[str]:
    """A guest got or lost a page."""
    for vm, old, new in d.of(Vm, "maps"):
        before, after = {leaf.gfn: leaf for leaf in old}, {leaf.gfn: leaf for leaf in new}
        for gfn, leaf in after.items():
            yield from leaf_changed(d, d.handle(vm), before.get(gfn), leaf)
        if d.after.get(Page, d.after.get(Vm, vm).pgd).refcount:
            for gfn in before.keys() - after.keys():
                yield leaf_gone(d, before[gfn])


def leaf_changed(d: Differences, handle: str, old: Mapped | None, new: Mapped) -> Iterator[str]:
    """A leaf is new, or the guest's right to it changed."""
    if old is None:
        verb = "gives" if new.right == OWNED else "lends"
        yield f"{verb} host page {new.page} to VM {handle} as gfn {new.gfn:#x}"
    elif new.right == POISON != old.right:
        yield f"zeroes page {old.page}, gives it to the host and poisons gfn {new.gfn:#x} of VM {handle}"
    elif new.right != old.right:
        yield f"lends page {new.page} to the host" if new.right == SHARED_OWNED else f"ends the loan of page {new.page}"


def leaf_gone(d: Differences, old: Mapped) -> str:
    """A leaf went."""
    if old.right == SHARED_BORROWED:
        owned = d.after.get(Page, str(old.page)).host_share_guest_count == 0
        return f"ends the loan of page {old.page}{'; the host is its only owner again' if owned else ''}"
    zeroed = d.after.get(Page, str(old.page)).content == ZERO
    return f"{'zeroes' if zeroed else 'takes'} page {old.page} and gives it back to the host"


def homecoming(d: Differences) -> Iterator[str]:
    """Pages came home."""
    pages = [name for name, old, new in d.of(Page, "owner") if old == HYP and new == HOST]
    if pages:
        using = "".join(while_held(d, page) for page in pages)
        yield f"gives page {pages[0]} back to the host{more(pages)}{using}"


def leaving(d: Differences) -> Iterator[str]:
    """Pages went to EL2."""
    pages = [name for name, old, new in d.of(Page, "owner") if old == HOST and new == HYP]
    if pages:
        yield f"takes page {pages[0]} from the host{more(pages)}"


def more(pages: list[str]) -> str:
    """How many pages there are besides the first."""
    return "" if len(pages) == 1 else f", and {len(pages) - 1} more"


def stage2(d: Differences) -> Iterator[str]:
    """A guest's tables were taken apart."""
    for pgd, old, new in d.of(Page, "refcount"):
        if pgd.startswith("pgd") and old and not new:
            torn = [maps for vm, maps, _ in d.of(Vm, "maps") if d.before.get(Vm, vm).pgd == pgd]
            left = [str(leaf.page) for maps in torn for leaf in maps if leaf.page]
            yield "takes stage 2 apart" + (f"; page {left[0]} stays counted as lent{more(left)}" if left else "")
        elif pgd.startswith("pgd") and new:
            yield f"fills the VM struct and makes {pgd} its stage-2 root"


def reference(d: Differences) -> Iterator[str]:
    """A call took or dropped a reference."""
    for vm, old, new in d.of(Page, "refcount"):
        if d.after.get(Vm, vm) != Vm():
            verb = "takes a reference to" if new > old else "drops its reference to"
            yield f"{verb} VM {d.handle(vm)}, which now counts {new}"


def lending(d: Differences) -> Iterator[str]:
    """The host lent a page to EL2, or took it back."""
    for page, _, new in d.of(Page, "hyp"):
        if new == SHARED_BORROWED:
            yield f"lends page {page} to EL2"
        elif d.before.get(Page, page).hyp == SHARED_BORROWED:
            yield f"ends the loan of page {page} to EL2"


def pinning(d: Differences) -> Iterator[str]:
    """EL2 pinned or unpinned a page of the host's."""
    for page, old, new in d.of(Page, "refcount"):
        if d.after.get(Page, page).hyp == SHARED_BORROWED:
            yield f"{'pins' if new > old else 'unpins'} the host’s {page}"


def tables_home(d: Differences) -> Iterator[str]:
    """Pages without a name moved."""
    for _, old, new in d.of(Kvm, "stage2_teardown_mc"):
        if new > old:
            yield f"gives a table page back; {new} have come home"
    for _, old, new in d.of(Vcpu, "memcache"):
        if new > old:
            yield "takes a page for tables from the host"


TELLERS = (dying, memo, slot, loading, mapping, homecoming, leaving, stage2, reference, lending, pinning, tables_home)
"""What may be told of a step; what comes first here matters more."""


def diff(before: State, after: State) -> list[tuple[type[Record], str | int, str, Value, Value]]:
    """Every field that differs: (kind, name, field, old, new), in a fixed order."""
    keys = sorted(before.table.keys() | after.table.keys(), key=sort_key)
    return [(kind, name, field, old, new)
            for kind, name in keys
            for field, old, new in zip(kind._fields, before.get(kind, name), after.get(kind, name), strict=True)
            if old != new]
