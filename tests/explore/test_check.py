"""Properties and answers: verdicts, premises, limits, interruption."""
from __future__ import annotations

from collections.abc import Iterator

import pytest

from pkvm_model.explore.check import (
    EMPTY,
    EXAMPLE,
    HOLDS,
    INCOMPLETE,
    NEVER,
    VIOLATED,
    Always,
    Exploration,
    Limits,
    Property,
    Sometimes,
    Stuck,
    explore,
)
from pkvm_model.explore.engine.search import Search
from pkvm_model.explore.machines import AnyHost, Scripts, every_call
from pkvm_model.model.revisions import MERGED, PRE, V1, Revision
from pkvm_model.model.state import Page, State, Vm
from pkvm_model.model.view import View, Waits
from pkvm_model.scenes import LENT_PAGE, SCENES, scene

COLD_OPEN = Scripts(SCENES["cold-open"])
ANY_V1 = AnyHost(V1, every_call(V1), most=1)


def is_dying(state: State) -> bool:
    """Return True if some VM is dying."""
    return any(vm.is_dying for _, vm in state.all(Vm))


def verdict(machine: Scripts | AnyHost, asked: Property, limits: Limits = Limits()) -> str:  # noqa: B008  # frozen
    """Return the verdict on a property."""
    return explore(machine, (asked,), limits).answers[0].verdict


def test_a_property_that_is_true_in_every_state_holds() -> None:
    assert verdict(COLD_OPEN, Always("a", "A page.", lambda _: "", premise=is_dying)) == HOLDS


def test_a_property_whose_premise_is_never_true_is_empty() -> None:
    asked = Always("a", "Dying VMs are fine.", lambda _: "", premise=is_dying)
    assert verdict(Scripts(SCENES["still-loaded"]), asked) == EMPTY


def test_a_violation_has_a_reason_and_a_shortest_run() -> None:
    answer = explore(COLD_OPEN, (Always("a", "No VM dies.", lambda state: "VM dies" * is_dying(state)),)).answers[0]
    assert (answer.verdict, answer.reason, answer.run) == (VIOLATED, "VM dies", (1,))


def test_an_example_has_a_run_and_never_does_not() -> None:
    answers = explore(COLD_OPEN, (Sometimes("s", "A VM dies.", is_dying),
                                  Sometimes("n", "Two VMs.", lambda state: len(list(state.all(Vm))) > 1))).answers
    assert [(answer.verdict, answer.run) for answer in answers] == [(EXAMPLE, (1,)), (NEVER, None)]


def test_a_property_sees_a_page_that_appears_later() -> None:
    asked = Sometimes("s", "Page g0 is lent.", lambda state: any(name == "g0" for name, _ in state.all(Page)))
    late = scene("late", "A page comes", V1, "0 kvm_create_vm(kvm0)\n0 kvm_first_run(kvm0, hv0.0)",
                 ("kvm_vcpu_run(kvm0, hv0.0, g0, 0)", ""), "A VM.")
    assert verdict(Scripts(late), asked) == EXAMPLE


def waits_for_ever(view: View, handle: int) -> Iterator[tuple[str, str]]:
    """Wait until the VM counts 1, as a bad finalise might."""
    yield "L", "wait for the count"
    if view.page("vm0").refcount != 1:
        raise Waits("waits for somebody to take a reference")


def stubborn(revision: Revision) -> Scripts:
    """Return a machine whose finalise never ends."""
    kernel = revision._replace(functions={"__pkvm_finalize_teardown_vm": waits_for_ever})
    return Scripts(scene("stuck", "Waits", kernel, LENT_PAGE, ("__pkvm_finalize_teardown_vm(0x1000)", ""), "A VM."))


def test_a_script_that_can_never_finish_is_stuck() -> None:
    assert verdict(stubborn(MERGED), Stuck()) == VIOLATED
    assert verdict(COLD_OPEN, Stuck()) == HOLDS


@pytest.mark.parametrize(("limits", "says"), [
    (Limits(states=3000), "the limit of 3,000 states"), (Limits(seconds=0.0), "the limit of 0 s"),
    (Limits(mebibytes=0.001), "the limit of 0.001 MiB")], ids=["states", "seconds", "memory"])
def test_a_limit_ends_the_search_and_the_report_counts_unexplored_states(limits: Limits, says: str) -> None:
    report = explore(ANY_V1, (Always("a", "All is well.", lambda _: ""),), limits)
    assert (report.stopped, report.complete, report.answers[0].verdict) == (says, False, INCOMPLETE)
    assert report.waiting > 0
    assert report.states < 28_800


def test_answers_found_before_an_interruption_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    advance, calls = Search.advance, iter(range(12))

    def tired(self: Search, count: int = 2000) -> bool:
        if next(calls, None) is None:
            raise KeyboardInterrupt
        return advance(self, count)

    monkeypatch.setattr(Search, "advance", tired)
    report = explore(ANY_V1, (Sometimes("s", "A VM is made.", lambda state: bool(list(state.all(Vm)))),
                              Sometimes("n", "Never.", lambda _: False)))
    assert (report.stopped, [answer.verdict for answer in report.answers]) == ("interrupted", [EXAMPLE, INCOMPLETE])


def test_a_search_in_slices_finds_the_same_as_a_search_in_one_go() -> None:
    whole, sliced = Exploration(ANY_V1, (Stuck(),)), Exploration(ANY_V1, (Stuck(),))
    while whole.advance(10**6):
        pass
    while sliced.advance(7):
        pass
    assert (whole.search.states, whole.search.transitions) == (sliced.search.states, sliced.search.transitions)
    assert whole.answers == sliced.answers


def test_a_search_without_properties_visits_every_state() -> None:
    assert explore(Scripts(SCENES["two-phases"]), ()).states == explore(
        Scripts(SCENES["two-phases"]), (Always("a", "Fine.", lambda _: ""),)).states


def test_no_vm_of_pre_is_ever_dying() -> None:
    assert verdict(AnyHost(PRE, every_call(PRE), most=1), Sometimes("s", "A VM is dying.", is_dying)) == NEVER
