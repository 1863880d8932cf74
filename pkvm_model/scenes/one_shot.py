"""The benches of "One shot"."""
from dataclasses import replace
from functools import partial

from ..revisions import PRE
from .scene import LENT_PAGE, TWO_LENT, scene

quiet = partial(replace, checks=False)
"""A bench without the properties, which are for later chapters."""

STILL_LOADED = quiet(scene(
    "still-loaded", "Teardown of a VM that is in use", PRE, LENT_PAGE,
    ("__pkvm_teardown_vm(0x1000) whole",
     "__pkvm_vcpu_load(0x1000, 0)\n__pkvm_vcpu_put()"),
    "VM 0x1000 is idle; CPU 1 is about to load its vCPU, CPU 0 to tear the VM down."))

EVERY_PAGE = quiet(scene(
    "every-page", "Every page on its way home", PRE, TWO_LENT,
    ("__pkvm_teardown_vm(0x1000)",
     "__pkvm_host_unshare_guest(0x1000, 0) whole\n__pkvm_host_unshare_guest(0x1000, 1) whole"),
    "VM 0x1000 is idle; the host lends it pages g0 and g1."))

NEXT_TENANT = quiet(scene(
    "next-tenant", "Who gets the slot next", PRE, LENT_PAGE,
    ("__pkvm_host_unshare_guest(0x1000, 0) whole\n__pkvm_teardown_vm(0x1000)",
     "__pkvm_reserve_vm()\n__pkvm_reserve_vm()"),
    "This machine has one slot, and VM 0x1000 is in it; CPU 1 wants a slot for a new VM."))

TWICE = quiet(scene(
    "torn-down-twice", "Two teardowns of one VM", PRE, LENT_PAGE,
    ("__pkvm_teardown_vm(0x1000)", "__pkvm_teardown_vm(0x1000) whole"),
    "VM 0x1000 is idle; both CPUs are about to tear it down."))

FORGOTTEN_PAGE = quiet(scene(
    "forgotten-page", "Teardown with a page still lent", PRE, LENT_PAGE,
    ("__pkvm_teardown_vm(0x1000) whole", "__pkvm_host_unshare_guest(0x1000, 0) whole"),
    "VM 0x1000 is idle; the host lends it page g0."))
