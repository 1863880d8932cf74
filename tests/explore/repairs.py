"""Repairs that a learner could write, wrong ones and right ones; each says what it does and why it is wrong or right.

`wrong` and `right` note the kernel that is mended, the call that a function replaces, and the function.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from pkvm_model.kernel import (
    EAGAIN,
    EBUSY,
    EINVAL,
    ENOENT,
    ENOMEM,
    EPERM,
    FREE,
    GUEST,
    HANDLE_OFFSET,
    HOST,
    MERGED,
    NOPAGE,
    OWNED,
    RESERVED,
    SECRET,
    SHARED_BORROWED,
    SHARED_OWNED,
    UPSTREAM,
    V1,
    ZERO,
    Cpu,
    Kvm,
    Pointer,
    Refused,
    Revision,
    View,
    Vm,
    destroy_hyp_vm,
    destroy_stage2,
    donate_page,
    get_vm_by_handle,
    hyp_donate_host,
    hyp_page_count,
    hyp_page_ref_dec,
    hyp_page_ref_inc,
    hyp_pin_shared_mem,
    hyp_unpin_shared_mem,
    insert_vm_table_entry,
    map_donated_memory,
    poison_leaf,
    prepare_stage2,
    reclaim_page,
    reclaim_pgtable_page,
    refill_memcache,
    remove_vm_table_entry,
    teardown_donated_memory,
    teardown_hyp_vcpu,
    unmap_donated_memory,
    unshare_page,
    vm_slot,
)
from pkvm_model.kernel import __pkvm_finalize_teardown_vm as finalise
from pkvm_model.model.guest_memory import get_leaves, get_loaded_vcpu, remove_leaf, require_leaf, share_page
from pkvm_model.model.hypercalls import enter_hyp_vcpu
from pkvm_model.model.view import Hypercall

START, FINALISE, UNSHARE = "__pkvm_start_teardown_vm", "__pkvm_finalize_teardown_vm", "__pkvm_host_unshare_guest"
LOAD, PUT, FLUSH, RECLAIM = ("__pkvm_vcpu_load", "__pkvm_vcpu_put", "__pkvm_tlb_flush_vmid",
                             "__pkvm_reclaim_dying_guest_page")
INIT_VM, INIT_VCPU, SHARE, FORCE = ("__pkvm_init_vm", "__pkvm_init_vcpu", "__pkvm_host_share_guest",
                                    "__pkvm_force_reclaim_guest_page")
UNRESERVE, DONATE, GUEST_UNSHARE = "__pkvm_unreserve_vm", "__pkvm_host_donate_guest", "guest_mem_unshare"
CLOSED = V1._replace(guards={**V1.guards, "finalize_unreferenced": -EBUSY})
"""v1 with its hole closed: the base of repairs that do more than they should."""
Function = Callable[..., Any]


class Repair(NamedTuple):
    """A repair: its name, what it does and why it is wrong or right, the kernel that it makes, and which it is."""

    name: str
    says: str
    kernel: Revision
    is_right: bool


REPAIRS: list[Repair] = []


def note(base: Revision, call: str, *, is_right: bool) -> Callable[[Function], Function]:
    """Return what notes a function as a repair."""
    def decorate(function: Function) -> Function:
        functions = {**base.functions, call: function}
        REPAIRS.append(Repair(function.__name__, function.__doc__ or "", base._replace(functions=functions), is_right))
        return function

    return decorate


def wrong(base: Revision, call: str) -> Callable[[Function], Function]:
    """Note a function as a wrong repair."""
    return note(base, call, is_right=False)


def right(base: Revision, call: str) -> Callable[[Function], Function]:
    """Note a function as a right repair."""
    return note(base, call, is_right=True)


def find_dying(view: View, handle: int) -> Pointer:
    """Return the dying VM as v1's finalise finds it."""
    vm = get_vm_by_handle(view, handle)
    view.check(vm, -ENOENT, "there is no such VM")
    view.check(vm.is_dying, -EBUSY, "the VM is not dying yet")
    return vm


def find_doomed(view: View, handle: int) -> Pointer:
    """Return the dying VM that nobody uses, as a good finalise finds it."""
    vm = find_dying(view, handle)
    view.check(hyp_page_count(view, vm) == 0, -EBUSY, "the VM is in use")
    return vm


def find_startable(view: View, handle: int) -> Pointer:
    """Return the VM that start may mark."""
    vm = get_vm_by_handle(view, handle)
    view.check(vm, -ENOENT, "there is no such VM")
    view.check(hyp_page_count(view, vm) == 0, -EBUSY, "the VM is in use")
    view.check(not vm.is_dying, -EINVAL, "the VM is dying already")
    return vm


def find_ordinary(view: View, handle: int) -> Pointer:
    """Return an ordinary VM without taking a reference."""
    vm = get_vm_by_handle(view, handle)
    view.check(vm and not vm.is_protected, -EINVAL, "there is no such VM")
    return vm


# ---- finalise: whom it counts, what it answers ----

@wrong(V1, FINALISE)
def asks_only_for_loaded_vcpus(view: View, handle: int) -> Hypercall:
    """Refuse while a vCPU is loaded, and look at no count. Wrong: a call that looked the VM up has no vCPU loaded."""
    yield "L", "check and empty the slot"
    vm = find_dying(view, handle)
    loaded = any(vcpu and view.vcpu(vcpu).loaded_on is not None for vcpu in vm.vcpus)
    view.check(not loaded, -EBUSY, "the VM runs")
    remove_vm_table_entry(view, vm)
    yield from destroy_hyp_vm(view, vm)
    return 0


@wrong(V1, FINALISE)
def takes_its_own_reference_for_granted(view: View, handle: int) -> Hypercall:
    """Let a count of 1 pass, as if finalise held a reference itself. Wrong: the one reference is another call's."""
    yield "L", "check and empty the slot"
    vm = find_dying(view, handle)
    view.check(hyp_page_count(view, vm) <= 1, -EBUSY, "the VM is in use")
    remove_vm_table_entry(view, vm)
    yield from destroy_hyp_vm(view, vm)
    return 0


@wrong(V1, FINALISE)
def answers_zero_when_busy(view: View, handle: int) -> Hypercall:
    """Answer 0 while the VM is in use, and do nothing. Wrong: the host forgets the handle, and the VM stays."""
    yield "L", "check and empty the slot"
    vm = find_dying(view, handle)
    if hyp_page_count(view, vm):
        return 0
    remove_vm_table_entry(view, vm)
    yield from destroy_hyp_vm(view, vm)
    return 0


