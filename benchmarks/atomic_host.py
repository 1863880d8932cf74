"""Family H(slots, vcpus, pages): whole hypercalls, issued by the most general host on two CPUs.

A call is one transition, and any of `calls` may come at any time. Only the CPU knows which vCPU is loaded on it, so a
VM's references are the CPUs that have one of its vCPUs loaded. As in the kernel, init_vcpu does not check for dying,
and finalise does not look at pages: pages that still belong to the guest are lost.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from pkvm_model.model.revisions import EBUSY, EINVAL, ENOENT, ENOMEM, EPERM, Revision
from pkvm_model.model.view import Hypercall, Ref, Refused, View

FREE, RESERVED, LIVE, DYING = "free", "reserved", "live", "dying"
HOST, LOST = "host", "lost"
CPUS = 2


class Config(NamedTuple):
    """The size of the machine; `vcpus` is the most that one VM can have."""

    slots: int
    vcpus: int
    pages: int
    cpus: int = CPUS


class Slot(NamedTuple):
    """An entry of the VM table. A VM in it is live or dying; `vcpus` says of each vCPU if it is initialised."""

    state: str = FREE
    vcpus: tuple[bool, ...] = ()


class Cpu(NamedTuple):
    """A physical CPU: slot and index of the vCPU that is loaded on it."""

    slot: int | None = None
    vcpu: int | None = None


class Page(NamedTuple):
    """A page: the host's, the guest's in the slot of this number, or lost since that VM is gone."""

    owner: str | int = HOST


def reserve_vm(view: View) -> Hypercall:
    """Promise the lowest free slot to the host."""
    yield "L", "find the lowest free slot and reserve it"
    for idx in range(view.config.slots):
        if view.ref(Slot, idx).state == FREE:
            view.ref(Slot, idx).state = RESERVED
            return idx
    raise Refused(-ENOMEM, "no slot is free")


def unreserve_vm(view: View, idx: int) -> Hypercall:
    """Take the promise back; there is no answer."""
    yield "L", "free the slot if it is only reserved"
    slot = view.ref(Slot, idx)
    view.check(slot.state == RESERVED, None, f"slot {idx} is not reserved")
    slot.state = FREE
    return None


def init_vm(view: View, idx: int, nr_vcpus: int) -> Hypercall:
    """Make a VM in the slot that was promised."""
    yield "L", "publish the VM in its slot"
    slot = view.ref(Slot, idx)
    view.check(slot.state == RESERVED, -EINVAL, f"slot {idx} is not reserved")
    slot.state, slot.vcpus = LIVE, (False,) * nr_vcpus
    return 0


def init_vcpu(view: View, idx: int, vcpu: int) -> Hypercall:
    """Make a vCPU of a VM, live or dying."""
    yield "L", "find the VM and register the vCPU"
    slot = vm_in(view, idx, -ENOENT)
    view.check(vcpu < len(slot.vcpus), -EINVAL, f"VM {idx} has no vCPU {vcpu}")
    view.check(not slot.vcpus[vcpu], -EINVAL, f"vCPU {vcpu} of VM {idx} exists already")
    slot.vcpus = (*slot.vcpus[:vcpu], True, *slot.vcpus[vcpu + 1:])
    return 0


def vcpu_load(view: View, idx: int, vcpu: int) -> Hypercall:
    """Bind a vCPU to this CPU; there is no answer."""
    yield "L", "find the vCPU and take a reference"
    here = view.ref(Cpu, view.number)
    view.check(here.slot is None, None, f"CPU {view.number} has a vCPU loaded")
    slot = vm_in(view, idx, None)
    view.guard("load_not_dying", slot.state != DYING, f"VM {idx} is dying")
    view.check(vcpu < len(slot.vcpus) and slot.vcpus[vcpu], None, f"vCPU {vcpu} of VM {idx} is not initialised")
    elsewhere = any(cpu.slot == idx and cpu.vcpu == vcpu for cpu in all_cpus(view))
    view.check(not elsewhere, None, f"vCPU {vcpu} of VM {idx} is loaded elsewhere")
    here.slot, here.vcpu = idx, vcpu
    return None


def vcpu_put(view: View) -> Hypercall:
    """Take the loaded vCPU off this CPU; there is no answer."""
    yield "L", "take the vCPU off this CPU and drop its reference"
    here = view.ref(Cpu, view.number)
    view.check(here.slot is not None, None, f"nothing is loaded on CPU {view.number}")
    here.slot = here.vcpu = None
    return None


def donate_page(view: View, page: int) -> Hypercall:
    """Give a page of the host's to the VM that is loaded on this CPU."""
    yield "H+G", f"give page {page} to the guest"
    slot, target = view.ref(Cpu, view.number).slot, view.ref(Page, page)
    view.check(slot is not None, -EINVAL, f"nothing is loaded on CPU {view.number}")
    view.check(target.owner == HOST, -EPERM, f"page {page} is not the host's")
    target.owner = slot
    return 0


