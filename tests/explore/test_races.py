"""The named races: the outcome of each in each kernel, found by exploring every order."""
from __future__ import annotations

from functools import cache
from itertools import groupby

import pytest

from pkvm_model.explore.check import Limits
from pkvm_model.explore.outcomes import BUG, EL2_PANIC, ERR, NOT_EXPLORED, NOT_THERE, OK, Outcome, find_outcome
from pkvm_model.explore.races import ALL_RACES, NOT_YET, RACES, find_all_outcomes
from pkvm_model.model.revisions import REVISIONS
from pkvm_model.model.trace import parse, replay
from tests.explore.plain import Seen, search

TOLD = ("R24", "R26", "R27", "R28")
NA, PANIC = NOT_THERE, EL2_PANIC
FACTS = {  # pre, v1, merged, upstream
    "R1": (NA, OK, OK, OK), "R2": (PANIC, PANIC, PANIC, ERR), "R3": (PANIC, PANIC, PANIC, ERR),
    "R4": (NA, ERR, ERR, ERR), "R5": (NA, ERR, ERR, ERR), "R6": (ERR, ERR, ERR, ERR),
    "R7": (PANIC, BUG, OK, ERR), "R8": (OK, OK, OK, OK), "R9": (NA, NA, PANIC, PANIC), "R10": (OK, OK, OK, OK),
    "R11": (NA, OK, OK, OK), "R12": (OK, OK, OK, OK), "R13": (NA, OK, OK, OK), "R14": (NA, OK, OK, OK),
    "R15": (NA, OK, BUG, OK), "R16": (NA, NA, OK, ERR), "R17": (OK, OK, OK, OK), "R18": (OK, OK, OK, OK),
    "R19": (ERR, ERR, ERR, ERR), "R20": (OK, OK, OK, OK), "R21": (OK, OK, OK, OK), "R22": (PANIC, BUG, OK, ERR),
    "R23": (OK, OK, OK, OK), "R25": (OK, OK, OK, OK), "R29": (NA, PANIC, PANIC, ERR)}
"""The known outcome of each race: read from the kernels' source and tried with their own functions."""
SHOWN = {"R8": ("pre", "v1", "merged", "upstream"), "R10": ("v1", "merged", "upstream"),
         "R17": ("pre", "v1", "merged", "upstream"), "R18": ("pre", "v1", "merged"), "R19": ("pre", "v1", "merged"),
         "R25": ("v1", "merged", "upstream")}
"""The kernels in which a race reaches the noteworthy state that it names."""
CELLS = [(race, revision) for race in FACTS for revision in REVISIONS]
THERE = [(race, revision) for race, revision in CELLS if RACES[race].runs_on(REVISIONS[revision])]


@cache
def find_once(race: str, revision: str) -> Outcome:
    """Return the outcome of a race in a kernel."""
    return find_outcome(RACES[race], REVISIONS[revision])


@cache
def search_plainly(race: str, revision: str) -> Seen:
    """Return the result of a search that records no steps."""
    return search(RACES[race], REVISIONS[revision])


@pytest.mark.parametrize(("race", "revision"), CELLS)
def test_a_race_has_its_known_outcome(race: str, revision: str) -> None:
    facts = dict(zip(REVISIONS, FACTS[race], strict=True))[revision]
    assert (find_once(race, revision).kind != facts) == ((race, revision) in NOT_YET)


@pytest.mark.parametrize(("race", "revision"), NOT_YET)
def test_a_race_without_its_known_outcome_is_one_whose_calls_merged_lacks(race: str, revision: str) -> None:
    assert (revision, find_once(race, revision).kind) == ("merged", NOT_THERE)


def test_there_is_a_race_for_every_number_and_each_is_explored_or_only_described() -> None:
    assert list(RACES) == [f"R{number}" for number in range(1, 30)]
    assert {race.name for race in ALL_RACES if not race.scripts} == {*TOLD}
    assert {*FACTS, *TOLD} == {*RACES}


@pytest.mark.parametrize("race", TOLD)
def test_a_race_that_is_only_described_says_so(race: str) -> None:
    outcome = find_once(race, "v1")
    assert (outcome.kind, outcome.states, outcome.trace) == (NOT_EXPLORED, 0, None)
    assert outcome.reason == RACES[race].says


@pytest.mark.parametrize(("race", "revision"), THERE)
def test_every_call_of_a_setup_succeeds(race: str, revision: str) -> None:
    for step in RACES[race].scene(REVISIONS[revision]).run_setup():
        assert not step.refused, step
        assert not step.events, step


