"""Questions and answers: verdicts, premises, limits, interruption."""
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


def dying(state: State) -> bool:
    """Some VM is dying."""
    return any(vm.is_dying for _, vm in state.all(Vm))


def verdict(machine: Scripts | AnyHost, asked: Property, limits: Limits = Limits()) -> str:  # noqa: B008  # frozen
    """The verdict on one question."""
    return explore(machine, (asked,), limits).answers[0].verdict


def test_what_is_true_everywhere_holds() -> None:
    assert verdict(COLD_OPEN, Always("a", "A page.", lambda _: "", premise=dying)) == HOLDS


def test_what_speaks_of_no_state_is_empty() -> None:
    asked = Always("a", "Dying VMs are fine.", lambda _: "", premise=dying)
    assert verdict(Scripts(SCENES["one-shot"]), asked) == EMPTY


def test_a_violation_has_a_reason_and_a_shortest_run() -> None:
    found = explore(COLD_OPEN, (Always("a", "No VM dies.", lambda state: "VM dies" * dying(state)),)).answers[0]
    assert (found.verdict, found.reason, found.run) == (VIOLATED, "VM dies", (1,))


def test_an_example_has_a_run_and_never_has_none() -> None:
    found = explore(COLD_OPEN, (Sometimes("s", "A VM dies.", dying),
                                Sometimes("n", "Two VMs.", lambda state: len(list(state.all(Vm))) > 1))).answers
    assert [(one.verdict, one.run) for one in found] == [(EXAMPLE, (1,)), (NEVER, None)]


def test_a_property_that_names_a_page_that_comes_later_sees_it() -> None:
    asked = Sometimes("s", "Page g0 is lent.", lambda state: any(name == "g0" for name, _ in state.all(Page)))
    made = scene("late", "A page comes", V1, "0 kvm_create_vm(kvm0)\n0 kvm_first_run(kvm0, hv0.0)",
                 ("kvm_vcpu_run(kvm0, hv0.0, g0, 0)", ""), "A VM.")
    assert verdict(Scripts(made), asked) == EXAMPLE


def waits_for_ever(view: View, handle: int) -> Iterator[tuple[str, str]]:
    """A finalise that waits until its VM counts 1."""
    yield "L", "wait for the count"
    if view.page("vm0").refcount != 1:
        raise Waits("waits for somebody to take a reference")


def stubborn(revision: Revision) -> Scripts:
    """A scene whose finalise never comes to its end."""
    kernel = revision._replace(functions={"__pkvm_finalize_teardown_vm": waits_for_ever})
    return Scripts(scene("stuck", "Waits", kernel, LENT_PAGE, ("__pkvm_finalize_teardown_vm(0x1000)", ""), "A VM."))


def test_a_script_that_nobody_can_finish_is_stuck() -> None:
    assert verdict(stubborn(MERGED), Stuck()) == VIOLATED
    assert verdict(COLD_OPEN, Stuck()) == HOLDS


@pytest.mark.parametrize(("limits", "says"), [
    (Limits(states=3000), "the limit of 3,000 states"), (Limits(seconds=0.0), "the limit of 0 s"),
    (Limits(mebibytes=0.001), "the limit of 0.001 MiB")], ids=["states", "seconds", "memory"])
def test_a_limit_ends_the_search_and_the_report_says_what_is_left(limits: Limits, says: str) -> None:
    found = explore(ANY_V1, (Always("a", "All is well.", lambda _: ""),), limits)
    assert (found.stopped, found.complete, found.answers[0].verdict) == (says, False, INCOMPLETE)
    assert found.waiting > 0
    assert found.states < 28_800


def test_what_was_found_before_an_interruption_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    advance, calls = Search.advance, iter(range(12))

    def tired(self: Search, count: int = 2000) -> bool:
        if next(calls, None) is None:
            raise KeyboardInterrupt
        return advance(self, count)

    monkeypatch.setattr(Search, "advance", tired)
    found = explore(ANY_V1, (Sometimes("s", "A VM is made.", lambda state: bool(list(state.all(Vm)))),
                             Sometimes("n", "Never.", lambda _: False)))
    assert (found.stopped, [one.verdict for one in found.answers]) == ("interrupted", [EXAMPLE, INCOMPLETE])


def test_slices_give_what_one_go_gives() -> None:
    whole, sliced = Exploration(ANY_V1, (Stuck(),)), Exploration(ANY_V1, (Stuck(),))
    while whole.advance(10**6):
        pass
    while sliced.advance(7):
        pass
    assert (whole.search.states, whole.search.transitions) == (sliced.search.states, sliced.search.transitions)
    assert whole.answers == sliced.answers


def test_a_search_that_is_asked_nothing_sees_everything() -> None:
    assert explore(Scripts(SCENES["two-phases"]), ()).states == explore(
        Scripts(SCENES["two-phases"]), (Always("a", "Fine.", lambda _: ""),)).states


def test_pre_has_no_flag_to_see() -> None:
    assert verdict(AnyHost(PRE, every_call(PRE), most=1), Sometimes("s", "A VM is dying.", dying)) == NEVER
