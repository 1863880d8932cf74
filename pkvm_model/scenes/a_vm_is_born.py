"""The benches of "A VM is born"."""
from dataclasses import replace
from functools import partial

from ..revisions import PRE
from ..state import Config
from .scene import scene

quiet = partial(replace, checks=False)
"""A bench without the properties, which are for later chapters."""
FEW_SLOTS = Config(slots=2)

PROMISE = quiet(scene(
    "promise", "A promise, and no VM", PRE, "0 __pkvm_host_share_hyp(kvm0)\n1 __pkvm_host_share_hyp(kvm1)",
    ("__pkvm_reserve_vm()\n__pkvm_unreserve_vm(0x1000)", "__pkvm_reserve_vm()\n__pkvm_reserve_vm()"),
    "EL2’s table is empty; the host has lent it kvm0 and kvm1, and given it nothing.", FEW_SLOTS))

BIRTH = quiet(scene(
    "birth", "A VM is made, and its vCPU", PRE, """
0 kvm_create_vm(kvm0)
0 kvm_create_vcpu(kvm0, hv0.0)
""",
    ("__pkvm_init_vm(kvm0, 0x1000, 1, vm0, pgd0)\n__pkvm_unreserve_vm(0x1000)",
     "\n".join(["__pkvm_init_vcpu(0x1000, hv0.0, vc0.0) whole"] * 3)),
    "Slot 0 is promised; the host lends EL2 its structs kvm0 and hv0.0."))

REUSE = quiet(scene(
    "reuse", "The same number for the next VM", PRE, """
0 kvm_create_vm(kvm0)
0 kvm_first_run(kvm0, hv0.0)
""",
    ("__pkvm_teardown_vm(0x1000)", "kvm_create_vm(kvm1) whole"),
    "VM 0x1000 is alive and idle; CPU 0 will destroy it, CPU 1 wants a new one.", FEW_SLOTS))

REFUSED = quiet(scene(
    "refused", "A refused call, made again", PRE, "0 __pkvm_host_share_hyp(kvm0)",
    ("\n".join(["__pkvm_init_vm(kvm0, 0x1000, 1, vm0, pgd0)"] * 2), "__pkvm_reserve_vm() whole"),
    "Nothing is promised to the host, which names handle 0x1000 all the same."))