@pytest.mark.parametrize(("race", "revision"), THERE)
def test_plain_search_finds_the_same_states_transitions_and_outcome(race: str, revision: str) -> None:
    whole, plain = find_once(race, revision), search_plainly(race, revision)
    assert plain.worst == whole.kind
    if whole.complete:
        assert (len(plain.states), plain.transitions) == (whole.states, whole.transitions)


@pytest.mark.parametrize(("race", "revision"), THERE)
def test_no_shorter_run_shows_the_outcome(race: str, revision: str) -> None:
    whole = find_once(race, revision)
    steps = len(whole.trace.lines) - whole.setup if whole.trace else 0
    assert steps == search_plainly(race, revision).outcomes[whole.kind]


@pytest.mark.parametrize(("race", "revision"), THERE)
def test_only_a_defect_ends_the_search_early(race: str, revision: str) -> None:
    whole = find_once(race, revision)
    assert whole.stopped == ("a defect is found" if whole.kind == BUG else "")
    assert not whole.stuck


@pytest.mark.parametrize(("race", "revision"), THERE)
def test_every_bad_outcome_has_a_reason_and_a_trace_that_replays(race: str, revision: str) -> None:
    whole = find_once(race, revision)
    if whole.kind == OK:
        assert (whole.reason, whole.trace) == ("", None)
        return
    again = replay(parse(str(whole.trace)))
    assert (again.differs, len(again.steps) > whole.setup) == ("", True)
    assert "CPU" in whole.reason or "page" in whole.reason


@pytest.mark.parametrize("race", [race.name for race in ALL_RACES if race.goals and race.name not in ("R1", "R4")])
def test_a_noteworthy_state_is_reached_in_the_expected_kernels(race: str) -> None:
    assert tuple(name for name in REVISIONS if find_once(race, name).reached) == SHOWN[race]


@pytest.mark.parametrize("race", ["R1", "R4"])
def test_a_state_that_a_guard_forbids_is_not_reached(race: str) -> None:
    assert not any(find_once(race, name).reached for name in REVISIONS)


def test_the_hole_is_start_then_a_lookup_then_finalise_then_the_call_goes_on() -> None:
    hole = find_once("R7", "v1").trace
    assert hole is not None
    lines = hole.lines[find_once("R7", "v1").setup - 1:]
    assert [cpu for cpu, _ in groupby(line.cpu for line in lines)] == [0, 1, 0]
    assert [line.call.name for line in lines if line.call] == [
        "__pkvm_start_teardown_vm", "__pkvm_host_unshare_guest", "__pkvm_finalize_teardown_vm"]
    assert [line.call is None for line in lines[-2:]] == [True, True]
    assert lines[-1].outcome == "! EL2_USE_AFTER_DONATION vm0"


def test_the_leak_of_merged_leaves_a_page_on_loan_that_the_host_cannot_take_back() -> None:
    leak = find_once("R15", "merged")
    assert leak.reason == "page g0 is SHARED_OWNED and counts 1"
    assert leak.trace is not None
    assert "HOST_WARN __pkvm_host_unshare_guest" in str(leak.trace)
    assert leak.trace.lines[-1].outcome == "= 0"


def test_only_errors_of_the_calls_that_the_race_is_about_count() -> None:
    unshare_too = RACES["R7"]._replace(about=(*RACES["R7"].about, "__pkvm_host_unshare_guest"))
    assert (find_once("R7", "merged").kind, find_outcome(unshare_too, REVISIONS["merged"]).kind) == (OK, ERR)


def test_only_host_warnings_about_the_calls_that_the_race_is_about_count() -> None:
    unshare_too = RACES["R12"]._replace(about=("__pkvm_host_unshare_guest",))
    assert (find_once("R12", "merged").kind, find_outcome(unshare_too, REVISIONS["merged"]).kind) == (OK, "HOST_WARN")


def test_a_limit_leaves_the_outcome_incomplete() -> None:
    cut = find_outcome(RACES["R8"], REVISIONS["v1"], Limits(states=50))
    assert (cut.complete, cut.stopped) == (False, "the limit of 50 states")
    assert cut.states < find_once("R8", "v1").states


def test_a_one_shot_kernel_tears_down_where_the_others_finalise() -> None:
    bench = RACES["R6"].scene(REVISIONS["pre"])
    assert [move.call.name for script in bench.scripts for move in script] == ["__pkvm_teardown_vm"] * 2
    assert not any(call.name == "__pkvm_start_teardown_vm" for _, call in bench.setup)


def test_the_table_has_every_race_in_every_kernel() -> None:
    whole = find_all_outcomes()
    assert {*whole} == {(race, revision) for race in RACES for revision in REVISIONS}
    assert whole["R7", "v1"] == find_once("R7", "v1")
