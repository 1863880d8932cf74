"""The mutants M1 to M18: kernels with one thing wrong, and the race that shows what the thing was good for.

Most are a kernel without a guard. If what protects the kernel is not a check but an order, a lock or a place, the
mutant is a rewritten call with that one thing wrong. R5 is the guard whose loss harms nobody.
"""
from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from ..model.guest_memory import share_page
from ..model.hypercalls import (__kvm_vcpu_run, __pkvm_vcpu_load, destroy_hyp_vm, enter_hyp_vcpu, init_pkvm_hyp_vm,
                                map_donated_memory, unmap_donated_memory)
from ..model.memory import hyp_pin_shared_mem, hyp_unpin_shared_mem
from ..model.revisions import EBUSY, EINVAL, ENOENT, Revision
from ..model.state import FREE, HANDLE_OFFSET, Event, Kvm, Vm
from ..model.view import Hypercall, Pointer, Ref, Refused, Region, View
from ..model.vm_table import (get_vm_by_handle, hyp_page_count, hyp_page_ref_dec, hyp_page_ref_inc, put_pkvm_hyp_vm,
                              remove_vm_table_entry, vm_slot)
from .outcomes import Outcome, find_outcome
from .races import RACES
from .scenario import FINALISE, ONE_SHOT

LOAD, PUT, RUN = "__pkvm_vcpu_load", "__pkvm_vcpu_put", "__kvm_vcpu_run"
Functions = Mapping[str, Callable[..., Any]]
NONE: Functions = MappingProxyType({})


class Mutant(NamedTuple):
    """A kernel with one thing wrong.

    `guards` are removed if the kernel has them; `functions` replace calls. `race` shows the harm.
    `control` replaces calls of the correct kernel, if a mutant keeps records that the model does not have.
    """

    id: str
    says: str
    race: str
    guards: tuple[str, ...] = ()
    functions: Functions = NONE
    control: Functions = NONE


class Translations(NamedTuple):
    """What CPUs have cached under a VMID: the root of the stage 2 from which it was read, '' if they have nothing."""

    root: str = ""


def find_doomed_vm(view: View, handle: int) -> Pointer:
    """Return the VM that a handle names, after all checks that this kernel makes before it destroys a VM."""
    call = "teardown" if ONE_SHOT in view.revision.calls else "finalize"
    vm = get_vm_by_handle(view, handle)
    view.guard(f"{call}_vm_exists", vm, f"there is no VM {handle:#x}")
    view.guard(f"{call}_unreferenced", hyp_page_count(view, vm) == 0, f"VM {handle:#x} is still in use")
    view.guard(f"{call}_dying", vm.is_dying, f"VM {handle:#x} is not dying yet")
    return vm


def load_without_reference(view: View, handle: int, idx: int) -> Hypercall:
    """Bind a vCPU to this CPU, but hold no reference to its VM: M3 takes one when the guest runs."""
    yield from __pkvm_vcpu_load(view, handle, idx)
    hyp_page_ref_dec(view, get_vm_by_handle(view, handle))
    return None


def put_without_reference(view: View) -> Hypercall:
    """Take the loaded vCPU off this CPU, which has no reference to drop."""
    yield "L", "take the vCPU off this CPU"
    vcpu = view.vcpu(view.cpu.loaded)
    view.check(vcpu, None, f"nothing is loaded on CPU {view.number}")
    vcpu.loaded_on, view.cpu.loaded = None, None
    return None


def run_with_reference(view: View, host_vcpu: str) -> Hypercall:
    """Run the vCPU loaded here. M3 checks for dying and takes the reference here, without the lock."""
    yield "", "ask which vCPU is loaded here, and whether its VM is dying"
    vcpu = view.vcpu(view.cpu.loaded)
    view.check(vcpu, -EINVAL, f"nothing is loaded on CPU {view.number}")
    vm = view.vm(vcpu.vm)
    view.check(not vm.is_dying, -EINVAL, f"VM {vm.handle:#x} is dying")
    yield "", "enter the guest, counted from here on"
    hyp_page_ref_inc(view, vm)
    yield "", "leave the guest when it exits, and drop the reference"
    view.touch(vcpu)
    hyp_page_ref_dec(view, vm)
    return 0


def empty_slot_late(view: View, handle: int) -> Hypercall:
    """Destroy a VM. M5 empties the slot in a lock region of its own."""
    yield "L", "clear the VMID from the TLBs after all checks"
    vm = find_doomed_vm(view, handle)
    view.flush_vmid(vm.handle)
    yield "L", "empty the slot"
    vm_slot(view, handle).entry = FREE
    yield from destroy_hyp_vm(view, vm)
    return 0


def forget_translations(view: View, vm: Ref) -> None:
    """Flush a VM's VMID: no CPU has anything cached under it any more."""
    view.flush_vmid(vm.handle)
    view.ref(Translations, vm.handle - HANDLE_OFFSET + 1).root = ""


