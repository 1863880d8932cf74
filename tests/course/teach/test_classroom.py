"""A folder of hand-ins becomes a table, a map and CSV; what cannot be true is named, and nobody's code is run."""
from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest

from pkvm_model.course import doctor
from pkvm_model.course.errors import CourseError
from pkvm_model.course.learner import handin
from pkvm_model.course.learner.handin import HandIn
from pkvm_model.course.paths import ROOT
from pkvm_model.course.setup.signed_line import sign
from pkvm_model.course.teach import classroom, doubts, heat_map
from pkvm_model.practice.exercises import Exercise, load_exercises
from pkvm_model.practice.progress import ExerciseRecord
from tests.course import travel
from tests.course.teach import made_up

SAMPLE = ROOT / "docs" / "workshop" / "hand-ins"
NO_CHOICE = "solved, and its answer cannot be read as a choice"
Thirty = tuple[Path, dict[str, str], classroom.Classroom]


@pytest.fixture(scope="module")
def thirty(tmp_path_factory: pytest.TempPathFactory) -> Thirty:
    """Return thirty hand-ins: their folder, the phrases that must name the broken ones, and the classroom."""
    folder = tmp_path_factory.mktemp("thirty")
    phrases = made_up.write_class(folder)
    return folder, phrases, classroom.read(folder)


def read(tmp_path: Path, name: str = "Ada", **exercises: ExerciseRecord) -> classroom.Classroom:
    """Return the classroom of one hand-in."""
    done = {each.replace("_", "-"): facts for each, facts in exercises.items()}
    (tmp_path / "one.json").write_text(handin.to_text(HandIn(name, handin.digest_course(), done)))
    return classroom.read(tmp_path)


def test_each_of_thirty_files_is_read_or_refused(thirty: Thirty) -> None:
    folder, _, group = thirty
    assert len(list(folder.iterdir())) == 30
    assert len(group.learners) + len(group.collection.refused) == 30
    assert len(group.collection.refused) == len(made_up.NO_HAND_INS)


def test_every_broken_file_is_named_with_its_reason_and_no_other(thirty: Thirty) -> None:
    _, phrases, group = thirty
    rows = {file: why for file, _, why in group.doubts().rows}
    assert rows.keys() == phrases.keys()
    assert not [(file, phrase, rows[file]) for file, phrase in phrases.items() if phrase not in rows[file]]


def test_the_table_says_what_the_files_say(thirty: Thirty) -> None:
    folder, _, group = thirty
    for row, learner in zip(group.table().rows, group.learners, strict=True):
        noted = handin.read(folder / learner.file).exercises
        known = [done for name, done in noted.items() if name in group.exercises]
        assert row[0] == learner.hand_in.name
        assert row[1] == f"{sum(done.solved for done in known)} of {len(group.exercises)}"
        sums = [sum(getattr(done, fact) for done in known) for fact in ("hints", "shown", "tries")]
        assert row[2:5] == (*map(str, sums),)


def test_the_csv_has_a_line_for_each_learner_and_exercise(thirty: Thirty) -> None:
    _, _, group = thirty
    rows = list(csv.DictReader(io.StringIO(group.csv())))
    assert len(rows) == len(group.learners) * len(group.exercises)
    solved = {(row["file"], row["exercise"]) for row in rows if row["solved"] == "True"}
    assert solved == {(learner.file, name) for learner in group.learners for name in group.exercises
                      if learner.progress_in(name).solved}


def test_the_class_is_stuck_where_most_tried_in_vain(thirty: Thirty) -> None:
    _, _, group = thirty
    first, *rest = group.stuck(most=100).rows
    stuck = {row[0]: int(row[3]) + int(row[4]) for row in (first, *rest)}
    assert stuck[first[0]] == max(stuck.values())
    assert stuck[first[0]] == sum(
        (not done.solved and bool(done.tries)) + done.shown for learner in group.learners
        if (done := learner.progress_in(first[0])) != ExerciseRecord())


@pytest.mark.parametrize(("done", "sign"), [
    (ExerciseRecord(), "·"),
    (ExerciseRecord(2, answer="x"), "…"),
    (ExerciseRecord(2, 3, shown=True, answer="x"), "S"),
    (made_up.solve("find-the-hole"), "✓"),
    (made_up.solve("find-the-hole")._replace(hints=2, steps=8), "✓2 +2"),
    (made_up.solve("find-the-hole")._replace(tries=0), "✓ !")])
