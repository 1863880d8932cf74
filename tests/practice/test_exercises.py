"""Every stub fails, every solution passes, every wrong answer is refused with its sentence."""
from __future__ import annotations

import pytest

from pkvm_model.practice.exercises import Exercise, WrongAnswer, load_exercises
from pkvm_model.practice.sandbox import judge_here

ALL = list(load_exercises().values())
WRONG = [pytest.param(exercise, wrong, id=f"{exercise.id}-{number}")
         for exercise in ALL for number, wrong in enumerate(exercise.wrong, 1)]


def name_case(exercise: Exercise) -> str:
    """Return the name of a test case."""
    return exercise.id


@pytest.mark.parametrize("exercise", ALL, ids=name_case)
def test_a_stub_does_not_pass(exercise: Exercise) -> None:
    assert not judge_here(exercise.id, exercise.stub).passed


@pytest.mark.parametrize("exercise", ALL, ids=name_case)
def test_a_solution_passes_and_says_what_the_check_covered(exercise: Exercise) -> None:
    verdict = judge_here(exercise.id, exercise.solution)
    assert (verdict.passed, verdict.details) == (True, ""), verdict.sentence
    assert verdict.looked_at


@pytest.mark.parametrize(("exercise", "wrong"), WRONG)
def test_a_wrong_answer_is_refused_with_its_sentence(exercise: Exercise, wrong: WrongAnswer) -> None:
    verdict = judge_here(exercise.id, wrong.code)
    assert (verdict.passed, verdict.sentence) == (False, wrong.sentence)


@pytest.mark.parametrize("exercise", ALL, ids=name_case)
def test_an_exercise_has_at_least_two_wrong_answers(exercise: Exercise) -> None:
    assert len(exercise.wrong) >= 2
