"""EL2's side of a VM's life: reserve, init, load, put, run, and the two ways to tear it down.

A hypercall is one generator. At each `yield` any other CPU may run; the code between two yields is one lock region, and
nothing that needs the same lock can run meanwhile. The yielded pair names the locks of the next region and its purpose.
After a `yield` a call keeps only what the kernel would keep in a register.

Checks stand in the kernel's order and answer with the kernel's codes. Each function names its source, with paths
relative to arch/arm64/kvm/.
"""
from __future__ import annotations

from collections.abc import Generator

from .guest_memory import destroy_stage2, prepare_stage2, reclaim_memcache_page, reclaim_pgtable_page
from .memory import (host_donate_hyp, host_share_hyp, host_unshare_hyp, hyp_donate_host, hyp_pin_shared_mem,
                     hyp_unpin_shared_mem)
from .revisions import EBUSY, EINVAL, ENOENT, ENOMEM
from .state import FREE, HANDLE_OFFSET, RESERVED, Kvm, Vm
from .view import Hypercall, Ref, Refused, Region, View
from .vm_table import (get_np_pkvm_hyp_vm, get_vm_by_handle, hyp_page_count, hyp_page_ref_dec, hyp_page_ref_inc,
                       insert_vm_table_entry, put_pkvm_hyp_vm, remove_vm_table_entry, truncate_handle,
                       vm_slot)

MAX_VCPUS = 512
"""KVM_MAX_VCPUS on arm64. EL2 has no such limit: it asks for memory, of which no host has enough for more."""


def __pkvm_host_share_hyp(view: View, page: str) -> Hypercall:
    """Lend a host page to EL2.

    Checks: host OWNED, EL2 NOPAGE (-EPERM). Source: hyp/nvhe/mem_protect.c (pre, v1).
    """
    yield "H+Y", f"lend page {page} to EL2"
    host_share_hyp(view, page)
    return 0


def __pkvm_host_unshare_hyp(view: View, page: str) -> Hypercall:
    """End the loan of a host page to EL2.

    Checks: host SHARED_OWNED, EL2 SHARED_BORROWED (-EPERM), not pinned (-EBUSY).
    Source: hyp/nvhe/mem_protect.c (pre, v1).
    """
    yield "H+Y", f"end the loan of page {page} to EL2"
    host_unshare_hyp(view, page)
    return 0


def __pkvm_reserve_vm(view: View) -> Hypercall:
    """Reserve the lowest free slot for the host and answer its handle.

    Checks: a slot is free (-ENOMEM); the model assumes that the table exists (-EINVAL). Changes: the slot.
    Source: hyp/nvhe/pkvm.c (pre to upstream).
    """
    yield "L", "find the lowest free slot and reserve it"
    for idx in range(view.config.slots):
        if view.slot(idx).entry == FREE:
            view.slot(idx).entry = RESERVED
            return HANDLE_OFFSET + idx
    raise Refused(-ENOMEM, "no slot is free")


def __pkvm_unreserve_vm(view: View, handle: int) -> Hypercall:
    """Free a reserved slot; nothing happens to a slot with a VM in it.

    Checks: handle in range, slot reserved (no answer). Changes: the slot. Source: hyp/nvhe/pkvm.c (pre, v1).
    """
    yield "L", "free the slot if it is only reserved"
    slot = vm_slot(view, handle)
    view.check(slot, None, f"{handle:#x} is out of range")
    view.guard("unreserve_reserved", slot.entry == RESERVED, f"the slot of {handle:#x} is not reserved")
    slot.entry = FREE
    return None


def __pkvm_init_vm(view: View, kvm: str, handle: int, nr_vcpus: int, vm_mem: str, pgd_mem: str,
                   protected: bool = False) -> Hypercall:
    """Make a VM out of memory that the host gives, and publish it in the reserved slot.

    EL2 reads `nr_vcpus`, `handle` and `protected` once, from the host's struct kvm.
    Checks: kvm shared with EL2 (-EPERM), at least one vCPU, a handle (-EINVAL), VM and PGD memory aligned and the
    host's (-ENOMEM), slot reserved (-EINVAL). Changes: pins kvm, takes both areas, fills the VM, last the slot.
    On refusal everything goes back. In pre, v1 and merged the PGD page keeps a count of 1 when it does, and the next VM
    made of that page ends the machine.
    Source: hyp/nvhe/pkvm.c (pre to upstream).
    """
    yield "H+Y", f"pin the host's {kvm}"
    hyp_pin_shared_mem(view, kvm)
    handle = truncate_handle(view, handle)
    try:
        view.check(nr_vcpus >= 1, -EINVAL, f"{kvm} has no vCPU")
        view.check(handle >= HANDLE_OFFSET, -EINVAL, f"{kvm} has no handle")
        view.check(nr_vcpus <= MAX_VCPUS, -ENOMEM, f"{nr_vcpus} vCPUs need more memory than the host has")
        yield from map_donated_memory(view, vm_mem)
        yield from init_pkvm_hyp_vm(view, Vm(handle, kvm, pgd_mem, protected, vcpus=(None,) * nr_vcpus), vm_mem)
    except Refused as refused:
        yield "H+Y", f"unpin {kvm}"
        hyp_unpin_shared_mem(view, kvm)
        raise refused
    return 0


