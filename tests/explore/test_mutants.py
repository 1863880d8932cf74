"""Kernels with one thing wrong: the mutant's race shows the harm, and the correct kernel does not."""
from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from pkvm_model.explore.mutants import (
    ALL_MUTANTS,
    GUARDED_TWICE,
    MUTANTS,
    MutantComparison,
    Translations,
    applies,
    compare,
    mutate,
)
from pkvm_model.explore.outcomes import BUG, EL2_PANIC, ERR, OK, find_outcome
from pkvm_model.explore.races import RACES
from pkvm_model.explore.scenario import HOST_WARN
from pkvm_model.model.revisions import MERGED, PRE, REVISIONS, UPSTREAM, V1, Revision
from pkvm_model.model.run import begin, call, resume
from pkvm_model.model.state import Page, State
from pkvm_model.model.steps import Call
from tests.explore.plain import search
from tests.model.machine import HANDLE

PANIC, WARN = EL2_PANIC, HOST_WARN
HARM = {  # pre, v1, merged, upstream: the outcome of the mutant's race
    "M1": (None, BUG, BUG, ERR), "M2": (BUG, BUG, BUG, BUG), "M3": (BUG, BUG, BUG, BUG), "M4": (None, BUG, BUG, ERR),
    "M5": (BUG, BUG, BUG, BUG), "M6": (None, None, None, PANIC), "M7": (BUG, BUG, BUG, BUG), "M8": (BUG, BUG, BUG, BUG),
    "M9": (None, BUG, BUG, BUG), "M10": (None, WARN, WARN, WARN), "M11": (None, WARN, WARN, WARN),
    "M12": (ERR, ERR, ERR, ERR), "M13": (BUG, BUG, BUG, BUG), "M14": (BUG, BUG, BUG, BUG), "M15": (BUG, BUG, BUG, BUG),
    "M16": (BUG, BUG, BUG, BUG), "M17": (BUG, BUG, BUG, BUG), "M18": (PANIC, BUG, PANIC, WARN),
    "R5": (None, OK, OK, OK)}
"""None where the kernel has nothing that the mutant could change."""
CELLS = [(name, revision) for name in HARM for revision in REVISIONS]
THERE = [(mutant.id, name) for mutant in ALL_MUTANTS for name in REVISIONS if applies(mutant, REVISIONS[name])]


@cache
def compare_once(name: str, revision: str) -> MutantComparison:
    """Return the outcomes of the mutant's race without and with the fault."""
    return compare(name, REVISIONS[revision])


@pytest.mark.parametrize(("name", "revision"), CELLS)
def test_a_mutant_does_the_harm_that_the_table_says(name: str, revision: str) -> None:
    expected = dict(zip(REVISIONS, HARM[name], strict=True))[revision]
    assert applies(MUTANTS[name], REVISIONS[revision]) == (expected is not None)
    assert expected is None or compare_once(name, revision).after.kind == expected


@pytest.mark.parametrize(("name", "revision"), THERE)
def test_without_the_fault_the_race_ends_as_usual(name: str, revision: str) -> None:
    race = RACES[MUTANTS[name].race]
    assert compare_once(name, revision).before.kind == find_outcome(race, REVISIONS[revision]).kind


@pytest.mark.parametrize(("name", "revision"), THERE)
def test_a_mutant_changes_the_outcome_of_its_race_or_the_states_it_reaches(name: str, revision: str) -> None:
    before, after = compare_once(name, revision).before, compare_once(name, revision).after
    assert (before.kind, before.reached) != (after.kind, after.reached)
    assert (after.trace is None) == (after.kind == OK)


def test_there_is_a_mutant_for_every_number_and_one_that_harms_nobody() -> None:
    assert list(MUTANTS) == [*(f"M{number}" for number in range(1, 19)), "R5"]


@pytest.mark.parametrize(("revision", "name"), [(PRE, "M1"), (V1, "M6"), (V1, "M99")])
def test_a_mutant_that_a_kernel_cannot_have_is_refused(revision: Revision, name: str) -> None:
    with pytest.raises(KeyError, match=f"no mutant '{name}'; it has M2, M3|no mutant '{name}'; it has M1, M2"):
        mutate(revision, name)


