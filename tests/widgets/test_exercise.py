"""An exercise's card: what it ships, what it gives when asked, and what is noted of it."""
from __future__ import annotations

import json
from pathlib import Path

import pytest
from IPython.core.error import UsageError

from pkvm_model import lesson
from pkvm_model.practice import progress
from pkvm_model.practice.exercises import find_exercise, load_exercises
from pkvm_model.practice.progress import ExerciseRecord
from pkvm_model.practice.verdict import Verdict
from pkvm_model.widgets import exercise as cards
from pkvm_model.widgets.exercise import Card, check, noted_after

PREDICT = find_exercise("lived-to-see")
REFUSED = Verdict(False, "Not so.", "1 run")
GOOD = Verdict(True, "So it is.", "1 run")


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Gives a learner's copy, in whose folder of exercises a kernel runs."""
    (tmp_path / progress.COPY).write_text("{}")
    (tmp_path / "exercises").mkdir()
    monkeypatch.chdir(tmp_path / "exercises")
    return tmp_path


def shipped(card: Card) -> str:
    """Everything that the front end gets before it asks."""
    return f"{card.packed}{card.describe()}{card.static()}"


def test_a_refused_answer_gets_its_sentence_and_no_solution(copy: Path) -> None:
    card = check(PREDICT, 'answer = "-EBUSY"')
    assert card.describe().startswith("Not yet. That value stands behind a warning")
    assert json.loads(card.packed)["solution"] is None
    assert not [hint for hint in PREDICT.hints if hint in shipped(card)]


def test_a_right_answer_gets_the_solution_and_the_run(copy: Path) -> None:
    card = check(PREDICT, PREDICT.solution)
    told = json.loads(card.packed)
    assert (told["passed"], told["solution"]["code"]) == (True, PREDICT.solution)
    assert json.loads(told["along"])["rows"]


def test_what_was_tried_is_noted_in_the_copy(copy: Path) -> None:
    check(PREDICT, 'answer = "0"')
    check(PREDICT, PREDICT.solution)
    (noted,) = progress.read(copy).values()
    assert (noted.tries, noted.solved, noted.answer) == (2, True, PREDICT.solution)


def test_an_open_answer_is_no_try(copy: Path) -> None:
    assert check(PREDICT, PREDICT.stub).describe().startswith("Not answered yet. `answer` is still open.")
    assert progress.read(copy)[PREDICT.id].tries == 0


def test_hints_come_one_by_one_and_are_noted(copy: Path) -> None:
    card = check(PREDICT, 'answer = "0"')
    assert card.answer({"hints": 1}) == {"hints": [PREDICT.hints[0]]}
    assert card.answer({"hints": 2}) == {"hints": [*PREDICT.hints[:2]]}
    assert progress.read(copy)[PREDICT.id].hints == 2


def test_hints_that_were_given_stay_until_the_answer_is_right(copy: Path) -> None:
    check(PREDICT, 'answer = "0"').answer({"hints": 2})
    again = check(PREDICT, 'answer = "-ENOENT"')
    assert json.loads(again.packed)["given"] == [*PREDICT.hints[:2]]
    assert PREDICT.hints[1] in again.describe()
    assert json.loads(check(PREDICT, PREDICT.solution).packed)["given"] == []


def test_what_was_solved_stays_so_and_a_later_refusal_says_it(copy: Path) -> None:
    assert cards.SOLVED not in check(PREDICT, 'answer = "0"').describe()
    check(PREDICT, PREDICT.solution)
    assert cards.SOLVED in check(PREDICT, 'answer = "0"').describe()


def test_of_several_choices_the_card_names_the_wrong_one(copy: Path) -> None:
    twice = find_exercise("lent-twice")
    told = json.loads(check(twice, twice.solution.replace('later = "0"', 'later = "-EPERM"')).packed)["sentence"]
    assert told == f"`later`: {twice.options['later']['-EPERM']}"


def test_a_solution_that_was_asked_for_is_noted_and_stays(copy: Path) -> None:
    assert check(PREDICT, 'answer = "0"').answer({"show": True})["solution"]["explained"] == PREDICT.explained
    assert progress.read(copy)[PREDICT.id].shown
    assert json.loads(check(PREDICT, 'answer = "0"').packed)["solution"] is not None


def test_outside_of_a_copy_the_card_says_that_nothing_is_noted(tmp_path: Path) -> None:
    card = check(PREDICT, 'answer = "0"', tmp_path)
    assert cards.UNNOTED in card.describe()
    assert card.answer({"hints": 3}) == {"hints": [*PREDICT.hints]}
    assert not list(tmp_path.iterdir())


def test_progress_that_cannot_be_kept_is_said_on_the_card(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(progress, "write_atomically", full)
    assert "could not be kept (No space left on device)" in check(PREDICT, PREDICT.solution).describe()


def test_a_later_try_does_not_replace_a_right_answer() -> None:
    solved = noted_after(ExerciseRecord(), GOOD, "right")
    assert noted_after(solved, REFUSED, "worse") == solved._replace(tries=2)


def test_of_two_right_runs_the_shorter_one_counts() -> None:
    noted = ExerciseRecord()
    for number in (6, 4, 5):
        verdict = Verdict(True, "So.", trace=f"run {number}", steps=number, fewest=4)
        noted = noted_after(noted, verdict, f"answer {number}")
    assert noted == ExerciseRecord(3, solved=True, steps=4, fewest=4, answer="answer 4", trace="run 4")


def test_what_the_code_printed_and_what_python_says_are_on_the_card(copy: Path) -> None:
    card = check(PREDICT, 'print("so far"); 1 / 0')
    told = json.loads(card.packed)
    assert told["printed"] == "so far\n"
    assert told["sentence"] == "Your code went wrong: ZeroDivisionError: division by zero."
    assert "your answer" in told["details"]


def test_the_cell_magic_knows_what_passed(copy: Path) -> None:
    assert not lesson.passed(PREDICT.id)
    lesson.answer(f" {PREDICT.id} ", PREDICT.solution)
    assert lesson.passed(PREDICT.id)
    lesson.answer(PREDICT.id, PREDICT.stub)
    assert not lesson.passed(PREDICT.id)


def test_an_unknown_exercise_is_one_line() -> None:
    with pytest.raises(UsageError, match=r"^there is no exercise 'lived'; there is lived-to-see. The first"):
        lesson.answer("lived", "")


@pytest.mark.parametrize(("place", "after"), [(0, "make-it-notice.ipynb"), (2, "../02-who-owns-this-page.ipynb"),
                                              (-1, "../course-map.ipynb")])
def test_a_card_that_passed_names_the_notebook_that_comes_next(place: int, after: str) -> None:
    one = [*load_exercises().values()][place]
    notes = cards.Notes(one.id, Path("/"))
    assert Card(one, GOOD, notes).after == after
    refused = Card(one, REFUSED, notes)
    assert (refused.next, refused.after) == ("Change the cell above and run it again.", "")
