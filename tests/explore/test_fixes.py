"""A learner's fix of v1, judged: wrong answers are refused, each with its sentence, and upstream's fix is accepted."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pkvm_model.explore.fixes import GOOD, judge_fix
from pkvm_model.explore.learner_calls import LearnerError
from pkvm_model.explore.mutants import mutate
from pkvm_model.explore.outcomes import find_outcome
from pkvm_model.explore.trials import GOOD_RUNS
from pkvm_model.model.hypercalls import destroy_hyp_vm
from pkvm_model.model.revisions import EBUSY, EINVAL, REVISIONS, UPSTREAM, V1, Revision, Warn
from pkvm_model.model.state import Slot
from pkvm_model.model.view import Hypercall, Pointer, View
from pkvm_model.model.vm_table import (
    get_vm_by_handle,
    hyp_page_count,
    hyp_page_ref_dec,
    hyp_page_ref_inc,
    remove_vm_table_entry,
)

FINALISE = "__pkvm_finalize_teardown_vm"


def with_finalise(function: Callable[..., Any]) -> Revision:
    """Return v1 with another finalise."""
    return V1._replace(functions={FINALISE: function})


def with_guard(name: str, answer: Any) -> Revision:
    """Return v1 with one more guard."""
    return V1._replace(guards={**V1.guards, name: answer})


def dying_vm(view: View, handle: int) -> Pointer:
    """Return the VM after the checks of v1's finalise."""
    vm = get_vm_by_handle(view, handle)
    view.check(vm, -EINVAL, "there is no such VM")
    view.check(vm.is_dying, -EBUSY, "the VM is not dying yet")
    return vm


def upstreams_way(view: View, handle: int) -> Hypercall:
    yield "L", "check, and empty the slot"
    vm = dying_vm(view, handle)
    view.check(hyp_page_count(view, vm) == 0, -EINVAL, "the VM is still in use")
    remove_vm_table_entry(view, vm)
    yield from destroy_hyp_vm(view, vm)
    return 0


def waits_with_the_lock(view: View, handle: int) -> Hypercall:
    yield "L", "check, wait, and empty the slot"
    vm = dying_vm(view, handle)
    while hyp_page_count(view, vm):
        pass
    remove_vm_table_entry(view, vm)
    yield from destroy_hyp_vm(view, vm)
    return 0


def counts_in_a_region_of_its_own(view: View, handle: int) -> Hypercall:
    yield "L", "check"
    view.check(hyp_page_count(view, dying_vm(view, handle)) == 0, -EBUSY, "the VM is still in use")
    yield "L", "empty the slot"
    vm = dying_vm(view, handle)
    remove_vm_table_entry(view, vm)
    yield from destroy_hyp_vm(view, vm)
    return 0


def counts_and_trusts_its_pointer(view: View, handle: int) -> Hypercall:
    yield "L", "check"
    vm = dying_vm(view, handle)
    view.check(hyp_page_count(view, vm) == 0, -EBUSY, "the VM is still in use")
    yield "L", "empty the slot"
    remove_vm_table_entry(view, vm)
    yield from destroy_hyp_vm(view, vm)
    return 0


def asks_again_and_again(view: View, handle: int) -> Hypercall:
    while True:
        yield "L", "check, and empty the slot if nobody holds the VM"
        vm = dying_vm(view, handle)
        if not hyp_page_count(view, vm):
            break
    remove_vm_table_entry(view, vm)
    yield from destroy_hyp_vm(view, vm)
    return 0


def asks_again_about_an_old_pointer(view: View, handle: int) -> Hypercall:
    yield "L", "check, and empty the slot if nobody holds the VM"
    vm = dying_vm(view, handle)
    while hyp_page_count(view, vm):
        yield "L", "look at the count once more"
    remove_vm_table_entry(view, vm)
    yield from destroy_hyp_vm(view, vm)
    return 0


def refuses_always(view: View, handle: int) -> Hypercall:
    yield "L", "refuse"
    view.check(False, -EBUSY, f"VM {handle:#x} stays")
    return 0


HOLE = "The hole is open: the struct is given back while a call still holds the VM."
NO_RUN = "The hole is closed, but there is no longer a run in which "
NO_HOME = NO_RUN + "the host gets a shared page of a dying VM back."
NO_END = (NO_RUN + "the honest host destroys a VM and has everything back: __pkvm_finalize_teardown_vm returns -EBUSY: "
          "VM 0x1000 stays.")
PANICS, DEADLOCK = "Any host can now panic EL2 at will.", "Deadlock: the put needs that lock."
BETWEEN = "The reference was taken between your test and your free."


@pytest.mark.parametrize(("fix", "sentence"), [
    (V1, HOLE), (with_guard("get_not_dying", -EINVAL), NO_HOME), (REVISIONS["merged"], NO_HOME),
    (with_guard("finalize_unreferenced", Warn(-EBUSY)), PANICS), (with_finalise(waits_with_the_lock), DEADLOCK),
    (with_finalise(counts_in_a_region_of_its_own), BETWEEN), (with_finalise(counts_and_trusts_its_pointer), BETWEEN),
    (with_finalise(refuses_always), NO_END)],
    ids=["none", "no references to the dying", "merged", "warns", "waits", "two regions", "two regions, one lookup",
         "refuses"])
def test_a_wrong_answer_is_refused_with_its_sentence(fix: Revision, sentence: str) -> None:
    judgement = judge_fix(fix)
    assert (judgement.accepted, judgement.sentence) == (False, sentence)


