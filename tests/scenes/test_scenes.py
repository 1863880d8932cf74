"""Scenes, as a bench and a story step through them."""

import pytest

from pkvm_model.model.revisions import V1
from pkvm_model.scenes import LENT_PAGE, SCENES, Scene, list_chapters, scene
from pkvm_model.scenes.start_here import COLD_OPEN
from pkvm_model.show.story import play, play_out


def test_every_scene_can_be_played_to_its_end() -> None:
    for each in SCENES.values():
        assert play_out(each).steps


def test_a_click_where_a_cpu_has_nothing_to_do_is_refused() -> None:
    with pytest.raises(ValueError, match="click 3: CPU 1 has nothing to step here"):
        play(COLD_OPEN, 1, 1, 1)


def test_a_cpu_waiting_for_a_host_lock_has_no_step() -> None:
    both = scene("both", "Two destroys", V1, LENT_PAGE, ("kvm_destroy_vm(kvm0)", "kvm_destroy_vm(kvm0)"), "Twice.")
    story = play(both, 1)
    while not story.kvm("kvm0").config_lock and (longer := story.then(1)):
        story = longer
    while longer := story.then(0):
        story = longer
    assert not story.node.is_idle(0)
    assert story.then(1) is not None


def test_no_two_scenes_have_the_same_name() -> None:
    made = [each for chapter in list_chapters() for each in chapter.values() if isinstance(each, Scene)]
    assert len(made) == len(SCENES)