def test_the_map_has_a_sign_and_a_colour_in_each_cell(tmp_path: Path, done: ExerciseRecord, sign: str) -> None:
    group = read(tmp_path, find_the_hole=done, lived_to_see=ExerciseRecord(1))
    at = group.exercises.index("find-the-hole")
    assert group.heat().rows[0][1][at] == sign
    assert f'background:{heat_map.COLOURS[sign[0]]}">{sign}</td>' in group.heat()._repr_html_()


def test_code_in_an_answer_is_never_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trap = tmp_path / "was-run"
    code = f"answer = open({str(trap)!r}, 'w')\nrun = __import__('os').system('touch {trap}')"
    group = read(tmp_path, lived_to_see=ExerciseRecord(1, solved=True, answer=code),
                 close_the_hole=ExerciseRecord(1, solved=True, answer=code))
    assert not trap.exists()
    assert group.learners[0].doubts == {"lived-to-see": (NO_CHOICE,)}


def test_code_in_place_of_a_choice_is_not_run_either(tmp_path: Path) -> None:
    answer = 'answer = "-EBUSY".upper()'
    group = read(tmp_path, lived_to_see=ExerciseRecord(1, solved=True, answer=answer))
    assert group.learners[0].doubts == {"lived-to-see": (NO_CHOICE,)}


@pytest.mark.parametrize(("answer", "doubts"), [
    ('answer = f()', (NO_CHOICE,)), ('answr = "0"', (NO_CHOICE,)), ("answer", (NO_CHOICE,)), ("# done", (NO_CHOICE,)),
    ("answer = {}[0]", (NO_CHOICE,)), ("answer = 3", ("solved, and its answer does not pass",)),
    ('x = f()\nanswer = "nothing: the machine ends"', ()), ('answer = f()\nanswer = "Nothing:  the machine ends"', ())])
def test_an_answer_that_is_no_choice_is_doubted(tmp_path: Path, answer: str, doubts: tuple[str, ...]) -> None:
    record = made_up.solve("lived-to-see")._replace(answer=answer)
    assert read(tmp_path, lived_to_see=record).learners[0].doubts.get("lived-to-see", ()) == doubts


def test_a_number_is_a_choice(tmp_path: Path) -> None:
    solved = made_up.solve("count-the-warnings")
    plain = solved._replace(answer=re.sub('"([0-9]+)"', r"\1", solved.answer))
    assert plain != solved
    assert read(tmp_path, count_the_warnings=plain).learners[0].doubts == {}


@pytest.mark.parametrize("exercise", load_exercises().values(), ids=lambda exercise: exercise.id)
def test_an_honest_solution_is_not_doubted(exercise: Exercise) -> None:
    hand_in = HandIn("Ada", made_up.OLD, {exercise.id: made_up.solve(exercise.id)})
    assert dict(doubts.find_doubts(hand_in)) == {}


@pytest.mark.parametrize("answer", ["(" * 5_000, "answer = \x00", "def", "answer = " + "-" * 50_000 + "1"])
def test_an_answer_that_is_not_python_is_doubted_and_does_no_harm(tmp_path: Path, answer: str) -> None:
    group = read(tmp_path, lived_to_see=ExerciseRecord(1, solved=True, answer=answer))
    assert group.learners[0].doubts == {"lived-to-see": (NO_CHOICE,)}


def test_a_name_is_neither_markup_on_a_page_nor_a_formula_in_a_spreadsheet(tmp_path: Path) -> None:
    group = read(tmp_path, name="=<b>1</b>", lived_to_see=ExerciseRecord(1, answer="x"))
    assert "<b>1" not in group.heat()._repr_html_() + group.table()._repr_html_()
    assert ",'=<b>1</b>," in group.csv()


def test_a_folder_without_hand_ins_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="there is no hand-in in"):
        classroom.read(tmp_path)