def reclaim_page(view: View, idx: int, page: int) -> Hypercall:
    """Give a page of a dying VM back to the host."""
    yield "L+H+G", f"give page {page} back to the host"
    slot, target = vm_in(view, idx, -EINVAL), view.ref(Page, page)
    view.check(slot.state == DYING, -EINVAL, f"VM {idx} is not dying yet")
    view.check(target.owner == idx, -ENOENT, f"VM {idx} does not have page {page}")
    target.owner = HOST
    return 0


def start_teardown(view: View, idx: int) -> Hypercall:
    """Mark a VM as dying."""
    yield "L", "check and mark the VM dying"
    slot = vm_in(view, idx, -ENOENT)
    view.check(not is_loaded(view, idx), -EBUSY, f"VM {idx} is still in use")
    view.check(slot.state != DYING, -EINVAL, f"VM {idx} is dying already")
    slot.state = DYING
    return 0


def finalize_teardown(view: View, idx: int) -> Hypercall:
    """Empty the slot of a dying VM; pages that are still the guest's have no owner from here on."""
    yield "L", "check and empty the slot"
    slot = vm_in(view, idx, -ENOENT)
    view.check(slot.state == DYING, -EBUSY, f"VM {idx} is not dying yet")
    view.check(not is_loaded(view, idx), -EBUSY, f"VM {idx} is still in use")
    slot.state, slot.vcpus = FREE, ()
    for page in all_pages(view):
        if page.owner == idx:
            page.owner = LOST
    return 0


def vm_in(view: View, idx: int, code: int | None) -> Ref:
    """Return the slot if there is a VM in it; refuse with this code otherwise."""
    slot = view.ref(Slot, idx)
    view.check(slot.state in (LIVE, DYING), code, f"there is no VM {idx}")
    return slot


def all_cpus(view: View) -> Iterator[Ref]:
    """Yield every CPU."""
    return (view.ref(Cpu, number) for number in range(view.config.cpus))


def is_loaded(view: View, idx: int) -> bool:
    """Return True if a vCPU of this VM is loaded anywhere, so that the VM is referenced."""
    return any(cpu.slot == idx for cpu in all_cpus(view))


def all_pages(view: View) -> Iterator[Ref]:
    """Yield every page of the machine."""
    config: Any = view.config  # this family's own
    return (view.ref(Page, number) for number in range(config.pages))


def safe(view: View, idx: int) -> bool:
    """Return True unless the VM in this slot breaks the invariant: if a vCPU of it is loaded, it is live."""
    return view.ref(Slot, idx).state == LIVE or not is_loaded(view, idx)


def config(slots: int, vcpus: int, pages: int) -> Config:
    """Return a machine of this size."""
    return Config(slots, vcpus, pages)


def calls(slots: int, vcpus: int, pages: int) -> Iterator[tuple[int, Callable[..., Hypercall], tuple[int, ...]]]:
    """Yield everything the host can do at any time: CPU (0 if it does not matter), hypercall, arguments."""
    yield 0, reserve_vm, ()
    for idx in range(slots):
        yield from ((0, call, (idx,)) for call in (unreserve_vm, start_teardown, finalize_teardown))
        yield from ((0, init_vm, (idx, nr_vcpus)) for nr_vcpus in range(1, vcpus + 1))
        yield from ((0, init_vcpu, (idx, vcpu)) for vcpu in range(vcpus))
        yield from ((cpu, vcpu_load, (idx, vcpu)) for vcpu in range(vcpus) for cpu in range(CPUS))
        yield from ((0, reclaim_page, (idx, page)) for page in range(pages))
    for cpu in range(CPUS):
        yield cpu, vcpu_put, ()
        yield from ((cpu, donate_page, (page,)) for page in range(pages))


HYPERCALLS = {call.__name__: call for _, call, _ in calls(1, 1, 1)}
REVISION = Revision("atomic-host", {"load_not_dying": None}, frozenset(HYPERCALLS), frozenset(), functions=HYPERCALLS)
MUTANTS = {"M1": "load_not_dying"}
"""The guard that each mutant lacks."""
