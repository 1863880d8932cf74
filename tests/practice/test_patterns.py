"""What the patterns of checks promise to authors of exercises."""
from __future__ import annotations

from dataclasses import replace

import pytest

from pkvm_model.practice import sandbox
from pkvm_model.practice.answer import SubmittedAnswer
from pkvm_model.practice.exercises import ExerciseError, find_exercise
from pkvm_model.practice.patterns import check_prediction, play_steps
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