def test_hand_ins_from_another_version_are_counted(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text(handin.to_text(HandIn("Ada", made_up.OLD, {})))
    assert "another version of the course: 1" in classroom.read(tmp_path).doubts().note


def test_the_seats_say_who_can_work_and_whose_line_was_cut() -> None:
    lines = [doctor.format_line([doctor.Diagnosis(word, "nbval", "")]) for word in ("ok", "missing")]
    rows = classroom.seats("\n\n".join([*lines, lines[0][5:]])).rows
    assert [row[2] for row in rows] == ["yes", "no: missing nbval", "the line is not whole: ask for it again"]


def test_the_stored_sample_is_what_the_seed_makes(tmp_path: Path) -> None:
    made_up.write_sample(tmp_path)
    written, stored = ({path.name: path.read_text() for path in folder.iterdir()} for folder in (tmp_path, SAMPLE))
    assert written == stored


def test_a_check_that_fails_on_an_odd_answer_stops_nothing_else(tmp_path: Path,
                                                                monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(exercise: Exercise, values: object) -> None:
        raise ZeroDivisionError

    doubts.check_again.cache_clear()
    monkeypatch.setattr(doubts, "judge_values", stop)
    group = read(tmp_path, lived_to_see=ExerciseRecord(1, solved=True, answer='answer = "0"'))
    doubts.check_again.cache_clear()
    assert group.learners[0].doubts == {"lived-to-see": ("solved, and its answer does not pass",)}


def test_subfolders_are_read_too(tmp_path: Path) -> None:
    (tmp_path / "ada").mkdir()
    read(tmp_path / "ada", lived_to_see=ExerciseRecord(1, answer="x"))
    assert [learner.file for learner in classroom.read(tmp_path).learners] == ["ada/one.json"]


LINE = doctor.format_line([doctor.Diagnosis("ok", "nbval", ""), doctor.Diagnosis("note", "Chromium", "")])
MAILED = {
    "as it is": LINE,
    "two on one line": f"{LINE} {LINE}",
    "with other text": f"Hi, my line is: {LINE} Best, Ada\n\nAda | the university\n",
    "quoted": travel.quote(LINE), "quoted twice": travel.quote(travel.quote(LINE, ">")),
    "wrapped": travel.wrap(LINE, 60), "wrapped and quoted": travel.quote(travel.wrap(LINE, 50)),
    "flowed": travel.wrap(LINE, 60, behind=" "), "cut at 31": re.sub("(.{31})", r"\1\n", LINE),
    "cut in pkvm-course": LINE.replace("pkvm-", "pkvm-\n"), "cut in the code": f"{LINE[:-2]}\n{LINE[-2:]}",
    "quoted-printable": re.sub("(.{40})", r"\1=\n", LINE),
    "hard spaces": LINE.replace(" ", travel.NBSP), "soft hyphens": LINE.replace("-", f"-{travel.SOFT}"),
    "CRLF": travel.wrap(LINE, 60).replace("\n", "\r\n"), "a mark": f"\ufeff{LINE}", "spaces": LINE.replace(" ", "  ")}


@pytest.mark.parametrize("way", MAILED)
def test_a_seat_is_read_from_a_mail(way: str) -> None:
    rows = classroom.seats(f"{MAILED[way]}\n{MAILED[way]}").rows
    assert {row[2] for row in rows} == {"yes"}
    assert len(rows) == (4 if "two" in way else 2)


@pytest.mark.parametrize(("text", "answer"), [
    (sign("pkvm-course 0.1.0 | linux | jupyterlab 4 | ok 1 | note nothing"), "a part of the line is missing: "),
    (sign("pkvm-course 0.1.0"), "a part of the line is missing: "),
    (LINE.replace("ok 1", "ok 2"), "the line is not whole: "),
    (LINE[:60], "the line is not whole: "),
    (travel.quote(travel.wrap(LINE.replace("ok 1", "ok 2"), 60)), "the line is not whole: "),
    (LINE[40:], "the line is not whole: "),
    (sign("pkvm-course 0 | \x1b[2J | jupyterlab 4 | ok 1 | note nothing | missing \u202ea"), "no: missing \\u202ea")])
def test_a_seat_without_a_part_is_refused_in_words(text: str, answer: str) -> None:
    (row,) = classroom.seats(text).rows
    assert row[2].startswith(answer)
    assert "\x1b" not in row[1]


def test_seats_without_a_line_say_so() -> None:
    assert classroom.seats("Dear all,\nI lost it.").note == "There is no line here."


def test_control_characters_in_a_run_are_escaped(tmp_path: Path) -> None:
    trace = "pkvm-trace 1 v1 without=\x1b[2J\u202e\nstate 0123456789ab"
    group = read(tmp_path, find_the_hole=made_up.solve("find-the-hole")._replace(trace=trace))
    shown = repr(group.doubts()) + group.csv()
    assert "does not replay" in shown
    assert not {"\x1b", "\u202e"} & {*shown}