@pytest.mark.parametrize("revision", [V1, MERGED, UPSTREAM], ids=lambda revision: revision.name)
def test_a_second_start_that_is_not_refused_leads_nowhere_new(revision: Revision) -> None:
    with_guard, without = search(RACES["R5"], revision), search(RACES["R5"], mutate(revision, "R5"))
    assert with_guard.states == without.states
    assert (with_guard.worst, without.worst) == (ERR, OK)


@pytest.mark.parametrize("revision", ["v1", "merged", "upstream"])
def test_refusing_to_leave_a_page_behind_is_an_error_and_loses_no_page(revision: str) -> None:
    before, after = compare_once("M12", revision).before, compare_once("M12", revision).after
    assert (before.kind, before.reached) == (OK, ("lost",))
    assert (after.kind, after.reached) == (ERR, ())


def test_a_comparison_has_the_outcomes_that_a_chapter_uses() -> None:
    late = compare_once("M7", "v1")
    assert (late.before.outcome, late.after.outcome) == (OK, BUG)


def test_upstream_without_both_checks_of_the_count_is_like_v1() -> None:
    assert ("M6", "upstream") in GUARDED_TWICE
    old = mutate(UPSTREAM, "M6").without("give_back_unreferenced")
    assert find_outcome(RACES["R7"], old).kind == find_outcome(RACES["R7"], V1).kind == BUG


@pytest.mark.parametrize("name", ["M1", "M4"])
def test_the_count_at_finalise_stands_in_for_another_guard(name: str) -> None:
    counted, mutant = compare_once(name, "upstream").after, mutate(UPSTREAM, name)
    assert (counted.kind, len(counted.reached)) == (ERR, 1)
    assert find_outcome(RACES[MUTANTS[name].race], mutant.without("finalize_unreferenced")).kind == BUG


def test_the_next_vm_runs_with_the_last_ones_translations_if_the_flush_is_late() -> None:
    late = compare_once("M7", "v1").after
    assert late.reason == ("EL2_STALE_TRANSLATION: CPU 1 runs a guest of stage 2 pgd1 with translations read from pgd0")
    assert late.trace is not None
    assert late.trace.lines[-1].outcome.endswith("! EL2_STALE_TRANSLATION vm1")


def after(kernel: Revision, *calls: tuple[Any, ...]) -> State:
    """Return the state after R3's setup and these calls on CPU 0."""
    state = RACES["R3"]._replace(scripts=("", "")).scene(kernel).start()
    for name, *args in calls:
        state = call(state, kernel, 0, name, *args).state
    return state


LOAD, RUN, PUT = ("__pkvm_vcpu_load", HANDLE, 0), ("__kvm_vcpu_run", "hv0.0"), ("__pkvm_vcpu_put",)
START, FINALISE = ("__pkvm_start_teardown_vm", HANDLE), ("__pkvm_finalize_teardown_vm", HANDLE)


def test_a_reference_taken_at_run_is_dropped_when_the_guest_exits() -> None:
    kernel = mutate(V1, "M3")
    entered = begin(after(kernel, LOAD), kernel, 0, Call(RUN[0], RUN[1:])).state
    running = resume(entered, kernel, 0).state
    left = resume(running, kernel, 0).state
    assert [state.get(Page, "vm0").refcount for state in (entered, running, left)] == [0, 1, 0]


def test_a_run_fills_the_cached_translations_and_a_flush_empties_them() -> None:
    kernel = V1._replace(functions=MUTANTS["M7"].control)
    assert after(kernel, LOAD, RUN).get(Translations, 1) == Translations("pgd0")
    assert after(kernel, LOAD, RUN, PUT, START, FINALISE).get(Translations, 1) == Translations()


@pytest.mark.parametrize("revision", [PRE, V1, MERGED, UPSTREAM], ids=lambda revision: revision.name)
def test_the_honest_host_calls_the_rewritten_call(revision: Revision) -> None:
    kernel = mutate(revision, "M12")
    state = after(kernel, LOAD, ("__pkvm_host_share_guest", "g1", 1), PUT)
    step = call(state, kernel, 0, "kvm_destroy_vm", "kvm0", 1)
    assert step.state.get(Page, "vm0").hyp == "OWNED"
    assert any("returns -EBUSY" in event.says for event in step.events)
