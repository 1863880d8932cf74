"""The benches of "Why split?"."""
from __future__ import annotations

from dataclasses import replace
from functools import partial

from ..model.revisions import PRE, UPSTREAM
from .scene import scene

quiet = partial(replace, checks=False,
                shows=("kvm0", "hv0.0", "vm0", "pgd0", "vc0.0", "g0", "g1", "locks", "vmid", "caches", "back"))
"""A bench without what later chapters name: the properties, and the host's memo."""
GIVEN_PAGE = """
0 kvm_create_vm(kvm0, 1)
0 kvm_first_run(kvm0, hv0.0)
0 __pkvm_vcpu_load(0x1000, 0)
0 kvm_guest_fault(kvm0, g0, 0)
0 __pkvm_vcpu_put()
"""
"""A protected VM that has run; it owns page g0."""

ASK_FOR_IT = quiet(scene(
    "ask-for-it", "A page that was given", UPSTREAM, GIVEN_PAGE,
    ("__pkvm_host_unshare_guest(0x1000, 0) whole\n__pkvm_reclaim_dying_guest_page(0x1000, 0) whole\n"
     "__pkvm_start_teardown_vm(0x1000) whole\n__pkvm_reclaim_dying_guest_page(0x1000, 0) whole\n"
     "__pkvm_finalize_teardown_vm(0x1000) whole",
     "__pkvm_vcpu_load(0x1000, 0) whole\n__kvm_vcpu_run(hv0.0)"),
    "Protected VM 0x1000 is idle and owns page g0; the host wants it back."))

NOT_ASKED = quiet(scene(
    "not-asked", "If reclaim did not check", UPSTREAM.without("reclaim_dying"), GIVEN_PAGE,
    ("__pkvm_reclaim_dying_guest_page(0x1000, 0) whole",
     "__pkvm_vcpu_load(0x1000, 0) whole\n__kvm_vcpu_run(hv0.0) whole\n__pkvm_host_donate_guest(g1, 0) whole\n"
     "__kvm_vcpu_run(hv0.0) whole"),
    "Protected VM 0x1000 is alive and owns page g0, its gfn 0; reclaim does not check whether it is dying."))

TWO_GIVEN = quiet(scene(
    "two-given", "Two pages that were given", UPSTREAM,
    GIVEN_PAGE.replace("0 __pkvm_vcpu_put()", "0 kvm_guest_fault(kvm0, g1, 1)\n0 __pkvm_vcpu_put()"),
    ("__pkvm_start_teardown_vm(0x1000) whole\n__pkvm_reclaim_dying_guest_page(0x1000, 0) whole\n"
     "__pkvm_finalize_teardown_vm(0x1000) whole\n__pkvm_reclaim_dying_guest_page(0x1000, 1) whole", ""),
    "Protected VM 0x1000 is idle and owns pages g0 and g1; the host forgets one of them for a while."))

RUN_AND_RECLAIM = quiet(scene(
    "run-and-reclaim", "A guest runs, the host reclaims", UPSTREAM, GIVEN_PAGE,
    ("__pkvm_reclaim_dying_guest_page(0x1000, 0) whole\n__pkvm_start_teardown_vm(0x1000) whole\n"
     "__pkvm_reclaim_dying_guest_page(0x1000, 0) whole",
     "__pkvm_vcpu_load(0x1000, 0) whole\n__kvm_vcpu_run(hv0.0)\n__pkvm_vcpu_put() whole"),
    "Protected VM 0x1000 is idle and owns page g0; CPU 1 wants to run it, CPU 0 wants the page back."))

LENT_PAGES = 100


def lend_pages(pages: int) -> str:
    """Return the setup of a VM that has run and is idle, with this many pages on loan."""
    faults = "".join(f"0 kvm_guest_fault(kvm0, g{number}, {number})\n" for number in range(pages))
    return ("0 kvm_create_vm(kvm0)\n0 kvm_first_run(kvm0, hv0.0)\n0 __pkvm_vcpu_load(0x1000, 0)\n"
            f"{faults}0 __pkvm_vcpu_put()")


MANY_LENT = quiet(scene(
    "many-lent", "Many pages lent", PRE, lend_pages(LENT_PAGES), ("kvm_destroy_vm(kvm0) whole", ""),
    "VM 0x1000 is idle; the honest host is about to destroy it."))
