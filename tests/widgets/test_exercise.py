"""An exercise's card: what it contains, what it returns on request, and what is recorded."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from IPython.core.error import UsageError

from pkvm_model import lesson
from pkvm_model.practice import progress
from pkvm_model.practice.exercises import find_exercise, load_exercises
from pkvm_model.practice.submit import NOT_KEPT, ProgressNote, Submission
from pkvm_model.practice.verdict import Verdict
from pkvm_model.widgets.exercise import SOLVED, Card, check

PREDICT = find_exercise("lived-to-see")
REFUSED = Verdict(False, "Not so.", "1 run")
GOOD = Verdict(True, "So it is.", "1 run")


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a learner's copy; the test runs in its folder of exercises."""
    (tmp_path / progress.COPY).write_text("{}")
    (tmp_path / "exercises").mkdir()
    monkeypatch.chdir(tmp_path / "exercises")
    return tmp_path


def collect_text(card: Card) -> str:
    """Return everything that the front end has before it makes a request."""
    return f"{card.packed}{card.describe()}{card.static()}"


def test_a_refused_answer_gets_its_sentence_and_no_solution(copy: Path) -> None:
    card = check(PREDICT.id, 'answer = "-EBUSY"')
    assert card.describe().startswith("Not yet. That code is behind a warning")
    assert json.loads(card.packed)["solution"] is None
    assert not [hint for hint in PREDICT.hints if hint in collect_text(card)]


def test_a_right_answer_gets_the_solution_and_the_run(copy: Path) -> None:
    value = json.loads(check(PREDICT.id, PREDICT.solution).packed)
    assert (value["passed"], value["solution"]["code"]) == (True, PREDICT.solution)
    assert json.loads(value["along"])["rows"]


def test_tries_are_recorded_in_the_copy(copy: Path) -> None:
    check(PREDICT.id, 'answer = "0"')
    check(PREDICT.id, PREDICT.solution)
    (record,) = progress.read(copy).values()
    assert (record.tries, record.solved, record.answer) == (2, True, PREDICT.solution)


def test_an_open_answer_does_not_count_as_a_try(copy: Path) -> None:
    assert check(PREDICT.id, PREDICT.stub).describe().startswith("Not answered yet. `answer` is still open.")
    assert progress.read(copy)[PREDICT.id].tries == 0


def test_after_a_try_nothing_is_called_unanswered(copy: Path) -> None:
    check(PREDICT.id, 'answer = "0"')
    assert check(PREDICT.id, "answer =").describe().startswith("Not yet. Python cannot read your answer")


def test_an_open_choice_is_told_to_choose_and_an_open_line_to_write(copy: Path) -> None:
    several, written = find_exercise("lent-twice"), find_exercise("broken-promise")
    assert check(several.id, several.stub).sentence == "`row` is still open. Choose one of its 3 answers."
    assert "Replace the three dots" in check(written.id, written.stub).sentence


def test_hints_come_one_by_one_and_are_recorded(copy: Path) -> None:
    card = check(PREDICT.id, 'answer = "0"')
    assert card.answer({"hints": 1}) == {"hints": [PREDICT.hints[0]]}
    assert card.answer({"hints": 2}) == {"hints": [*PREDICT.hints[:2]]}
    assert progress.read(copy)[PREDICT.id].hints == 2


def test_hints_stay_until_the_answer_is_right(copy: Path) -> None:
    check(PREDICT.id, 'answer = "0"').answer({"hints": 2})
    again = check(PREDICT.id, 'answer = "-ENOENT"')
    assert json.loads(again.packed)["given"] == [*PREDICT.hints[:2]]
    assert PREDICT.hints[1] in again.describe()
    assert json.loads(check(PREDICT.id, PREDICT.solution).packed)["given"] == []


def test_a_refusal_after_a_solution_says_that_the_solution_still_counts(copy: Path) -> None:
    assert SOLVED not in check(PREDICT.id, 'answer = "0"').describe()
    check(PREDICT.id, PREDICT.solution)
    assert SOLVED in check(PREDICT.id, 'answer = "0"').describe()


