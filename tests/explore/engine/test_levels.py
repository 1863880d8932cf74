"""The search by levels with numpy finds what the plain search finds; skipped if numpy is not installed."""
from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from benchmarks.fine import FinePacking
from benchmarks.machines import MACHINES
from pkvm_model.explore.check import Always, Exploration, Sometimes, explore
from pkvm_model.explore.engine.search import Search
from pkvm_model.explore.machines import AnyHost, every_call
from pkvm_model.explore.properties import INVARIANTS
from pkvm_model.explore.traces import trace
from pkvm_model.model.revisions import V1
from pkvm_model.model.state import Config, State, Vm
from pkvm_model.model.trace import parse, replay

pytest.importorskip("numpy", reason="numpy is not installed, so whole levels were not tried")

from pkvm_model.explore.engine import levels as engine
from pkvm_model.explore.engine.levels import LevelSearch

FAMILIES = [("H", (2, 1, 1)), ("H", (2, 2, 2)), ("H", (3, 1, 2)), ("B", (1, 1, 1, 2)), ("B", (2, 1, 1, 2))]
ANY = AnyHost(V1, every_call(V1), most=1)


def finish(search: Search) -> Search:
    """Run a search to its end and return it."""
    while search.advance():
        pass
    return search


def list_states(search: Search) -> list[set[Any]]:
    """Return the states of each level, unpacked: two searches may number them differently."""
    return [{frozenset(search.packing.unpack(code).items()) for code in search.list_codes(level)}
            for level in search.levels]


def begin(machine: Any, states: int) -> Search:
    """Return a plain search that has found at least this many states."""
    search = Search(machine)
    while search.states < states and search.advance(50):
        pass
    return search


@pytest.mark.parametrize("states", [1, 60, 150])
@pytest.mark.parametrize(("family", "sizes"), FAMILIES, ids=str)
def test_levels_find_the_same_states_transitions_and_depth(family: str, sizes: tuple[int, ...], states: int) -> None:
    machine = MACHINES[family](sizes)
    plain, levels = finish(Search(machine)), finish(LevelSearch(begin(machine, states)))
    assert (levels.states, levels.transitions, len(levels.levels)) == (
        plain.states, plain.transitions, len(plain.levels))


@pytest.mark.parametrize(("family", "sizes"), FAMILIES[1:4], ids=str)
def test_a_packing_that_overwrites_fields_unread_has_the_same_levels(family: str, sizes: tuple[int, ...]) -> None:
    machine = MACHINES[family](sizes)
    plain, fine = finish(Search(machine)), Search(machine, FinePacking(machine.finer))
    while fine.states < 60:
        fine.advance(50)
    levels = finish(LevelSearch(fine))
    assert (levels.states, levels.transitions, len(levels.levels)) == (
        plain.states, plain.transitions, len(plain.levels))


def test_levels_hold_exactly_the_same_states() -> None:
    machine = MACHINES["B"]((1, 1, 1, 2))
    plain, levels = finish(Search(machine)), finish(LevelSearch(Search(machine)))
    assert list_states(plain) == list_states(levels)


def test_a_violation_has_a_run_of_the_same_length_that_replays() -> None:
    plain = explore(ANY, INVARIANTS[:-1], many=float("inf"))
    levels = explore(ANY, INVARIANTS[:-1], many=500)
    for here, there in zip(plain.answers, levels.answers, strict=True):
        assert (here.verdict, len(here.run or ())) == (there.verdict, len(there.run or ()))
    for answer in levels.answers:
        if answer.run:
            assert replay(parse(str(trace(ANY, answer.run)))).differs == ""


def test_a_search_in_slices_finds_the_same_as_a_search_in_one_go() -> None:
    asked = (Always("a", "Fine.", lambda _: ""), Sometimes("n", "Never.", lambda _: False))
    whole, sliced = Exploration(ANY, asked, many=300), Exploration(ANY, asked, many=300)
    while whole.advance(10**7):
        pass
    while sliced.advance(1):
        pass
    assert type(whole.search) is LevelSearch
    assert (whole.search.states, whole.search.transitions) == (sliced.search.states, sliced.search.transitions)
    assert whole.answers == sliced.answers


def test_waiting_states_are_counted_in_the_middle_of_a_level() -> None:
    levels = LevelSearch(begin(ANY, 3000))
    levels.advance()
    assert 0 < levels.waiting <= levels.states
    assert levels.size > 16 * levels.states - 1


