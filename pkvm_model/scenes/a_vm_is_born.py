"""The benches of "A VM is born"."""
from __future__ import annotations

from dataclasses import replace
from functools import partial

from ..model.guest_memory import prepare_stage2
from ..model.hypercalls import map_donated_memory
from ..model.memory import hyp_pin_shared_mem
from ..model.revisions import PRE
from ..model.state import Config, Vm
from ..model.view import Hypercall, View
from ..model.vm_table import insert_vm_table_entry
from .scene import scene

quiet = partial(replace, checks=False, shows=("kvm0", "kvm1", "hv0.0", "vm0", "pgd0", "vc0.0", "locks", "vmid"))
"""A bench without what later chapters name: properties, memcaches, and the host's memo."""
FEW_SLOTS = Config(slots=2)

PROMISE = quiet(scene(
    "promise", "A promise, and no VM", PRE, "0 __pkvm_host_share_hyp(kvm0)\n1 __pkvm_host_share_hyp(kvm1)",
    ("__pkvm_reserve_vm()\n__pkvm_unreserve_vm(0x1000)", "__pkvm_reserve_vm()\n__pkvm_reserve_vm()"),
    "EL2’s table is empty; the host has lent it kvm0 and kvm1, and given it nothing.", FEW_SLOTS))

BIRTH = quiet(scene(
    "birth", "A VM is made, and its vCPU", PRE, """
0 kvm_create_vm(kvm0)
0 kvm_create_vcpu(kvm0, hv0.0)
""",
    ("__pkvm_init_vm(kvm0, 0x1000, 1, vm0, pgd0)\n__pkvm_unreserve_vm(0x1000)",
     "\n".join(["__pkvm_init_vcpu(0x1000, hv0.0, vc0.0) whole"] * 3)),
    "Slot 0 is promised; the host lends EL2 its structs kvm0 and hv0.0."))

REUSE = quiet(scene(
    "reuse", "The same number for the next VM", PRE, """
0 kvm_create_vm(kvm0)
0 kvm_first_run(kvm0, hv0.0)
""",
    ("__pkvm_teardown_vm(0x1000)", "kvm_create_vm(kvm1) whole"),
    "VM 0x1000 is alive and idle; CPU 0 will destroy it, CPU 1 wants a new one.", FEW_SLOTS))

REFUSED = quiet(scene(
    "refused", "A refused call, made again", PRE, "0 __pkvm_host_share_hyp(kvm0)",
    ("\n".join(["__pkvm_init_vm(kvm0, 0x1000, 1, vm0, pgd0)"] * 2), "__pkvm_reserve_vm() whole"),
    "Nothing is promised to the host, which names handle 0x1000 all the same."))

LOOKS_PINNED = quiet(scene(
    "looks-pinned", "After a refused call", PRE, "0 __pkvm_host_share_hyp(kvm0)",
    ("__pkvm_init_vm(kvm0, 0x1000, 1, vm0, pgd0) whole\n__pkvm_host_share_hyp(pgd0)\n__pkvm_host_unshare_hyp(pgd0)",
     ""),
    "Nothing is promised to the host, which names handle 0x1000 all the same."))

PROMISE_GONE = quiet(scene(
    "promise-gone", "A promise that goes away", PRE, """
0 kvm_create_vm(kvm0)
0 kvm_create_vcpu(kvm0, hv0.0)
""",
    ("__pkvm_init_vm(kvm0, 0x1000, 1, vm0, pgd0)\n__pkvm_init_vm(kvm0, 0x1000, 1, vm0, pgd0) whole",
     "__pkvm_unreserve_vm(0x1000) whole"),
    "Slot 0 is promised; CPU 0 will make the VM, CPU 1 wants to give the promise back."))


def init_vm_publishes_second(view: View, kvm: str, handle: int, nr_vcpus: int, vm_mem: str, pgd_mem: str,
                             protected: bool = False) -> Hypercall:
    """Make a VM that is published as soon as there is a page for its struct; refusals are left out."""
    yield "H+Y", f"pin the host's {kvm}"
    hyp_pin_shared_mem(view, kvm)
    yield from map_donated_memory(view, vm_mem)
    yield "L", "publish the VM in its slot"
    insert_vm_table_entry(view, handle, vm_mem)
    yield from map_donated_memory(view, pgd_mem)
    yield "G", "fill the VM struct and its stage 2"
    view.store((Vm, vm_mem), Vm(handle, kvm, pgd_mem, protected, vcpus=(None,) * nr_vcpus))
    prepare_stage2(view, view.vm(vm_mem))
    return 0


def init_vm_fills_last(view: View, kvm: str, handle: int, nr_vcpus: int, vm_mem: str, pgd_mem: str,
                       protected: bool = False) -> Hypercall:
    """Make a VM that is published when it has its memory, and filled after that; refusals are left out."""
    yield "H+Y", f"pin the host's {kvm}"
    hyp_pin_shared_mem(view, kvm)
    yield from map_donated_memory(view, vm_mem)
    yield from map_donated_memory(view, pgd_mem)
    yield "L", "publish the VM in its slot"
    insert_vm_table_entry(view, handle, vm_mem)
    yield "G", "fill the VM struct and its stage 2"
    view.store((Vm, vm_mem), Vm(handle, kvm, pgd_mem, protected, vcpus=(None,) * nr_vcpus))
    prepare_stage2(view, view.vm(vm_mem))
    return 0


PUBLISHES_SECOND = PRE._replace(functions={"__pkvm_init_vm": init_vm_publishes_second})
FILLS_LAST = PRE._replace(functions={"__pkvm_init_vm": init_vm_fills_last})
"""Kernels of ours, which publish a VM before it is finished."""