@wrong(V1, FINALISE)
def answers_a_positive_code(view: View, handle: int) -> Hypercall:
    """Refuse with 16 instead of -16. Wrong: errors are negative; a caller that tests for `< 0` takes it for success."""
    yield "L", "check and empty the slot"
    vm = find_dying(view, handle)
    view.check(hyp_page_count(view, vm) == 0, EBUSY, "the VM is in use")
    remove_vm_table_entry(view, vm)
    yield from destroy_hyp_vm(view, vm)
    return 0


@wrong(V1, FINALISE)
def answers_an_error_when_done(view: View, handle: int) -> Hypercall:
    """Destroy the VM and answer -EAGAIN if it had a vCPU. Wrong: it did what it says it did not do."""
    yield "L", "check and empty the slot"
    vm = find_doomed(view, handle)
    had = len(vm.vcpus)
    remove_vm_table_entry(view, vm)
    yield from destroy_hyp_vm(view, vm)
    return -EAGAIN if had > 1 else 0


@wrong(V1, FINALISE)
def works_only_on_the_first_cpu(view: View, handle: int) -> Hypercall:
    """Refuse on every CPU but 0. Wrong: the last file may be closed anywhere, and the host does not ask again."""
    yield "L", "check and empty the slot"
    vm = find_doomed(view, handle)
    view.check(view.number == 0, -EBUSY, "this is not the boot CPU")
    remove_vm_table_entry(view, vm)
    yield from destroy_hyp_vm(view, vm)
    return 0


@wrong(V1, FINALISE)
def counts_only_on_the_second_cpu(view: View, handle: int) -> Hypercall:
    """Look at the count on CPU 1 only. Wrong: finalise on CPU 0 has the hole as before."""
    yield "L", "check and empty the slot"
    vm = find_dying(view, handle)
    view.check(view.number == 0 or hyp_page_count(view, vm) == 0, -EBUSY, "the VM is in use")
    remove_vm_table_entry(view, vm)
    yield from destroy_hyp_vm(view, vm)
    return 0


@wrong(V1, FINALISE)
def works_only_for_the_first_handle(view: View, handle: int) -> Hypercall:
    """Count right, but for slot 0 only. Wrong: a VM in slot 1 is still given back under a call that holds it."""
    yield "L", "check and empty the slot"
    vm = find_dying(view, handle)
    view.check(handle != HANDLE_OFFSET or hyp_page_count(view, vm) == 0, -EBUSY, "the VM is in use")
    remove_vm_table_entry(view, vm)
    yield from destroy_hyp_vm(view, vm)
    return 0


@wrong(V1, FINALISE)
def refuses_two_vcpus(view: View, handle: int) -> Hypercall:
    """Refuse a VM with more than one vCPU. Wrong: such a VM can never be destroyed."""
    yield "L", "check and empty the slot"
    vm = find_doomed(view, handle)
    view.check(len(vm.vcpus) < 2, -EBUSY, "too many vCPUs")
    remove_vm_table_entry(view, vm)
    yield from destroy_hyp_vm(view, vm)
    return 0


@wrong(V1, FINALISE)
def wakes_the_dying_when_busy(view: View, handle: int) -> Hypercall:
    """Take the mark back when it refuses. Wrong: a refused call changes something; the host starts once only."""
    yield "L", "check and empty the slot"
    vm = find_dying(view, handle)
    if hyp_page_count(view, vm):
        vm.is_dying = False
        return -EBUSY
    remove_vm_table_entry(view, vm)
    yield from destroy_hyp_vm(view, vm)
    return 0


ATTEMPTS: list[int] = []


@wrong(V1, FINALISE)
def works_once(view: View, handle: int) -> Hypercall:
    """Work once and never again, by a count outside the machine. Wrong: every later VM stays for ever."""
    yield "L", "check and empty the slot"
    vm = find_doomed(view, handle)
    ATTEMPTS.append(handle)
    view.check(len(ATTEMPTS) < 2, -EBUSY, "not again")
    remove_vm_table_entry(view, vm)
    yield from destroy_hyp_vm(view, vm)
    return 0


@wrong(V1, FINALISE)
def looks_into_other_cpus(view: View, handle: int) -> Hypercall:
    """Look at the calls under way on all CPUs instead of the count. Wrong: EL2 cannot see other CPUs' registers."""
    yield "L", "check and empty the slot"
    vm = find_dying(view, handle)
    busy = any(cpu.flight and number != view.number for number, cpu in view.state.all(Cpu))
    view.check(not busy, -EBUSY, "another CPU is busy")
    remove_vm_table_entry(view, vm)
    yield from destroy_hyp_vm(view, vm)
    return 0


@wrong(V1, FINALISE)
def counts_once_and_spins(view: View, handle: int) -> Hypercall:
    """Read the count once and spin while it is not 0. Wrong: the number never changes, and the lock is held."""
    yield "L", "check and empty the slot"
    vm = find_dying(view, handle)
    count = hyp_page_count(view, vm)
    while count:
        pass
    remove_vm_table_entry(view, vm)
    yield from destroy_hyp_vm(view, vm)
    return 0


@wrong(V1, FINALISE)
def clears_the_count(view: View, handle: int) -> Hypercall:
    """Set the count to 0 and go on. Wrong: the call that holds the VM still uses it and drops its reference later."""
    yield "L", "check and empty the slot"
    vm = find_dying(view, handle)
    view.page(vm.address).refcount = 0
    remove_vm_table_entry(view, vm)
    yield from destroy_hyp_vm(view, vm)
    return 0


@wrong(V1, FINALISE)
def drops_the_reference_of_others(view: View, handle: int) -> Hypercall:
    """Drop what others hold, then refuse. Wrong: the next finalise finds 0, and the holder's drop is one too many."""
    yield "L", "check and empty the slot"
    vm = find_dying(view, handle)
    if hyp_page_count(view, vm):
        hyp_page_ref_dec(view, vm)
        return -EBUSY
    remove_vm_table_entry(view, vm)
    yield from destroy_hyp_vm(view, vm)
    return 0


@wrong(V1, FINALISE)
def works_once_for_a_handle(view: View, handle: int) -> Hypercall:
    """Remember each handle that was finalised and refuse it later. Wrong: handles are reused by the next VM."""
    yield "L", "check and empty the slot"
    vm = find_doomed(view, handle)
    memo = view.ref(Kvm, f"memo{handle}")
    view.check(not memo.is_dying, -EBUSY, "done already")
    memo.is_dying = True
    remove_vm_table_entry(view, vm)
    yield from destroy_hyp_vm(view, vm)
    return 0


# ---- finalise: slot, flush and locks ----

@wrong(V1, FINALISE)
def flushes_too_late(view: View, handle: int) -> Hypercall:
    """Empty the slot, drop the lock, then flush. Wrong: the next VM with this VMID sees the last one's translations."""
    yield "L", "check and empty the slot"
    vm = find_doomed(view, handle)
    vm_slot(view, handle).entry = FREE
    yield "", "flush the VMID"
    view.flush_vmid(vm.handle)
    yield from destroy_hyp_vm(view, vm)
    return 0


