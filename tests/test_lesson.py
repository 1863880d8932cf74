"""What notebooks import."""

import pytest

from pkvm_model.lesson import ClaimBroken, bench, claim, quiz, source
from pkvm_model.scenes.start_here import COLD_OPEN


def test_a_claim_that_does_not_hold_fails_with_its_own_sentence():
    with pytest.raises(ClaimBroken, match="not true of the model: The moon is square"):
        claim("The moon is square.", [])


def test_a_claim_that_holds_shows_its_sentence():
    assert repr(claim("Two is two.", True)) == "holds: Two is two."


def test_a_quiz_folds_each_verdict_behind_its_option():
    page = quiz("Which?", {"This": "Because.", "That": "No."}, right="This")._repr_html_()
    assert page.count("<details") == 2
    assert "<b>Right.</b> Because." in page
    assert "<b>Not yet.</b> No." in page


def test_the_text_of_a_quiz_does_not_give_the_answer_away():
    assert "Because" not in repr(quiz("Which?", {"This": "Because.", "That": "No."}, right="This"))


def test_a_quiz_whose_answer_is_no_option_is_refused():
    with pytest.raises(ValueError, match="'Other' is not among the options"):
        quiz("Which?", {"This": "Because."}, right="Other")


def test_what_is_shown_as_source_is_what_runs():
    assert "vm.is_dying = True" in repr(source("__pkvm_start_teardown_vm"))


def test_markup_in_a_quiz_is_shown_and_not_obeyed():
    assert "<script>" not in quiz("<script>", {"a": "<script>"}, right="a")._repr_html_()


def test_a_bench_stands_at_the_start_of_its_scene():
    assert "before the first step. VM 0x1000 is alive and idle" in bench(COLD_OPEN).describe()