def run_and_remember(view: View, host_vcpu: str) -> Hypercall:
    """Run the vCPU loaded here with the translations cached under its VMID; read others from its own stage 2."""
    yield "", "look translations up under the VMID"
    vcpu = view.vcpu(view.cpu.loaded)
    if vcpu:
        vm = view.vm(vcpu.vm)
        remembered = view.ref(Translations, vm.handle - HANDLE_OFFSET + 1)
        if remembered.root not in ("", vm.pgd):
            says = f"runs a guest of stage 2 {vm.pgd} with translations read from {remembered.root}"
            view.events.append(Event("EL2_STALE_TRANSLATION", str(vm), says, view.number))
        remembered.root = remembered.root or vm.pgd
    return (yield from __kvm_vcpu_run(view, host_vcpu))


def flush_in_time(view: View, handle: int) -> Hypercall:
    """Destroy a VM as the kernels do, and flush what was cached under its VMID."""
    yield "L", "check, flush the VMID, empty the slot"
    vm = find_doomed_vm(view, handle)
    forget_translations(view, vm)
    vm_slot(view, handle).entry = FREE
    yield from destroy_hyp_vm(view, vm)
    return 0


def flush_late(view: View, handle: int) -> Hypercall:
    """Destroy a VM. M7 flushes the VMID when the slot is empty already."""
    yield "L", "check and empty the slot"
    vm = find_doomed_vm(view, handle)
    vm_slot(view, handle).entry = FREE
    yield "", "flush the VMID"
    forget_translations(view, vm)
    yield from destroy_hyp_vm(view, vm)
    return 0


def register_late(view: View, handle: int, host_vcpu: str, vcpu_mem: str) -> Hypercall:
    """Make a vCPU. M8 drops the table lock between finding the VM and registering the vCPU in it."""
    yield from map_donated_memory(view, vcpu_mem)
    try:
        yield "L", "find the VM"
        vm = get_vm_by_handle(view, handle)
        view.check(vm, -ENOENT, f"there is no VM {handle:#x}")
        yield "H+Y", "pin the host's vCPU and register EL2's own"
        hyp_pin_shared_mem(view, host_vcpu, -EBUSY)
        enter_hyp_vcpu(view, vm, host_vcpu, vcpu_mem)
    except Refused as refused:
        yield from unmap_donated_memory(view, vcpu_mem)
        raise refused
    return 0


def share_by_handle(view: View, page: str, gfn: int, nr: int = 1, prot: str = "RWX", topup: int = 2) -> Hypercall:
    """Lend a page to a guest. M9 finds the VM by handle (there is only one), and does not check whether it is dying."""
    yield "L", "find the VM by its handle and take a reference"
    vm = get_vm_by_handle(view, HANDLE_OFFSET)
    view.check(vm, -EINVAL, f"there is no VM {HANDLE_OFFSET:#x}")
    hyp_page_ref_inc(view, vm)
    yield "H+G", f"lend page {page} as gfn {gfn:#x}"
    vcpu = view.vcpu(vm.vcpus[0])
    vcpu.memcache = max(vcpu.memcache, topup)
    ret = view.attempt(share_page, vcpu, page, gfn)
    return (yield from put_pkvm_hyp_vm(view, vm, ret))


def refuse_leftovers(view: View, handle: int) -> Hypercall:
    """Destroy a VM. M12 refuses while a guest page is left."""
    yield "L", "check, also for guest pages, flush the VMID, empty the slot"
    vm = find_doomed_vm(view, handle)
    view.check(not vm.maps, -EBUSY, f"VM {handle:#x} still has a page")
    remove_vm_table_entry(view, vm)
    yield from destroy_hyp_vm(view, vm)
    return 0


def count_vcpus_twice(view: View, kvm: str, handle: int, nr_vcpus: int, vm_mem: str, pgd_mem: str,
                      protected: bool = False) -> Hypercall:
    """Make a VM. M17 takes memory for the number of vCPUs it read first, and then reads the number again."""
    yield "H+Y", f"pin the host's {kvm}"
    hyp_pin_shared_mem(view, kvm)
    try:
        view.check(nr_vcpus >= 1, -EINVAL, f"{kvm} has no vCPU")
        yield from read_again(view, kvm, Vm(handle, kvm, pgd_mem, protected), vm_mem)
    except Refused as refused:
        yield "H+Y", f"unpin {kvm}"
        hyp_unpin_shared_mem(view, kvm)
        raise refused
    return 0


def read_again(view: View, kvm: str, new: Vm, vm_mem: str) -> Generator[Region, None, None]:
    """Take the memory, read the host's number of vCPUs once more, and fill the VM."""
    yield from map_donated_memory(view, vm_mem)
    vcpus = (None,) * len(view.ref(Kvm, kvm).vcpus)
    yield from init_pkvm_hyp_vm(view, new._replace(vcpus=vcpus), vm_mem)


