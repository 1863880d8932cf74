"""A run along time, compared with the run itself."""

import pytest

from pkvm_model.graphs.sequence import Sequence
from pkvm_model.model.revisions import V1
from pkvm_model.model.state import Config
from pkvm_model.model.state_json import digest
from pkvm_model.model.trace import parse
from pkvm_model.scenes import LENT_PAGE, scene
from pkvm_model.scenes.one_shot import NEXT_TENANT
from pkvm_model.scenes.scene import Scene
from pkvm_model.scenes.start_here import COLD_OPEN
from pkvm_model.scenes.two_phases import LEFT_BEHIND, NEVER_RAN, TWO_FLAGS, TWO_PHASES
from pkvm_model.show.story import Story, play, play_out


def make_sequence(story: Story, page: str = "") -> Sequence:
    """Return a story along time."""
    return Sequence(story.trace, story.scene.title, len(story.scene.setup), story.scene.says, page)


R7 = make_sequence(play(COLD_OPEN, 1, 0, 1, 0))


def test_the_overlap_lasts_from_the_give_back_to_the_end_of_the_machine() -> None:
    over = R7.overlap()
    assert over.first == next(n for n, row in enumerate(R7.rows()) if "gives page vm0 back" in row[-3])
    assert over.last == len(R7.moments)
    assert R7.moments[-1].step.state.end.kind == "EL2_USE_AFTER_DONATION"
    assert R7.summary().endswith("From region 16 on, vm0 is the host’s again, but CPU 0’s unshare still "
                                 "holds a reference.")


def test_a_second_holder_does_not_end_the_overlap_of_the_first() -> None:
    both = scene("both", "Two hold on", V1, LENT_PAGE + "0 __pkvm_start_teardown_vm(0x1000)",
                 ("__pkvm_host_unshare_guest(0x1000, 0)", "__pkvm_tlb_flush_vmid(0x1000)",
                  "__pkvm_finalize_teardown_vm(0x1000) whole"), "Two calls hold it.", Config(cpus=3))
    shown = make_sequence(play(both, 0, 0, 1, 1, 2, 1))
    assert [period.value.number for period in shown.counts()] == [0, 1, 2, 2, 1]
    assert (shown.overlap().first, shown.overlap().last) == (shown.counts()[3].first, len(shown.moments))


def test_calls_one_after_the_other_have_no_overlap() -> None:
    calm = make_sequence(play(COLD_OPEN, 1, 0, 0, 0, 1))
    assert calm.overlap() is None
    assert calm.summary().endswith("After EL2 gives vm0 back, nobody holds a reference.")


def test_a_call_made_with_one_click_has_a_box_for_each_of_its_regions() -> None:
    finalise = next(call for call in R7.calls() if call.name == "finalise")
    inside = R7.moments[finalise.first - 1:finalise.last]
    assert [moment.step.regions for moment in inside][:3] == [("L",), ("G",), ("P",)]
    assert {moment.step.cpu for moment in inside} == {1}


@pytest.mark.parametrize("scene_played", [COLD_OPEN, NEXT_TENANT, TWO_PHASES, TWO_FLAGS, LEFT_BEHIND, NEVER_RAN],
                         ids=lambda played: played.name)
def test_a_run_split_into_regions_ends_in_the_same_state(scene_played: Scene) -> None:
    story = play_out(scene_played)
    assert digest(make_sequence(story).states[-1]) == digest(story.state)


def test_a_waiting_call_shows_dots_and_a_finished_one_its_answer() -> None:
    assert R7.rows()[2][1:3] == ["unshare [L]", ""]
    assert R7.rows()[4][1:3] == ["...", "finalise [G]"]
    assert R7.rows()[17][2] == "finalise [H+Y] = 0"


def test_a_host_function_and_the_hypercalls_that_it_makes_are_two_levels() -> None:
    calls = make_sequence(play_out(TWO_FLAGS)).calls()
    assert [(call.level, call.text, call.answer) for call in calls[:3]] == [
        ("EL1", "kvm_destroy_vm(kvm0)", "0"), ("EL2", "__pkvm_start_teardown_vm(0x1000)", "0"),
        ("EL2", "__pkvm_host_unshare_guest(0x1000, 0)", "0")]
    outer = calls[0]
    inside = range(outer.first, (outer.last or 0) + 1)
    assert all(call.first in inside and call.last in inside for call in calls[1:-1])


def test_the_hypercalls_are_those_that_the_story_names() -> None:
    story = play_out(TWO_FLAGS)
    texts = [call.text for call in make_sequence(story).calls() if call.level == "EL2" and call.cpu == 0]
    assert texts == [call for _, call, _ in story.hypercalls().made]


def test_a_host_lock_is_held_across_the_hypercalls_under_it() -> None:
    shown = make_sequence(play_out(TWO_FLAGS))
    finalise = next(call for call in shown.calls() if call.name == "finalise")
    (span,) = shown.find_locks_held()[0, "C"]
    assert (span.first + 1, span.last) == (finalise.first, finalise.last)
    assert "[C+H+Y]" in shown.rows()[finalise.last or 0][1]


def test_a_lock_still_held_at_the_end_reaches_to_the_end() -> None:
    both = scene("m", "An unmap", V1, LENT_PAGE, ("kvm_unmap(kvm0)", ""), "Unmapped.")
    (span,) = make_sequence(play(both, 0, 0)).find_locks_held()[0, "M"]
    assert (span.first, span.last) == (1, 2)


def test_each_bar_covers_the_whole_run() -> None:
    for bar in (R7.counts(), R7.owners()):
        assert [span.first for span in bar] == [0, *(span.last + 1 for span in bar[:-1])]
        assert bar[-1].last == len(R7.moments)


def test_another_page_can_be_asked_for() -> None:
    lent = make_sequence(play(COLD_OPEN, 1, 0, 0, 0), page="g0")
    assert [period.value.says for period in lent.owners()] == [
        "Lent to VM 0x1000 as gfn 0x0.", "Only the host can use it."]
    assert lent.heads()[-2:] == ["count of vm0", "owner of g0"]


def test_a_refused_hypercall_shows_its_code_and_the_hosts_warning() -> None:
    value = make_sequence(play(TWO_FLAGS, 0, 1, 0, 0)).value("flags")
    assert [region["kind"] for region in value["regions"]] == ["step", "step", "refused", "warn"]
    assert value["calls"][2]["answer"] == "-EINVAL"


def test_a_run_that_is_too_long_or_empty_or_does_not_replay_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    text = str(play(COLD_OPEN, 1).trace)
    with pytest.raises(ValueError, match="does not replay: line 7"):
        Sequence(parse(text.replace("= 0\nstate", "= -EBUSY\nstate")), "odd")
    with pytest.raises(ValueError, match="this run has none"):
        make_sequence(play(COLD_OPEN))
    monkeypatch.setattr("pkvm_model.graphs.sequence.MOST", 17)
    with pytest.raises(ValueError, match="1 to 17 lock regions, this run has more"):
        make_sequence(play(COLD_OPEN, 1, 0, 1, 0))
