"""The benches of "Review the patch"."""
from __future__ import annotations

from dataclasses import replace

from ..model.revisions import V1
from ..model.state import Config
from .scene import LENT_PAGE, scene

YOUR_QUESTION = scene(
    "your-question", "A bench for your question", V1, LENT_PAGE,
    ("__pkvm_host_unshare_guest(0x1000, 0)\n__pkvm_vcpu_load(0x1000, 0) whole",
     "__pkvm_start_teardown_vm(0x1000) whole\n__pkvm_finalize_teardown_vm(0x1000) whole"),
    "VM 0x1000 is alive and idle; the host lends it page g0. Each CPU has two calls to make.")

ONE_TO_COME = """
0 kvm_create_vm(kvm0)
0 kvm_create_vcpu(kvm0, hv0.1)
0 kvm_first_run(kvm0, hv0.0)
0 __pkvm_vcpu_load(0x1000, 0)
0 kvm_guest_fault(kvm0, g0, 0)
0 __pkvm_vcpu_put()
"""
"""A VM that has run and lends a page; its second vCPU is created, but EL2 does not know it yet."""

ASK_ANYTHING = scene(
    "ask-anything", "A bench for all your questions", V1, ONE_TO_COME,
    ("free", "free", "kvm_destroy_vm(kvm0, 1) whole"),
    "VM 0x1000 is idle and lends g0. CPUs 0 and 1 may make any call; on CPU 2 the honest host destroys the VM.",
    Config(cpus=3))

TWO_ORDERS = replace(scene(
    "two-orders", "Which check comes first", V1, LENT_PAGE,
    ("__pkvm_host_unshare_guest(0x1000, 0)\n__pkvm_vcpu_load(0x1000, 0)\n__pkvm_vcpu_put()",
     "__pkvm_start_teardown_vm(0x1000)\n__pkvm_finalize_teardown_vm(0x1000)",
     "free __pkvm_vcpu_load __pkvm_start_teardown_vm"),
    "VM 0x1000 is idle and lends g0. CPU 2 is yours: it may load and start at any time.",
    Config(cpus=3)), checks=False)
