"""The life of a VM as a graph."""
from __future__ import annotations

import pytest

from pkvm_model.graphs.contract import AnyGraph
from pkvm_model.graphs.drawing import ENDS
from pkvm_model.graphs.lifecycle import LifeGraph, draw_life, find_changes, merge_changes
from pkvm_model.model.revisions import PRE, REVISIONS, UPSTREAM, V1
from pkvm_model.model.trace import parse, replay
from tests.graphs.test_bench import ways


def arrows(value: AnyGraph) -> list[tuple[str, str, str]]:
    """Return the arrows of a drawing as (word, call, word)."""
    drawn = value["drawing"]
    words = [box["text"] for box in drawn["boxes"]]
    return [(words[arrow["start"]], name, words[arrow["to"]])
            for arrow in drawn["arrows"] for name in arrow["label"].split(", ")]


def test_in_pre_one_call_leads_from_a_vm_back_to_a_free_slot() -> None:
    assert [(old, name) for old, name, new in find_changes(PRE) if new == "free"] == [
        ("reserved", "unreserve"), ("initialised", "teardown"), ("live", "teardown")]


def test_in_v1_every_way_from_a_vm_to_a_free_slot_leads_through_dying() -> None:
    assert [(old, name) for old, name, new in find_changes(V1) if new == "free"] == [
        ("reserved", "unreserve"), ("dying", "finalise")]


def test_without_its_guard_finalise_needs_no_start() -> None:
    assert ("live", "finalise", "free") in find_changes(V1.without("finalize_dying"))


def test_a_start_while_a_vcpu_is_loaded_ends_the_machine_in_v1_and_not_in_upstream() -> None:
    assert ("live", "start", ENDS) in find_changes(V1)
    assert not any(ENDS in change for change in find_changes(UPSTREAM))


def test_the_pictures_words_name_all_its_edges() -> None:
    words = repr(draw_life(V1))
    assert all(f": {old} to {new}" in words for old, _, new in find_changes(V1))
    assert "load, put: live to live" in words


@pytest.mark.parametrize("name", sorted(REVISIONS))
def test_the_drawing_has_an_arrow_for_each_change_and_no_other(name: str) -> None:
    assert sorted(arrows(LifeGraph(REVISIONS[name]).value())) == sorted(find_changes(REVISIONS[name]))


def test_a_step_to_another_box_has_an_arrow() -> None:
    value: AnyGraph = LifeGraph(UPSTREAM).value()
    boxes = [value["drawing"]["boxes"][state["box"]]["text"] for state in value["states"]]
    drawn = set(arrows(value))
    moves = {(boxes[number], edge["label"], boxes[edge["to"]]) for number, out in enumerate(value["edges"])
             for edge in out if edge["to"] is not None and boxes[edge["to"]] != boxes[number]}
    assert moves <= drawn
    assert {move[1] for move in moves} == {"reserve", "unreserve", "init_vm", "init_vcpu", "start", "finalise"}


def test_the_way_to_every_state_replays_to_its_digest() -> None:
    value = LifeGraph(V1).value()
    for number, lines in ways(value).items():
        text = [value["header"], *value["setup"], *lines, f"state {value['states'][number]['digest']}"]
        assert replay(parse("\n".join(text))).differs == ""


def test_a_refused_call_can_be_made_and_says_why() -> None:
    start = LifeGraph(V1).value()["edges"][0]
    assert [edge["label"] for edge in start if edge["kind"] == "step"] == ["reserve"]
    says = next(edge["says"] for edge in start if edge["label"] == "finalise")
    assert says == "EL2 refuses CPU 0’s finalise with -ENOENT: there is no VM 0x1000."


def test_a_change_that_only_one_of_two_kernels_has_names_it() -> None:
    both = merge_changes(V1, PRE)
    assert (("live", "teardown", "free"), "pre") in both
    assert (("dying", "finalise", "free"), "v1") in both
    assert (("free", "reserve", "reserved"), "") in both
    assert not any(only for _, only in merge_changes(V1, None))