def replace_destroy(function: Callable[..., Any]) -> Functions:
    """Map the call that destroys a VM to a function, under the name that either kind of kernel gives it."""
    return {FINALISE: function, ONE_SHOT: function}


ALL_MUTANTS = (
    Mutant("M1", "A vCPU of a dying VM can be loaded.", "R1", ("load_not_dying",)),
    Mutant("M2", "A teardown does not look at the count.", "R2",
           ("start_unreferenced", "finalize_unreferenced", "teardown_unreferenced")),
    Mutant("M3", "The reference is taken when the guest runs, without the lock, not when its vCPU is loaded.", "R3",
           functions={LOAD: load_without_reference, RUN: run_with_reference, PUT: put_without_reference}),
    Mutant("M4", "A VM that is not dying can be finalised.", "R4", ("finalize_dying",)),
    Mutant("M5", "The slot is emptied after the lock was dropped once.", "R6",
           functions=replace_destroy(empty_slot_late)),
    Mutant("M6", "Finalise does not look at the count.", "R7", ("finalize_unreferenced",)),
    Mutant("M7", "The VMID is flushed after the slot is free.", "R8",
           functions={RUN: run_and_remember, **replace_destroy(flush_late)},
           control={RUN: run_and_remember, **replace_destroy(flush_in_time)}),
    Mutant("M8", "The lock is dropped between finding the VM and registering a vCPU in it.", "R10",
           functions={"__pkvm_init_vcpu": register_late}),
    Mutant("M9", "A page can be lent by handle, without a vCPU loaded.", "R11",
           functions={"__pkvm_host_share_guest": share_by_handle}),
    Mutant("M10", "The host forgets that it has made the start.", "R13", ("host_remembers_start",)),
    Mutant("M11", "The host does not detach the page table: two threads walk.", "R14", ("host_detaches",)),
    Mutant("M12", "Finalise refuses while a guest page is left.", "R17", functions=replace_destroy(refuse_leftovers)),
    Mutant("M13", "Unreserve clears any slot.", "R18", ("unreserve_reserved",)),
    Mutant("M14", "A new VM is put into its slot whatever is there.", "R19", ("insert_reserved",)),
    Mutant("M15", "A vCPU can be loaded on two CPUs.", "R20", ("load_vcpu_free",)),
    Mutant("M16", "A CPU can load a second vCPU.", "R21", ("load_cpu_free",)),
    Mutant("M17", "The number of vCPUs is read twice.", "R23", functions={"__pkvm_init_vm": count_vcpus_twice}),
    Mutant("M18", "The host does not detach the page table: it destroys while it unmaps.", "R12", ("host_detaches",)),
    Mutant("R5", "A dying VM can be started again: harmless.", "R5", ("start_not_dying",)))

MUTANTS = {mutant.id: mutant for mutant in ALL_MUTANTS}


GUARDED_TWICE = {
    ("M6", "upstream"): "Without finalise's check of the count, upstream would be v1, but EL2 also checks a page's "
                        "count when it gives the page back (give_back_unreferenced), which ends the machine first."}
"""Mutants in which another guard of the kernel catches what the lost guard lets through."""


class MutantComparison(NamedTuple):
    """The outcome of a mutant's race in the kernel as it is, and in the mutant."""

    mutant: str
    before: Outcome
    after: Outcome


def applies(mutant: Mutant, revision: Revision) -> bool:
    """Return True if this kernel has what the mutant takes away or changes, and the calls of its race."""
    has = {*revision.guards, *revision.host, *revision.calls}
    return bool(has & {*mutant.guards, *mutant.functions}) and RACES[mutant.race].runs_on(revision)


def mutate(revision: Revision, name: str) -> Revision:
    """Return this kernel with one thing wrong. Raise KeyError if the kernel cannot have this mutant."""
    mutant = MUTANTS.get(name)
    if not mutant or not applies(mutant, revision):
        known = ", ".join(other.id for other in ALL_MUTANTS if applies(other, revision))
        raise KeyError(f"revision {revision.name} has no mutant {name!r}; it has {known}")
    there = {*revision.guards, *revision.host}
    return replace_functions(revision, mutant.functions).without(*(guard for guard in mutant.guards if guard in there))


def replace_functions(revision: Revision, functions: Functions) -> Revision:
    """Return this kernel with these functions in place of its calls."""
    return revision._replace(functions={**revision.functions, **functions})


def compare(name: str, revision: Revision) -> MutantComparison:
    """Return the outcome of a mutant's race in the kernel as it is, and in the mutant."""
    mutant = MUTANTS.get(name)
    changed = mutate(revision, name)
    assert mutant is not None, "mutate refuses unknown names"
    race = RACES[mutant.race]
    return MutantComparison(name, find_outcome(race, replace_functions(revision, mutant.control)),
                            find_outcome(race, changed))
