"""The sentence of each step."""

from dataclasses import replace

import pytest

from pkvm_model.graphs.bench import StateGraph
from pkvm_model.model.revisions import V1
from pkvm_model.scenes import LENT_PAGE, SCENES, scene
from pkvm_model.scenes.a_vcpu_runs import FIRST_PAGE
from pkvm_model.scenes.a_vm_is_born import REFUSED
from pkvm_model.scenes.one_shot import NEXT_TENANT
from pkvm_model.scenes.start_here import COLD_OPEN
from pkvm_model.scenes.the_hole_in_the_patch import SAME_MEMORY
from pkvm_model.scenes.two_phases import TWO_FLAGS, TWO_PHASES
from pkvm_model.scenes.you_are_the_scheduler import TORN_DOWN_WHILE_RUN, WITH_A_GAP
from pkvm_model.show.story import Story, play, play_out
from pkvm_model.show.words import conjugate, find_holders


def describe(story: Story) -> list[str]:
    """Return the sentences of a story."""
    return [str(row[2]) for row in story.table().rows]


def test_each_sentence_begins_with_its_doer() -> None:
    assert describe(play(COLD_OPEN, 1, 0, 1, 0)) == [
        "CPU 1’s start marks VM 0x1000 as dying; from now on no vCPU can be loaded.",
        "CPU 0’s unshare takes a reference to VM 0x1000, whose count is now 1.",
        "CPU 1’s finalise destroys VM 0x1000 and gives its pages back while CPU 0’s unshare still holds a reference.",
        "The machine ends: CPU 0’s unshare touches page vm0, which EL2 no longer maps."]


def test_a_refusal_names_its_code_and_its_reason() -> None:
    assert describe(play(COLD_OPEN, 1, 1, 0))[2] == "EL2 refuses CPU 0’s unshare with -EINVAL: there is no VM 0x1000."


def test_a_call_that_must_undo_its_work_says_why_at_once() -> None:
    assert describe(play(REFUSED, *[0] * 6))[4:] == [
        "CPU 0’s init_vm finds that the slot of 0x1000 is not reserved, and begins to undo its work.",
        "CPU 0’s init_vm gives page vm0 back to the host."]


def test_the_sentence_of_a_step_leaves_its_condition_out() -> None:
    assert describe(play(FIRST_PAGE, 0, 0))[1] == "CPU 0’s run enters the guest."


def test_a_call_without_an_answer_says_so() -> None:
    assert describe(play(TWO_PHASES, 0, 1))[1] == "EL2 ignores CPU 1’s load and gives no answer: VM 0x1000 is dying."


def test_a_warning_of_el2_ends_the_machine_and_one_of_the_host_does_not() -> None:
    assert describe(play(TWO_FLAGS, 0, 1, 0, 0))[3].endswith("returns -EINVAL. The machine goes on.")
    assert describe(play(TWO_PHASES, 1, 0))[1].startswith("The machine ends: CPU 0’s start warns at EL2")


def test_pages_left_behind_are_named() -> None:
    left = scene("left", "Left", V1, LENT_PAGE, ("__pkvm_start_teardown_vm(0x1000) whole\n"
                                                 "__pkvm_finalize_teardown_vm(0x1000)",), "A page is left.")
    assert describe(play(left, 0, 0, 0))[2] == "CPU 0’s finalise takes stage 2 apart; page g0 still counts as lent."


def test_a_reference_has_as_many_holders_as_it_counts() -> None:
    story = play(COLD_OPEN, 1, 0, 1)
    assert [(holder.says, holder.stale) for holder in find_holders(story.state, "vm0")] == [("CPU 0 · unshare", True)]
    assert story.page("vm0").refcount == 1


@pytest.mark.parametrize("name", sorted(SCENES))
def test_no_sentence_of_a_step_has_more_than_twenty_words(name: str) -> None:
    edges = [edge for out in StateGraph(SCENES[name]).value()["edges"] for edge in out]
    sentences = {sentence for edge in edges for sentence in edge["says"].split(". ")}
    assert not {sentence for sentence in sentences if len(sentence.split()) > 20}


def test_each_step_of_the_old_teardown_says_something_of_its_own() -> None:
    sentences = describe(play_out(replace(NEXT_TENANT, scripts=(NEXT_TENANT.scripts[0], ()))))
    assert "CPU 0’s teardown empties slot 0; a new VM may get handle 0x1000." in sentences
    assert "CPU 0’s teardown gives page vm0 back to the host." in sentences
    assert sentences[-1] == "CPU 0’s teardown unpins the host’s kvm0."


def test_a_new_vm_that_inherits_a_count_says_so() -> None:
    newborn = play(SAME_MEMORY, 1, 0, 0, 1, 1, 1)
    assert describe(newborn)[-1] == "CPU 1’s init_vm puts VM 0x1000 into slot 0; its count is already 1."


def test_a_vcpu_whose_struct_was_given_back_still_holds_its_vm() -> None:
    run_in_a_dead_vm = play(replace(TORN_DOWN_WHILE_RUN, revision=WITH_A_GAP), 0, 1, 0, 1, 0)
    assert run_in_a_dead_vm.page("vm0").refcount == 1
    assert find_holders(run_in_a_dead_vm.state, "vm0") == [("vcpu", "vc0.0 on CPU 1", True)]


@pytest.mark.parametrize(("verb", "conjugated"), [("take", "takes"), ("flush", "flushes"), ("empty", "empties"),
                                            ("destroy", "destroys"), ("go", "goes")])
def test_a_verb_is_put_in_the_third_person(verb: str, conjugated: str) -> None:
    assert conjugate(verb) == conjugated
