"""The benches of "Who owns this page?"."""
from __future__ import annotations

from dataclasses import replace
from functools import partial

from ..model.revisions import EPERM, PRE, UPSTREAM
from ..model.state import NOPAGE, OWNED, SHARED_BORROWED, SHARED_OWNED, Config
from ..model.view import Hypercall, View
from .scene import LENT_PAGE, scene

quiet = partial(replace, checks=False, shows=("kvm0", "kvm1", "vm0", "vm1", "pgd0", "pgd1", "g0", "locks"))
"""A bench without what later chapters name: properties, vCPU structs, and details of a VM."""
PROMISED = "0 __pkvm_host_share_hyp(kvm0)\n0 __pkvm_reserve_vm()"
"""The host has lent EL2 its struct kvm and has a handle: all that init_vm needs, apart from memory."""

LEND_AND_GIVE = quiet(scene(
    "lend-and-give", "One page lent, another given away", PRE, "0 __pkvm_reserve_vm()",
    ("__pkvm_host_share_hyp(kvm0)\n__pkvm_host_unshare_hyp(kvm0)",
     "__pkvm_init_vm(kvm0, 0x1000, 1, vm0, pgd0)"),
    "EL2 has promised slot 0 to the host; every page is the host’s."))

SAME_PAGE = quiet(scene(
    "same-page", "The same page, lent or given away", PRE, PROMISED,
    ("__pkvm_host_share_hyp(vm0)",
     "__pkvm_init_vm(kvm0, 0x1000, 1, vm0, pgd0) whole"),
    "Page vm0 is the host’s; CPU 0 wants to lend it, CPU 1 to give it away."))

TOUCH = quiet(scene(
    "touch", "Touching what is not yours", PRE, PROMISED,
    ("host_access(kvm0) whole\nhost_access(vm0) whole",
     "__pkvm_init_vm(kvm0, 0x1000, 1, vm0, pgd0)"),
    "CPU 0 will read page kvm0, then page vm0; CPU 1 is about to give vm0 away."))

LENT_TO_GUEST = quiet(scene(
    "lent-to-guest", "A page lent to a guest", PRE, LENT_PAGE,
    ("__pkvm_host_share_hyp(g0)", "__pkvm_host_unshare_guest(0x1000, 0) whole"),
    "The host lends page g0 to VM 0x1000; CPU 0 wants to lend it to EL2 as well."))

FORGOTTEN_ENTRY = quiet(scene(
    "forgotten-entry", "A call that EL2 does not know", PRE.without("__pkvm_host_share_hyp"), "",
    ("kvm_create_vm(kvm0) whole", ""),
    "The host creates a VM on a kernel whose table lacks an entry."))

USABLE_BY_NOBODY = quiet(scene(
    "usable-by-nobody", "A page that a guest owns", UPSTREAM, """
0 kvm_create_vm(kvm0, 1)
0 kvm_first_run(kvm0, hv0.0)
0 __pkvm_vcpu_load(0x1000, 0)
0 kvm_guest_fault(kvm0, g0, 0)
0 __pkvm_vcpu_put()
0 __pkvm_start_teardown_vm(0x1000)
""",
    ("__pkvm_reclaim_dying_guest_page(0x1000, 0) whole",
     "__pkvm_finalize_teardown_vm(0x1000) whole"),
    "Protected VM 0x1000 is dying; page g0 is its own."))

TWO_GUESTS = quiet(scene(
    "two-guests", "A page lent to two guests", PRE, f"""{LENT_PAGE}0 kvm_create_vm(kvm1)
0 kvm_first_run(kvm1, hv1.0)
0 __pkvm_vcpu_load(0x1001, 0)
0 kvm_guest_fault(kvm1, g0, 0)
0 __pkvm_vcpu_put()
""",
    ("__pkvm_host_unshare_guest(0x1000, 0) whole\n__pkvm_host_unshare_guest(0x1001, 0) whole",
     "__pkvm_host_share_hyp(g0)\n__pkvm_host_share_hyp(g0)"),
    "The host lends page g0 to VM 0x1000 and to VM 0x1001; CPU 1 wants to lend it to EL2 as well.", Config(slots=2)))

UNKNOWN_UNSHARE = quiet(scene(
    "unknown-unshare", "An unshare that EL2 does not know", PRE.without("__pkvm_host_unshare_hyp"),
    "0 kvm_create_vm(kvm0)", ("kvm_destroy_vm(kvm0) whole", ""),
    "The host has created a VM that never ran, and closes it on a kernel whose table lacks an entry."))

REFUSED_ROOT = quiet(scene(
    "refused-root", "Only for a moment", PRE, f"{PROMISED}\n0 __pkvm_host_share_hyp(pgd0)",
    ("host_access(vm0) whole", "__pkvm_init_vm(kvm0, 0x1000, 1, vm0, pgd0)"),
    "The host has lent page pgd0 to EL2, and offers it for a VM all the same; CPU 0 will read page vm0."))


def share_whatever_the_host_has(view: View, page: str) -> Hypercall:
    """Lend a page to EL2; check only that the host has it."""
    yield "H+Y", f"lend page {page} to EL2"
    lent = view.page(page)
    view.check(lent.host in (OWNED, SHARED_OWNED), -EPERM, f"page {page} is not the host’s")
    lent.host, lent.hyp = SHARED_OWNED, SHARED_BORROWED
    return 0


def unshare_without_a_look_at_pins(view: View, page: str) -> Hypercall:
    """End the loan of a page to EL2, even if it is pinned."""
    yield "H+Y", f"end the loan of page {page} to EL2"
    lent = view.page(page)
    view.check(lent.host == SHARED_OWNED, -EPERM, f"page {page} is not on loan from the host")
    view.check(lent.hyp == SHARED_BORROWED, -EPERM, f"page {page} is not on loan to EL2")
    lent.host, lent.hyp = OWNED, NOPAGE
    return 0


LENDS_TWICE = PRE._replace(functions={"__pkvm_host_share_hyp": share_whatever_the_host_has})
FORGETS_PINS = PRE._replace(functions={"__pkvm_host_unshare_hyp": unshare_without_a_look_at_pins})
"""Kernels of ours, each with a careless call."""