def init_pkvm_hyp_vm(view: View, new: Vm, vm_mem: str) -> Generator[Region, None, None]:
    """Take the PGD memory, fill the VM struct, publish it; on refusal give both areas back."""
    try:
        yield from map_donated_memory(view, new.pgd)
    except Refused as refused:
        yield from unmap_donated_memory(view, vm_mem)
        raise refused
    yield "G", "fill the VM struct and its stage 2"
    view.store((Vm, vm_mem), new)
    prepare_stage2(view, view.vm(vm_mem))
    try:
        yield "L", "publish the VM in its slot"
        insert_vm_table_entry(view, new.handle, vm_mem)
    except Refused as refused:
        if view.stands("init_vm_undoes_stage2"):
            yield "G", "take stage 2 apart again"
            destroy_stage2(view, view.vm(vm_mem))
        yield from unmap_donated_memory(view, vm_mem)
        yield from unmap_donated_memory(view, new.pgd)
        raise refused


def map_donated_memory(view: View, name: str) -> Generator[Region, None, None]:
    """Take an area from the host; it reads as zero until EL2 writes to it. Every refusal is answered with -ENOMEM."""
    yield "H+Y", f"take page {name} from the host"
    view.check(not name.endswith("+"), -ENOMEM, f"{name} is not page aligned")
    host_donate_hyp(view, name, -ENOMEM)


def unmap_donated_memory(view: View, name: str) -> Generator[Region, None, None]:
    """Zero an area that EL2 has taken and give it back."""
    yield "H+Y", f"zero page {name} and give it back"
    give_back(view, name)


def give_back(view: View, name: str) -> None:
    """Zero an area and donate it to the host; calls that still keep its address now keep a stale one."""
    view.zero(name)
    hyp_donate_host(view, name)


def __pkvm_init_vcpu(view: View, handle: int, host_vcpu: str, vcpu_mem: str) -> Hypercall:
    """Make a vCPU of a VM out of memory that the host gives. No revision checks whether the VM is dying.

    Checks: memory aligned and the host's (-ENOMEM), VM (-ENOENT), host_vcpu shared with EL2 (-EBUSY), index in range,
    index not taken (-EINVAL). Changes: takes the area, pins host_vcpu, registers the vCPU. The last two refusals
    leave host_vcpu pinned (pre, v1, merged). The model omits the checks of system registers and SVE.
    Source: hyp/nvhe/pkvm.c (pre to upstream).
    """
    yield from map_donated_memory(view, vcpu_mem)
    try:
        yield "L+H+Y", "find the VM and register the vCPU"
        register_hyp_vcpu(view, handle, host_vcpu, vcpu_mem)
    except Refused as refused:
        yield from unmap_donated_memory(view, vcpu_mem)
        raise refused
    return 0


def register_hyp_vcpu(view: View, handle: int, host_vcpu: str, vcpu_mem: str) -> None:
    """Pin the host's vCPU and enter EL2's own into the VM under the table lock: no teardown can come between."""
    vm = get_vm_by_handle(view, handle)
    view.check(vm, -ENOENT, f"there is no VM {handle:#x}")
    hyp_pin_shared_mem(view, host_vcpu, -EBUSY)
    try:
        enter_hyp_vcpu(view, vm, host_vcpu, vcpu_mem)
    except Refused:
        if view.stands("init_vcpu_unpins"):
            hyp_unpin_shared_mem(view, host_vcpu)
        raise


def enter_hyp_vcpu(view: View, vm: Ref, host_vcpu: str, vcpu_mem: str) -> None:
    """Put the vCPU at its index in the VM; refuse unless the index exists and is free."""
    idx, vcpus = vcpu_idx(host_vcpu), vm.vcpus
    view.check(idx < len(vcpus), -EINVAL, f"VM {vm.handle:#x} has no vCPU {idx}")
    view.check(vcpus[idx] is None, -EINVAL, f"vCPU {idx} of VM {vm.handle:#x} exists already")
    vcpu = view.vcpu(vcpu_mem)
    vcpu.vm, vcpu.idx, vcpu.host_vcpu = str(vm), idx, host_vcpu
    vm.vcpus = (*vcpus[:idx], vcpu_mem, *vcpus[idx + 1:])


