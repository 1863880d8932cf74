"""The tests of the exercises notice a broken check: one that passes all, refuses all, or does not look."""
from __future__ import annotations

import pytest

from pkvm_model.practice import sandbox
from pkvm_model.practice.answer import SubmittedAnswer
from pkvm_model.practice.checks import CheckFunction
from pkvm_model.practice.exercises import Exercise, load_exercises
from pkvm_model.practice.verdict import Verdict
from tests.practice import test_exercises as suite

ALL = list(load_exercises().values())


def pass_all(_: SubmittedAnswer) -> Verdict:
    """Pass every answer."""
    return Verdict(True, "Right.", "all of it")


def refuse_all(_: SubmittedAnswer) -> Verdict:
    """Refuse every answer."""
    return Verdict(False, "Wrong.", "all of it")


def pass_without_looking(_: SubmittedAnswer) -> Verdict:
    """Pass every answer without saying how far the check looked."""
    return Verdict(True, "Right.")


def put_check(check: CheckFunction, monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace all checks by this one, and skip the slow search for changes to the model."""
    monkeypatch.setattr(sandbox, "find_check", lambda _: check)
    monkeypatch.setattr(sandbox, "snapshot_model", dict)


def name_case(exercise: Exercise) -> str:
    """Return the name of a test case."""
    return exercise.id


@pytest.mark.parametrize("exercise", ALL, ids=name_case)
def test_a_check_that_passes_everything_is_noticed(exercise: Exercise, monkeypatch: pytest.MonkeyPatch) -> None:
    put_check(pass_all, monkeypatch)
    with pytest.raises(AssertionError):
        suite.test_a_stub_does_not_pass(exercise)
    for wrong in exercise.wrong:
        with pytest.raises(AssertionError):
            suite.test_a_wrong_answer_is_refused_with_its_sentence(exercise, wrong)


@pytest.mark.parametrize("exercise", ALL, ids=name_case)
def test_a_check_that_refuses_everything_is_noticed(exercise: Exercise, monkeypatch: pytest.MonkeyPatch) -> None:
    put_check(refuse_all, monkeypatch)
    with pytest.raises(AssertionError):
        suite.test_a_solution_passes_and_says_what_the_check_covered(exercise)
    for wrong in exercise.wrong:
        with pytest.raises(AssertionError):
            suite.test_a_wrong_answer_is_refused_with_its_sentence(exercise, wrong)


@pytest.mark.parametrize("exercise", ALL, ids=name_case)
def test_a_check_that_passes_with_the_right_sentence_is_noticed(exercise: Exercise,
                                                                monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong in exercise.wrong:
        put_check(lambda _, says=wrong.sentence: Verdict(True, says), monkeypatch)  # type: ignore[misc]
        with pytest.raises(AssertionError):
            suite.test_a_wrong_answer_is_refused_with_its_sentence(exercise, wrong)


def test_a_check_that_does_not_say_how_far_it_looked_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    put_check(pass_without_looking, monkeypatch)
    with pytest.raises(AssertionError):
        suite.test_a_solution_passes_and_says_what_the_check_covered(ALL[0])
