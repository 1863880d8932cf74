"""A search of orbits answers as a search of all states does; skipped if numpy is not installed."""
from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from pkvm_model.explore.check import Always, AlwaysPossible, Exploration, Report, Sometimes, explore
from pkvm_model.explore.engine import levels
from pkvm_model.explore.engine.search import Search
from pkvm_model.explore.engine.words import OneWord, TwoWords
from pkvm_model.model.state import State
from tests.explore.symmetric import Cells, find_asymmetry, list_some_states

pytest.importorskip("numpy", reason="numpy is not installed, so symmetry was not tried")

SEEDS = range(20)


def get_cell(state: State, cell: int) -> Any:
    """Return the value of a cell."""
    table: Any = state.table
    return table.get(("cell", cell))


def count_cells(state: State) -> Counter[Any]:
    """Return how many cells have each value."""
    return Counter(get_cell(state, cell) for cell in range(3))


def has_the_token(state: State, value: str) -> bool:
    """Return True if the token is at a cell with this value."""
    table: Any = state.table
    token = table.get(("token", 0))
    return bool(token) and get_cell(state, token[1]) == value


def is_alike(state: State) -> bool:
    """Return True if all cells are 1, or all are 2."""
    return [*count_cells(state)] in (["1"], ["2"])


def find_token(state: State) -> dict[str, str]:
    """Return that somebody has the token, if that is so."""
    return {"token": "somebody has the token"} if any(has_the_token(state, value) for value in "0123") else {}


def find_step_back(_: State, rule: Any) -> str:
    """Return that a cell with the token goes back to 0, if a rule says so."""
    return "back" if rule.token == "mine" and rule.after == "0" else ""


ASKED = (Always("few", "At most two cells are 3.", lambda state: "too many" if count_cells(state)["3"] > 2 else ""),
         Always("apart", "Not all cells are 1 or 2.", lambda state: "all alike" if is_alike(state) else "",
                premise=lambda state: has_the_token(state, "2")),
         Always("rule", "Nobody with the token goes back to 0.",
                broken_by=find_step_back),
         Sometimes("token", "A cell that is 1 has the token.", lambda state: has_the_token(state, "1")),
         AlwaysPossible("free", "The token can always be dropped.", lambda machine: machine, find_token),
         Sometimes("never", "Never.", lambda _: False))


class CellsInPairs(Cells):
    """Cells two of which are numbered together, and not the third."""

    def family(self, key: Any) -> Any:
        """Return what a part goes with."""
        return "pair" if key in (("cell", 0), ("cell", 1)) else key


def answer(report: Report) -> list[Any]:
    """Return what a report says, without which of several shortest runs it shows."""
    return [report.states, report.transitions, report.depth,
            *((each.verdict, each.premise, len(each.run or ())) for each in report.answers)]


def check_run(machine: Any, report: Report) -> None:
    """Check that each run leads to what it is said to show, step by step."""
    for each in report.answers:
        if each.run is not None:
            records, label = machine.initial(), None
            for action in each.run:
                before = machine.view(records)
                records, label = machine.step(action, records)
            state, prop = machine.view(records), each.prop
            if isinstance(prop, Sometimes):
                assert prop.reached(state)
            elif isinstance(prop, Always):
                made: Any = label
                assert each.reason == (prop.broken(state) if prop.broken
                                       else prop.broken_by and prop.broken_by(before, made))


@pytest.mark.parametrize("seed", SEEDS)
def test_orbits_of_a_machine_made_at_random_answer_as_all_its_states_do(seed: int) -> None:
    machine = Cells(seed)
    full, reduced = explore(machine, ASKED), explore(machine, ASKED, many=1, symmetric=True)
    assert answer(reduced) == answer(full)
    assert reduced.orbits < full.orbits == full.states or full.states < 3
    check_run(machine, reduced)


def test_machines_made_at_random_differ_and_some_are_large() -> None:
    reports = [explore(Cells(seed), ASKED) for seed in SEEDS]
    assert len({report.states for report in reports}) > 10
    assert sum(report.states > 100 for report in reports) > 5
    for prop in range(len(ASKED) - 1):
        assert len({report.answers[prop].verdict for report in reports}) > 1


@pytest.mark.parametrize("seed", SEEDS)
def test_cells_of_a_machine_made_at_random_can_change_places(seed: int) -> None:
    machine = Cells(seed)
    for records in list_some_states(machine, 500, 10):
        for rename in machine.renamings:
            assert find_asymmetry(machine, ASKED, rename, records) == ""


def test_a_machine_that_treats_one_cell_apart_is_caught() -> None:
    machine = Cells(1, favours=True)
    states = list_some_states(machine, 500, 20)
    assert any(find_asymmetry(machine, (), rename, records) for records in states for rename in machine.renamings)


def test_a_property_that_names_a_cell_is_caught() -> None:
    named = Sometimes("named", "The first cell is 3.", lambda state: get_cell(state, 0) == "3")
    machine = Cells(1)
    assert any(find_asymmetry(machine, (named,), rename, records)
               for records in list_some_states(machine, 500, 20) for rename in machine.renamings)


def test_a_renaming_that_takes_apart_what_is_numbered_together_is_refused() -> None:
    with pytest.raises(ValueError, match="keep together"):
        explore(CellsInPairs(1), ASKED, many=1, symmetric=True)


def test_a_search_of_orbits_that_grows_too_wide_continues_with_every_state(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Cells(11)
    full = explore(machine, ASKED)
    exploration = Exploration(machine, ASKED, many=1, symmetric=True)
    kinds = set()
    while exploration.advance():
        kinds.add(type(exploration.search))
        if len(exploration.search.levels) > 4:
            for words in (OneWord, TwoWords):
                monkeypatch.setattr(words, "longest", 0)
    assert kinds == {levels.LevelSearch, Search}
    assert answer(exploration.report(0)) == answer(full)
    check_run(machine, exploration.report(0))
