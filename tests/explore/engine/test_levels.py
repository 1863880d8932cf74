"""The search by levels with numpy finds what the plain search finds; skipped if numpy is not installed."""
from __future__ import annotations

from itertools import groupby, pairwise
from random import Random
from typing import Any, cast

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

import numpy as np

from pkvm_model.explore.engine import levels as engine
from pkvm_model.explore.engine.levels import LevelSearch
from pkvm_model.explore.engine.words import ONE_WORD, TWO_WORDS, OneWord, TwoWords

FAMILIES = [("H", (2, 1, 1)), ("H", (2, 2, 2)), ("H", (3, 1, 2)), ("B", (1, 1, 1, 2)), ("B", (2, 1, 1, 2))]
ANY = AnyHost(V1, every_call(V1), most=1)


def finish(search: Search) -> Search:
    """Run a search to its end and return it."""
    while search.advance():
        pass
    return search


def finish_exploration(exploration: Exploration) -> None:
    """Explore to the end."""
    while exploration.advance(1):
        pass


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
    finish_exploration(sliced)
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
    """Switches, each of which can be set once the one before it is set, a wheel, and one who notes that all are set."""

    def __init__(self, switches: int = 7) -> None:
        self.switches = [("switch", number) for number in range(switches)]
        self.actions: tuple[Any, ...] = (*self.switches, "turn", "note")

    def initial(self) -> dict[Any, Any]:
        """Return the state in which no switch is set."""
        return {}

    def step(self, action: Any, records: Any) -> tuple[Any, Any] | None:
        """Set a switch, turn the wheel, or look at all switches and the wheel."""
        after = records.copy()
        if action == "turn":
            after["wheel", 0] = (records.get(("wheel", 0), 0) + 1) % 20
        elif action == "note":
            if not (all(map(records.get, self.switches)) and records.get(("wheel", 0))):
                return None
            after["noted", 0] = records.get(("wheel", 0))
        else:
            before = ("switch", action[1] - 1)
            if before in self.switches and not records.get(before):
                return None
            after[action] = True
        return after, None

    def view(self, records: Any) -> State:
        """Return these records as a state."""
        return State(Config(), records)

    def is_unfinished(self, _: Any) -> bool:
        """Return False: the machine has no scripts."""
        return False


def get_words(exploration: Exploration) -> OneWord:
    """Return how a search by levels holds its numbers."""
    assert isinstance(exploration.search, LevelSearch)
    return exploration.search.fields.words


def set_all(switches: int) -> list[Any]:
    """Explore as many switches, with and without numpy; return the searches and words that the one with numpy used."""
    machine, used = Switches(switches), list[Any]()
    all_set = Sometimes("all", "All are set.", lambda state: all(map(cast(Any, state.table).get, machine.switches)))
    plain, levels = (Exploration(machine, (all_set, NEVER), many) for many in (float("inf"), 8))
    finish_exploration(plain)
    while levels.advance():
        used.append(type(get_words(levels)) if isinstance(levels.search, LevelSearch) else type(levels.search))
    assert (levels.search.states, levels.search.transitions) == (plain.search.states, plain.search.transitions)
    assert list_states(levels.search) == list_states(plain.search)
    assert levels.answers[0].run == plain.answers[0].run == tuple(machine.switches)
    return [kind for kind, _ in groupby(used)]


def test_a_search_whose_states_outgrow_one_word_continues_with_two() -> None:
    assert set_all(70) == [Search, OneWord, TwoWords]


def test_a_search_whose_states_outgrow_two_words_continues_without_numpy() -> None:
    assert set_all(110) == [Search, OneWord, TwoWords, Search]


@pytest.mark.parametrize(("longest", "symmetric"), [(0, True), (30, False)])
def test_two_words_give_the_same_answers_as_one(monkeypatch: pytest.MonkeyPatch, longest: int, symmetric: bool) -> None:
    one, two = (Exploration(ANY, INVARIANTS[:-1], many=500, symmetric=symmetric) for _ in range(2))
    finish_exploration(one)
    monkeypatch.setattr(OneWord, "longest", longest)
    monkeypatch.setattr(TwoWords, "longest", 100)
    finish_exploration(two)
    assert [type(get_words(exploration)) for exploration in (one, two)] == [OneWord, TwoWords]
    assert (one.search.states, one.search.kept, one.search.transitions) == (
        two.search.states, two.search.kept, two.search.transitions)
    assert [(answer.verdict, len(answer.run or ())) for answer in one.answers] == [
        (answer.verdict, len(answer.run or ())) for answer in two.answers]
    for answer in two.answers:
        if answer.run:
            assert replay(parse(str(trace(ANY, answer.run)))).differs == ""


@pytest.mark.parametrize("words", [ONE_WORD, TWO_WORDS], ids=lambda words: type(words).__name__)
def test_words_keep_numbers_sums_and_order(words: OneWord) -> None:
    random = Random(6)
    numbers = [random.getrandbits(random.randrange(1, words.longest)) for _ in range(300)]
    array = np.array([words.put(number) for number in numbers], words.kind)
    assert [words.take(short) for short in array.tolist()] == numbers
    assert [words.take(short) for short in np.sort(array).tolist()] == sorted(numbers)
    assert [words.take(short) for short in np.minimum(array, array[::-1]).tolist()] == [
        *map(min, numbers, reversed(numbers))]
    changes = [words.put(after) - words.put(before) for before, after in pairwise(numbers)]
    assert [words.take(short) for short in (array[:-1] + np.array(changes, words.kind)).tolist()] == numbers[1:]
    halves = [sum(int(half) << words.size * at for at, half in enumerate(split))
              for split in zip(*words.split(array), strict=True)]
    assert halves == numbers


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

    def __init__(self) -> None:
        super().__init__()
        self.actions = (*self.switches, "turn", "raise")

    def step(self, action: Any, records: Any) -> tuple[Any, Any] | None:
        """Set a switch, turn the wheel, or raise the flag."""
        after = records.copy()
        if action == "turn":
            after["beside", "wheel"] = (records.get(("beside", "wheel"), 0) + 1) % 3
        elif action != "raise":
            after[action] = True
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
