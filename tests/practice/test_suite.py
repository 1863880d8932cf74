"""The tests of the exercises notice a check that is broken: one that passes all, refuses all, or does not look."""
from __future__ import annotations

import pytest

from pkvm_model.practice import sandbox
from pkvm_model.practice.answer import SubmittedAnswer
from pkvm_model.practice.checks import CheckFunction
from pkvm_model.practice.exercises import Exercise, load_exercises
from pkvm_model.practice.verdict import Verdict
from tests.practice import test_exercises as suite

ALL = list(load_exercises().values())


def passes_all(_: SubmittedAnswer) -> Verdict:
    """A check that asks nothing."""
    return Verdict(True, "Right.", "all of it")


def refuses_all(_: SubmittedAnswer) -> Verdict:
    """A check that nothing satisfies."""
    return Verdict(False, "Wrong.", "all of it")


def does_not_look(_: SubmittedAnswer) -> Verdict:
    """A check that does not say how far it looked."""
    return Verdict(True, "Right.")


def put(check: CheckFunction, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a check in the place of all others. Whether an answer changes the model is not looked at: that takes long."""
    monkeypatch.setattr(sandbox, "find_check", lambda _: check)
    monkeypatch.setattr(sandbox, "snapshot_model", dict)


def by_id(one: Exercise) -> str:
    """The name of a case."""
    return one.id


@pytest.mark.parametrize("one", ALL, ids=by_id)
def test_a_check_that_passes_everything_is_noticed(one: Exercise, monkeypatch: pytest.MonkeyPatch) -> None:
    put(passes_all, monkeypatch)
    with pytest.raises(AssertionError):
        suite.test_a_stub_does_not_pass(one)
    for wrong in one.wrong:
        with pytest.raises(AssertionError):
            suite.test_a_wrong_answer_is_refused_with_its_sentence(one, wrong)


@pytest.mark.parametrize("one", ALL, ids=by_id)
def test_a_check_that_refuses_everything_is_noticed(one: Exercise, monkeypatch: pytest.MonkeyPatch) -> None:
    put(refuses_all, monkeypatch)
    with pytest.raises(AssertionError):
        suite.test_a_solution_passes_and_says_how_far_was_looked(one)
    for wrong in one.wrong:
        with pytest.raises(AssertionError):
            suite.test_a_wrong_answer_is_refused_with_its_sentence(one, wrong)


@pytest.mark.parametrize("one", ALL, ids=by_id)
def test_a_check_that_says_the_right_thing_and_passes_is_noticed(one: Exercise,
                                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong in one.wrong:
        put(lambda _, says=wrong.sentence: Verdict(True, says), monkeypatch)  # type: ignore[misc]
        with pytest.raises(AssertionError):
            suite.test_a_wrong_answer_is_refused_with_its_sentence(one, wrong)


def test_a_check_that_does_not_say_how_far_it_looked_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    put(does_not_look, monkeypatch)
    with pytest.raises(AssertionError):
        suite.test_a_solution_passes_and_says_how_far_was_looked(ALL[0])
