"""EL2's table of calls: numbers, calls that nobody understands, and what the two registers tell apart."""
from __future__ import annotations

import pytest

from pkvm_model.conform.recordings import call_numbers, call_with
from pkvm_model.model.dispatch import HYPERCALLS, NOT_SUPPORTED, SUCCESS, handle_host_hcall
from pkvm_model.model.revisions import REVISIONS, V1, Revision
from pkvm_model.model.state import State
from pkvm_model.model.trace import parse, replay
from pkvm_model.model.view import ModelError, View
from tests.model.machine import HANDLE, Machine
from tests.model.test_predictions import START, with_pages


def registers(revision: Revision, name: str, *args: int | str) -> tuple[int, int | None]:
    """Return x0 and x1 after a call on a machine on which nothing has happened."""
    call = handle_host_hcall(View(State(), 0, revision), name, *args)
    try:
        while True:
            next(call)
    except StopIteration as done:
        answer: tuple[int, int | None] = done.value
        return answer


def test_a_refused_call_was_understood() -> None:
    assert registers(V1, START, HANDLE) == (SUCCESS, -2)


def test_a_call_without_an_entry_leaves_the_callers_first_argument() -> None:
    assert registers(V1.without(START), START, HANDLE) == (NOT_SUPPORTED, HANDLE)


def test_an_address_that_is_left_in_a_register_is_not_0() -> None:
    assert registers(V1.without("__pkvm_host_share_hyp"), "__pkvm_host_share_hyp", "kvm0") == (NOT_SUPPORTED, 1)


@pytest.mark.parametrize("revision", list(REVISIONS.values()), ids=list(REVISIONS))
def test_no_revision_understands_a_call_that_it_does_not_have(revision: Revision) -> None:
    for name in HYPERCALLS.keys() - revision.calls:
        assert registers(revision, name, 7)[0] == NOT_SUPPORTED


def test_every_call_of_a_revision_has_a_function() -> None:
    assert all(revision.calls <= HYPERCALLS.keys() for revision in REVISIONS.values())


def test_a_number_names_another_call_in_another_kernel() -> None:
    assert call_with("6.19.14", 31) == "__pkvm_teardown_vm"
    assert call_with("7.3.4", 31) == "__pkvm_host_donate_guest"


def test_a_new_entry_renumbers_everything_behind_it() -> None:
    before, after = call_numbers("7.2.13"), call_numbers("7.3.4")
    assert after["__pkvm_vcpu_sync_state"] == before["__pkvm_tlb_flush_vmid"]
    assert after["__pkvm_tlb_flush_vmid"] == before["__pkvm_tlb_flush_vmid"] + 1


@pytest.mark.parametrize(("kernel", "revision"), [("6.19.14", "pre"), ("7.3.4", "upstream")])
def test_the_kernels_have_numbers_for_the_calls_that_the_model_has(kernel: str, revision: str) -> None:
    assert call_numbers(kernel).keys() == {name for name in REVISIONS[revision].calls if name.startswith("__")}


def test_a_number_that_no_call_has_names_none() -> None:
    assert call_with("7.3.4", 9999) is None


@pytest.mark.parametrize("name", ["__pkvm_host_share_hyp", "__pkvm_reserve_vm", "__pkvm_init_vm", "__pkvm_vcpu_load",
                                  "__pkvm_vcpu_put", "__pkvm_host_share_guest", "__pkvm_finalize_teardown_vm"])
def test_a_host_without_a_call_goes_on_and_warns_by_its_name(name: str) -> None:
    machine = with_pages(V1.without(name))
    machine.call(0, "destroy", "kvm0")
    warned = {event.where for step, _ in machine.steps for event in step.events}
    assert name in warned


def test_a_trace_names_the_entry_that_was_taken_away_and_the_call_that_missed_it() -> None:
    machine = with_pages(V1.without(START))
    machine.call(0, "destroy", "kvm0")
    text = str(machine.trace)
    assert text.startswith(f"pkvm-trace 1 v1 without={START}\n")
    assert f"kvm_destroy_vm(kvm0) = 0 ! HOST_WARN {START} ! HOST_WARN {START} !" in text
    assert not replay(parse(text)).differs


def test_a_lane_cannot_begin_a_call_that_has_no_entry() -> None:
    with pytest.raises(ModelError, match=f"revision v1 has no call {START}"):
        Machine(V1.without(START)).call(0, "start", HANDLE)
