"""The life of a VM as a graph."""

from pkvm_model.revisions import PRE, V1
from pkvm_model.show.lifecycle import changes, lifecycle


def test_in_pre_one_call_leads_from_a_vm_back_to_a_free_slot():
    assert [(old, name) for old, name, new in changes(PRE) if new == "free"] == [
        ("reserved", "unreserve"), ("initialised", "teardown"), ("live", "teardown")]


def test_in_v1_every_way_from_a_vm_to_a_free_slot_leads_through_dying():
    assert [(old, name) for old, name, new in changes(V1) if new == "free"] == [
        ("reserved", "unreserve"), ("dying", "finalise")]


def test_without_its_guard_finalise_needs_no_start():
    assert ("live", "finalise", "free") in changes(V1.without("finalize_dying"))


def test_the_picture_says_all_its_edges_in_words():
    assert "start: live to dying; finalise: dying to free" in repr(lifecycle(V1))
