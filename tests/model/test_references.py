"""A reference is recorded where it is taken and dropped, and one function says who holds it."""
from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from pkvm_model.explore.properties import INVARIANTS
from pkvm_model.model.revisions import Revision
from pkvm_model.model.state import Cpu, Page, Reference, State
from pkvm_model.model.view import Region, View
from pkvm_model.model.vm_table import Holder, get_vm_by_handle, holders, hyp_page_ref_dec, hyp_page_ref_inc
from tests.model.machine import HANDLE, V1, Machine, dying_with_pages, idle

LOAD, PUT = "__pkvm_vcpu_load", "__pkvm_vcpu_put"
COUNT = next(prop for prop in INVARIANTS if prop.name == "I4")


def load_in_two_regions(view: View, handle: int, idx: int) -> Generator[Region, None, None]:
    """Load a vCPU, and do something else under the lock afterwards."""
    yield "L", "bind the vCPU to this CPU"
    vm = get_vm_by_handle(view, handle)
    vcpu = view.vcpu(vm.vcpus[idx])
    hyp_page_ref_inc(view, vm)
    vcpu.loaded_on, view.cpu.loaded = view.number, vcpu.address
    yield "L", "do something else"


def put_in_two_regions(view: View) -> Generator[Region, None, None]:
    """Take the vCPU off this CPU, and drop its reference later."""
    yield "L", "take the vCPU off this CPU"
    vcpu = view.vcpu(view.cpu.loaded)
    vm = view.vm(vcpu.vm)
    vcpu.loaded_on, view.cpu.loaded = None, None
    yield "L", "drop the reference"
    hyp_page_ref_dec(view, vm)


def rewrite(**functions: Callable[..., Any]) -> Revision:
    """Return v1 with other functions for some calls."""
    return V1._replace(functions={"__pkvm_vcpu_" + name: function for name, function in functions.items()})


def check_count(machine: Machine, holder: Holder) -> None:
    """Assert that this is the only holder of vm0, that its page counts one, and that invariant I4 agrees."""
    assert holders(machine.state, "vm0") == [holder]
    assert machine.state.get(Page, "vm0").refcount == 1
    assert COUNT.broken is not None
    assert COUNT.broken(machine.state) == ""


def test_a_call_holds_what_it_has_looked_up() -> None:
    machine = dying_with_pages(V1)
    machine.begin(1, "unshare", HANDLE, 0)
    check_count(machine, Holder(1, call="__pkvm_host_unshare_guest"))
    machine.finish(1)
    assert holders(machine.state, "vm0") == []


def test_a_loaded_vcpu_holds_its_vm() -> None:
    machine = idle(V1)
    machine.call(0, "load", HANDLE, 0)
    check_count(machine, Holder(0, vcpu="vc0.0"))


def test_a_load_hands_its_reference_to_the_vcpu_at_once() -> None:
    machine = Machine(rewrite(load=load_in_two_regions), idle(V1).state)
    machine.begin(0, "load", HANDLE, 0)
    check_count(machine, Holder(0, vcpu="vc0.0"))


def test_a_put_holds_the_reference_until_it_drops_it() -> None:
    machine = Machine(rewrite(put=put_in_two_regions), idle(V1).state)
    machine.call(0, "load", HANDLE, 0)
    machine.begin(0, "put")
    check_count(machine, Holder(0, call=PUT))
    machine.finish(0)
    assert holders(machine.state, "vm0") == []


def test_a_reference_taken_inside_a_host_function_names_the_hypercall() -> None:
    machine = Machine(V1, State())
    machine.call(0, "kvm_create_vm", "kvm0")
    machine.call(0, "kvm_create_vcpu", "kvm0", "hv0.0")
    machine.call(0, "kvm_vcpu_run", "kvm0", "hv0.0", "g0", 0)
    machine.begin(0, "kvm_unmap", "kvm0")
    while not holders(machine.state, "vm0"):
        machine.resume(0)
    flight = machine.state.get(Cpu, 0).flight
    assert flight is not None
    assert flight.references == (Reference("vm0", "__pkvm_host_unshare_guest"),)
    check_count(machine, Holder(0, call="__pkvm_host_unshare_guest"))


def test_a_holder_of_a_struct_that_was_given_back_is_stale() -> None:
    machine = dying_with_pages(V1)
    machine.begin(1, "unshare", HANDLE, 0)
    machine.call(0, "finalise", HANDLE)
    assert holders(machine.state, "vm0") == [Holder(1, call="__pkvm_host_unshare_guest", is_stale=True)]
