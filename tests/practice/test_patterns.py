"""What the patterns of checks promise to authors of exercises."""
from __future__ import annotations

from dataclasses import replace

import pytest

from pkvm_model.explore.mutants import mutate
from pkvm_model.model.hypercalls import destroy_hyp_vm
from pkvm_model.model.revisions import EBUSY, ENOENT, MERGED, UPSTREAM, V1
from pkvm_model.model.view import Hypercall, Pointer, View
from pkvm_model.model.vm_table import get_vm_by_handle, hyp_page_count, remove_vm_table_entry
from pkvm_model.practice import sandbox
from pkvm_model.practice.answer import SubmittedAnswer
from pkvm_model.practice.exercises import ExerciseError, find_exercise
from pkvm_model.practice.patterns import check_fix, check_prediction, play_steps
from pkvm_model.practice.verdict import NotYet
from pkvm_model.scenes.start_here import LOAD_OR_START
from pkvm_model.scenes.you_are_the_scheduler import WITH_A_GAP
from pkvm_model.show.story import play

LIVED = SubmittedAnswer(find_exercise("lived-to-see"), {"answer": "-EBUSY"})
EVERY = {*LIVED.exercise.options["answer"]}


def test_each_of_several_right_options_is_accepted() -> None:
    assert check_prediction(LIVED, {"answer": {"0", "-EBUSY"}}).passed
    assert not check_prediction(LIVED, {"answer": {"0", "-ENOENT"}}).passed


def test_the_verdict_names_the_wrong_one_of_several_choices() -> None:
    twice = find_exercise("lent-twice")
    verdict = sandbox.judge_here(twice.id, twice.solution.replace('later = "0"', 'later = "-EPERM"'))
    assert (verdict.about, verdict.sentence) == ("later", twice.options["later"]["-EPERM"])
    assert not check_prediction(LIVED, {"answer": "0"}).about


@pytest.mark.parametrize(("name", "page"), [
    ("lent-twice", "g0"), ("unknown-unshare", "kvm0"), ("looks-like-a-pin", "pgd0"), ("wrong-cpu", "g0"),
    ("nobody-to-name", "g1"), ("missing-line", "g0"), ("late-arrival", "vc0.0"), ("next-tenant", "vm1"),
    ("lent-and-left", "g1"), ("lived-to-see", "vm0")])
def test_the_picture_of_an_answer_shows_the_page_that_was_asked_about(name: str, page: str) -> None:
    along = sandbox.judge_here(name, find_exercise(name).solution).along
    assert along
    assert along["heads"][-1] == f"owner of {page}"


@pytest.mark.parametrize(("name", "answer", "page"), [
    ("what-a-row-never-shows", "", "g0"), ("all-home", "", "hv0.0"), ("stray-count", "", "vm0"),
    ("mine-while-i-run", "", "g0"), ("points-back", "", "vm0"),
    ("all-home", "def wrong(state):\n    return 'page kvm0 is no home' if not state.vm_in(0) else ''", "kvm0"),
    ("all-home", "def wrong(state):\n    return 'page moon7 is no home' if not state.vm_in(0) else ''", "vm0")])
def test_the_picture_of_an_invariant_shows_the_page_that_its_words_name(name: str, answer: str, page: str) -> None:
    along = sandbox.judge_here(name, answer or find_exercise(name).solution).along
    assert along
    assert along["heads"][-1] == f"owner of {page}"


@pytest.mark.parametrize("truth", [{"answer": "-EPERM"}, {"answer": set[str]()}, {}, {"answer": EVERY}])
def test_no_right_option_or_only_right_options_are_a_fault_of_the_course(truth: dict[str, str | set[str]]) -> None:
    with pytest.raises(ExerciseError):
        check_prediction(LIVED, truth)


