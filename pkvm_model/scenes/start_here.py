"""The bench of "Start here"."""
from __future__ import annotations

from dataclasses import replace
from functools import partial

from ..model.revisions import V1
from .scene import LENT_PAGE, TWO_LENT, scene

first = partial(replace, checks=False, shows=("vm0", "g0", "g1"))
"""A bench that shows only what this chapter names."""

COLD_OPEN = first(scene(
    "cold-open", "Four clicks", V1, LENT_PAGE,
    ("__pkvm_host_unshare_guest(0x1000, 0)",
     "__pkvm_start_teardown_vm(0x1000) whole\n__pkvm_finalize_teardown_vm(0x1000) whole"),
    "VM 0x1000 is alive and idle; the host lends it page g0."))

TWO_AT_ONCE = first(scene(
    "two-at-once", "Two calls at once", V1, TWO_LENT,
    ("__pkvm_host_unshare_guest(0x1000, 0)\n__pkvm_start_teardown_vm(0x1000) whole",
     "__pkvm_host_unshare_guest(0x1000, 1)"),
    "VM 0x1000 is alive and idle; the host lends it pages g0 and g1."))

LOAD_OR_START = first(scene(
    "load-or-start", "A vCPU, and a teardown", V1, LENT_PAGE,
    ("__pkvm_vcpu_load(0x1000, 0)\n__pkvm_vcpu_put()",
     "__pkvm_start_teardown_vm(0x1000) whole\n__pkvm_finalize_teardown_vm(0x1000) whole"),
    "VM 0x1000 is alive and idle; CPU 0 wants to load its vCPU, CPU 1 to tear it down."))
