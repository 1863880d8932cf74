"""Questions, their verdicts, and the answers given so far."""

import pytest

from pkvm_model.show.quiz import describe_quiz, make_question, read_tries

ASKED = make_question("Which?", {"This": "No.", "That": "Because."}, right="That")


def test_a_quiz_folds_each_verdict_behind_its_option() -> None:
    page = ASKED.render()
    assert page.count("<details") == 2
    assert "<b>Right.</b> Because." in page
    assert "<b>Not yet.</b> No." in page


def test_before_an_answer_the_words_do_not_give_it_away() -> None:
    assert describe_quiz(ASKED, ()) == "Quiz: Which?\n  ( ) This\n  ( ) That"


def test_the_last_answer_is_marked_and_gets_its_verdict() -> None:
    assert describe_quiz(ASKED, (1, 0)) == "Quiz: Which?\n  (x) This\n  ( ) That\nNot yet. No."


def test_a_quiz_whose_right_answer_is_not_an_option_is_rejected() -> None:
    with pytest.raises(ValueError, match="'Other' is not among the options"):
        make_question("Which?", {"This": "Because."}, right="Other")


@pytest.mark.parametrize(("place", "tries"), [("", ()), ("0 1", (0, 1)), ("1 7 -1 x 0", (1, 0))])
def test_invalid_answers_are_ignored(place: str, tries: tuple[int, ...]) -> None:
    assert read_tries(place, ASKED) == tries


def test_markup_in_a_quiz_is_escaped() -> None:
    assert "<script>" not in make_question("<script>", {"<script>": "<script>"}, right="<script>").render()