@pytest.mark.parametrize("fix", [
    with_guard("finalize_unreferenced", -EBUSY), with_finalise(upstreams_way), UPSTREAM,
    with_finalise(asks_again_and_again), UPSTREAM.without("finalize_dying")],
    ids=["guard", "function", "upstream", "asks again", "start can be left out"])
def test_a_fix_that_closes_the_hole_and_forbids_nothing_is_accepted(fix: Revision) -> None:
    judgement = judge_fix(fix)
    assert (judgement.objections, judgement.accepted, judgement.sentence) == ((), True, GOOD)


def test_a_finalise_that_waits_with_an_old_pointer_races_with_another_finalise() -> None:
    judgement = judge_fix(with_finalise(asks_again_about_an_old_pointer))
    assert [objection.about for objection in judgement.objections] == ["R6+R7"]
    assert judgement.sentence.startswith("Finalise twice while a call holds the VM. EL2_USE_AFTER_DONATION")


def test_an_objection_comes_with_the_run_that_shows_it() -> None:
    objection = judge_fix(V1).objections[0]
    assert objection.outcome is not None
    assert "! EL2_USE_AFTER_DONATION vm0" in str(objection.outcome.trace)


def test_a_fix_that_makes_the_honest_host_warn_is_refused() -> None:
    forgetful = with_guard("finalize_unreferenced", -EBUSY).without("host_remembers_start")
    judgement = judge_fix(forgetful)
    assert [objection.about for objection in judgement.objections] == ["R13"]
    assert "The host now logs a warning" in judgement.sentence


@pytest.mark.parametrize(("kernel", "missing"), [
    ("v1", set()), ("upstream", set()), ("merged", {"home", "end", "far"})])
def test_every_good_run_exists_in_each_kernel_except_three_in_merged(kernel: str, missing: set[str]) -> None:
    outcomes = {run.name: find_outcome(run, REVISIONS[kernel]) for run in GOOD_RUNS}
    assert {name for name, outcome in outcomes.items() if not outcome.reached and outcome.kind != "n/a"} == missing
    assert [name for name, outcome in outcomes.items() if outcome.kind == "n/a"] == ["reclaim"] * (kernel != "upstream")


def follows_nothing(view: View, handle: int) -> Hypercall:
    yield "L", "look the VM up"
    return int(dying_vm(view, handle).no_such_field)


def reads_too_early(view: View, handle: int) -> Hypercall:
    vm = dying_vm(view, handle)
    yield "L", "say too late which lock was wanted"
    return int(vm.handle)


def never_yields(view: View, handle: int) -> int:
    return 0


def answers_a_word(view: View, handle: int) -> Any:
    yield "L", "answer"
    return "done"


def keeps_a_list(view: View, handle: int) -> Hypercall:
    kept = [handle]
    yield "L", "keep a list"
    yield "L", "keep it on"
    return len(kept)


def wants_too_much(view: View, handle: int, more: int) -> Hypercall:
    yield "L", "never come here"
    return more


@pytest.mark.parametrize(("function", "says"), [
    (follows_nothing, "__pkvm_finalize_teardown_vm: AttributeError: 'Vm' object has no attribute 'no_such_field'"),
    (reads_too_early, "it reads before its first yield"), (never_yields, "never yields; yield the locks"),
    (answers_a_word, "returns 'done'; a call returns a number"), (keeps_a_list, "unhashable type: 'list'; keep only"),
    (wants_too_much, "missing 1 required positional argument: 'more'")])
def test_an_error_in_a_learners_function_is_reported_as_the_learners(function: Any, says: str) -> None:
    with pytest.raises(LearnerError) as caught:
        judge_fix(with_finalise(function))
    assert says in caught.value.message


def test_the_report_has_the_state_in_which_it_went_wrong() -> None:
    with pytest.raises(LearnerError) as caught:
        judge_fix(with_finalise(follows_nothing))
    assert caught.value.state is not None
    assert caught.value.state.get(Slot, 0).entry == "vm0"
    assert type(caught.value.state.table) is dict


def test_the_models_own_failures_are_not_blamed_on_a_learner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pkvm_model.explore.fixes.explore_orders", None)
    with pytest.raises(TypeError):
        judge_fix(V1)


def test_a_kernel_whose_start_does_not_check_the_count_is_refused() -> None:
    judgement = judge_fix(UPSTREAM.without("start_unreferenced"))
    assert [objection.about for objection in judgement.objections] == ["R1+I3"]


def leaks_when_refused(view: View, handle: int) -> Hypercall:
    """Start the teardown, and keep a reference whenever that is refused."""
    yield "L", "check and mark the VM dying"
    vm = get_vm_by_handle(view, handle)
    view.check(vm, -EINVAL, f"there is no VM {handle:#x}")
    hyp_page_ref_inc(view, vm)
    view.check(hyp_page_count(view, vm) == 1, -EINVAL, f"VM {handle:#x} is still in use")
    view.check(not vm.is_dying, -EINVAL, f"VM {handle:#x} is dying")
    hyp_page_ref_dec(view, vm)
    vm.is_dying = True
    return 0


def test_a_call_that_leaves_more_behind_each_time_is_refused() -> None:
    judgement = judge_fix(UPSTREAM._replace(functions={"__pkvm_start_teardown_vm": leaks_when_refused}))
    assert judgement.sentence == ("A start that is refused. From then on the VM can never be destroyed: "
                                  "__pkvm_start_teardown_vm returns -EINVAL: VM 0x1000 is still in use.")


@pytest.mark.parametrize("revision", REVISIONS.values(), ids=list(REVISIONS))
def test_calls_that_run_inside_a_host_function_can_be_judged(revision: Revision) -> None:
    assert not judge_fix(mutate(revision, "M7")).accepted
