"""The memory behind the names of a trace, and what a call is in registers."""
from __future__ import annotations

import pytest

from pkvm_model.machine.arguments import STRUCTS, encode
from pkvm_model.machine.failure import MachineError
from pkvm_model.machine.parameters import PARAMETERS, find_obstacle, name_arguments
from pkvm_model.machine.places import PAGE, ROOM
from pkvm_model.model.dispatch import HYPERCALLS
from pkvm_model.model.revisions import REVISIONS
from pkvm_model.model.run import parameters
from tests.machine.fakes import LINEAR, make_places

EVERY_CALL = {call for revision in REVISIONS.values() for call in revision.calls}


def test_a_name_has_one_place_and_two_names_have_two() -> None:
    places = make_places()
    assert places.find("g0") == places.find("g0")
    assert abs(places.find("g0") - places.find("vm0")) >= ROOM
    assert places.find("vm0") % ROOM == 0


def test_an_address_with_a_plus_is_in_the_same_page_and_not_aligned() -> None:
    places = make_places()
    assert 0 < places.find("vm0+") - places.find("vm0") < PAGE


def test_a_trace_with_too_many_names_is_refused() -> None:
    places = make_places(pages=32)
    places.find("g0")
    with pytest.raises(MachineError, match="more names than the machine has memory for"):
        places.find("g1")


def test_structs_of_the_host_lie_on_as_many_pages_as_they_need() -> None:
    places = make_places()
    assert [len(places.list_pages(name)) for name in ("kvm0", "hv0.1", "g0", "vm0")] == [2, 3, 1, 1]


def test_a_vcpu_knows_its_number_and_its_vm() -> None:
    places = make_places()
    places.find("hv0.3")
    assert places.get_field("hv0.3", "kvm_vcpu", "vcpu_idx") == 3
    assert places.get_field("hv0.3", "kvm_vcpu", "kvm") == places.find_virtual("kvm0")


def test_a_vm_is_described_before_el2_reads_of_it() -> None:
    places = make_places()
    places.note_vm("kvm0", 0x1001, 2, protected=True)
    values = [places.get_field("kvm0", "kvm", name)
              for name in ("created_vcpus", "arch.pkvm.handle", "arch.pkvm.is_protected")]
    assert values == [2, 0x1001, 1]
    places.note_vm("g0", 0x1002, 2, protected=False)
    assert "g0" not in places.names


def test_pages_for_tables_are_a_chain() -> None:
    places = make_places()
    places.top_up("hv0.0", 2)
    places.top_up("hv0.0", 3)
    places.top_up("hv0.0", 1)
    head = places.get_field("hv0.0", "kvm_vcpu", "arch.pkvm_memcache.head")
    chain = []
    while head:
        chain.append(head)
        head = int.from_bytes(places.memory.read_memory(head, 8), "little")
    assert places.get_field("hv0.0", "kvm_vcpu", "arch.pkvm_memcache.nr_pages") == len(chain) == len({*chain}) == 3


def test_a_vm_that_is_described_again_keeps_its_pages_for_tables() -> None:
    places = make_places()
    places.top_up("hv0.0", 2)
    places.note_vm("kvm0", 0x1000, 1, protected=False)
    assert places.get_field("hv0.0", "kvm_vcpu", "arch.pkvm_memcache.nr_pages") == 2


def test_a_kernel_without_protected_vms_fills_all_structs_alike() -> None:
    places = make_places()
    del places.patterns[True]
    places.note_vm("kvm0", 0x1000, 1, protected=True)
    assert places.get_field("kvm0", "kvm", "arch.pkvm.is_protected") == 1


def test_every_call_of_the_host_has_its_registers() -> None:
    assert {*PARAMETERS} == {call for call in EVERY_CALL if not call.startswith("guest_")}
    for call, words in PARAMETERS.items():
        known = {*parameters(call), "hcr", *(["address"] if "page" in parameters(call) else [])}
        assert {*words.split()} <= known, call
    assert {*HYPERCALLS} >= {*PARAMETERS}


def test_names_become_addresses_and_numbers_of_pages() -> None:
    places = make_places()
    named = name_arguments("__pkvm_host_share_guest", ("g0", 5))
    assert encode("__pkvm_host_share_guest", named, places, 9) == [[places.find("g0") // PAGE, 5, 1, 15]]
    named = name_arguments("__pkvm_init_vm", ("kvm0", 0x1000, 1, "vm0", "pgd0+"))
    assert encode("__pkvm_init_vm", named, places, 9) == [
        [places.find_virtual("kvm0"), places.find_virtual("vm0"), places.find("pgd0") + LINEAR + 8]]
    assert encode("__pkvm_vcpu_load", {"handle": 0x1000, "idx": -1}, places, 9) == [[0x1000, -1, 9]]
    assert encode("__pkvm_force_reclaim_guest_page", {"page": "g0"}, places, 9) == [[places.find("g0")]]
    assert "kvm" in STRUCTS


def test_a_struct_is_lent_page_by_page() -> None:
    places = make_places()
    first = places.find("hv0.0") // PAGE
    assert encode("__pkvm_host_share_hyp", {"page": "hv0.0"}, places, 9) == [[first], [first + 1], [first + 2]]


@pytest.mark.parametrize(("prot", "number"), [("RWX", 15), ("R", 8), ("", 0), ("RQ", 24), ("RR", 8)])
def test_rights_are_bits_and_a_wrong_one_is_wrong_for_the_kernel_too(prot: str, number: int) -> None:
    assert encode("__pkvm_host_relax_perms_guest", {"gfn": 0, "prot": prot}, make_places(), 9) == [[0, number]]


@pytest.mark.parametrize(("call", "named", "says"), [
    ("__pkvm_unreserve_vm", {"handle": 0x1001}, "the kernel's table has 255 entries, the trace's 1"),
    ("__pkvm_unreserve_vm", {"handle": 0x1000}, ""), ("__pkvm_unreserve_vm", {"handle": 0x2000}, ""),
    ("__pkvm_start_teardown_vm", {"handle": 0x1001}, ""),
    ("__pkvm_init_vm", {"handle": 0x1000, "nr_vcpus": 513}, "the machine has memory for so many vCPUs"),
    ("__pkvm_host_share_guest", {"topup": 65}, "the machine has pages for so many tables")])
def test_what_the_machine_cannot_do_as_the_model_means_it_is_said(
        call: str, named: dict[str, int], says: str) -> None:
    assert find_obstacle(call, named, 1) == says