@wrong(V1, FINALISE)
def flushes_nothing(view: View, handle: int) -> Hypercall:
    """Empty the slot without a flush. Wrong: stale translations of a VMID that is given away."""
    yield "L", "check and empty the slot"
    vm = find_doomed(view, handle)
    vm_slot(view, handle).entry = FREE
    yield from destroy_hyp_vm(view, vm)
    return 0


@wrong(V1, FINALISE)
def flushes_the_neighbour(view: View, handle: int) -> Hypercall:
    """Flush the VMID of the next slot. Wrong: the VMID that is given away keeps its translations."""
    yield "L", "check and empty the slot"
    vm = find_doomed(view, handle)
    view.flush_vmid(vm.handle + 1)
    vm_slot(view, handle).entry = FREE
    yield from destroy_hyp_vm(view, vm)
    return 0


@wrong(V1, FINALISE)
def takes_no_lock(view: View, handle: int) -> Hypercall:
    """Count and empty the slot without the table lock. Wrong: counts and slots change only under that lock."""
    yield "", "check and empty the slot"
    vm = find_doomed(view, handle)
    remove_vm_table_entry(view, vm)
    yield from destroy_hyp_vm(view, vm)
    return 0


@wrong(V1, FINALISE)
def takes_the_guests_lock(view: View, handle: int) -> Hypercall:
    """Count and empty the slot under the VM's own lock. Wrong: whoever looks a VM up holds the table's lock, not it."""
    yield "G", "check and empty the slot"
    vm = find_doomed(view, handle)
    remove_vm_table_entry(view, vm)
    yield from destroy_hyp_vm(view, vm)
    return 0


@wrong(V1, FINALISE)
def parks_the_slot(view: View, handle: int) -> Hypercall:
    """Mark the slot reserved, free it at the end. Wrong: any host may make a VM in it meanwhile, which then is lost."""
    yield "L", "check and park the slot"
    vm = find_doomed(view, handle)
    view.flush_vmid(vm.handle)
    vm_slot(view, handle).entry = RESERVED
    yield from destroy_hyp_vm(view, vm)
    yield "L", "empty the slot"
    vm_slot(view, handle).entry = FREE
    return 0


@wrong(V1, FINALISE)
def empties_the_slot_again(view: View, handle: int) -> Hypercall:
    """Empty the slot once more at the end, to be sure. Wrong: by then it may be the next VM's."""
    yield "L", "check and empty the slot"
    vm = find_doomed(view, handle)
    remove_vm_table_entry(view, vm)
    yield from destroy_hyp_vm(view, vm)
    yield "L", "empty the slot again"
    vm_slot(view, handle).entry = FREE
    return 0


@wrong(V1, FINALISE)
def empties_the_slot_last(view: View, handle: int) -> Hypercall:
    """Count, destroy, and empty the slot at the end. Wrong: meanwhile the table names memory that was given back."""
    yield "L", "check"
    vm = find_doomed(view, handle)
    view.flush_vmid(vm.handle)
    yield from destroy_hyp_vm(view, vm)
    yield "L", "empty the slot"
    vm_slot(view, handle).entry = FREE
    return 0


@wrong(V1, FINALISE)
def keeps_the_reservation(view: View, handle: int) -> Hypercall:
    """Leave the slot reserved. Wrong: the host has forgotten the handle and unreserves nothing."""
    yield "L", "check and empty the slot"
    vm = find_doomed(view, handle)
    view.flush_vmid(vm.handle)
    vm_slot(view, handle).entry = RESERVED
    yield from destroy_hyp_vm(view, vm)
    return 0


# ---- finalise: what it gives back ----

def give_vm_back(view: View, vm: Pointer, host_kvm: str) -> Iterator[Any]:
    """Give back the struct of a VM as the kernel does."""
    yield "H+Y", "zero the VM struct and give it back"
    teardown_donated_memory(view, vm.address, host_kvm, view.config.vm_pages)
    yield "H+Y", "unpin the host's struct"
    hyp_unpin_shared_mem(view, host_kvm)


def give_tables_back(view: View, vm: Pointer, host_kvm: str) -> Iterator[Any]:
    """Give back the tables of a VM as the kernel does."""
    yield "G", "take stage 2 apart"
    destroy_stage2(view, vm)
    while True:
        yield "P", "look for a page in the pool"
        if not vm.pool:
            break
        yield "H+Y", "give the table page back"
        reclaim_pgtable_page(view, vm, host_kvm)


def give_vcpus_back(view: View, vm: Pointer, host_kvm: str) -> Iterator[Any]:
    """Give back the vCPUs of a VM as the kernel does."""
    for idx in range(len(vm.vcpus)):
        if vm.vcpus[idx]:
            yield "H+Y", "unpin the host's vCPU"
            hyp_unpin_shared_mem(view, view.vcpu(vm.vcpus[idx]).host_vcpu)
            yield from teardown_hyp_vcpu(view, vm.vcpus[idx], host_kvm)


@wrong(V1, FINALISE)
def does_not_zero_the_struct(view: View, handle: int) -> Hypercall:
    """Give the VM struct back as it is. Wrong: the host reads what EL2 wrote there."""
    yield "L", "check and empty the slot"
    vm = find_doomed(view, handle)
    host_kvm, address = vm.host_kvm, vm.address
    remove_vm_table_entry(view, vm)
    yield from give_tables_back(view, vm, host_kvm)
    yield from give_vcpus_back(view, vm, host_kvm)
    yield "H+Y", "give the VM struct back"
    view.ref(Kvm, host_kvm).teardown_mc += view.config.vm_pages
    hyp_donate_host(view, address)
    yield "H+Y", "unpin the host's struct"
    hyp_unpin_shared_mem(view, host_kvm)
    return 0


@wrong(V1, FINALISE)
def forgets_the_memcache(view: View, handle: int) -> Hypercall:
    """Give the VM struct back, but push it on no memcache. Wrong: the host frees only what it finds there."""
    yield "L", "check and empty the slot"
    vm = find_doomed(view, handle)
    host_kvm, address = vm.host_kvm, vm.address
    remove_vm_table_entry(view, vm)
    yield from give_tables_back(view, vm, host_kvm)
    yield from give_vcpus_back(view, vm, host_kvm)
    yield "H+Y", "give the VM struct back"
    view.zero(address)
    hyp_donate_host(view, address)
    yield "H+Y", "unpin the host's struct"
    hyp_unpin_shared_mem(view, host_kvm)
    return 0


