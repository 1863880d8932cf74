"""What a call of the model is in registers: page numbers, addresses, numbers."""
from __future__ import annotations

from collections.abc import Mapping

from ..model.guest_memory import MEMCACHE_LIMIT
from ..model.hypercalls import MAX_VCPUS
from ..model.run import parameters
from ..model.state import HANDLE_OFFSET, Cpu, State, Value, Vcpu
from .places import PAGE, Places

RIGHTS, PREFIX = "kvm_pgtable_prot", "KVM_PGTABLE_PROT_"
"""The kernel's enumeration of rights, and how the names of its constants begin; the rest is R, W or X."""
WRONG_RIGHT = "DEVICE"
"""A right that no guest may have."""
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
STRUCTS = ("kvm", "vm_mem", "pgd_mem", "host_vcpu", "vcpu_mem")
"""The arguments that are addresses of the host's kernel."""


def name_arguments(call: str, values: tuple[Value, ...]) -> dict[str, Value]:
    """Return the arguments of a call by name, those with a default included."""
    known = parameters(call)
    return {name: values[place] if place < len(values) else known[name].default for place, name in enumerate(known)}


def encode(call: str, named: Mapping[str, Value], places: Places, hcr: int) -> list[list[int]]:
    """Return the registers from x1 on, for each call that the machine makes for one of the model.

    A struct of the host's lies on several pages, so lending it to EL2 is several calls.
    """
    if PARAMETERS[call] == "page":
        return [[page] for page in places.list_pages(str(named["page"]))]
    return [[encode_one(name, named, places, hcr) for name in PARAMETERS[call].split()]]


def encode_one(name: str, named: Mapping[str, Value], places: Places, hcr: int) -> int:
    """Return one argument as a number."""
    match name:
        case "page":
            return places.find(named["page"]) // PAGE
        case "address":
            return places.find(named["page"])
        case "hcr":
            return hcr
        case "prot":
            return encode_rights(named["prot"], places.layout.list_constants(RIGHTS))
    return places.find_virtual(named[name]) if name in STRUCTS else int(named[name])


def encode_rights(text: str, constants: Mapping[str, int]) -> int:
    """Return a set of rights, which differ in number from kernel to kernel; any other letter is a wrong right."""
    total = 0
    for letter in text:
        total |= constants[PREFIX + (letter if letter in "RWX" else WRONG_RIGHT)]
    return total


def prepare(call: str, named: Mapping[str, Value], places: Places, state: State, cpu: int) -> None:
    """Do in memory what the host does before it makes a call: fill in a VM's struct, or have pages for tables ready."""
    if call == "__pkvm_init_vm":
        places.note_vm(named["kvm"], named["handle"], named["nr_vcpus"], protected=named["protected"])
    elif "topup" in named and (vcpu := state.get(Cpu, cpu).loaded):
        places.top_up(state.get(Vcpu, vcpu).host_vcpu, named["topup"])


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
