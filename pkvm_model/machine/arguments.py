"""What a call of the model is in registers: page numbers, addresses, numbers."""
from __future__ import annotations

from collections.abc import Mapping

from ..model.state import OWNED, Cpu, Page, State, Value, Vcpu
from .parameters import PARAMETERS
from .places import PAGE, Places

RIGHTS, PREFIX = "kvm_pgtable_prot", "KVM_PGTABLE_PROT_"
"""The kernel's enumeration of rights, and how the names of its constants begin; the rest is R, W or X."""
WRONG_RIGHT = "DEVICE"
"""A right that no guest may have."""
STRUCTS = ("kvm", "vm_mem", "pgd_mem", "host_vcpu", "vcpu_mem")
"""The arguments that are addresses of the host's kernel."""


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
    """Do in memory what the host does before it makes a call: fill in a VM's struct, or have pages for tables ready.

    The debugger could write to a page that is EL2's; the host could not.
    """
    if call == "__pkvm_init_vm" and state.get(Page, named["kvm"]).hyp != OWNED:
        places.note_vm(named["kvm"], named["handle"], named["nr_vcpus"], protected=named["protected"])
    elif "topup" in named and (vcpu := state.get(Cpu, cpu).loaded):
        places.top_up(state.get(Vcpu, vcpu).host_vcpu, named["topup"])