@wrong(V1, FINALISE)
def pushes_a_page_twice(view: View, handle: int) -> Hypercall:
    """Push the VM struct's page twice on the host's memcache. Wrong: the host frees it twice."""
    yield "L", "check and empty the slot"
    vm = find_doomed(view, handle)
    host_kvm = vm.host_kvm
    remove_vm_table_entry(view, vm)
    yield from give_tables_back(view, vm, host_kvm)
    yield from give_vcpus_back(view, vm, host_kvm)
    yield "H+Y", "zero the VM struct and give it back"
    teardown_donated_memory(view, vm.address, host_kvm, 2 * view.config.vm_pages)
    yield "H+Y", "unpin the host's struct"
    hyp_unpin_shared_mem(view, host_kvm)
    return 0


@wrong(V1, FINALISE)
def forgets_the_second_vcpu(view: View, handle: int) -> Hypercall:
    """Give back the first vCPU only. Wrong: the memory and the pin of each other vCPU are lost."""
    yield "L", "check and empty the slot"
    vm = find_doomed(view, handle)
    host_kvm = vm.host_kvm
    remove_vm_table_entry(view, vm)
    yield from give_tables_back(view, vm, host_kvm)
    if vm.vcpus[0]:
        yield "H+Y", "unpin the host's vCPU"
        hyp_unpin_shared_mem(view, view.vcpu(vm.vcpus[0]).host_vcpu)
        yield from teardown_hyp_vcpu(view, vm.vcpus[0], host_kvm)
    yield from give_vm_back(view, vm, host_kvm)
    return 0


@wrong(V1, FINALISE)
def keeps_the_vcpus_memcache(view: View, handle: int) -> Hypercall:
    """Give a vCPU back without its unused table pages. Wrong: these pages are lost."""
    yield "L", "check and empty the slot"
    vm = find_doomed(view, handle)
    host_kvm = vm.host_kvm
    remove_vm_table_entry(view, vm)
    yield from give_tables_back(view, vm, host_kvm)
    for idx in range(len(vm.vcpus)):
        if vm.vcpus[idx]:
            yield "H+Y", "unpin the host's vCPU and give its struct back"
            hyp_unpin_shared_mem(view, view.vcpu(vm.vcpus[idx]).host_vcpu)
            teardown_donated_memory(view, vm.vcpus[idx], host_kvm, view.config.vcpu_pages)
    yield from give_vm_back(view, vm, host_kvm)
    return 0


@wrong(V1, FINALISE)
def unpins_too_early(view: View, handle: int) -> Hypercall:
    """Unpin the host's struct kvm first. Wrong: EL2 still writes its memcaches, and the host may end the loan."""
    yield "L", "check and empty the slot"
    vm = find_doomed(view, handle)
    host_kvm = vm.host_kvm
    remove_vm_table_entry(view, vm)
    yield "H+Y", "unpin the host's struct"
    hyp_unpin_shared_mem(view, host_kvm)
    yield from give_tables_back(view, vm, host_kvm)
    yield from give_vcpus_back(view, vm, host_kvm)
    yield "H+Y", "zero the VM struct and give it back"
    teardown_donated_memory(view, vm.address, host_kvm, view.config.vm_pages)
    return 0


# ---- searches and grows without end ----

@wrong(V1, FINALISE)
def counts_its_attempts(view: View, handle: int) -> Hypercall:
    """Count attempts until nobody holds the VM. Wrong: nothing bounds the wait, so EL2 may spin for ever."""
    attempts = 0
    while True:
        yield "L", "check, and empty the slot if nobody holds the VM"
        vm = find_dying(view, handle)
        if not hyp_page_count(view, vm):
            break
        attempts += 1
    remove_vm_table_entry(view, vm)
    yield from destroy_hyp_vm(view, vm)
    return 0 * attempts


@wrong(V1, FINALISE)
def waits_for_the_pages(view: View, handle: int) -> Hypercall:
    """Wait in EL2 until the guest's pages are home. Wrong: the CPU that waits is the one that would take them home."""
    while True:
        yield "L", "check, and empty the slot if no page is left"
        vm = find_doomed(view, handle)
        if not vm.maps:
            break
    remove_vm_table_entry(view, vm)
    yield from destroy_hyp_vm(view, vm)
    return 0


# ---- start ----

@wrong(CLOSED, START)
def marks_and_refuses(view: View, handle: int) -> Hypercall:
    """Mark the VM, then refuse because a call holds it. Wrong: a refused start has changed the VM."""
    yield "L", "check and mark the VM dying"
    vm = get_vm_by_handle(view, handle)
    view.check(vm, -ENOENT, "there is no such VM")
    loaded = any(vcpu and view.vcpu(vcpu).loaded_on is not None for vcpu in vm.vcpus)
    view.check(not loaded, -EBUSY, "the VM runs")
    view.check(not vm.is_dying, -EINVAL, "the VM is dying already")
    vm.is_dying = True
    view.check(hyp_page_count(view, vm) == 0, -EBUSY, "the VM is in use")
    return 0


@wrong(CLOSED, START)
def answers_zero_and_does_not_mark(view: View, handle: int) -> Hypercall:
    """Answer 0 and mark nothing while somebody uses the VM. Wrong: the host goes on as if the VM were dying."""
    yield "L", "check and mark the VM dying"
    vm = get_vm_by_handle(view, handle)
    view.check(vm, -ENOENT, "there is no such VM")
    view.check(not vm.is_dying, -EINVAL, "the VM is dying already")
    if hyp_page_count(view, vm) == 0:
        vm.is_dying = True
    return 0


@wrong(CLOSED, START)
def marks_only_vms_with_a_second_vcpu(view: View, handle: int) -> Hypercall:
    """Mark nothing if every vCPU of the VM was made, and there are two. Wrong: start lies about such VMs."""
    yield "L", "check and mark the VM dying"
    vm = find_startable(view, handle)
    vm.is_dying = len(vm.vcpus) < 2 or None in vm.vcpus
    return 0


@wrong(CLOSED, START)
def starts_without_a_lock(view: View, handle: int) -> Hypercall:
    """Check and mark without the table lock. Wrong: a load may come between question and mark on a real machine."""
    yield "", "check and mark the VM dying"
    find_startable(view, handle).is_dying = True
    return 0


@wrong(CLOSED, START)
def marks_in_a_region_of_its_own(view: View, handle: int) -> Hypercall:
    """Check, drop the lock, look the VM up again and mark it. Wrong: a load comes between question and mark."""
    yield "L", "check"
    find_startable(view, handle)
    yield "L", "mark the VM dying"
    vm = get_vm_by_handle(view, handle)
    view.check(vm, -ENOENT, "there is no such VM")
    vm.is_dying = True
    return 0


# ---- load, put ----