def vcpu_idx(host_vcpu: str) -> int:
    """Return the index of the host's vCPU, with which its name ends; other memory reads as zero."""
    idx = host_vcpu.partition(".")[2]
    return int(idx) if idx.isdecimal() else 0


def __pkvm_vcpu_load(view: View, handle: int, idx: int) -> Hypercall:
    """Bind a vCPU to this CPU; while it is loaded it holds a reference to its VM.

    The call has no answer: if a check fails, nothing happens. Checks: nothing loaded here (before the lock: only this
    CPU writes it), VM, v1: not dying, index, vCPU exists, not loaded elsewhere. Changes: vCPU, CPU, count + 1.
    Source: hyp/nvhe/pkvm.c:pkvm_load_hyp_vcpu (pre, v1).
    """
    yield "L", "find the vCPU and take a reference"
    view.guard("load_cpu_free", view.cpu.loaded is None, f"CPU {view.number} has a vCPU loaded")
    vm = get_vm_by_handle(view, handle)
    view.check(vm, None, f"there is no VM {handle:#x}")
    view.guard("load_not_dying", not vm.is_dying, f"VM {handle:#x} is dying")
    view.check(0 <= idx < len(vm.vcpus), None, f"VM {handle:#x} has no vCPU {idx}")
    vcpu = view.vcpu(vm.vcpus[idx])
    view.check(vcpu, None, f"vCPU {idx} of VM {handle:#x} is not initialised")
    view.guard("load_vcpu_free", vcpu.loaded_on is None, f"vCPU {idx} of VM {handle:#x} is loaded elsewhere")
    vcpu.loaded_on = view.number
    hyp_page_ref_inc(view, vm)
    view.cpu.loaded = vcpu.address
    return None


def __pkvm_vcpu_put(view: View) -> Hypercall:
    """Take the loaded vCPU off this CPU and drop its reference.

    Checks: something is loaded (no answer). Changes: vCPU, CPU, count - 1. Source: hyp/nvhe/pkvm.c:pkvm_put_hyp_vcpu
    (pre, v1).
    """
    yield "L", "take the vCPU off this CPU and drop its reference"
    vcpu = view.vcpu(view.cpu.loaded)
    view.check(vcpu, None, f"nothing is loaded on CPU {view.number}")
    vm = view.vm(vcpu.vm)
    vcpu.loaded_on, view.cpu.loaded = None, None
    hyp_page_ref_dec(view, vm)
    return None


def __kvm_vcpu_run(view: View, host_vcpu: str) -> Hypercall:
    """Run the vCPU loaded here until the guest exits. Take no lock and do not check for dying.

    Checks: a vCPU is loaded (-EINVAL); only 7.3 checks that it is the one that the host names
    (-EINVAL). The model omits the SME check. Changes: nothing that the model keeps.
    Source: hyp/nvhe/hyp-main.c:handle___kvm_vcpu_run (pre to upstream).
    """
    yield "", "enter the guest if a vCPU is loaded here"
    vcpu = view.vcpu(view.cpu.loaded)
    view.check(vcpu, -EINVAL, f"nothing is loaded on CPU {view.number}")
    view.guard("run_host_vcpu", vcpu.host_vcpu == host_vcpu, f"CPU {view.number} has another vCPU loaded")
    yield "", "leave the guest when it exits"
    view.touch(vcpu)  # EL2 saves the guest's registers in its vCPU struct
    return 0


def __pkvm_vcpu_sync_state(view: View) -> Hypercall:
    """Copy the loaded vCPU's registers to the host; the model keeps no registers, so nothing changes.

    No answer, no lock. Source: hyp/nvhe/hyp-main.c (7.3, not in 7.2).
    """
    yield "", "copy the loaded vCPU's registers to the host"
    return None


def __pkvm_tlb_flush_vmid(view: View, handle: int) -> Hypercall:
    """Make all CPUs forget a guest's translations. Look the VM up by handle and hold it for this one call.

    Checks: an ordinary VM (no answer). Changes: count + 1 and later - 1. Source: hyp/nvhe/hyp-main.c (pre to upstream).
    """
    try:
        vm = yield from get_np_pkvm_hyp_vm(view, handle)
    except Refused as refused:
        raise Refused(None, refused.why) from None
    yield "", "flush the VMID"
    view.flush_vmid(vm.handle)
    return (yield from put_pkvm_hyp_vm(view, vm, None))


