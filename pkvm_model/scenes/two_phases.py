"""The benches of "Two phases"."""
from __future__ import annotations


from ..model.revisions import V1
from .scene import LENT_PAGE, Scene, scene

TWO_PHASES = scene(
    "two-phases", "The new way: start, then finalise", V1, LENT_PAGE,
    ("__pkvm_start_teardown_vm(0x1000)\n__pkvm_host_unshare_guest(0x1000, 0)\n__pkvm_finalize_teardown_vm(0x1000)",
     "__pkvm_vcpu_load(0x1000, 0)\n__kvm_vcpu_run(hv0.0)\n__pkvm_vcpu_put()"),
    "VM 0x1000 is alive and idle; CPU 1 would like to run it.")

TWO_FLAGS = scene(
    "two-flags", "Two flags of one name", V1, LENT_PAGE,
    ("kvm_destroy_vm(kvm0)", "__pkvm_start_teardown_vm(0x1000)"),
    "The honest host is about to destroy VM 0x1000; on CPU 1 somebody could be faster.")

LEFT_BEHIND = scene(
    "left-behind", "A page is left behind", V1, LENT_PAGE,
    ("__pkvm_start_teardown_vm(0x1000) whole\n__pkvm_finalize_teardown_vm(0x1000) whole", ""),
    "VM 0x1000 is alive and idle; nobody will take back page g0.")

NEVER_RAN = scene(
    "never-ran", "A VM that never ran", V1, "0 kvm_create_vm(kvm0)", ("kvm_destroy_vm(kvm0) whole", ""),
    "The host has a handle for a VM that EL2 has not made.")

IN_FLIGHT = scene(
    "start-again-in-flight", "Start again, while a call holds the VM", V1,
    f"{LENT_PAGE}0 __pkvm_start_teardown_vm(0x1000)",
    ("__pkvm_host_unshare_guest(0x1000, 0)", "__pkvm_start_teardown_vm(0x1000) whole"),
    "VM 0x1000 is dying; CPU 0 takes page g0 back, CPU 1 calls start once more.")

CREATED_UNASKED = scene(
    "created-unasked", "A host that does not check whether the VM was made", V1.without("host_asks_created"),
    "0 kvm_create_vm(kvm0)", ("kvm_destroy_vm(kvm0) whole", ""),
    "The host has a handle for a VM that EL2 has not made; its destroy does not check that.")

MISSING_LINE = scene(
    "missing-line", "A start that EL2 does not know", V1.without("__pkvm_start_teardown_vm"), LENT_PAGE,
    ("kvm_destroy_vm(kvm0) whole", ""),
    "VM 0x1000 is alive and idle; the honest host destroys it on a kernel whose table lacks the entry for start.")

SAME_NUMBER = scene(
    "same-number", "The next VM while the last one is destroyed", V1,
    f"{LENT_PAGE}0 __pkvm_start_teardown_vm(0x1000)\n0 __pkvm_host_share_hyp(kvm1)",
    ("__pkvm_host_unshare_guest(0x1000, 0) whole\n__pkvm_finalize_teardown_vm(0x1000)",
     "__pkvm_reserve_vm() whole\n__pkvm_init_vm(kvm1, 0x1000, 1, vm1, pgd1) whole"),
    "VM 0x1000 is dying, and the table has one slot; CPU 1 wants to make the next VM.")


def walk(steps: int) -> Scene:
    """Return a scene in which a host that forgets its start destroys a VM, in a walk of this many steps."""
    return scene(f"walk-{steps}", "A host that forgets that it has started", V1.without("host_remembers_start"),
                 LENT_PAGE, (f"kvm_destroy_vm(kvm0, {steps}) whole", ""),
                 "VM 0x1000 is alive and idle; the host is about to destroy it.")
