"""The honest host at EL1: which hypercalls Linux makes in a VM's life, and what it notes in its struct kvm.

Written like the hypercalls and run like them; a host function calls EL2 with `yield from hypercall(...)`. What EL2
answers decides what the host notes, but never stops it: an unexpected answer is a host warning, a line in the log
after which the machine goes on. Source: arch/arm64/kvm/pkvm.c, mmu.c, arm.c (pre, v1).
"""
from __future__ import annotations

from collections.abc import Generator

from .dispatch import HYPERCALLS
from .revisions import errno
from .state import Event, Value
from .view import Hypercall, Ref, Refused, Region, View


def hypercall(view: View, name: str, *args: Value) -> Generator[Region, None, int | None]:
    """Make a hypercall and give its answer; none of the host's own locks is modelled around it."""
    try:
        ret = yield from HYPERCALLS[name](view, *args)
    except Refused as refused:
        ret = view.answer(refused)
    view.answered(name, args, ret)
    return ret


def warn_on(view: View, ret: int | None, name: str) -> None:
    """WARN_ON at the host: a line in its log, unlike the same word at EL2."""
    if ret:
        view.note(Event("HOST_WARN", name, f"{name} returns {errno(ret)}"))


def kvm_create_vm(view: View, kvm: str) -> Hypercall:
    """Create a VM: lend struct kvm to EL2 and reserve a handle. EL2 has no VM yet.

    Source: arm.c:kvm_arch_init_vm, pkvm.c:pkvm_init_host_vm (pre, v1).
    """
    yield from hypercall(view, "__pkvm_host_share_hyp", kvm)
    handle = yield from hypercall(view, "__pkvm_reserve_vm")
    if handle is None or handle < 0:
        return handle
    view.kvm(kvm).handle = handle
    return 0


def kvm_first_run(view: View, kvm: str, host_vcpu: str, nr_vcpus: int = 1) -> Hypercall:
    """Create a vCPU and prepare its first run: EL2 makes the VM if it has none yet, then the vCPU.

    Memory is named after the structs: kvm0 gives vm0 and pgd0, hv0.1 gives vc0.1.
    Source: pkvm.c:pkvm_create_hyp_vm, pkvm_create_hyp_vcpu (pre, v1).
    """
    yield from hypercall(view, "__pkvm_host_share_hyp", host_vcpu)
    number = kvm.removeprefix("kvm")
    if not view.kvm(kvm).is_created:
        args = (kvm, view.kvm(kvm).handle, nr_vcpus, f"vm{number}", f"pgd{number}")
        ret = yield from hypercall(view, "__pkvm_init_vm", *args)
        if ret:
            return ret
        view.kvm(kvm).is_created = True
    return (yield from hypercall(view, "__pkvm_init_vcpu", view.kvm(kvm).handle, host_vcpu, f"vc{host_vcpu[2:]}"))


def kvm_guest_fault(view: View, kvm: str, page: str, gfn: int) -> Hypercall:
    """Lend a page to the guest that faulted on this CPU, and note the mapping.

    Source: pkvm.c:pkvm_pgtable_stage2_map (pre, v1).
    """
    ret = yield from hypercall(view, "__pkvm_host_share_guest", page, gfn)
    if not ret:
        view.kvm(kvm).mappings = tuple(sorted((*view.kvm(kvm).mappings, gfn)))
    return ret


def kvm_destroy_vm(view: View, kvm: str) -> Hypercall:
    """Destroy a VM: take the pages home, then the VM itself, and end the loan of struct kvm.

    Source: kvm_main.c:kvm_destroy_vm, arm.c:kvm_arch_destroy_vm (pre, v1).
    """
    yield "M", "take the page table away from everybody else"
    yield from pkvm_pgtable_stage2_destroy_range(view, view.kvm(kvm))
    yield from pkvm_destroy_hyp_vm(view, view.kvm(kvm))
    yield from hypercall(view, "__pkvm_host_unshare_hyp", kvm)
    return 0


def pkvm_pgtable_stage2_destroy_range(view: View, kvm: Ref) -> Generator[Region, None, None]:
    """Start the teardown, unless the memo says that was done, and take each lent page home.

    The memo is written without a lock and whatever EL2 answered. The first unshare that fails ends the range.
    The kernel comes here once per step of the range, 2**18 times for 48 bits of address space in steps of 1 GiB; the
    model once, since after the first step there is nothing left to do. Source: pkvm.c (v1).
    """
    if not kvm.handle:
        return
    start = "__pkvm_start_teardown_vm"
    if start in view.revision.calls and kvm.is_created and not kvm.is_dying:
        ret = yield from hypercall(view, start, kvm.handle)
        yield "", "note that the start was made, whatever EL2 answered"
        warn_on(view, ret, start)
        kvm.is_dying = True
    lent = kvm.mappings
    for gfn in lent:
        ret = yield from hypercall(view, "__pkvm_host_unshare_guest", kvm.handle, gfn)
        warn_on(view, ret, "__pkvm_host_unshare_guest")
        if ret:
            return
        kvm.mappings = tuple(g for g in kvm.mappings if g != gfn)


def pkvm_destroy_hyp_vm(view: View, kvm: Ref) -> Generator[Region, None, None]:
    """Have EL2 destroy the VM, or take back the promise if it never made one; free what came back; forget the handle.

    Source: pkvm.c:__pkvm_destroy_hyp_vm (pre, v1).
    """
    split = "__pkvm_finalize_teardown_vm" in view.revision.calls
    destroy = "__pkvm_finalize_teardown_vm" if split else "__pkvm_teardown_vm"
    if kvm.is_created:
        warn_on(view, (yield from hypercall(view, destroy, kvm.handle)), destroy)
    elif kvm.handle:
        yield from hypercall(view, "__pkvm_unreserve_vm", kvm.handle)
    kvm.handle, kvm.is_created, kvm.teardown_mc, kvm.stage2_teardown_mc = 0, False, 0, 0


HOST_CALLS = {function.__name__: function
              for function in (kvm_create_vm, kvm_first_run, kvm_guest_fault, kvm_destroy_vm)}