@wrong(CLOSED, LOAD)
def loads_the_second_vcpu_of_the_dying(view: View, handle: int, idx: int) -> Hypercall:
    """Ask only for vCPU 0 whether the VM is dying. Wrong: vCPU 1 of a dying VM can be loaded."""
    yield "L", "find the vCPU and take a reference"
    view.check(view.cpu.loaded is None, None, "something is loaded here")
    vm = get_vm_by_handle(view, handle)
    view.check(vm and (idx or not vm.is_dying), None, "the VM is dying")
    view.check(0 <= idx < len(vm.vcpus) and vm.vcpus[idx], None, "there is no such vCPU")
    vcpu = view.vcpu(vm.vcpus[idx])
    view.check(vcpu.loaded_on is None, None, "it is loaded elsewhere")
    vcpu.loaded_on = view.number
    hyp_page_ref_inc(view, vm)
    view.cpu.loaded = vcpu.address
    return None


@wrong(CLOSED, LOAD)
def loads_before_it_asks(view: View, handle: int, idx: int) -> Hypercall:
    """Take the reference before the last check. Wrong: a load that is refused keeps a reference for ever."""
    yield "L", "find the vCPU and take a reference"
    view.check(view.cpu.loaded is None, None, "something is loaded here")
    vm = get_vm_by_handle(view, handle)
    view.check(vm and not vm.is_dying, None, "the VM is dying")
    hyp_page_ref_inc(view, vm)
    view.check(0 <= idx < len(vm.vcpus) and vm.vcpus[idx], None, "there is no such vCPU")
    vcpu = view.vcpu(vm.vcpus[idx])
    view.check(vcpu.loaded_on is None, None, "it is loaded elsewhere")
    vcpu.loaded_on = view.number
    view.cpu.loaded = vcpu.address
    return None


@wrong(CLOSED, PUT)
def drops_first_and_puts_later(view: View) -> Hypercall:
    """Drop the reference, then take the vCPU off the CPU in another region. Wrong: nobody holds the VM in between."""
    yield "L", "drop the reference"
    vcpu = view.vcpu(view.cpu.loaded)
    view.check(vcpu, None, "nothing is loaded")
    hyp_page_ref_dec(view, view.vm(vcpu.vm))
    yield "L", "take the vCPU off this CPU"
    vcpu.loaded_on, view.cpu.loaded = None, None
    return None


@wrong(CLOSED, PUT)
def keeps_the_second_vcpu_loaded(view: View) -> Hypercall:
    """Forget the mark of a vCPU that is not the first. Wrong: that vCPU can never be loaded again."""
    yield "L", "take the vCPU off this CPU and drop its reference"
    vcpu = view.vcpu(view.cpu.loaded)
    view.check(vcpu, None, "nothing is loaded")
    vm = view.vm(vcpu.vm)
    if vcpu.idx == 0:
        vcpu.loaded_on = None
    view.cpu.loaded = None
    hyp_page_ref_dec(view, vm)
    return None


# ---- unshare, flush, share ----

@wrong(CLOSED, UNSHARE)
def leaks_a_reference_when_refused(view: View, handle: int, gfn: int, nr: int = 1) -> Hypercall:
    """Drop the reference only if a page came home. Wrong: an unshare of nothing keeps the VM for ever."""
    yield "L", "find the VM and take a reference"
    vm = find_ordinary(view, handle)
    hyp_page_ref_inc(view, vm)
    yield "H+G", "unmap"
    unshare_page(view, vm, gfn, nr)
    yield "L", "drop the reference"
    hyp_page_ref_dec(view, vm)
    return 0


@wrong(CLOSED, UNSHARE)
def takes_a_page_from_other_borrowers(view: View, handle: int, gfn: int, nr: int = 1) -> Hypercall:
    """Make the page the host's alone, whatever its count. Wrong: it may be lent to another guest, or twice."""
    yield "L+H+G", "do it all at once"
    vm = find_ordinary(view, handle)
    view.check(nr == 1, -EINVAL, "one page at a time")
    leaf = require_leaf(vm, gfn)
    page = view.page(str(leaf.page))
    remove_leaf(vm, gfn)
    page.host_share_guest_count -= 1
    page.host = OWNED
    return 0


@wrong(MERGED.without("get_not_dying")._replace(guards={
    **MERGED.without("get_not_dying").guards, "finalize_unreferenced": -EBUSY}), UNSHARE)
def unshares_only_the_first_pages(view: View, handle: int, gfn: int, nr: int = 1) -> Hypercall:
    """Take pages of the dying home, but only gfn 0 and 1. Wrong: every other page of a dying VM is lost."""
    yield "L+H+G", "do it all at once"
    vm = find_ordinary(view, handle)
    view.check(not vm.is_dying or gfn < 2, -EINVAL, "the VM is dying")
    unshare_page(view, vm, gfn, nr)
    return 0


@wrong(MERGED, UNSHARE)
def unshares_the_dying_and_leaves_the_hole(view: View, handle: int, gfn: int, nr: int = 1) -> Hypercall:
    """Let unshare hold the dying, and leave finalise as it is. Wrong: merged's finalise does not look at the count."""
    yield "L", "find the VM and take a reference"
    vm = find_ordinary(view, handle)
    hyp_page_ref_inc(view, vm)
    yield "H+G", "unmap"
    ret = view.attempt(unshare_page, vm, gfn, nr)
    yield "L", "drop the reference"
    hyp_page_ref_dec(view, vm)
    return ret


@wrong(CLOSED, UNSHARE)
def says_that_nothing_came_home(view: View, handle: int, gfn: int, nr: int = 1) -> Hypercall:
    """Answer 0 though nothing is mapped. Wrong: the host believes that a page came home."""
    yield "L+H+G", "do it all at once"
    vm = find_ordinary(view, handle)
    if any(leaf.gfn == gfn for leaf in get_leaves(vm)):
        unshare_page(view, vm, gfn, nr)
    return 0


def in_one_region(view: View, handle: int, gfn: int, nr: int = 1) -> Hypercall:
    """Unshare under the table lock, without a reference."""
    yield "L+H+G", "unmap"
    unshare_page(view, find_ordinary(view, handle), gfn, nr)
    return 0


def flush_in_one_region(view: View, handle: int) -> Hypercall:
    """Flush under the table lock, without a reference."""
    yield "L", "flush"
    vm = get_vm_by_handle(view, handle)
    view.check(vm and not vm.is_protected, None, "there is no such VM")
    view.flush_vmid(vm.handle)
    return None


@wrong(V1._replace(functions={UNSHARE: in_one_region}), FLUSH)
def mends_two_of_four(view: View, handle: int) -> Hypercall:
    """Let unshare and flush do all their work under the table lock. Wrong: two other calls still hold VMs by handle."""
    return (yield from flush_in_one_region(view, handle))


