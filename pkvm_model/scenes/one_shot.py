"""The benches of "One shot"."""
from __future__ import annotations

from dataclasses import replace
from functools import partial

from ..model.hypercalls import destroy_hyp_vm
from ..model.revisions import PRE
from ..model.view import Hypercall, View
from ..model.vm_table import get_vm_by_handle, hyp_page_count, remove_vm_table_entry
from .scene import LENT_PAGE, TWO_LENT, scene

PAGES = ("kvm0", "hv0.0", "hv0.1", "vm0", "pgd0", "vc0.0", "vc0.1", "g0", "g1")
quiet = partial(replace, checks=False, shows=(*PAGES, "locks", "vmid", "caches", "back"))
"""A bench without what later chapters name: the properties, and the host's memo."""

STILL_LOADED = quiet(scene(
    "still-loaded", "Teardown of a VM that is in use", PRE, LENT_PAGE,
    ("__pkvm_teardown_vm(0x1000) whole",
     "__pkvm_vcpu_load(0x1000, 0)\n__pkvm_vcpu_put()"),
    "VM 0x1000 is idle; CPU 1 is about to load its vCPU, CPU 0 to tear the VM down."))

EVERY_PAGE = quiet(scene(
    "every-page", "Every page on its way back", PRE, TWO_LENT,
    ("__pkvm_teardown_vm(0x1000)",
     "__pkvm_host_unshare_guest(0x1000, 0) whole\n__pkvm_host_unshare_guest(0x1000, 1) whole"),
    "VM 0x1000 is idle; the host lends it pages g0 and g1."))

NEXT_TENANT = quiet(scene(
    "next-tenant", "Who gets the slot next", PRE, LENT_PAGE,
    ("__pkvm_host_unshare_guest(0x1000, 0) whole\n__pkvm_teardown_vm(0x1000)",
     "__pkvm_reserve_vm()\n__pkvm_reserve_vm()"),
    "This machine has one slot, and VM 0x1000 is in it; CPU 1 wants a slot for a new VM."))

TWICE = quiet(scene(
    "torn-down-twice", "Two teardowns of one VM", PRE, LENT_PAGE,
    ("__pkvm_teardown_vm(0x1000)", "__pkvm_teardown_vm(0x1000) whole"),
    "VM 0x1000 is idle; both CPUs are about to tear it down."))

FORGOTTEN_PAGE = quiet(scene(
    "forgotten-page", "Teardown with a page still lent", PRE, LENT_PAGE,
    ("__pkvm_teardown_vm(0x1000) whole", "__pkvm_host_unshare_guest(0x1000, 0) whole"),
    "VM 0x1000 is idle; the host lends it page g0."))

STILL_UNSHARING = quiet(scene(
    "still-unsharing", "A teardown, and no vCPU", PRE, LENT_PAGE,
    ("__pkvm_host_unshare_guest(0x1000, 0)", "__pkvm_teardown_vm(0x1000) whole"),
    "VM 0x1000 is idle; CPU 0 is about to take page g0 back, CPU 1 to tear the VM down."))

PAIR = quiet(scene(
    "pair-goes-home", "A VM with two vCPUs is torn down", PRE, """
0 kvm_create_vm(kvm0)
0 kvm_create_vcpu(kvm0, hv0.0)
0 kvm_first_run(kvm0, hv0.1)
0 __pkvm_init_vcpu(0x1000, hv0.0, vc0.0)
0 __pkvm_vcpu_load(0x1000, 0)
0 kvm_guest_fault(kvm0, g0, 0)
0 __pkvm_vcpu_put()
0 __pkvm_host_unshare_guest(0x1000, 0)
""",
    ("__pkvm_teardown_vm(0x1000)", ""),
    "VM 0x1000 is idle and has a pair of vCPUs, one of which was never loaded; page g0 is back with the host."))


def teardown_forgets_a_pin(view: View, handle: int) -> Hypercall:
    """Destroy a VM as pre does, except for the last step: the host's struct kvm stays pinned."""
    yield "L", "check, flush the VMID, empty the slot"
    vm = get_vm_by_handle(view, handle)
    view.guard("teardown_vm_exists", vm, f"there is no VM {handle:#x}")
    view.guard("teardown_unreferenced", hyp_page_count(view, vm) == 0, f"VM {handle:#x} is still in use")
    host_kvm = vm.host_kvm
    remove_vm_table_entry(view, vm)
    for locks, purpose in destroy_hyp_vm(view, vm):
        if purpose == f"unpin the host's {host_kvm}":
            break
        yield locks, purpose
    return 0


def teardown_forgets_the_vcpus(view: View, handle: int) -> Hypercall:
    """Destroy a VM as pre does, as if it had no vCPUs."""
    yield "L", "check, flush the VMID, empty the slot"
    vm = get_vm_by_handle(view, handle)
    view.guard("teardown_vm_exists", vm, f"there is no VM {handle:#x}")
    view.guard("teardown_unreferenced", hyp_page_count(view, vm) == 0, f"VM {handle:#x} is still in use")
    vm.vcpus = ()
    remove_vm_table_entry(view, vm)
    yield from destroy_hyp_vm(view, vm)
    return 0


FORGETS_A_PIN = PRE._replace(functions={"__pkvm_teardown_vm": teardown_forgets_a_pin})
FORGETS_VCPUS = PRE._replace(functions={"__pkvm_teardown_vm": teardown_forgets_the_vcpus})
"""Kernels of ours, whose teardown leaves something behind."""
