"""Every stub fails, every solution passes, every wrong answer is refused with its sentence."""
from __future__ import annotations

import pytest

from pkvm_model.practice.exercises import Exercise, WrongAnswer, load_exercises
from pkvm_model.practice.sandbox import judge_here

ALL = list(load_exercises().values())
WRONG = [pytest.param(one, wrong, id=f"{one.id}-{number}") for one in ALL for number, wrong in enumerate(one.wrong, 1)]


def by_id(one: Exercise) -> str:
    """The name of a case."""
    return one.id


@pytest.mark.parametrize("one", ALL, ids=by_id)
def test_a_stub_does_not_pass(one: Exercise) -> None:
    assert not judge_here(one.id, one.stub).passed


@pytest.mark.parametrize("one", ALL, ids=by_id)
def test_a_solution_passes_and_says_how_far_was_looked(one: Exercise) -> None:
    verdict = judge_here(one.id, one.solution)
    assert (verdict.passed, verdict.details) == (True, ""), verdict.sentence
    assert verdict.looked_at


@pytest.mark.parametrize(("one", "wrong"), WRONG)
def test_a_wrong_answer_is_refused_with_its_sentence(one: Exercise, wrong: WrongAnswer) -> None:
    verdict = judge_here(one.id, wrong.code)
    assert (verdict.passed, verdict.sentence) == (False, wrong.sentence)


@pytest.mark.parametrize("one", ALL, ids=by_id)
def test_an_exercise_has_two_wrong_answers_at_least(one: Exercise) -> None:
    assert len(one.wrong) >= 2
