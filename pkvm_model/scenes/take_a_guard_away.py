"""The benches of "Take a guard away", and a finalise for a learner to mend."""
from ..revisions import EBUSY, ENOENT, UPSTREAM, V1
from ..view import Hypercall, View
from ..vm_table import get_vm_by_handle, remove_vm_table_entry
from ..hypercalls import destroy_hyp_vm
from .scene import LENT_PAGE, scene

UNSHARE = "__pkvm_host_unshare_guest(0x1000, 0)"
START, FINALISE = "__pkvm_start_teardown_vm(0x1000)", "__pkvm_finalize_teardown_vm(0x1000)"
RUN_ONCE = "__pkvm_vcpu_load(0x1000, 0)\n__kvm_vcpu_run(hv0.0)\n__pkvm_vcpu_put()"


def finalise_to_mend(view: View, handle: int) -> Hypercall:
    """Destroy a VM as v1 does; the check that closes the hole is missing."""
    yield "L", "check, flush the VMID, empty the slot"
    vm = get_vm_by_handle(view, handle)
    view.check(vm, -ENOENT, f"there is no VM {handle:#x}")
    view.check(vm.is_dying, -EBUSY, f"VM {handle:#x} is not dying yet")
    remove_vm_table_entry(view, vm)
    yield from destroy_hyp_vm(view, vm)
    return 0


ANY_CAN_FINALISE = scene(
    "any-can-finalise", "A finalise that does not ask for dying", V1.without("finalize_dying"), LENT_PAGE,
    (f"{FINALISE} whole", RUN_ONCE),
    "VM 0x1000 is alive and idle; CPU 1 would run it, CPU 0 finalises without a start.")

RUN_THE_DYING = scene(
    "run-the-dying", "A load that takes the dying", UPSTREAM.without("load_not_dying"), LENT_PAGE,
    (f"{START} whole\n{FINALISE} whole", RUN_ONCE),
    "VM 0x1000 is alive and idle; CPU 0 would tear it down, CPU 1 would run it.")

START_TWICE = scene(
    "start-twice", "Start without its last question", UPSTREAM.without("start_not_dying"), LENT_PAGE,
    (f"{START} whole\n{UNSHARE} whole\n{FINALISE} whole", f"{START} whole"),
    "VM 0x1000 is alive and idle; CPU 1 starts its teardown, too.")

MEND_ME = scene(
    "mend-me", "Your finalise", V1._replace(functions={"__pkvm_finalize_teardown_vm": finalise_to_mend}), LENT_PAGE,
    (UNSHARE, f"{START} whole\n{FINALISE} whole\n{FINALISE} whole"),
    "VM 0x1000 is alive and idle; the host lends it page g0.")
