"""The benches of "Take a guard away"."""
from ..revisions import UPSTREAM, V1
from .scene import LENT_PAGE, scene

UNSHARE = "__pkvm_host_unshare_guest(0x1000, 0)"
START, FINALISE = "__pkvm_start_teardown_vm(0x1000)", "__pkvm_finalize_teardown_vm(0x1000)"
RUN_ONCE = "__pkvm_vcpu_load(0x1000, 0)\n__kvm_vcpu_run(hv0.0)\n__pkvm_vcpu_put()"

ANY_CAN_FINALISE = scene(
    "any-can-finalise", "A finalise that does not ask for dying", V1.without("finalize_dying"), LENT_PAGE,
    (f"{FINALISE} whole", RUN_ONCE),
    "VM 0x1000 is alive and idle; CPU 1 would run it, CPU 0 finalises without a start.")

LOADED_TWICE = scene(
    "loaded-twice", "A load that does not ask where", V1.without("load_vcpu_free"), LENT_PAGE,
    (f"__pkvm_vcpu_load(0x1000, 0) whole\n__pkvm_vcpu_put() whole\n{START} whole", RUN_ONCE),
    "VM 0x1000 is alive and idle; both CPUs load its only vCPU.")

RUN_THE_DYING = scene(
    "run-the-dying", "A load that takes the dying", UPSTREAM.without("load_not_dying"), LENT_PAGE,
    (f"{START} whole\n{FINALISE} whole", RUN_ONCE),
    "VM 0x1000 is alive and idle; CPU 0 would tear it down, CPU 1 would run it.")

START_TWICE = scene(
    "start-twice", "Start without its last question", UPSTREAM.without("start_not_dying"), LENT_PAGE,
    (f"{START} whole\n{UNSHARE} whole\n{FINALISE} whole", f"{START} whole"),
    "VM 0x1000 is alive and idle; CPU 1 starts its teardown, too.")

MEND_ME = scene(
    "mend-me", "Your finalise", V1, LENT_PAGE,
    (UNSHARE, f"{START} whole\n{FINALISE} whole\n{FINALISE} whole"),
    "VM 0x1000 is alive and idle; the host lends it page g0.")
