"""The benches of "You are the scheduler", and a start whose lock ends too early."""
from __future__ import annotations

from ..model.revisions import V1
from ..model.view import Hypercall, View
from ..model.vm_table import get_vm_by_handle, hyp_page_count
from .scene import LENT_PAGE, scene

START, FINALISE = "__pkvm_start_teardown_vm(0x1000)", "__pkvm_finalize_teardown_vm(0x1000)"
RUN_ONCE = "__pkvm_vcpu_load(0x1000, 0)\n__kvm_vcpu_run(hv0.0)\n__pkvm_vcpu_put()"


def start_with_a_gap(view: View, handle: int) -> Hypercall:
    """Mark a VM as dying as start does, but drop the lock between the checks and the mark."""
    yield "L", "check that nobody uses the VM"
    vm = get_vm_by_handle(view, handle)
    view.guard("start_vm_exists", vm, f"there is no VM {handle:#x}")
    view.guard("start_unreferenced", hyp_page_count(view, vm) == 0, f"VM {handle:#x} is still in use")
    view.guard("start_not_dying", not vm.is_dying, f"VM {handle:#x} is dying already")
    yield "L", "mark the VM dying"
    vm.is_dying = True
    return 0


WITH_A_GAP = V1._replace(functions={"__pkvm_start_teardown_vm": start_with_a_gap})
"""A kernel of ours. The chapter makes its bench itself: a trace can only name a kernel of the course."""

BAD_INDEX = scene(
    "bad-index", "Load checks the VM and the index", V1, LENT_PAGE,
    (f"{START} whole", "__pkvm_vcpu_load(0x1000, 7)"),
    "VM 0x1000 is alive and has one vCPU; CPU 1 loads another.")

AT_ONCE = scene(
    "at-once", "Start and load at the same moment", V1, LENT_PAGE, (START, RUN_ONCE),
    "VM 0x1000 is alive and idle; CPU 0 would start its teardown, CPU 1 would run it.")

TORN_DOWN_WHILE_RUN = scene(
    "torn-down-while-run", "One CPU tears down what another one runs", V1, LENT_PAGE,
    (f"{START}\n{FINALISE} whole", RUN_ONCE),
    "VM 0x1000 is alive and idle; CPU 0 would tear it down, CPU 1 would run it.")

WRONG_ORDERS = scene(
    "wrong-orders", "Finalise first, twice, at once", V1, LENT_PAGE,
    (f"{FINALISE} whole\n{START} whole\n{START} whole\n{FINALISE}", f"{FINALISE} whole\n{START} whole"),
    "VM 0x1000 is alive and idle; the host is about to call in every wrong order.")

BOTH_FINALISE = scene(
    "both-finalise", "Finalise on both CPUs", V1, f"{LENT_PAGE}0 {START}\n", (FINALISE, FINALISE),
    "VM 0x1000 is dying; both CPUs want to destroy it.")

LATE_VCPU = scene(
    "late-vcpu", "A vCPU for a dying VM", V1, """
0 kvm_create_vm(kvm0)
0 kvm_create_vcpu(kvm0, hv0.0)
0 __pkvm_init_vm(kvm0, 0x1000, 1, vm0, pgd0)
""",
    (f"{START} whole\n{FINALISE} whole",
     "__pkvm_init_vcpu(0x1000, hv0.0, vc0.0) whole\n__pkvm_vcpu_load(0x1000, 0)"),
    "VM 0x1000 is alive and has no vCPU yet; CPU 1 would give it one.")

SECOND_VCPU = scene(
    "second-vcpu", "A second vCPU for a dying VM", V1, f"""
0 kvm_create_vm(kvm0)
0 kvm_create_vcpu(kvm0, hv0.0)
0 kvm_first_run(kvm0, hv0.1)
0 {START}
""",
    ("__pkvm_init_vcpu(0x1000, hv0.0, vc0.0) whole\n__pkvm_vcpu_load(0x1000, 0) whole\n" f"{FINALISE} whole", ""),
    "VM 0x1000 has room for two vCPUs and has one; it is dying.")

PUT_AND_LOAD = scene(
    "put-and-load", "Start beside a put and a load", V1, f"{LENT_PAGE}1 __pkvm_vcpu_load(0x1000, 0)\n",
    (START, "__pkvm_vcpu_put()\n__pkvm_vcpu_load(0x1000, 0)"),
    "CPU 1 has the vCPU loaded, and is about to put it and to load it again; CPU 0 would start the teardown.")

SKIP_THE_START = scene(
    "skip-the-start", "A finalise without its check for dying", V1.without("finalize_dying"), LENT_PAGE,
    (f"{FINALISE} whole", RUN_ONCE),
    "VM 0x1000 is alive and idle; nobody calls start.")
