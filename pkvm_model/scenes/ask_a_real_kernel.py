"""The benches of "Ask a real kernel"."""
from __future__ import annotations

from dataclasses import replace

from ..model.revisions import PRE, UPSTREAM, V1
from .scene import LENT_PAGE, scene

UNSHARE = "__pkvm_host_unshare_guest(0x1000, 0)"
TEARDOWN = "__pkvm_start_teardown_vm(0x1000) whole\n__pkvm_finalize_teardown_vm(0x1000) whole"

ONE_BY_ONE = replace(scene(
    "one-call-at-a-time", "One call at a time, as a recorder makes them", V1, LENT_PAGE,
    (f"{UNSHARE} whole", TEARDOWN),
    "VM 0x1000 is alive and idle; the host lends it page g0. Each click makes a whole call."), checks=False,
    opens=("trace",))

OVERLAPPING = replace(scene(
    "calls-that-overlap", "The same calls, and they may overlap", V1, LENT_PAGE, (UNSHARE, TEARDOWN),
    "VM 0x1000 is alive and idle; the host lends it page g0. CPU 0 stops between its lock regions."), checks=False)

ODD_HANDLE = replace(scene(
    "odd-handle", "A handle with a bit too many", UPSTREAM, LENT_PAGE, ("__pkvm_start_teardown_vm(0x11000) whole", ""),
    "VM 0x1000 is alive and idle; the host calls start with the handle 0x11000."), checks=False)

NO_ONE_IMAGE = replace(scene(
    "no-one-image", "What EL2 does with another host's numbers", PRE, LENT_PAGE,
    (f"__pkvm_teardown_vm(0x1000) whole\n{UNSHARE} whole\n__pkvm_vcpu_load(0x1000, 0) whole", ""),
    "VM 0x1000 is alive and idle; the host lends it page g0."), checks=False)

FINALISE = "__pkvm_finalize_teardown_vm(0x1000) whole"
ON_BOTH = replace(scene(
    "ask-the-machine", "The same run on a real kernel", UPSTREAM, LENT_PAGE,
    (UNSHARE, "\n".join(["__pkvm_start_teardown_vm(0x1000) whole", FINALISE, FINALISE, FINALISE])),
    "VM 0x1000 is alive and idle; the host lends it page g0. CPU 0 stops between its lock regions."), checks=False)
