"""The calls that a host can make of a real EL2: their arguments by name, and what stands in the way of a call.

This needs no machine: a page of the browser edition asks it, too.
"""
from __future__ import annotations

from collections.abc import Mapping

from ..model.guest_memory import MEMCACHE_LIMIT
from ..model.hypercalls import MAX_VCPUS
from ..model.run import parameters
from ..model.state import HANDLE_OFFSET, Value

TABLE = 255
"""The entries of a real kernel's table of VMs."""
PARAMETERS = {
    "__pkvm_host_share_hyp": "page", "__pkvm_host_unshare_hyp": "page", "__pkvm_reserve_vm": "",
    "__pkvm_unreserve_vm": "handle", "__pkvm_init_vm": "kvm vm_mem pgd_mem",
    "__pkvm_init_vcpu": "handle host_vcpu vcpu_mem", "__pkvm_vcpu_load": "handle idx hcr", "__pkvm_vcpu_put": "",
    "__kvm_vcpu_run": "host_vcpu", "__pkvm_vcpu_sync_state": "", "__pkvm_tlb_flush_vmid": "handle",
    "__pkvm_teardown_vm": "handle", "__pkvm_start_teardown_vm": "handle", "__pkvm_finalize_teardown_vm": "handle",
    "__pkvm_host_share_guest": "page gfn nr prot", "__pkvm_host_unshare_guest": "handle gfn nr",
    "__pkvm_host_wrprotect_guest": "handle gfn nr", "__pkvm_host_test_clear_young_guest": "handle gfn nr mkold",
    "__pkvm_host_relax_perms_guest": "gfn prot", "__pkvm_host_mkyoung_guest": "gfn",
    "__pkvm_host_donate_guest": "page gfn", "__pkvm_reclaim_dying_guest_page": "handle gfn",
    "__pkvm_force_reclaim_guest_page": "address"}
"""The arguments of each call in the order of the kernel's registers, by the names of the model's."""


def name_arguments(call: str, values: tuple[Value, ...]) -> dict[str, Value]:
    """Return the arguments of a call by name, those with a default included."""
    known = parameters(call)
    return {name: values[place] if place < len(values) else known[name].default for place, name in enumerate(known)}


def find_obstacle(call: str, named: Mapping[str, Value], slots: int) -> str:
    """Return why the machine cannot make a call as the model means it, '' if it can."""
    handle = named.get("handle", 0)
    if call in ("__pkvm_unreserve_vm", "__pkvm_init_vm") and slots <= handle - HANDLE_OFFSET < TABLE:
        return f"the kernel's table has {TABLE} entries, the trace's {slots}"
    if named.get("nr_vcpus", 0) > MAX_VCPUS:
        return "the machine has memory for so many vCPUs"
    if named.get("topup", 0) > MEMCACHE_LIMIT:
        return "the machine has pages for so many tables"
    return ""
