"""EL2's table of VMs: what a handle names, and the references that keep a VM from being torn down.

All of this happens under vm_table_lock (L). Source: hyp/nvhe/pkvm.c, hyp/include/nvhe/memory.h (pre, v1).
"""
from __future__ import annotations

from collections.abc import Generator
from typing import NamedTuple

from .revisions import EINVAL
from .state import FREE, HANDLE_OFFSET, RESERVED, Cpu, Event, State, Vcpu
from .view import NULL, Pointer, Ref, Refused, Region, View


def truncate_handle(view: View, handle: int) -> int:
    """Return a handle as EL2's own type of handles keeps it: 16 bits in upstream, 32 before."""
    return handle & ((1 << view.revision.handle_bits) - 1)


def vm_slot(view: View, handle: int) -> Pointer:
    """Return the slot that a handle names, or NULL if it is out of range (`vm_handle_to_idx`)."""
    idx = truncate_handle(view, handle) - HANDLE_OFFSET
    return view.slot(idx) if 0 <= idx < view.config.slots else NULL


def get_vm_by_handle(view: View, handle: int) -> Pointer:
    """Return the VM that a handle names, or NULL; a reserved slot is not a VM. Take no reference."""
    slot = vm_slot(view, handle)
    entry = slot.entry if slot else FREE
    return NULL if entry in (FREE, RESERVED) else view.vm(entry)


def insert_vm_table_entry(view: View, handle: int, vm: str) -> None:
    """Put the VM into its reserved slot; this publishes it."""
    slot = vm_slot(view, handle)
    view.check(slot, -EINVAL, f"{handle:#x} is out of range")
    view.guard("insert_reserved", slot.entry == RESERVED, f"the slot of {handle:#x} is not reserved")
    slot.entry = vm


def remove_vm_table_entry(view: View, vm: Ref) -> None:
    """Flush the VMID, then empty the slot: from here on handle, slot and VMID can be given away."""
    view.flush_vmid(vm.handle)
    vm_slot(view, vm.handle).entry = FREE


def hyp_page_count(view: View, vm: Pointer) -> int:
    """Return the number of references to a VM: 0 means idle, not dead."""
    return int(view.page(vm.address).refcount)


def hyp_page_ref_inc(view: View, vm: Ref) -> None:
    """Take a reference. It is the call's, until the call drops it or a vCPU that is loaded keeps it."""
    view.page(vm.address).refcount += 1
    view.take_reference(vm.address)


def hyp_page_ref_dec(view: View, vm: Ref) -> None:
    """Drop a reference. Only the page's count changes, so this does not fault on memory that was given back."""
    page = view.page(vm.address)
    view.bug_on(page.refcount == 0, "hyp_page_ref_dec", f"the count of page {vm} is 0 already")
    if (flight := view.peek(Cpu, view.number).flight) and vm.address in flight.stale:
        view.events.append(Event("EL2_STALE_PUT", str(vm), f"drops a reference to page {vm}, which was given back"))
    page.refcount -= 1
    view.drop_reference(vm.address)


def get_pkvm_hyp_vm(view: View, handle: int) -> Generator[Region, None, Pointer]:
    """Return the VM that a handle names, with a reference that the caller drops."""
    yield "L", "find the VM and take a reference"
    vm = get_vm_by_handle(view, handle)
    view.check(vm, -EINVAL, f"there is no VM {handle:#x}")
    view.guard("get_not_dying", not vm.is_dying, f"VM {handle:#x} is dying")
    hyp_page_ref_inc(view, vm)
    return vm


def get_np_pkvm_hyp_vm(view: View, handle: int) -> Generator[Region, None, Pointer]:
    """Return the ordinary ("np", not protected) VM that a handle names, with a reference that the caller drops.

    It takes the reference before it checks whether the VM is protected: even a refused call holds one for a moment.
    """
    vm = yield from get_pkvm_hyp_vm(view, handle)
    if vm.is_protected:
        yield "L", "drop the reference: the VM is protected"
        hyp_page_ref_dec(view, vm)
        raise Refused(-EINVAL, f"VM {handle:#x} is protected")
    return vm


def put_pkvm_hyp_vm(view: View, vm: Ref, ret: int | None) -> Generator[Region, None, int | None]:
    """Drop the reference that a call held while it ran, and return the call's answer."""
    yield "L", "drop the reference"
    hyp_page_ref_dec(view, vm)
    return ret


class Holder(NamedTuple):
    """What holds a reference to a VM on a CPU: a vCPU that is loaded there (its address), or a call under way there.

    `is_stale` is true of a call whose VM struct was given back while it held it.
    """

    cpu: int
    vcpu: str = ""
    call: str = ""
    is_stale: bool = False


def holders(state: State, vm: str) -> list[Holder]:
    """Return who holds references to the VM struct at an address: loaded vCPUs first, then calls under way."""
    loaded = [Holder(number, vcpu=cpu.loaded) for number, cpu in state.all(Cpu)
              if cpu.loaded and state.get(Vcpu, cpu.loaded).vm == vm]
    flights = [(number, cpu.flight) for number, cpu in state.all(Cpu) if cpu.flight]
    return loaded + [Holder(number, call=reference.hypercall or flight.call, is_stale=vm in flight.stale)
                     for number, flight in flights for reference in flight.references if reference.vm == vm]
