"""The benches of "A vCPU runs"."""
from __future__ import annotations

from dataclasses import replace
from functools import partial

from ..model.hypercalls import __pkvm_vcpu_load as load
from ..model.revisions import PRE, V1
from ..model.state import Config
from ..model.view import Hypercall, View
from ..model.vm_table import get_vm_by_handle
from .scene import LENT_PAGE, scene

PAGES = ("kvm0", "kvm1", "hv0.0", "hv0.1", "hv1.0", "vm0", "vm1", "pgd0", "pgd1", "vc0.0", "vc0.1", "vc1.0", "g0")
quiet = partial(replace, checks=False, shows=(*PAGES, "locks", "vmid", "caches"))
"""A bench without what later chapters name: properties, the host's memo, and what EL2 has given back."""
MADE = """
0 kvm_create_vm(kvm0)
0 kvm_first_run(kvm0, hv0.0)
"""
"""A VM with one vCPU that was never loaded."""

FIRST_PAGE = replace(quiet(scene(
    "first-page", "A guest gets its first page", PRE, MADE,
    ("__pkvm_vcpu_load(0x1000, 0)\n__kvm_vcpu_run(hv0.0)\n__pkvm_host_share_guest(g0, 0)\n__kvm_vcpu_run(hv0.0)\n"
     "__pkvm_vcpu_put()", "__pkvm_host_share_guest(g0, 0)"),
    "VM 0x1000 has a vCPU, and no memory yet; CPU 0 will run it.")), opens=("words",))

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
    "vCPU 0 is loaded on CPU 0; the host wants to lend a page that is EL2’s."))

DYING = quiet(scene(
    "load-dying", "A load, and a VM that is dying", V1, LENT_PAGE + "0 __pkvm_start_teardown_vm(0x1000)",
    ("__pkvm_vcpu_load(0x1000, 0)\n__kvm_vcpu_run(hv0.0)", ""),
    "VM 0x1000 is dying; CPU 0 wants to load its vCPU and run it."))

RIVALS = quiet(scene(
    "rivals", "Two CPUs, two vCPUs", PRE, """
0 kvm_create_vm(kvm0)
0 kvm_create_vcpu(kvm0, hv0.0)
0 kvm_first_run(kvm0, hv0.1)
0 __pkvm_init_vcpu(0x1000, hv0.0, vc0.0)
""",
    tuple(["__pkvm_vcpu_load(0x1000, 0)\n__pkvm_vcpu_load(0x1000, 1)\n__pkvm_vcpu_put()"] * 2),
    "VM 0x1000 has a pair of vCPUs, and is idle; each CPU loads both, and makes one put."))

WRONG_CPU = quiet(scene(
    "wrong-cpu", "A page for whom?", PRE, f"""{MADE}0 kvm_create_vm(kvm1)
0 kvm_first_run(kvm1, hv1.0)
0 __pkvm_vcpu_load(0x1000, 0)
1 __pkvm_vcpu_load(0x1001, 0)
""",
    ("__pkvm_host_unshare_guest(0x1000, 0) whole", "__pkvm_host_share_guest(g0, 0) whole"),
    "VM 0x1000 is loaded on CPU 0, VM 0x1001 on CPU 1; the host wants to lend page g0 to VM 0x1000.",
    Config(slots=2)))


def load_asks_for_the_cpu_early(view: View, handle: int, idx: int) -> Hypercall:
    """Load a vCPU; a separate step has checked before that this CPU has none loaded."""
    yield "", "ask whether this CPU has a vCPU loaded"
    view.check(view.cpu.loaded is None, None, f"CPU {view.number} has a vCPU loaded")
    return (yield from load(view, handle, idx))


def load_asks_for_the_vcpu_early(view: View, handle: int, idx: int) -> Hypercall:
    """Load a vCPU; a separate lock region has checked before that it is not loaded elsewhere."""
    yield "L", "find the vCPU and ask whether it is loaded anywhere"
    vm = get_vm_by_handle(view, handle)
    vcpu = view.vcpu(vm.vcpus[idx] if vm and 0 <= idx < len(vm.vcpus) else None)
    view.check(not vcpu or vcpu.loaded_on is None, None, f"vCPU {idx} of VM {handle:#x} is loaded elsewhere")
    return (yield from load(view, handle, idx))


CPU_EARLY = PRE.without("load_cpu_free")._replace(functions={"__pkvm_vcpu_load": load_asks_for_the_cpu_early})
VCPU_EARLY = PRE.without("load_vcpu_free")._replace(functions={"__pkvm_vcpu_load": load_asks_for_the_vcpu_early})
"""Kernels of ours that make one of load's checks before the region that takes the reference."""