@wrong(CLOSED, FLUSH)
def flush_does_nothing(view: View, handle: int) -> Hypercall:
    """Hold the VM and flush nothing. Wrong: a guest keeps translations that the host wants gone."""
    yield "L", "look at the VM"
    vm = get_vm_by_handle(view, handle)
    view.check(vm and not vm.is_protected, None, "there is no such VM")
    return None


@wrong(CLOSED, SHARE)
def shares_and_does_not_count(view: View, page: str, gfn: int, nr: int = 1, prot: str = "RWX",
                              topup: int = 2) -> Hypercall:
    """Share a page that is on loan already without counting it again. Wrong: it comes home when the first loan ends."""
    yield "", "ask which vCPU is loaded here"
    vcpu = get_loaded_vcpu(view, protected=False, topup=topup)
    yield from refill_memcache(view, vcpu)
    yield "H+G", "lend the page"
    view.check(set(prot) <= set("RWX") and nr == 1, -EINVAL, "not a page")
    share_page(view, vcpu, page, gfn)
    view.page(page).host_share_guest_count = 1
    return 0


# ---- making a VM ----

@wrong(CLOSED, INIT_VM)
def publishes_too_early(view: View, kvm: str, handle: int, nr_vcpus: int, vm_mem: str, pgd_mem: str,
                        protected: bool = False) -> Hypercall:
    """Publish the VM, then fill it. Wrong: start and finalise find a VM that is not one yet."""
    yield "H+Y", "pin the host's struct"
    hyp_pin_shared_mem(view, kvm)
    try:
        view.check(nr_vcpus >= 1 and handle >= HANDLE_OFFSET, -EINVAL, "no vCPU or no handle")
        view.check(nr_vcpus <= 512, -ENOMEM, "too many vCPUs")
        yield from map_donated_memory(view, vm_mem)
    except Refused as refused:
        yield "H+Y", "unpin"
        hyp_unpin_shared_mem(view, kvm)
        raise refused
    try:
        yield from map_donated_memory(view, pgd_mem)
    except Refused as refused:
        yield from unmap_donated_memory(view, vm_mem)
        yield "H+Y", "unpin"
        hyp_unpin_shared_mem(view, kvm)
        raise refused
    try:
        yield "L", "publish the VM"
        insert_vm_table_entry(view, handle, vm_mem)
    except Refused as refused:
        yield from unmap_donated_memory(view, vm_mem)
        yield from unmap_donated_memory(view, pgd_mem)
        yield "H+Y", "unpin"
        hyp_unpin_shared_mem(view, kvm)
        raise refused
    yield "G", "fill the VM struct"
    view.store((Vm, vm_mem), Vm(handle, kvm, pgd_mem, protected, vcpus=(None,) * nr_vcpus))
    prepare_stage2(view, view.vm(vm_mem))
    return 0


@wrong(CLOSED, INIT_VCPU)
def keeps_the_memory_of_a_refused_vcpu(view: View, handle: int, host_vcpu: str, vcpu_mem: str) -> Hypercall:
    """Give the memory back only if there is no VM. Wrong: a refused init_vcpu for a wrong index keeps a page."""
    yield from map_donated_memory(view, vcpu_mem)
    yield "L+H+Y", "find the VM and register the vCPU"
    vm = get_vm_by_handle(view, handle)
    if not vm:
        yield from unmap_donated_memory(view, vcpu_mem)
        return -ENOENT
    hyp_pin_shared_mem(view, host_vcpu, -EBUSY)
    enter_hyp_vcpu(view, vm, host_vcpu, vcpu_mem)
    return 0


@wrong(CLOSED, UNRESERVE)
def unreserves_the_dying(view: View, handle: int) -> Hypercall:
    """Free the slot of a dying VM, too. Wrong: the VM is then in no slot, and EL2 keeps its memory."""
    yield "L", "free the slot"
    slot = vm_slot(view, handle)
    view.check(slot, None, "out of range")
    vm = get_vm_by_handle(view, handle)
    view.check(slot.entry == RESERVED or (vm and vm.is_dying), None, "not reserved")
    slot.entry = FREE
    return None


# ---- protected guests ----

@wrong(UPSTREAM, RECLAIM)
def reclaims_without_zeroing(view: View, handle: int, gfn: int) -> Hypercall:
    """Give a page back as the guest left it. Wrong: the host reads the guest's secret."""
    yield "L+H+G", "give the page back"
    vm = get_vm_by_handle(view, handle)
    view.check(vm and vm.is_dying, -EINVAL, "the VM is not dying")
    leaf = require_leaf(vm, gfn)
    view.check(leaf.right != SHARED_BORROWED, -EPERM, "not the guest's own")
    if leaf.page:
        remove_leaf(vm, gfn)
        page = view.page(leaf.page)
        page.host, page.owner = OWNED, HOST
    return 0


@wrong(UPSTREAM, RECLAIM)
def reclaims_from_the_idle(view: View, handle: int, gfn: int) -> Hypercall:
    """Reclaim from a VM that nobody runs, dying or not. Wrong: an idle guest is alive and keeps its pages."""
    yield "L+H+G", "give the page back"
    vm = get_vm_by_handle(view, handle)
    view.check(vm, -EINVAL, "there is no such VM")
    view.check(vm.is_dying or hyp_page_count(view, vm) == 0, -EINVAL, "the VM runs")
    reclaim_page(view, vm, gfn)
    return 0


@wrong(UPSTREAM, RECLAIM)
def reclaims_nothing_shared(view: View, handle: int, gfn: int) -> Hypercall:
    """Reclaim only what the guest has to itself. Wrong: a page that it lends to the host never comes home."""
    yield "L+H+G", "give the page back"
    vm = get_vm_by_handle(view, handle)
    view.check(vm and vm.is_dying, -EINVAL, "the VM is not dying")
    leaf = require_leaf(vm, gfn)
    view.check(leaf.right != SHARED_OWNED, -EPERM, "the guest shares this page")
    reclaim_page(view, vm, gfn)
    return 0


@wrong(UPSTREAM, RECLAIM)
def reclaims_and_keeps_the_leaf(view: View, handle: int, gfn: int) -> Hypercall:
    """Give the page back and leave the guest's leaf. Wrong: guest and host both have the page."""
    yield "L+H+G", "give the page back"
    vm = get_vm_by_handle(view, handle)
    view.check(vm and vm.is_dying, -EINVAL, "the VM is not dying")
    leaf = require_leaf(vm, gfn)
    view.check(leaf.right != SHARED_BORROWED, -EPERM, "not the guest's own")
    if leaf.page:
        page = view.page(leaf.page)
        page.host, page.owner, page.content = OWNED, HOST, ZERO
    return 0


