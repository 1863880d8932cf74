"""Which questions of earlier chapters are asked again."""
from __future__ import annotations

import json
from pathlib import Path

import pytest

from pkvm_model.practice import again
from pkvm_model.practice.notebook import make_code_cell
from pkvm_model.show.quiz import make_question

QUIZ = 'quiz("{}", {{\n    "This":\n        "No, "\n        "look again.",\n    "That": "Because."}}, right="That")'
QUESTIONS = {name: make_question(name, {"This": "No.", "That": "Because."}, "That") for name in "abcdef"}
USUAL = ("d", "b")


def write_chapter(folder: Path, name: str, *cells: tuple[str, str]) -> None:
    """Write a notebook with cells of code."""
    (folder / name).write_text(json.dumps({"cells": [make_code_cell(*cell) for cell in cells]}))


def test_the_questions_of_earlier_chapters_are_read_from_their_cells(tmp_path: Path) -> None:
    write_chapter(tmp_path, "01-a.ipynb", ("quiz-one", QUIZ.format("One?")), ("bench", "bench(SCENE)"))
    write_chapter(tmp_path, "02-b.ipynb", ("quiz-one", QUIZ.format("Two?")), ("quiz-2", QUIZ.format("Three?")))
    write_chapter(tmp_path, "03-c.ipynb", ("quiz-one", QUIZ.format("Late?")))
    found = again.list_questions("03", tmp_path)
    assert {name: question.asks for name, question in found.items()} == {
        "01 quiz-one": "One?", "02 quiz-one": "Two?", "02 quiz-2": "Three?"}
    assert found["01 quiz-one"] == make_question("One?", {"This": "No, look again.", "That": "Because."}, "That")


@pytest.mark.parametrize("source", [
    "bench(SCENE)", 'quiz("Which', 'quiz("Which?", OPTIONS, right="That")', 'quiz("Which?", {"This": "No."}, right="")',
    'quiz("Which?")', 'quiz("Which?", {"That": "Yes."}, right="That"); print()'])
def test_a_cell_that_does_not_ask_in_plain_words_asks_nothing(source: str) -> None:
    assert again.parse_question(source) is None


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"cells": 1}', '{"cells": [{"source": ""}]}', "\udcff"])
def test_a_chapter_that_cannot_be_read_asks_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "01-a.ipynb").write_bytes(content.encode("utf-8", "surrogateescape"))
    assert again.list_questions("02", tmp_path) == {}


@pytest.mark.parametrize(("answers", "chosen"), [
    ({}, "db"),                                                  # nobody answered anything: the usual ones
    (dict.fromkeys("abcdef", "1"), "db"),                        # all right: the usual ones
    ({"e": "0", "c": "0 1"}, "ce"),                              # missed ones, even if mended, as the chapters are
    ({"e": "0", "d": "0", "a": "0"}, "da"),                      # of those the usual one first
    ({"e": "0"}, "ed"),                                          # then one without an answer, the usual one first
    (dict.fromkeys("abdef", "1"), "cd"),                         # one left out, and a usual one
    ({"f": "0"} | dict.fromkeys("abde", "1"), "fc"),
    ({"c": "7"} | dict.fromkeys("abdef", "1"), "cd"),            # what is no answer is none
])
def test_missed_questions_come_first_then_those_left_out_then_the_usual_ones(answers: dict[str, str],
                                                                            chosen: str) -> None:
    assert again.choose(QUESTIONS, answers, USUAL) == [*chosen]


def test_a_usual_question_that_is_not_there_is_not_chosen() -> None:
    assert again.choose({"a": QUESTIONS["a"]}, {}, USUAL) == ["a"]
    assert again.choose({}, {}, USUAL) == []


def test_a_choice_is_read_as_it_was_written() -> None:
    choice = {"01 quiz-enemy": 0, "12 quiz-box-count": 12}
    assert again.read_choice(again.write_choice(choice)) == choice
    assert again.read_choice("") == again.read_choice("my notes, 1") == {}
    assert again.read_choice(f"01 quiz-a {'9' * 5000}") == {}


def test_what_other_chapters_have_asked_again_is_known() -> None:
    places = {"again 04": "01 quiz-a 0, 02 quiz-b 3", "again 07": "03 quiz-c 0", "quiz-which 12345678": "0 1"}
    assert again.list_chosen_elsewhere(places, "07") == {"01 quiz-a", "02 quiz-b"}
    assert again.list_chosen_elsewhere(places, "10") == {"01 quiz-a", "02 quiz-b", "03 quiz-c"}
