"""The sequence view, the EL2 time chart and questions: what they leave in a notebook, and what Python reads back."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pkvm_model.lesson import bench, el2_time, predict, quiz, sequence
from pkvm_model.practice import again, quizzes
from pkvm_model.practice.progress import COPY
from pkvm_model.scenes.start_here import COLD_OPEN
from pkvm_model.show.quiz import make_prediction, make_question
from pkvm_model.show.story import play
from pkvm_model.widgets.quiz import Prediction, Quiz, QuizAgain, ask_again
from pkvm_model.widgets.widget import MIME, Widget
from tests.widgets.listening import listen

FOUR = play(COLD_OPEN, 1, 0, 1, 0)

def ask_which() -> Quiz:
    """Return a quiz."""
    return quiz("Which one?", {"This": "No.", "That": "Because."}, right="That")


MAKERS: dict[str, Callable[[], Widget]] = {
    "sequence": lambda: sequence(FOUR), "el2time": el2_time,
    "quiz": ask_which,
    "prediction": lambda: predict("Is the next click safe?", "yes", "no")}


@pytest.fixture
def asked() -> Quiz:
    """Return a quiz."""
    return ask_which()


@pytest.mark.parametrize("kind", MAKERS)
def test_two_widgets_store_the_same_words_and_form_without_scripts(kind: str) -> None:
    stored = []
    for _ in range(2):
        data, _ = MAKERS[kind]()._repr_mimebundle_()
        assert data[MIME]["kind"] == kind
        assert len(data["text/plain"]) > 20
        assert "<script" not in data["text/html"]
        stored.append(json.dumps({name: data[name] for name in (MIME, "text/plain", "text/html")}))
    assert stored[0] == stored[1]


@pytest.mark.parametrize(("kind", "text"), [
    ("sequence", "SequenceView('cold-open-sequence', 18 regions, at 0)"),
    ("el2time", "El2Time(read at 32 pages side by side)"), ("quiz", "Quiz('Which one?', 0 tries)"),
    ("prediction", "Prediction('Is the next click safe?')")])
def test_each_repr_is_one_short_line_without_an_address(kind: str, text: str) -> None:
    assert repr(MAKERS[kind]()) == text


def test_a_sequence_describes_the_position_and_the_whole_run() -> None:
    shown = sequence(FOUR)
    shown.place = "16"
    first, _, rest = shown.describe().partition("\n\n")
    assert first == ("Four clicks (v1), region 16 of 18. CPU 1’s finalise gives page vm0 back to the host while "
                     "CPU 0’s unshare still holds a reference.")
    assert rest == repr(shown.sequence.table())


def test_python_can_highlight_a_region_that_exists() -> None:
    shown = sequence(FOUR)
    sent = listen(shown)
    shown.goto(3)
    assert (shown.at, sent) == (3, [{"place": "3"}])
    with pytest.raises(ValueError, match="regions 1 to 18"):
        shown.goto(19)


def test_an_invalid_place_leaves_a_sequence_at_its_start_or_end() -> None:
    shown = sequence(FOUR)
    for place, at in (("x", 0), ("999", 18)):
        shown.place = place
        assert shown.at == at


def test_the_steps_on_a_bench_become_a_sequence() -> None:
    done = bench(COLD_OPEN)
    done.goto(str(FOUR.trace))
    assert sequence(done).sequence.table() == sequence(FOUR).sequence.table()


def test_a_trace_text_becomes_a_sequence() -> None:
    calls = sequence(str(FOUR.trace)).sequence.calls()
    assert calls[0].text == "kvm_create_vm(kvm0)"


def test_the_chart_reads_the_learners_position() -> None:
    chart = el2_time()
    chart.place = "1 2"
    assert chart.read == (512, 8)
    assert chart.describe().startswith("8 pages 2 MiB apart. all calls of pre in one")
    for place, read in (("1 99", (512, 32)), ("7 2", (1, 32)), ("x", (1, 32))):
        chart.place = place
        assert chart.read == read


def test_python_reads_the_answers_of_a_quiz_back(asked: Quiz) -> None:
    assert (asked.chosen, asked.tries, asked.right) == (None, 0, False)
    asked.place = "0"
    assert (asked.chosen, asked.tries, asked.right) == ("This", 1, False)
    asked.place = "0 1"
    assert (asked.chosen, asked.tries, asked.right, asked.answers) == ("That", 2, True, ("This", "That"))
    assert repr(asked) == "Quiz('Which one?', 2 tries, right)"


def test_the_name_of_a_quiz_comes_from_its_question(asked: Quiz) -> None:
    assert json.loads(asked.packed)["name"] == "quiz-which-one"


def test_answers_to_a_quiz_stay_when_its_cell_runs_again(tmp_path: Path) -> None:
    (tmp_path / COPY).write_text("{}")
    ask = make_question("Which one?", {"This": "No.", "That": "Because."}, "That")
    Quiz(ask, tmp_path).place = "0 1"
    Quiz(make_question("And here?", {"This": "No.", "That": "Because."}, "That"), tmp_path).place = "0"
    assert Quiz(ask, tmp_path).answers == ("This", "That")


def test_answers_to_a_quiz_that_has_changed_do_not_count(tmp_path: Path) -> None:
    (tmp_path / COPY).write_text("{}")
    Quiz(make_question("Which one?", {"This": "No.", "That": "Because."}, "That"), tmp_path).place = "1"
    assert Quiz(make_question("Which one?", {"That": "Because.", "This": "No."}, "That"), tmp_path).tries == 0


@pytest.mark.parametrize("damaged", ["", "[]", '{"a": 1', "\ufeff"])
def test_a_damaged_file_of_answers_is_put_aside(tmp_path: Path, damaged: str) -> None:
    (tmp_path / COPY).write_text("{}")
    (tmp_path / quizzes.NAME).write_text(damaged)
    shown = Quiz(make_question("Which one?", {"This": "No.", "That": "Because."}, "That"), tmp_path)
    assert shown.tries == 0
    shown.place = "1"
    assert (tmp_path / quizzes.DAMAGED).read_text() == damaged
    assert Quiz(shown.question, tmp_path).right


def test_half_a_character_in_the_file_of_answers_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / COPY).write_text("{}")
    (tmp_path / quizzes.NAME).write_text(r'{"\ud800": "\udfff"}')
    shown = Quiz(make_question("Which one?", {"This": "No.", "That": "Because."}, "That"), tmp_path)
    shown.place = "1"
    assert Quiz(shown.question, tmp_path).right


def test_a_quiz_outside_of_a_copy_keeps_nothing(tmp_path: Path) -> None:
    ask = make_question("Which one?", {"This": "No.", "That": "Because."}, "That")
    Quiz(ask, tmp_path).place = "1"
    assert Quiz(ask, tmp_path).tries == 0
    assert list(tmp_path.iterdir()) == []


def test_python_reads_a_prediction_back_and_a_change_replaces_it() -> None:
    shown = predict("Is the next click safe?", "yes", "no")
    assert shown.taken is None
    for place in ("yes", "no"):
        shown.place = place
        assert shown.taken == place
    assert repr(shown) == "Prediction('Is the next click safe?', taken: 'no')"
    shown.place = "perhaps"
    assert shown.taken is None


def test_a_prediction_is_never_right_or_wrong() -> None:
    shipped = json.loads(predict("Is the next click safe?", "yes", "no").packed)
    assert shipped == {"name": "predict-is-the-next-click-safe", "title": "Is the next click safe?",
                       "options": ["yes", "no"], "longest": 200}
    assert not hasattr(Prediction, "right")


@pytest.mark.parametrize(("options", "taken"), [(("yes", "no"), "no"), ((), "the fourth one")])
def test_a_prediction_stays_when_its_cell_runs_again(tmp_path: Path, options: tuple[str, ...], taken: str) -> None:
    (tmp_path / COPY).write_text("{}")
    Quiz(make_question("Safe?", {"yes": "No.", "no": "Yes."}, "no"), tmp_path).place = "0"
    Prediction(make_prediction("Safe?", options), tmp_path).place = taken
    assert Prediction(make_prediction("Safe?", options), tmp_path).taken == taken
    assert Prediction(make_prediction("Is it safe?", options), tmp_path).taken is None


USUAL = ("01 quiz-enemy", "02 quiz-give")


def ask_first(folder: Path, name: str, place: str) -> Quiz:
    """Answer a question in its own chapter."""
    asked = Quiz(again.list_questions("99")[name], folder)
    asked.place = place
    return asked


def names(asked: list[QuizAgain]) -> list[str]:
    """Return the questions that are asked again."""
    every = {question: name for name, question in again.list_questions("99").items()}
    return [every[each.question] for each in asked]


def test_outside_of_a_copy_the_usual_questions_are_asked_again_as_their_chapters_store_them(tmp_path: Path) -> None:
    for each, name in zip(ask_again("04", USUAL, tmp_path), USUAL, strict=True):
        first = Quiz(again.list_questions("99")[name], tmp_path)
        assert (each.packed, each.place, repr(each)) == (first.packed, "", repr(first))
    assert list(tmp_path.iterdir()) == []


def test_a_question_asked_again_begins_afresh_and_its_answers_follow_the_earlier_ones(tmp_path: Path) -> None:
    (tmp_path / COPY).write_text("{}")
    first = ask_first(tmp_path, "03 quiz-error", "0 1")
    asked = ask_again("07", USUAL, tmp_path)
    assert names(asked) == ["03 quiz-error", "01 quiz-enemy"]
    assert [each.tries for each in asked] == [0, 0]
    asked[0].place = "1"
    assert quizzes.read(tmp_path) == {first.kept_as: "0 1 1", "again 07": "03 quiz-error 2, 01 quiz-enemy 0"}
    assert Quiz(first.question, tmp_path).tries == 3


def test_once_answered_the_same_questions_are_there_when_the_cell_runs_again(tmp_path: Path) -> None:
    (tmp_path / COPY).write_text("{}")
    ask_again("04", USUAL, tmp_path)[1].place = "1"
    ask_first(tmp_path, "03 quiz-error", "0")
    ask_again("04", USUAL, tmp_path)[0].place = "0 1"
    asked = ask_again("04", USUAL, tmp_path)
    assert names(asked) == [*USUAL]
    assert [each.place for each in asked] == ["0 1", "1"]


def test_before_an_answer_the_choice_follows_the_progress(tmp_path: Path) -> None:
    (tmp_path / COPY).write_text("{}")
    assert names(ask_again("04", USUAL, tmp_path)) == [*USUAL]
    ask_first(tmp_path, "03 quiz-error", "0")
    assert names(ask_again("04", USUAL, tmp_path)) == ["03 quiz-error", USUAL[0]]


def test_no_question_comes_back_in_two_chapters(tmp_path: Path) -> None:
    (tmp_path / COPY).write_text("{}")
    ask_first(tmp_path, "03 quiz-error", "0")
    ask_again("04", USUAL, tmp_path)[0].place = "0"
    assert names(ask_again("07", ("05 quiz-ebusy", "03 quiz-error"), tmp_path))[0] == "05 quiz-ebusy"


def test_a_choice_whose_question_is_gone_is_made_again(tmp_path: Path) -> None:
    (tmp_path / COPY).write_text("{}")
    (tmp_path / quizzes.NAME).write_text(quizzes.to_text({"again 04": "01 quiz-gone 0, 02 quiz-give 0"}))
    assert names(ask_again("04", USUAL, tmp_path)) == [*USUAL]
