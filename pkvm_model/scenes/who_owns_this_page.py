"""The benches of "Who owns this page?"."""
from dataclasses import replace
from functools import partial

from ..revisions import PRE, UPSTREAM
from .scene import LENT_PAGE, scene

quiet = partial(replace, checks=False)
"""A bench without the properties, which are for later chapters."""
PROMISED = "0 __pkvm_host_share_hyp(kvm0)\n0 __pkvm_reserve_vm()"
"""The host has lent EL2 its struct kvm and has a handle: all that init_vm wants, apart from memory."""

LEND_AND_GIVE = quiet(scene(
    "lend-and-give", "One page lent, another given away", PRE, "0 __pkvm_reserve_vm()",
    ("__pkvm_host_share_hyp(kvm0)\n__pkvm_host_unshare_hyp(kvm0)",
     "__pkvm_init_vm(kvm0, 0x1000, 1, vm0, pgd0)"),
    "EL2 has promised slot 0 to the host; every page is the host’s."))

SAME_PAGE = quiet(scene(
    "same-page", "The same page, lent or given away", PRE, PROMISED,
    ("__pkvm_host_share_hyp(vm0)",
     "__pkvm_init_vm(kvm0, 0x1000, 1, vm0, pgd0) whole"),
    "Page vm0 is the host’s; CPU 0 would lend it, CPU 1 would give it away."))

TOUCH = quiet(scene(
    "touch", "Touching what is not yours", PRE, PROMISED,
    ("host_access(kvm0) whole\nhost_access(vm0) whole",
     "__pkvm_init_vm(kvm0, 0x1000, 1, vm0, pgd0)"),
    "CPU 0 will read page kvm0, then page vm0; CPU 1 is about to give vm0 away."))

LENT_TO_GUEST = quiet(scene(
    "lent-to-guest", "A page lent to a guest", PRE, LENT_PAGE,
    ("__pkvm_host_share_hyp(g0)", "__pkvm_host_unshare_guest(0x1000, 0) whole"),
    "The host lends page g0 to VM 0x1000; CPU 0 would lend it to EL2 as well."))

FORGOTTEN_ENTRY = quiet(scene(
    "forgotten-entry", "A call that EL2 does not know", PRE.without("__pkvm_host_share_hyp"), "",
    ("kvm_create_vm(kvm0) whole", ""),
    "The host creates a VM on a kernel whose table lacks an entry."))

USABLE_BY_NOBODY = quiet(scene(
    "usable-by-nobody", "A page that nobody can use", UPSTREAM, """
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
