"""The benches of "Two ways to close it"."""
from dataclasses import replace

from ..revisions import MERGED, UPSTREAM, V1
from .scene import LENT_PAGE, scene

UNSHARE = "__pkvm_host_unshare_guest(0x1000, 0)"
START, FINALISE = "__pkvm_start_teardown_vm(0x1000)", "__pkvm_finalize_teardown_vm(0x1000)"

HOLE = scene(
    "hole-again", "The hole, once more", V1, LENT_PAGE, (UNSHARE, f"{START} whole\n{FINALISE} whole"),
    "VM 0x1000 is alive and idle; the host lends it page g0.")

REFUSED_AT_THE_DOOR = replace(HOLE, name="refused-at-the-door", title="The first way: refused at the door",
                              revision=MERGED)

HONEST = scene(
    "honest-after-repair", "The honest host destroys a VM", MERGED, LENT_PAGE, ("kvm_destroy_vm(kvm0)", ""),
    "VM 0x1000 is alive and idle, and lends page g0; nobody does anything unusual.")

NEXT_TENANT = scene(
    "stayed-away", "The page that stayed away", MERGED, f"{LENT_PAGE}0 kvm_destroy_vm(kvm0)",
    ("kvm_create_vm(kvm1) whole\nkvm_create_vcpu(kvm1, hv1.0) whole\n"
     "__pkvm_init_vm(kvm1, 0x1000, 1, g0, pgd1) whole", ""),
    "The first VM is gone; the host makes the next one and offers page g0 for its struct.")

REFUSED_AT_THE_END = scene(
    "refused-at-the-end", "The second way: refused at the end", UPSTREAM, LENT_PAGE,
    (UNSHARE, f"{START} whole\n{FINALISE} whole\n{FINALISE} whole"),
    "VM 0x1000 is alive and idle; the host lends it page g0.")

HELD_AT_START = scene(
    "held-at-start", "Start is refused, and noted", UPSTREAM, LENT_PAGE, ("kvm_destroy_vm(kvm0)", UNSHARE),
    "The host is about to destroy VM 0x1000, while somebody on CPU 1 makes a call that holds it.")