def test_the_card_names_the_wrong_one_of_several_choices(copy: Path) -> None:
    twice = find_exercise("lent-twice")
    card = check(twice.id, twice.solution.replace('later = "0"', 'later = "-EPERM"'))
    assert card.sentence == f"`later`: {twice.options['later']['-EPERM']}"


def test_a_requested_solution_is_recorded_and_stays(copy: Path) -> None:
    shown: Any = check(PREDICT.id, 'answer = "0"').answer({"show": True})
    assert shown["solution"]["explained"] == PREDICT.explanation
    assert progress.read(copy)[PREDICT.id].shown
    assert json.loads(check(PREDICT.id, 'answer = "0"').packed)["solution"] is not None


def test_outside_a_copy_the_card_says_that_nothing_is_saved(tmp_path: Path) -> None:
    card = check(PREDICT.id, 'answer = "0"', tmp_path)
    assert NOT_KEPT in card.describe()
    assert card.answer({"hints": 3}) == {"hints": [*PREDICT.hints]}
    assert not list(tmp_path.iterdir())


def test_the_card_says_when_progress_cannot_be_saved(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(progress, "write_atomically", fill_disk)
    assert "could not be saved (No space left on device)" in check(PREDICT.id, PREDICT.solution).describe()


def test_the_card_shows_printed_text_and_the_traceback(copy: Path) -> None:
    value = json.loads(check(PREDICT.id, 'print("so far"); 1 / 0').packed)
    assert value["printed"] == "so far\n"
    assert value["sentence"] == "Your code failed: ZeroDivisionError: division by zero."
    assert "your answer" in value["details"]


def test_the_cell_magic_remembers_what_passed(copy: Path) -> None:
    assert not lesson.passed(PREDICT.id)
    lesson.check_cell(f" {PREDICT.id} ", PREDICT.solution)
    assert lesson.passed(PREDICT.id)
    lesson.check_cell(PREDICT.id, PREDICT.stub)
    assert not lesson.passed(PREDICT.id)


def test_beside_a_bet_that_passed_the_machines_answer_is_shown(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[object] = []
    monkeypatch.setattr(lesson, "show", shown.append)
    bet = load_exercises()["bet-against-the-model"]
    card = lesson.check_cell(bet.id, bet.solution)
    assert card.verdict.sentence.endswith("agrees there and in every other step: the model wins.")
    assert ["agree in all 12 steps" in repr(each) for each in shown] == [True]
    lesson.check_cell(bet.id, bet.wrong[-1].code)
    assert len(shown) == 1


def test_an_unknown_exercise_is_refused_in_one_line() -> None:
    with pytest.raises(UsageError, match=r"^there is no exercise 'lived', but there is lived-to-see. The first"):
        lesson.check_cell("lived", "")


@pytest.mark.parametrize(("name", "words", "after"), [
    ("next-tenant", "Next: Close the hole, in", "close-the-hole.ipynb"),
    ("close-the-hole", "That was this chapter's last exercise on the main road. Next is the chapter",
     "../11-take-a-guard-away.ipynb"),
    ("make-it-notice", "Next: Both end the machine, in", "both-end-the-machine.ipynb"),
    ("both-end-the-machine", "That was this chapter's last exercise. Next is the chapter",
     "../02-who-owns-this-page.ipynb"),
    ("three-questions", "That was the last exercise on the main road. The map shows what you have done:",
     "../course-map.ipynb"),
    ("which-one-mends", "That was the last exercise. The map shows what you have done:", "../course-map.ipynb")])
def test_a_passed_card_leads_on_and_along_the_main_road(name: str, words: str, after: str) -> None:
    exercise = find_exercise(name)
    note = ProgressNote(exercise.id, Path("/"))
    passed = Card(Submission(exercise, GOOD, note))
    assert (passed.next, passed.after) == (words, after)
    refused = Card(Submission(exercise, REFUSED, note))
    assert (refused.next, refused.after) == ("Change the cell above and run it again.", "")
