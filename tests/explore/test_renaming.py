"""A host's CPUs, pages, gfns and memory can change names: tried on states, and on whole searches beside full ones."""
from __future__ import annotations

import re
from typing import Any

import pytest

from pkvm_model.explore.check import Report, explore
from pkvm_model.explore.invariants import ANY, ANY_PROTECTED, HOSTS, list_invariants
from pkvm_model.explore.larger import ASKED, LARGER
from pkvm_model.explore.machines import AnyHost, every_call
from pkvm_model.explore.mutants import ALL_MUTANTS, applies, mutate
from pkvm_model.explore.traces import trace
from pkvm_model.model.revisions import REVISIONS, UPSTREAM, V1, Revision
from pkvm_model.model.state import Config, Flight, Slot
from pkvm_model.model.trace import parse, replay
from tests.explore.symmetric import find_asymmetry, list_some_states

pytest.importorskip("numpy", reason="numpy is not installed, so symmetry was not tried")

MUTANTS = {mutant.id: revision for mutant in ALL_MUTANTS for revision in REVISIONS.values()
           if applies(mutant, revision) and set(mutant.guards) <= {*revision.guards}}
"""Every mutant that a host can notice which makes hypercalls only, with the last kernel that can have it."""


def make_host(revision: Revision, *, protected: bool = False, whole: bool = True, slots: int = 1) -> AnyHost:
    """Return a host with two pages."""
    config = Config(slots=slots)
    return AnyHost(revision, every_call(revision, config, 1, 2, (protected,)), config, whole, most=1)


def answer(report: Report) -> list[Any]:
    """Return what a report says, without which of several shortest runs it shows."""
    return [report.states, report.transitions, report.depth, report.waiting,
            *((each.verdict, each.premise, len(each.run or ())) for each in report.answers)]


def compare_searches(machine: Any, asked: Any, many: float) -> Report:
    """Check that a search of orbits answers as a search of all states does, and return its report."""
    full, reduced = explore(machine, asked), explore(machine, asked, many=many, symmetric=True)
    assert answer(reduced) == answer(full)
    return reduced


@pytest.mark.parametrize("revision", REVISIONS.values(), ids=list(REVISIONS))
@pytest.mark.parametrize("host", [ANY, ANY_PROTECTED])
def test_orbits_of_the_hosts_in_the_table_of_invariants_answer_as_all_their_states_do(
        host: str, revision: Revision) -> None:
    if not HOSTS[host].runs_on(revision):
        pytest.skip("the kernel has no protected VMs")
    machine: Any = HOSTS[host].machine(revision)
    reduced = compare_searches(machine, list_invariants(host) if host == ANY_PROTECTED else ASKED, 1000)
    assert reduced.orbits < 0.6 * reduced.states
    for each in reduced.answers:
        if each.run:
            assert replay(parse(str(trace(machine, each.run)))).differs == ""


@pytest.mark.parametrize("mutant", MUTANTS)
def test_orbits_of_a_mutants_host_answer_as_all_its_states_do(mutant: str) -> None:
    changed = mutate(MUTANTS[mutant], mutant)
    compare_searches(AnyHost(changed, every_call(changed), whole=True, most=1), ASKED, 1)


@pytest.mark.parametrize("host", LARGER)
def test_from_a_renamed_state_there_are_the_renamed_steps(host: str) -> None:
    machine = LARGER[host].machine(UPSTREAM)
    assert len(machine.renamings) == {"two-vcpus": 1, "two-vms-two-pages": 31}.get(host.removesuffix("-protected"), 7)
    for records in list_some_states(machine, 4000, 4):
        for rename in machine.renamings:
            assert find_asymmetry(machine, ASKED, rename, records) == ""


def rename_slots(key: Any, value: Any) -> tuple[Any, Any]:
    """Return what a part and its value are called when the two slots, and so their handles, have changed places."""
    kind, name = key
    return (kind, 1 - name if kind is Slot else name), rename_handles(value)


def rename_handles(value: Any) -> Any:
    """Return a value in which the two handles have changed places."""
    if isinstance(value, tuple):
        after = map(rename_handles, value)
        return type(value)(*after) if hasattr(value, "_fields") else tuple(after)
    if isinstance(value, str):
        return re.sub("0x100[01]", lambda found: {"0x1000": "0x1001", "0x1001": "0x1000"}[found[0]], value)
    return {0x1000: 0x1001, 0x1001: 0x1000}.get(value, value)


def test_slots_cannot_change_places_since_reserve_takes_the_lowest_free_one() -> None:
    machine = make_host(V1, slots=2)
    found = {find_asymmetry(machine, (), rename_slots, records) for records in list_some_states(machine, 200, 50)}
    assert found > {""}


def test_a_machine_without_some_of_the_calls_has_fewer_renamings() -> None:
    machine = make_host(V1, slots=2)
    assert len(machine.renamings) == 31
    assert len(machine._replace(calls=tuple(call for call in machine.calls if call[0] == 0)).renamings) == 15
    assert machine._replace(calls=machine.calls[1:]).renamings != machine.renamings


def test_a_call_under_way_is_renamed_with_all_that_it_keeps() -> None:
    renamings: Any = make_host(V1).renamings
    swap = next(rename for rename in renamings if {*rename.words} == {"g0", "g1", "gfn 0x0", "gfn 0x1"})
    flight = Flight("__pkvm_host_share_guest", ("g0", 1, 1, "RWX", 2), ("f#1", "lend page g0 as gfn 0x1"),
                    (("gfn", 0), ("left", 0)), ("vm0", "vc0.0"))
    assert swap.rename(flight) == Flight(
        "__pkvm_host_share_guest", ("g1", 0, 1, "RWX", 2), ("f#1", "lend page g1 as gfn 0x0"),
        (("gfn", 1), ("left", 0)), ("vc0.0", "vm0"))
