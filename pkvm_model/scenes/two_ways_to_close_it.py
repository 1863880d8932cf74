"""The benches of "Two ways to close it"."""
from __future__ import annotations

from dataclasses import replace

from ..model.revisions import MERGED, UPSTREAM, V1
from .scene import LENT_PAGE, Scene, scene

UNSHARE = "__pkvm_host_unshare_guest(0x1000, 0)"
START, FINALISE = "__pkvm_start_teardown_vm(0x1000)", "__pkvm_finalize_teardown_vm(0x1000)"

HOLE = scene(
    "hole-again", "The hole, once more", V1, LENT_PAGE, (UNSHARE, f"{START} whole\n{FINALISE} whole"),
    "VM 0x1000 is alive and idle; the host lends it page g0.")

REFUSED_AT_THE_DOOR = replace(HOLE, name="refused-at-the-door", title="The first way: a check at the door",
                              revision=MERGED)

HONEST = scene(
    "honest-after-repair", "The honest host destroys a VM", MERGED, LENT_PAGE, ("kvm_destroy_vm(kvm0)", ""),
    "VM 0x1000 is alive and idle; the host lends it page g0, and nobody does anything unusual.")

NEXT_TENANT = scene(
    "stayed-away", "The page that stayed lent", MERGED, f"{LENT_PAGE}0 kvm_destroy_vm(kvm0)",
    ("kvm_create_vm(kvm1) whole\nkvm_create_vcpu(kvm1, hv1.0) whole\n"
     "__pkvm_init_vm(kvm1, 0x1000, 1, g0, pgd1) whole", ""),
    "The first VM is gone. The host makes the next one and offers page g0 for its struct.")

TENANT_OF_TABLES = scene(
    "tenant-of-tables", "The page that stayed lent, as a page table", MERGED, f"{LENT_PAGE}0 kvm_destroy_vm(kvm0)",
    ("kvm_create_vm(kvm1) whole\nkvm_create_vcpu(kvm1, hv1.0) whole\n"
     "__pkvm_init_vm(kvm1, 0x1000, 1, vm1, g0) whole", ""),
    "The first VM is gone; the host makes the next one and offers page g0 for its page tables.")

REFUSED_AT_THE_END = scene(
    "refused-at-the-end", "The second way: a check at the end", UPSTREAM, LENT_PAGE,
    (UNSHARE, f"{START} whole\n{FINALISE} whole\n{FINALISE} whole"),
    "VM 0x1000 is alive and idle; the host lends it page g0.")

HELD_AT_START = scene(
    "held-at-start", "Start while a call holds the VM", UPSTREAM, LENT_PAGE, ("kvm_destroy_vm(kvm0)", UNSHARE),
    "The host is about to destroy VM 0x1000. On CPU 1 a call is about to take a reference to it.")

MANY_PAGES = 300


def many_lent() -> Scene:
    """Return a scene in which the honest host destroys a VM with many lent pages, all in the guest's first gibibyte."""
    faults = "\n".join(f"0 kvm_guest_fault(kvm0, g{gfn}, {gfn})" for gfn in range(MANY_PAGES))
    setup = LENT_PAGE.replace("0 kvm_guest_fault(kvm0, g0, 0)", faults)
    return scene("many-lent-merged", "Many pages on loan", MERGED, setup, ("kvm_destroy_vm(kvm0) whole", ""),
                 f"VM 0x1000 is alive and idle; the host lends it {MANY_PAGES} pages and is about to destroy it.")


UNMAPPED_ALIVE = scene(
    "unmapped-alive", "The host gets a page of a living VM back", V1, LENT_PAGE,
    (UNSHARE, "__pkvm_vcpu_load(0x1000, 0)"),
    "VM 0x1000 is alive and idle; nobody tears it down.")

TORN_DOWN_AND_RUN = scene(
    "torn-down-and-run", "One CPU tears down what another one runs", V1, LENT_PAGE,
    (f"{START}\n{UNSHARE} whole\n{FINALISE} whole",
     "__pkvm_vcpu_load(0x1000, 0)\n__kvm_vcpu_run(hv0.0)\n__pkvm_vcpu_put()"),
    "VM 0x1000 is alive and idle. CPU 0 is about to tear it down, CPU 1 to run it.")
