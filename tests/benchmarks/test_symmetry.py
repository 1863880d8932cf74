"""A search with symmetry has the reference table's numbers of orbits and states; skipped if numpy is not installed."""
from __future__ import annotations

from typing import Any

import pytest

from benchmarks.family import FamilyTask, explore
from benchmarks.fine import FinePacking
from benchmarks.machines import AtomicHost
from pkvm_model.explore.engine.search import Search
from pkvm_model.model.view import ModelError

np = pytest.importorskip("numpy", reason="numpy is not installed, so symmetry was not tried")

from benchmarks.symmetry import SymmetricSearch  # noqa: E402  # needs numpy


@pytest.mark.parametrize(("sizes", "orbits", "states"), [
    ((2, 1, 1), 77, 184), ((2, 2, 2), 1518, 7200), ((3, 1, 2), 539, 5772)], ids=str)
def test_orbits_and_states_match_the_reference(sizes: tuple[int, ...], orbits: int, states: int) -> None:
    counts = explore(FamilyTask("H", sizes, symmetry=True))
    assert (counts.verdict, counts.orbits, counts.states) == ("holds", orbits, states)


def test_the_depth_is_the_same_as_in_the_plain_search() -> None:
    assert explore(FamilyTask("H", (2, 2, 2), symmetry=True)).depth == explore(FamilyTask("H", (2, 2, 2))).depth == 22


def test_a_mutant_is_found_at_the_same_depth() -> None:
    assert explore(FamilyTask("H", (2, 2, 2), "M1", symmetry=True)).depth == 5


@pytest.mark.parametrize("begun", [1, 40])
def test_a_run_through_orbits_is_a_run_of_the_machine(begun: int) -> None:
    machine = AtomicHost((2, 2, 1))
    plain = Search(machine, FinePacking(machine.finer))
    while plain.states < begun and plain.advance(5):
        pass
    search = SymmetricSearch(plain, machine)
    while search.advance():
        pass
    records: dict[Any, Any] = dict(machine.initial())
    run = search.find_path(next(iter(search.list_codes(search.levels[-2]))))
    assert len(run) == len(search.levels) - 2
    for action in run:
        before = dict(records)
        records = dict(machine.step(action, records)[0])
        assert records != before


def test_keys_that_do_not_fit_are_refused() -> None:
    machine = AtomicHost((9, 2, 2))
    with pytest.raises(ModelError, match="9 keys of 10 bits do not fit"):
        SymmetricSearch(Search(machine, FinePacking(machine.finer)), machine)