@wrong(UPSTREAM, RECLAIM)
def refuses_the_poisoned(view: View, handle: int, gfn: int) -> Hypercall:
    """Refuse where the leaf is poisoned. Wrong: the host holds a mapping there, and its reclaim has to succeed."""
    yield "L+H+G", "give the page back"
    vm = get_vm_by_handle(view, handle)
    view.check(vm and vm.is_dying, -EINVAL, "the VM is not dying")
    view.check(require_leaf(vm, gfn).page, -ENOENT, "the page is gone")
    reclaim_page(view, vm, gfn)
    return 0


@wrong(UPSTREAM, FORCE)
def takes_by_force_without_poison(view: View, page: str) -> Hypercall:
    """Unmap the leaf instead of poisoning it. Wrong: the host can put another page there, and the guest trusts it."""
    yield "L+H+G", "take the page"
    record = view.page(page)
    owner = record.owner
    view.check(record.host == NOPAGE, -EAGAIN, "the host has it")
    view.check(isinstance(owner, tuple), -EPERM, "not a guest's")
    vm = get_vm_by_handle(view, owner[1])
    view.check(vm, -EAGAIN, "the VM is gone")
    poison_leaf(view, vm, owner[2], page)
    remove_leaf(vm, owner[2])
    record.host, record.owner, record.content = OWNED, HOST, ZERO
    return 0


@wrong(UPSTREAM, DONATE)
def notes_the_wrong_gfn(view: View, page: str, gfn: int, topup: int = 2) -> Hypercall:
    """Note gfn 0 as the place of every page. Wrong: a page taken by force is looked for at the wrong gfn."""
    yield "", "ask which vCPU is loaded here"
    vcpu = get_loaded_vcpu(view, protected=True, topup=topup)
    yield from refill_memcache(view, vcpu)
    yield "H+G", "give the page to the guest"
    donate_page(view, vcpu, page, gfn)
    view.page(page).owner = (GUEST, view.vm(vcpu.vm).handle, 0)
    return 0


@wrong(UPSTREAM, GUEST_UNSHARE)
def unshares_and_leaves_it_to_the_host(view: View, gfn: int) -> Hypercall:
    """End a guest's loan, and leave the page readable by the host. Wrong: the guest writes its secret there."""
    yield "H+G", "end the loan"
    vm = view.vm(get_loaded_vcpu(view, protected=True).vm)
    leaf = require_leaf(vm, gfn)
    view.check(leaf.right == SHARED_OWNED, -EPERM, "not on loan")
    vm.maps = tuple(old._replace(right=OWNED) if old.gfn == gfn else old for old in get_leaves(vm))
    return 0


@wrong(UPSTREAM, FINALISE)
def hands_the_secrets_over(view: View, handle: int) -> Hypercall:
    """Give pages that are left to the host, not zeroed. Wrong: the host reads what the guest kept to itself."""
    yield "L", "check and empty the slot"
    vm = get_vm_by_handle(view, handle)
    view.check(vm and vm.is_dying and hyp_page_count(view, vm) == 0, -EINVAL, "not now")
    remove_vm_table_entry(view, vm)
    yield "H+G", "give the pages back"
    for leaf in get_leaves(vm):
        if leaf.page and view.page(leaf.page).content == SECRET:
            page = view.page(leaf.page)
            page.host, page.owner = OWNED, HOST
    yield from destroy_hyp_vm(view, vm)
    return 0


# ---- guards with functions ----

def count_on_odd_calls(view: View, holds: object) -> object:
    """Let every second question pass, by a count in memory. Wrong: the second finalise does not look at the count."""
    memo = view.ref(Kvm, "memo")
    memo.teardown_mc += 1
    return holds or memo.teardown_mc % 2 == 0


REPAIRS.append(Repair("lets_the_second_attempt_pass", count_on_odd_calls.__doc__ or "",
                      CLOSED._replace(functions={"finalize_unreferenced": count_on_odd_calls}), is_right=False))


def forgive_and_zero(view: View, holds: object) -> object:
    """Zero the mark when refused: a guard with a side effect. Wrong: the question changes what it asks about."""
    if not holds and (vm := get_vm_by_handle(view, HANDLE_OFFSET)):
        vm.is_dying = False
    return holds


REPAIRS.append(Repair("asks_and_changes", forgive_and_zero.__doc__ or "",
                      CLOSED._replace(functions={"finalize_unreferenced": forgive_and_zero}), is_right=False))


# ---- right ones ----

def ask_as_the_kernel_does(view: View, holds: object) -> object:
    """Ask what the kernel asks, in a guard of its own. Right: a guard that was rewritten and still does its work."""
    return holds


REPAIRS.append(Repair("asks_as_the_kernel_does", ask_as_the_kernel_does.__doc__ or "",
                      CLOSED._replace(functions={"finalize_unreferenced": ask_as_the_kernel_does}), is_right=True))


@right(V1, FINALISE)
def asks_in_another_order(view: View, handle: int) -> Hypercall:
    """Ask for the count before the mark, and answer -EAGAIN. Right: one region, and any refusal makes the host wait."""
    yield "L", "check and empty the slot"
    vm = get_vm_by_handle(view, handle)
    view.check(vm, -EINVAL, "there is no such VM")
    view.check(hyp_page_count(view, vm) == 0, -EAGAIN, "the VM is in use")
    view.check(vm.is_dying, -EAGAIN, "the VM is not dying yet")
    remove_vm_table_entry(view, vm)
    yield from destroy_hyp_vm(view, vm)
    return 0


@right(V1, FINALISE)
def looks_twice(view: View, handle: int) -> Hypercall:
    """Look without the lock first, and once more under it. Right: only what is asked under the lock decides."""
    yield "", "look whether it is worth taking the lock"
    view.check(get_vm_by_handle(view, handle), -ENOENT, "there is no such VM")
    yield "L", "check and empty the slot"
    vm = find_doomed(view, handle)
    remove_vm_table_entry(view, vm)
    yield from destroy_hyp_vm(view, vm)
    return 0


@right(V1, FINALISE)
def tries_three_times(view: View, handle: int) -> Hypercall:
    """Ask up to three times before it refuses, dropping the lock in between. Right: it looks the VM up each time."""
    for _ in range(2):
        yield "L", "check"
        if not hyp_page_count(view, find_dying(view, handle)):
            break
    yield "L", "check and empty the slot"
    vm = find_doomed(view, handle)
    remove_vm_table_entry(view, vm)
    yield from destroy_hyp_vm(view, vm)
    return 0


@right(V1, FINALISE)
def flushes_twice(view: View, handle: int) -> Hypercall:
    """Flush before the slot is empty, and again. Right: one flush too many costs time only."""
    yield "L", "check and empty the slot"
    vm = find_doomed(view, handle)
    view.flush_vmid(vm.handle)
    remove_vm_table_entry(view, vm)
    yield from destroy_hyp_vm(view, vm)
    return 0


