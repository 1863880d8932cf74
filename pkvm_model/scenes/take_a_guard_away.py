"""The benches of "Take a guard away", and a finalise that flushes late."""
from __future__ import annotations

from dataclasses import replace

from ..model.hypercalls import destroy_hyp_vm
from ..model.revisions import EBUSY, ENOENT, UPSTREAM, V1
from ..model.state import FREE
from ..model.view import Hypercall, View
from ..model.vm_table import get_vm_by_handle, vm_slot
from .scene import LENT_PAGE, scene

UNSHARE = "__pkvm_host_unshare_guest(0x1000, 0)"
START, FINALISE = "__pkvm_start_teardown_vm(0x1000)", "__pkvm_finalize_teardown_vm(0x1000)"
RUN_ONCE = "__pkvm_vcpu_load(0x1000, 0)\n__kvm_vcpu_run(hv0.0)\n__pkvm_vcpu_put()"

ANY_CAN_FINALISE = replace(scene(
    "any-can-finalise", "A finalise without its check for dying", V1.without("finalize_dying"), LENT_PAGE,
    (f"{FINALISE} whole", RUN_ONCE),
    "VM 0x1000 is alive and idle. CPU 1 is about to run it; CPU 0 finalises without a start."),
    opens=("holds",))

LOADED_TWICE = scene(
    "loaded-twice", "A load without its check of the vCPU", V1.without("load_vcpu_free"), LENT_PAGE,
    (f"__pkvm_vcpu_load(0x1000, 0) whole\n__pkvm_vcpu_put() whole\n{START} whole", RUN_ONCE),
    "VM 0x1000 is alive and idle; both CPUs load its only vCPU.")

RUN_THE_DYING = scene(
    "run-the-dying", "A load that accepts a dying VM", UPSTREAM.without("load_not_dying"), LENT_PAGE,
    (f"{START} whole\n{FINALISE} whole", RUN_ONCE),
    "VM 0x1000 is alive and idle. CPU 0 is about to tear it down, CPU 1 to run it.")

START_TWICE = scene(
    "start-twice", "Start without its last check", UPSTREAM.without("start_not_dying"), LENT_PAGE,
    (f"{START} whole\n{UNSHARE} whole\n{FINALISE} whole", f"{START} whole"),
    "VM 0x1000 is alive and idle. Both CPUs start its teardown.")

MEND_ME = scene(
    "mend-me", "Your finalise", V1, LENT_PAGE,
    (UNSHARE, f"{START} whole\n{FINALISE} whole\n{FINALISE} whole"),
    "VM 0x1000 is alive and idle; the host lends it page g0.")

TAKEN_BY_FORCE = scene(
    "taken-by-force", "A page is taken by force", UPSTREAM, """
0 kvm_create_vm(kvm0, 1)
0 kvm_first_run(kvm0, hv0.0)
0 __pkvm_vcpu_load(0x1000, 0)
0 kvm_guest_fault(kvm0, g0, 0)
0 __pkvm_vcpu_put()
""", ("__pkvm_force_reclaim_guest_page(g0) whole\nkvm_destroy_vm(kvm0, 1) whole", ""),
    "Protected VM 0x1000 is idle and owns g0; the host takes the page by force, and then destroys the VM.")

TWO_TEARDOWNS = scene(
    "two-teardowns", "Two CPUs take one VM apart", UPSTREAM, LENT_PAGE,
    (f"{START}\n{UNSHARE}\n{FINALISE}", f"{START}\n__pkvm_vcpu_load(0x1000, 0)\n__pkvm_vcpu_put()\n{FINALISE}"),
    "VM 0x1000 is alive and idle. Both CPUs start its teardown and finalise; one of them also tries to load its vCPU.")

LOST_MEMO = scene(
    "lost-memo", "A host that has lost its memo", UPSTREAM.without("host_remembers_start"), LENT_PAGE,
    ("kvm_destroy_vm(kvm0, 4) whole", ""),
    "VM 0x1000 is alive and idle; the host destroys it in a walk of four steps. It does not note that it has started.")

BOTH_GET_IN = scene(
    "both-get-in", "Two CPUs finalise", V1, f"{LENT_PAGE}0 {START}\n", (FINALISE, f"{FINALISE} whole"),
    "VM 0x1000 is dying. A click of CPU 0 is one lock region, a click of CPU 1 a whole call.")

FLUSH = "drop what the CPUs remember under the VMID"


def finalise_flushing_late(view: View, handle: int) -> Hypercall:
    """Destroy a VM as v1 does, but flush its translations only after the slot is free."""
    yield "L", "check, empty the slot"
    vm = get_vm_by_handle(view, handle)
    view.check(vm, -ENOENT, f"there is no VM {handle:#x}")
    view.check(vm.is_dying, -EBUSY, f"VM {handle:#x} is not dying yet")
    vm_slot(view, handle).entry = FREE
    yield "", FLUSH
    view.flush_vmid(vm.handle)
    yield from destroy_hyp_vm(view, vm)
    return 0


OLD_MEMORIES = scene(
    "old-memories", "A flush that comes late",
    V1._replace(functions={"__pkvm_finalize_teardown_vm": finalise_flushing_late}), LENT_PAGE,
    (f"{START} whole\n{FINALISE}",
     "kvm_create_vm(kvm1) whole\nkvm_first_run(kvm1, hv1.0) whole\n__pkvm_vcpu_load(0x1000, 0) whole\n"
     "__kvm_vcpu_run(hv1.0)"),
    "VM 0x1000 has run and is idle; CPU 0 takes it apart, and CPU 1 makes a VM and runs it.")
