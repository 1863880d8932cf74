"""The benches of "A vCPU runs"."""
from dataclasses import replace
from functools import partial

from ..revisions import PRE
from .scene import scene

quiet = partial(replace, checks=False)
"""A bench without the properties, which are for later chapters."""
MADE = """
0 kvm_create_vm(kvm0)
0 kvm_first_run(kvm0, hv0.0)
"""
"""A VM with one vCPU that was never loaded."""

FIRST_PAGE = quiet(scene(
    "first-page", "A guest gets its first page", PRE, MADE,
    ("__pkvm_vcpu_load(0x1000, 0)\n__kvm_vcpu_run(hv0.0)\n__pkvm_host_share_guest(g0, 0)\n__kvm_vcpu_run(hv0.0)\n"
     "__pkvm_vcpu_put()", "__pkvm_host_share_guest(g0, 0)"),
    "VM 0x1000 has a vCPU, and no memory yet; CPU 0 will run it."))

ONE_VCPU = quiet(scene(
    "one-vcpu", "One vCPU, two CPUs", PRE, MADE,
    ("\n".join(["__pkvm_vcpu_load(0x1000, 0)", "__kvm_vcpu_run(hv0.0)", "__pkvm_vcpu_put()"]),
     "\n".join(["__pkvm_vcpu_load(0x1000, 0)", "__kvm_vcpu_run(hv0.0)", "__pkvm_vcpu_put()"])),
    "VM 0x1000 is idle; both CPUs would like to run its only vCPU."))

TWO_VCPUS = quiet(scene(
    "two-vcpus", "A second load without a put", PRE, """
0 kvm_create_vm(kvm0)
0 kvm_create_vcpu(kvm0, hv0.0)
0 kvm_first_run(kvm0, hv0.1)
0 __pkvm_init_vcpu(0x1000, hv0.0, vc0.0)
""",
    ("__pkvm_vcpu_load(0x1000, 0)\n__pkvm_vcpu_load(0x1000, 1)\n__kvm_vcpu_run(hv0.1)\n__pkvm_vcpu_put()",
     "__pkvm_vcpu_load(0x1000, 1)\n__pkvm_vcpu_put()"),
    "VM 0x1000 has a pair of vCPUs, and is idle."))

REFUSED_SHARE = quiet(scene(
    "refused-share", "A share that is refused", PRE, MADE + "0 __pkvm_vcpu_load(0x1000, 0)",
    ("__pkvm_host_share_guest(vm0, 0) whole", ""),
    "vCPU 0 is loaded on CPU 0; the host would lend a page that is EL2’s."))
