"""Two recordings of a scenario: what counts as a difference, and what does not."""
from __future__ import annotations

from dataclasses import replace

import pytest

from pkvm_model.conform.recordings import RecordedRow, RecordedScenario
from pkvm_model.machine.likeness import compare_scenarios, list_facts, list_shipped

EVERY = list_shipped("7.3.4")
N3, N20 = EVERY["n3"], EVERY["n20"]


def without(scenario: RecordedScenario, *calls: str) -> RecordedScenario:
    """Return a scenario without some calls."""
    return replace(scenario, rows=tuple(row for row in scenario.rows if row.call not in calls))


def change(scenario: RecordedScenario, call: str, **changes: object) -> RecordedScenario:
    """Return a scenario in which the first row of a call is another one."""
    rows = list(scenario.rows)
    place = next(place for place, row in enumerate(rows) if row.call == call)
    rows[place] = replace(rows[place], **changes)  # type: ignore[arg-type]  # whatever the test says
    return replace(scenario, rows=tuple(rows))


@pytest.mark.parametrize("name", sorted(EVERY))
def test_a_recording_is_like_itself(name: str) -> None:
    assert compare_scenarios(EVERY[name], EVERY[name]).lines == ()
    assert list_facts(EVERY[name])


@pytest.mark.parametrize("other", [
    without(N3, "__pkvm_vcpu_load", "__pkvm_vcpu_put", "__kvm_vcpu_run", "__pkvm_vcpu_sync_state"),
    change(N3, "__pkvm_host_share_hyp", args=("0x1",), cpu=1),
    change(N3, "__pkvm_init_vm", args=("0x1", "0x2", "0x3")),
    change(N3, "__pkvm_host_share_guest", args=("0x1", "0x80000", "0x1", "0xf")),
    replace(N3, rows=(*N3.rows, RecordedRow(99, 99, "hyp", "?", (), None, 0),
                      RecordedRow(99, 99, "meta", "a note", (), None, 0)))])
def test_what_is_another_thing_each_time_is_left_out(other: RecordedScenario) -> None:
    assert compare_scenarios(other, N3).lines == ()


@pytest.mark.parametrize(("other", "line"), [
    (change(N3, "__pkvm_start_teardown_vm", ret=-22), "+__pkvm_start_teardown_vm(0x1000) = -EINVAL"),
    (change(N3, "__pkvm_host_share_guest", args=("0x1", "0x80001", "0x1", "0xf")),
     "+__pkvm_host_share_guest(0x80001, 0x1, 0xf) = 0"),
    (without(N3, "__pkvm_host_unshare_hyp"), "-__pkvm_host_unshare_hyp() = 0"),
    (without(N3, "close_vm"), "-close_vm"),
    (change(N3, "__kvm_vcpu_run", ret=-22), "+__kvm_vcpu_run() = -EINVAL")])
def test_another_answer_or_another_call_is_a_difference(other: RecordedScenario, line: str) -> None:
    assert line in compare_scenarios(other, N3).lines


def test_injected_calls_are_counted() -> None:
    place = max(place for place, row in enumerate(N20.rows) if row.call == "__pkvm_unreserve_vm")
    fewer = replace(N20, rows=(*N20.rows[:place], *N20.rows[place + 1:]))
    assert "-injected __pkvm_unreserve_vm(0x2000) = void" in compare_scenarios(fewer, N20).lines
    assert "injected unknown_id_200(0x1, 0x2, 0x3) = unknown" in list_facts(N20)


def test_a_kernel_without_recordings_is_compared_with_one_of_its_revision() -> None:
    assert list_shipped("7.2.12")["n3"].kernel == "7.3.4"
    assert list_shipped("7.0.13")["n3"].kernel == "6.19.14"


def test_a_comparison_says_in_its_first_line_how_it_came_out() -> None:
    assert str(compare_scenarios(N3, N3)) == "n3: the same as the recording of 7.3.4"
    shown = str(compare_scenarios(without(N3, "close_vm"), N3)).splitlines()
    assert shown[0] == "n3: differs from the recording of 7.3.4"
    assert "  -close_vm" in shown
