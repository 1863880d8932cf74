"""The progress widget ships what comes next and all chapters, and reads them again on request."""
from __future__ import annotations

import json

import pytest

from pkvm_model.graphs.contract import ProgressReportValue
from pkvm_model.practice.exercises import load_exercises
from pkvm_model.practice.progress import ExerciseRecord
from pkvm_model.practice.progress_report import make_report
from pkvm_model.practice.progress_table import make_row
from pkvm_model.widgets.progress import ProgressView

EXERCISES = list(load_exercises().values())[:7]
SOLVED = ExerciseRecord(3, 1, solved=True, steps=5, fewest=4)


@pytest.fixture
def widget() -> ProgressView:
    """Return the progress of a learner who solves an exercise between two looks."""
    solved = iter(range(1, 9))

    def look() -> ProgressReportValue:
        return make_report(EXERCISES, {each.id: SOLVED for each in EXERCISES[:next(solved)]})

    return ProgressView(look)


def test_titles_files_and_what_comes_next_are_shipped(widget: ProgressView) -> None:
    shipped = json.loads(widget.packed)
    first, second = shipped["chapters"]
    assert shipped["caption"] == "1 of 7 exercises solved"
    assert shipped["next"] == {"title": "Lent twice", "file": "exercises/lent-twice.ipynb", "minutes": 5, "more": False,
                               "state": "", "facts": ""}
    assert (first["title"], first["file"], first["solved"]) == ("1. Start here", "01-start-here.ipynb", "1 of 3")
    assert first["exercises"][0]["facts"] == "3 tries, 1 hint, 5 steps, fewest possible: 4"
    assert second["title"] == "2. Who owns this page?"


def test_the_words_begin_with_what_comes_next(widget: ProgressView) -> None:
    assert widget.describe().splitlines()[:5] == [
        "1 of 7 exercises solved", "Next: Lent twice, 5 minutes, in exercises/lent-twice.ipynb",
        "1. Start here: 1 of 3", "  Count the users (solved, 3 tries, 1 hint, 5 steps, fewest possible: 4)",
        "  More: Make it notice"]
    assert "<summary>2. Who owns this page?: 0 of 4</summary>" in widget.static()


def test_the_progress_is_read_again_on_request(widget: ProgressView) -> None:
    assert widget.answer({"look": True})["caption"] == "2 of 7 exercises solved"
    assert repr(widget) == "Progress('2 of 7 exercises solved')"


def test_a_solution_that_was_shown_stays_in_sight_when_the_exercise_is_solved() -> None:
    states = [ExerciseRecord(1, shown=True), ExerciseRecord(2, shown=True, solved=True)]
    (chapter, *_) = make_report(EXERCISES, dict(zip([each.id for each in EXERCISES], states, strict=False)))["chapters"]
    assert [(each["state"], each["facts"]) for each in chapter["exercises"][:2]] == [
        ("tried", "solution shown, 1 try"), ("solved", "solution shown, 2 tries")]
    assert [make_row("it", record)[1] for record in states] == ["tried, solution shown", "solved, solution shown"]


def test_the_last_line_of_a_solved_course_says_how_to_hand_it_in() -> None:
    report = make_report(EXERCISES, {each.id: SOLVED for each in EXERCISES})
    assert (report["next"], report["note"]) == (
        None, "Everything is solved. To hand it in: python3 course.py handin")