TWO_SLOTS = Config(slots=2)
ANY_ON_TWO_SLOTS = AnyHost(V1, every_call(V1, TWO_SLOTS), TWO_SLOTS, most=1)
NEVER = Sometimes("never", "Never.", lambda _: False)


class Switches:
    """A machine of many switches: each can be set once the one before it is set, and nothing else happens."""

    actions = tuple(range(70))

    def initial(self) -> dict[Any, Any]:
        """Return the state in which no switch is set."""
        return {}

    def step(self, action: int, records: Any) -> tuple[Any, Any] | None:
        """Set a switch."""
        if action and not records.get(("switch", action - 1)):
            return None
        after = records.copy()
        after["switch", action] = True
        return after, None

    def view(self, records: Any) -> State:
        """Return these records as a state."""
        return State(Config(), records)

    def is_unfinished(self, _: Any) -> bool:
        """Return False: the machine has no scripts."""
        return False


def all_are_set(state: State) -> bool:
    """Return True if every switch is set."""
    table: Any = state.table
    return all(table.get(("switch", number)) for number in Switches.actions)


def test_a_search_whose_states_no_longer_fit_into_60_bits_continues_without_numpy() -> None:
    asked = (Sometimes("all", "All are set.", all_are_set), NEVER)
    exploration = Exploration(Switches(), asked, many=8)
    kinds = set()
    while exploration.advance():
        kinds.add(type(exploration.search))
    assert kinds == {LevelSearch, Search}
    assert (exploration.search.states, exploration.search.transitions, exploration.search.packing.width) == (71, 70, 70)
    assert exploration.answers[0].run == Switches.actions


def test_any_host_on_two_slots_has_states_of_more_than_63_bits_and_fits_into_fields() -> None:
    two_live = Sometimes("two", "There are two VMs.", lambda state: len(list(state.all(Vm))) > 1)
    plain, levels = (Exploration(ANY_ON_TWO_SLOTS, (two_live, NEVER), many) for many in (float("inf"), 500))
    started_levels = False
    for exploration in (plain, levels):
        while len(exploration.search.levels) < 13 and exploration.advance():
            started_levels |= type(exploration.search) is LevelSearch
    assert started_levels
    assert isinstance(levels.search, LevelSearch)
    assert levels.search.packing.width > 63 > levels.search.fields.width
    assert list(map(len, levels.search.levels)) == list(map(len, plain.search.levels))
    assert (levels.search.states, levels.search.transitions) == (plain.search.states, plain.search.transitions)
    run = levels.answers[0].run
    assert run is not None
    assert len(run) == len(plain.answers[0].run or ())
    assert replay(parse(str(trace(ANY_ON_TWO_SLOTS, run)))).differs == ""


def test_a_search_that_does_not_fit_is_measured_again_only_when_it_has_doubled(monkeypatch: pytest.MonkeyPatch) -> None:
    asked_at: list[int] = []
    monkeypatch.setattr("pkvm_model.explore.engine.levels.fits", lambda search: asked_at.append(search.states))
    exploration = Exploration(ANY, (NEVER,), many=500)
    while exploration.advance(50):
        pass
    assert asked_at
    assert all(after >= 2 * before for before, after in pairwise(asked_at))


class LateFlag(Switches):
    """Switches, a wheel that turns on its own, and a flag that is raised late, beside the wheel and at its place 2."""

    actions = tuple(range(9))

    def step(self, action: int, records: Any) -> tuple[Any, Any] | None:
        """Set a switch, turn the wheel, or raise the flag."""
        after = records.copy()
        if action < 7:
            after["switch", action] = True
        elif action == 7:
            after["beside", "wheel"] = (records.get(("beside", "wheel"), 0) + 1) % 3
        elif records.get(("beside", "wheel")) == 2 and all(records.get(("switch", number)) for number in range(2)):
            after["beside", "flag"] = True
        return after, None

    def family(self, key: Any) -> Any:
        """Return what a part goes with: the flag with the wheel."""
        return key[0] if key[0] == "beside" else key


def test_a_part_that_is_written_late_is_kept_when_what_is_numbered_with_it_changes(
        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "SHARED", -1)
    plain, levels = finish(Search(LateFlag())), finish(LevelSearch(Search(LateFlag())))
    assert (levels.states, levels.transitions) == (plain.states, plain.transitions)
    assert list_states(levels) == list_states(plain)