@right(V1, FINALISE)
def gives_vcpus_back_first(view: View, handle: int) -> Hypercall:
    """Give the vCPUs back before the tables. Right: nobody can reach the VM any more, so the order does not matter."""
    yield "L", "check and empty the slot"
    vm = find_doomed(view, handle)
    host_kvm = vm.host_kvm
    remove_vm_table_entry(view, vm)
    yield from give_vcpus_back(view, vm, host_kvm)
    yield from give_tables_back(view, vm, host_kvm)
    yield from give_vm_back(view, vm, host_kvm)
    return 0


@right(V1, FINALISE)
def takes_the_pages_home(view: View, handle: int) -> Hypercall:
    """Take lent pages home before it destroys. Right: no kernel does so, but what would be lost comes home."""
    yield "L+H+G", "check, take the pages home, empty the slot"
    vm = find_doomed(view, handle)
    for leaf in get_leaves(vm):
        unshare_page(view, vm, leaf.gfn, 1)
    remove_vm_table_entry(view, vm)
    yield from destroy_hyp_vm(view, vm)
    return 0


@right(UPSTREAM, FINALISE)
def refuses_while_a_page_is_left(view: View, handle: int) -> Hypercall:
    """Refuse while a guest has a page, not for a mark of poison. Right: the host takes it home and tries again."""
    yield "L", "check, also for pages, and empty the slot"
    vm = find_doomed(view, handle)
    view.check(not any(leaf.page for leaf in vm.maps), -EBUSY, "a page is left")
    remove_vm_table_entry(view, vm)
    yield from destroy_hyp_vm(view, vm)
    return 0


@right(V1._replace(functions={
    UNSHARE: in_one_region, FLUSH: flush_in_one_region,
    "__pkvm_host_wrprotect_guest": lambda view, handle, gfn, nr=1: under_the_table_lock(view, handle, nr)}),
    "__pkvm_host_test_clear_young_guest")
def nobody_holds_by_handle(view: View, handle: int, gfn: int, nr: int = 1, mkold: bool = False) -> Hypercall:
    """Do the work of all four calls under the table lock. Right: nobody holds a VM between two regions."""
    yield "L+G", "test the age"
    vm = find_ordinary(view, handle)
    view.check(nr == 1 or (nr == 512 and gfn % 512 == 0), -EINVAL, "neither a page nor a block")
    leaf = next((leaf for leaf in get_leaves(vm) if leaf.gfn == gfn), None)
    if mkold:
        vm.maps = tuple(old._replace(young=False) if old.gfn == gfn else old for old in get_leaves(vm))
    return int(bool(leaf and leaf.young))


def under_the_table_lock(view: View, handle: int, nr: int) -> Hypercall:
    """Write-protect under the table lock."""
    yield "L+G", "write-protect"
    find_ordinary(view, handle)
    view.check(nr in (1, 512), -EINVAL, "neither a page nor a block")
    return 0


@right(CLOSED, START)
def starts_while_a_call_holds(view: View, handle: int) -> Hypercall:
    """Ask for loaded vCPUs instead of the count. Right: no vCPU runs, and finalise waits for whoever holds the VM."""
    yield "L", "check and mark the VM dying"
    vm = get_vm_by_handle(view, handle)
    view.check(vm, -ENOENT, "there is no such VM")
    loaded = any(vcpu and view.vcpu(vcpu).loaded_on is not None for vcpu in vm.vcpus)
    view.check(not loaded, -EBUSY, "the VM runs")
    view.check(not vm.is_dying, -EINVAL, "the VM is dying already")
    vm.is_dying = True
    return 0


@right(CLOSED, START)
def starts_twice(view: View, handle: int) -> Hypercall:
    """Answer 0 if the VM is dying already. Right: it is what the caller wants, and nothing changes."""
    yield "L", "check and mark the VM dying"
    vm = get_vm_by_handle(view, handle)
    view.check(vm, -ENOENT, "there is no such VM")
    view.check(hyp_page_count(view, vm) == 0, -EBUSY, "the VM is in use")
    vm.is_dying = True
    return 0


@right(CLOSED, PUT)
def puts_first_and_drops_later(view: View) -> Hypercall:
    """Take the vCPU off the CPU, drop its reference in another region. Right: the VM is held a little longer."""
    yield "L", "take the vCPU off this CPU"
    vcpu = view.vcpu(view.cpu.loaded)
    view.check(vcpu, None, "nothing is loaded")
    vm = view.vm(vcpu.vm)
    vcpu.loaded_on, view.cpu.loaded = None, None
    yield "L", "drop the reference"
    hyp_page_ref_dec(view, vm)
    return None


@right(MERGED, FINALISE)
def counts_and_lets_the_dying_be_held(view: View, handle: int) -> Hypercall:
    """Let calls hold the dying again, and look at the count. Right: this is v1 with its hole closed."""
    return (yield from finalise(view, handle))


REPAIRS[-1] = REPAIRS[-1]._replace(kernel=MERGED.without("get_not_dying")._replace(guards={
    **MERGED.without("get_not_dying").guards, "finalize_unreferenced": -EBUSY}))


@right(MERGED, UNSHARE)
def unshares_under_the_table_lock(view: View, handle: int, gfn: int, nr: int = 1) -> Hypercall:
    """Unshare in one region, without a reference. Right: finalise cannot come in between, and pages come home."""
    yield "L+H+G", "unmap"
    unshare_page(view, find_ordinary(view, handle), gfn, nr)
    return 0


@right(UPSTREAM, RECLAIM)
def reclaims_in_one_region(view: View, handle: int, gfn: int) -> Hypercall:
    """Reclaim under the table lock, without a reference. Right: as merged's branch did, slow and safe."""
    yield "L+H+G", "give the page back"
    vm = get_vm_by_handle(view, handle)
    view.check(vm, -EINVAL, "there is no such VM")
    view.check(vm.is_dying, -EINVAL, "the VM is not dying yet")
    reclaim_page(view, vm, gfn)
    return 0


@right(CLOSED, INIT_VCPU)
def gives_the_dying_no_vcpu(view: View, handle: int, host_vcpu: str, vcpu_mem: str) -> Hypercall:
    """Refuse a vCPU for a dying VM and give its memory back. Right: nobody could ever load that vCPU."""
    yield from map_donated_memory(view, vcpu_mem)
    try:
        yield "L+H+Y", "find the VM and register the vCPU"
        vm = get_vm_by_handle(view, handle)
        view.check(vm, -ENOENT, "there is no such VM")
        view.check(not vm.is_dying, -EBUSY, "the VM is dying")
        hyp_pin_shared_mem(view, host_vcpu, -EBUSY)
        enter_hyp_vcpu(view, vm, host_vcpu, vcpu_mem)
    except Refused as refused:
        yield from unmap_donated_memory(view, vcpu_mem)
        raise refused
    return 0
