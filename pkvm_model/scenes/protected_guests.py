"""The benches of "Protected guests"."""
from __future__ import annotations

from dataclasses import replace
from functools import partial

from ..model.hypercalls import destroy_hyp_vm
from ..model.revisions import EBUSY, EINVAL, UPSTREAM
from ..model.view import Hypercall, View
from ..model.vm_table import get_vm_by_handle, hyp_page_count, remove_vm_table_entry
from .scene import scene

quiet = partial(replace, checks=False)
"""A bench without the properties, which here would answer before the learner does."""
RECLAIM, FINALISE = "__pkvm_reclaim_dying_guest_page", "__pkvm_finalize_teardown_vm(0x1000)"
START = "__pkvm_start_teardown_vm(0x1000)"

ONE_GIVEN = """
0 kvm_create_vm(kvm0, 1)
0 kvm_first_run(kvm0, hv0.0)
0 __pkvm_vcpu_load(0x1000, 0)
0 kvm_guest_fault(kvm0, g0, 0)
0 __pkvm_vcpu_put()
"""
"""A protected VM that has run and is idle; it owns page g0."""
ONE_LENT_BACK = """
0 kvm_create_vm(kvm0, 1)
0 kvm_first_run(kvm0, hv0.0)
0 __pkvm_vcpu_load(0x1000, 0)
0 kvm_guest_fault(kvm0, g0, 0)
0 kvm_guest_fault(kvm0, g1, 1)
0 guest_mem_share(1)
0 __pkvm_vcpu_put()
"""
"""The same with a second page, g1, which the guest lends back to the host."""

GIVE = quiet(scene(
    "give", "Give a page", UPSTREAM, ONE_GIVEN,
    ("__pkvm_vcpu_load(0x1000, 0) whole\n__pkvm_host_donate_guest(g1, 1) whole",
     "host_access(g1) whole\nhost_access(g1) whole\n__pkvm_host_share_hyp(g1) whole"),
    "Protected VM 0x1000 is idle and owns g0. The host is about to give it g1; CPU 1 is about to read g1."))

GUESTS_WILL = quiet(scene(
    "guests-will", "The guest lends a page back", UPSTREAM, f"{ONE_GIVEN}0 __pkvm_vcpu_load(0x1000, 0)",
    ("guest_mem_share(0) whole\nguest_mem_unshare(0) whole",
     "host_access(g0) whole\nhost_access(g0) whole\nhost_access(g0) whole"),
    "Protected VM 0x1000 runs on CPU 0 and owns g0; on CPU 1 a program of the host tries to read the page."))

TAKE_HOME = quiet(scene(
    "take-home", "Pages of a dying guest", UPSTREAM, ONE_LENT_BACK,
    (f"{START} whole\n{RECLAIM}(0x1000, 0)\n{RECLAIM}(0x1000, 1) whole",
     f"{FINALISE} whole\n{FINALISE} whole"),
    "Protected VM 0x1000 is idle; it keeps g0 to itself, and lends g1 to the host."))

BY_FORCE = quiet(scene(
    "by-force", "The host's kernel touches a page", UPSTREAM, ONE_GIVEN,
    ("host_access(g0) whole\nhost_access(g0, 1) whole\nhost_access(g0) whole",
     "__pkvm_vcpu_load(0x1000, 0) whole\n__pkvm_host_donate_guest(g1, 0) whole"),
    "Protected VM 0x1000 is alive and owns g0, its gfn 0; on CPU 0 the host reads the page."))

PAGE_LEFT = quiet(scene(
    "page-left", "Finalise with a page left", UPSTREAM, ONE_GIVEN,
    (f"{START} whole\n{FINALISE} whole\nhost_access(g0) whole\nhost_access(g0, 1) whole",
     f"{RECLAIM}(0x1000, 0) whole\n__pkvm_host_share_hyp(g0) whole"),
    "Protected VM 0x1000 is idle and owns g0; the host forgets to take the page back."))


def finalise_asking_for_pages(view: View, handle: int) -> Hypercall:
    """Destroy a VM as upstream does, but refuse while a guest page is left; a mark of poison is no page."""
    yield "L", "check, also for guest pages, flush the VMID, empty the slot"
    vm = get_vm_by_handle(view, handle)
    view.check(vm and hyp_page_count(view, vm) == 0 and vm.is_dying, -EINVAL, f"there is no dying, idle VM {handle:#x}")
    view.check(not any(leaf.page for leaf in vm.maps), -EBUSY, f"VM {handle:#x} still has a page")
    remove_vm_table_entry(view, vm)
    yield from destroy_hyp_vm(view, vm)
    return 0


ASKS_FOR_PAGES = replace(
    PAGE_LEFT, name="asks-and-spares-marks", title="A finalise that checks for pages",
    revision=UPSTREAM._replace(functions={"__pkvm_finalize_teardown_vm": finalise_asking_for_pages}))

OLD_NAME = quiet(scene(
    "old-name", "An old name on a page", UPSTREAM, f"""{ONE_GIVEN}0 {START}
0 {FINALISE}
0 kvm_create_vm(kvm1, 1)
0 kvm_first_run(kvm1, hv1.0)
0 __pkvm_vcpu_load(0x1000, 0)
""", ("__pkvm_host_donate_guest(g1, 0) whole",
      "__pkvm_force_reclaim_guest_page(g0) whole\n__pkvm_force_reclaim_guest_page(g0) whole"),
    "The VM that owned g0 is gone, and a new one has its handle; g0 still has the old name."))

LENT_AND_LEFT = quiet(scene(
    "lent-and-left", "A page lent back, and left", UPSTREAM, ONE_LENT_BACK,
    (f"{START} whole\n{FINALISE} whole", "host_access(g1) whole\n__pkvm_host_share_hyp(g1) whole"),
    "Protected VM 0x1000 is idle and lends g1 to the host, which forgets to take it back."))

HOLD_THE_DYING = quiet(scene(
    "hold-the-dying", "Reclaim beside finalise", UPSTREAM, ONE_GIVEN,
    (f"{START} whole\n{RECLAIM}(0x1000, 0)", f"{FINALISE} whole\n{FINALISE} whole"),
    "Protected VM 0x1000 is idle and owns g0; CPU 0 starts and reclaims, CPU 1 finalises."))

REFUSED_RECLAIM = quiet(scene(
    "refused-reclaim", "A reclaim of nothing", UPSTREAM, ONE_GIVEN,
    (f"{START} whole\n{RECLAIM}(0x1000, 7)\n{RECLAIM}(0x1000, 0)", f"{FINALISE} whole\n{FINALISE} whole"),
    "Protected VM 0x1000 is idle and owns g0; CPU 0 first reclaims at a gfn where there is nothing."))

STILL_ALIVE = quiet(scene(
    "still-alive", "A reclaim from a living VM", UPSTREAM, ONE_GIVEN,
    (f"{RECLAIM}(0x1000, 0)", f"{START} whole"),
    "Protected VM 0x1000 is idle and owns g0; CPU 0 reclaims before anybody has started the teardown."))
