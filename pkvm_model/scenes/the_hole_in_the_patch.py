"""The benches of "The hole in the patch"."""
from __future__ import annotations

from ..model.revisions import PRE, UPSTREAM, V1
from .scene import LENT_PAGE, Scene, scene

START, FINALISE = "__pkvm_start_teardown_vm(0x1000)", "__pkvm_finalize_teardown_vm(0x1000)"
UNSHARE = "__pkvm_host_unshare_guest(0x1000, 0)"
TEARDOWN = f"{START} whole\n{FINALISE} whole"
NEXT_VM = "__pkvm_reserve_vm() whole\n__pkvm_init_vm(kvm1, 0x1000, 1, vm0, pgd1) whole"
IDLE = "VM 0x1000 is alive and idle; the host lends it page g0."

STILL_WORKS = scene(
    "still-works", "What still works in a dying VM", V1, f"{LENT_PAGE}0 {START}\n",
    ("__pkvm_vcpu_load(0x1000, 0) whole\n__pkvm_host_share_guest(g1, 1) whole\n"
     f"{UNSHARE} whole\n__pkvm_tlb_flush_vmid(0x1000) whole", ""),
    "VM 0x1000 is dying; page g0 is still on loan.")

FIND_THE_HOLE = scene("find-the-hole", "Find the hole", V1, LENT_PAGE, (UNSHARE, TEARDOWN), IDLE)

WHO_GETS_IN = scene(
    "who-gets-in", "Who gets in now?", V1, LENT_PAGE,
    ("__pkvm_vcpu_load(0x1000, 0) whole\n__pkvm_vcpu_put() whole\n__pkvm_host_test_clear_young_guest(0x1000, 0)",
     TEARDOWN), IDLE)

EVERY_REGION = scene("every-region", "The hole, a lock region a click", V1, LENT_PAGE,
                     (UNSHARE, f"{START}\n{FINALISE}"), IDLE)


WITHOUT_VCPU = """
0 kvm_create_vm(kvm0)
0 kvm_create_vcpu(kvm0, hv0.0)
0 __pkvm_init_vm(kvm0, 0x1000, 1, vm0, pgd0)
"""


def beside_teardown(name: str, title: str, call: str, setup: str = LENT_PAGE, says: str = IDLE) -> Scene:
    """Return a scene with a call on CPU 0 and the same teardown as always on CPU 1."""
    return scene(name, title, V1, setup, (call, TEARDOWN), says)


FLUSH = beside_teardown("hole-flush", "A flush beside the teardown", "__pkvm_tlb_flush_vmid(0x1000)")
AGE = beside_teardown("hole-age", "Ageing beside the teardown", "__pkvm_host_test_clear_young_guest(0x1000, 0)")
WRITE_PROTECT = beside_teardown("hole-wrprotect", "Taking write access away beside the teardown",
                                "__pkvm_host_wrprotect_guest(0x1000, 0)")
LEND = beside_teardown("hole-share", "Load, share and put beside the teardown",
                       "__pkvm_vcpu_load(0x1000, 0)\n__pkvm_host_share_guest(g1, 1)\n__pkvm_vcpu_put()")
NEW_VCPU = beside_teardown("hole-init-vcpu", "A new vCPU beside the teardown",
                           "__pkvm_init_vcpu(0x1000, hv0.0, vc0.0)", WITHOUT_VCPU,
                           "VM 0x1000 is alive and has no vCPU yet.")

QUIET = scene("quiet", "The quiet variant", V1, LENT_PAGE, (UNSHARE, TEARDOWN), IDLE)

SAME_MEMORY = scene(
    "same-memory", "The next VM in the same memory", V1, f"{LENT_PAGE}0 __pkvm_host_share_hyp(kvm1)\n",
    (UNSHARE, f"{TEARDOWN}\n{NEXT_VM}\n{START} whole"),
    "VM 0x1000 is alive and idle; the host has plans for its memory.")

ONE_CALL = scene("one-call", "The same overlap, the old teardown", PRE, LENT_PAGE,
                 (UNSHARE, "__pkvm_teardown_vm(0x1000) whole"), IDLE)

DESTROY_AND_UNMAP = scene(
    "honest-destroy", "The honest host destroys and unmaps", V1, LENT_PAGE,
    ("kvm_destroy_vm(kvm0)", "kvm_unmap(kvm0)"),
    "The host destroys the VM on CPU 0; on CPU 1 the owner of the memory unmaps it.")

POLITE_REFUSAL = scene(
    "polite-refusal", "An unshare that will be refused", UPSTREAM, """
0 kvm_create_vm(kvm0, 1)
0 kvm_first_run(kvm0, hv0.0)
0 __pkvm_vcpu_load(0x1000, 0)
0 kvm_guest_fault(kvm0, g0, 0)
0 __pkvm_vcpu_put()
""",
    (UNSHARE, f"{START} whole\n{START} whole"),
    "Protected VM 0x1000 is idle and owns page g0; CPU 0 asks for it with the wrong call.")