@pytest.mark.parametrize("cpu", [-1, 2])
def test_an_absent_cpu_is_named(cpu: int) -> None:
    with pytest.raises(NotYet, match=f"^There is no CPU {cpu} on this bench; it has CPUs 0 to 1.$"):
        play_steps(LOAD_OR_START, [0, cpu])


def test_a_trace_from_a_bench_with_a_changed_kernel_is_accepted() -> None:
    changed = replace(LOAD_OR_START, revision=WITH_A_GAP)
    story = play(changed, 0, 1)
    assert play_steps(changed, str(story.trace)).outcomes == story.outcomes


def test_a_choice_may_be_typed_with_the_keyboards_dash() -> None:
    row = SubmittedAnswer(find_exercise("lent-twice"), {"row": "host -, Loans to guests: 1"})
    assert row.get_choice("row") == "host –, loans to guests: 1"


FINALISE = "__pkvm_finalize_teardown_vm"
ORDERS = "states: every order of every race and of every good run"


def find_idle(view: View, handle: int) -> Pointer:
    """Return the VM if it is dying and nobody uses it."""
    vm = get_vm_by_handle(view, handle)
    view.check(vm, -ENOENT, "there is no such VM")
    view.check(vm.is_dying, -EBUSY, "the VM is not dying yet")
    view.check(hyp_page_count(view, vm) == 0, -EBUSY, "the VM is in use")
    return vm


def close_hole(view: View, handle: int) -> Hypercall:
    yield "L", "check, flush the VMID, empty the slot"
    vm = find_idle(view, handle)
    remove_vm_table_entry(view, vm)
    yield from destroy_hyp_vm(view, vm)
    return 0


def refuse_second_slot(view: View, handle: int) -> Hypercall:
    yield "L", "check, also for the slot"
    vm = find_idle(view, handle)
    view.check(vm.handle == 0x1000, -EBUSY, "it is not the first VM")
    remove_vm_table_entry(view, vm)
    yield from destroy_hyp_vm(view, vm)
    return 0


def refuse_always(view: View, handle: int) -> Hypercall:
    yield "L", "refuse"
    find_idle(view, handle)
    view.check(False, -EBUSY, "the VM stays")
    return 0


def test_a_refusal_by_a_recording_shows_its_rows() -> None:
    verdict = check_fix(V1, {FINALISE: refuse_second_slot})
    assert (verdict.passed, verdict.along) == (False, None)
    assert "(recording n10): __pkvm_finalize_teardown_vm returned 0 and now returns -EBUSY." in verdict.sentence
    assert verdict.details.splitlines()[-1].endswith("__pkvm_finalize_teardown_vm: 0")
    assert verdict.looked_at.endswith("; the way home from every state of the races; recordings of real kernels, up to "
                                      "this one")


def test_a_refusal_by_a_lost_way_home_shows_the_run_to_it() -> None:
    verdict = check_fix(UPSTREAM, dict(mutate(UPSTREAM, "M12").functions))
    assert verdict.sentence.startswith("A page is taken by force. From then on the VM can never be destroyed")
    assert verdict.along
    assert verdict.looked_at.endswith(f"{ORDERS}; ways home, up to this loss")


def test_a_run_without_a_step_of_its_own_is_shown_as_text() -> None:
    verdict = check_fix(V1, {FINALISE: refuse_always})
    assert not verdict.along
    assert verdict.details == verdict.trace
    assert verdict.details.startswith("pkvm-trace 1 v1")


def test_a_refusal_by_a_race_looks_at_races_only() -> None:
    verdict = check_fix(MERGED, {})
    assert verdict.along
    assert verdict.looked_at.endswith(ORDERS)


def test_a_fix_that_passes_was_asked_everything() -> None:
    verdict = check_fix(V1, {FINALISE: close_hole})
    assert (verdict.passed, verdict.details) == (True, "")
    assert verdict.looked_at.endswith("the way home from every state of the races; 28 recordings of real kernels, "
                                      "played to the end; each rewritten call made alone")
