"""Questions, their verdicts, and the answers given so far."""

import pytest

from pkvm_model.show.quiz import (
    LONGEST,
    describe_prediction,
    describe_quiz,
    make_prediction,
    make_question,
    read_prediction,
    read_tries,
)

ASKED = make_question("Which?", {"This": "No.", "That": "Because."}, right="That")
SAFE, WORD = make_prediction("Safe?", ["yes", "no"]), make_prediction("Which call?", [])


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


def test_a_prediction_in_words_has_no_verdict() -> None:
    assert describe_prediction(SAFE, None) == "Predict: Safe?\n  ( ) yes\n  ( ) no"
    assert describe_prediction(SAFE, "no") == "Predict: Safe?\n  ( ) yes\n  (x) no\nYou predicted: no. Now find out."
    assert describe_prediction(WORD, None) == "In your words: Which call?\n  Write a line before you go on."
    assert describe_prediction(WORD, "start.").endswith("\nYou wrote: start.")


@pytest.mark.parametrize(("place", "taken"), [("", None), ("no", "no"), ("No", None), ("1", None)])
def test_only_an_option_can_be_predicted_if_there_are_any(place: str, taken: str | None) -> None:
    assert read_prediction(place, SAFE) == taken


@pytest.mark.parametrize(("place", "taken"), [
    ("", None), ("  ", None), (" start\n", "start"), ("\x1b\ud800", "\\u001b\\ud800"),
    ("x" * 999, f"{'x' * LONGEST}…")])
def test_a_typed_prediction_is_a_short_line(place: str, taken: str | None) -> None:
    assert read_prediction(place, WORD) == taken


@pytest.mark.parametrize("options", [["yes"], ["yes", "no", "yes"]])
def test_a_prediction_with_one_option_or_one_twice_is_rejected(options: list[str]) -> None:
    with pytest.raises(ValueError, match="at least two different options, or none"):
        make_prediction("Safe?", options)


@pytest.mark.parametrize("options", [[], ["<script>", "no"]])
def test_markup_in_a_prediction_is_escaped(options: list[str]) -> None:
    page = make_prediction("<script>", options).render()
    assert "<script>" not in page
    assert page.count("<li>") == len(options)