def __pkvm_teardown_vm(view: View, handle: int) -> Hypercall:
    """Destroy a VM in one call.

    Checks: VM (-ENOENT), count 0 (EL2 warning, so the machine ends before -EBUSY). Changes: the slot, then everything
    that EL2 has of the VM goes back to the host. Source: hyp/nvhe/pkvm.c (pre).
    """
    yield "L", "check, flush the VMID, empty the slot"
    vm = get_vm_by_handle(view, handle)
    view.guard("teardown_vm_exists", vm, f"there is no VM {handle:#x}")
    view.guard("teardown_unreferenced", hyp_page_count(view, vm) == 0, f"VM {handle:#x} is still in use")
    remove_vm_table_entry(view, vm)
    yield from destroy_hyp_vm(view, vm)
    return 0


def __pkvm_start_teardown_vm(view: View, handle: int) -> Hypercall:
    """Mark a VM as dying: from now on none of its vCPUs can be loaded.

    Checks: VM, count 0, not dying; revisions.py has each kernel's codes. If a kernel warns at EL2
    about the count, the machine ends. Changes: EL2's is_dying. Source: hyp/nvhe/pkvm.c (v1 to upstream).
    """
    yield "L", "check and mark the VM dying"
    vm = get_vm_by_handle(view, handle)
    view.guard("start_vm_exists", vm, f"there is no VM {handle:#x}")
    view.guard("start_unreferenced", hyp_page_count(view, vm) == 0, f"VM {handle:#x} is still in use")
    view.guard("start_not_dying", not vm.is_dying, f"VM {handle:#x} is dying already")
    vm.is_dying = True
    return 0


def __pkvm_finalize_teardown_vm(view: View, handle: int) -> Hypercall:
    """Destroy a dying VM.

    Checks, each if the kernel has its guard: VM, count 0, dying; revisions.py lists each kernel's
    guards and codes. Nobody looks at guest pages left behind. Changes: the slot, then everything
    that EL2 has of the VM goes back to the host. Source: hyp/nvhe/pkvm.c (v1 to upstream).
    """
    yield "L", "check, flush the VMID, empty the slot"
    vm = get_vm_by_handle(view, handle)
    view.guard("finalize_vm_exists", vm, f"there is no VM {handle:#x}")
    view.guard("finalize_unreferenced", hyp_page_count(view, vm) == 0, f"VM {handle:#x} is still in use")
    view.guard("finalize_dying", vm.is_dying, f"VM {handle:#x} is not dying yet")
    remove_vm_table_entry(view, vm)
    yield from destroy_hyp_vm(view, vm)
    return 0


def destroy_hyp_vm(view: View, vm: Ref) -> Generator[Region, None, None]:
    """Give back everything that EL2 has of a VM: table pages through one memcache, structs through the other.

    Source: hyp/nvhe/pkvm.c:__pkvm_teardown_vm (pre), __pkvm_finalize_teardown_vm (v1), from the unlock on.
    """
    host_kvm = vm.host_kvm
    yield "G", "take stage 2 apart; its tables fall back into the pool"
    destroy_stage2(view, vm)
    while True:
        yield "P", "look for a page in the pool"
        if not vm.pool:
            break
        yield "H+Y", "give the table page back"
        reclaim_pgtable_page(view, vm, host_kvm)
    for idx in range(len(vm.vcpus)):
        if vm.vcpus[idx]:
            yield "H+Y", f"unpin the host's vCPU {idx}"
            hyp_unpin_shared_mem(view, view.vcpu(vm.vcpus[idx]).host_vcpu)
    for idx in range(len(vm.vcpus)):
        if vm.vcpus[idx]:
            yield from teardown_hyp_vcpu(view, vm.vcpus[idx], host_kvm)
    yield "H+Y", f"zero the VM struct {vm} and give it back"
    teardown_donated_memory(view, vm.address, host_kvm, view.config.vm_pages)
    yield "H+Y", f"unpin the host's {host_kvm}"
    hyp_unpin_shared_mem(view, host_kvm)


def teardown_hyp_vcpu(view: View, vcpu: str, host_kvm: str) -> Generator[Region, None, None]:
    """Give back a vCPU's unused table pages, not zeroed, and its struct, zeroed."""
    while view.vcpu(vcpu).memcache > 0:
        yield "H+Y", "give an unused table page back"
        reclaim_memcache_page(view, vcpu, host_kvm)
    yield "H+Y", f"zero the vCPU struct {vcpu} and give it back"
    teardown_donated_memory(view, vcpu, host_kvm, view.config.vcpu_pages)


def teardown_donated_memory(view: View, name: str, host_kvm: str, pages: int) -> None:
    """Zero a struct, push its pages on the host's teardown_mc, donate them."""
    view.ref(Kvm, host_kvm).teardown_mc += pages
    give_back(view, name)
