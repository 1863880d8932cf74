"""The gradebook has the roster's own columns and a point for each exercise; no cell of any CSV is a formula."""
from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from pkvm_model.course.errors import CourseError
from pkvm_model.course.learner import handin
from pkvm_model.course.learner.handin import HandIn
from pkvm_model.course.teach import classroom
from pkvm_model.course.teach.classroom import Classroom
from pkvm_model.course.teach.pseudonyms import LETTERS
from pkvm_model.practice.progress import ExerciseRecord
from tests.course.teach import made_up

SOLVED, TRIED = made_up.solve("find-the-hole"), ExerciseRecord(1, answer="run = [1]")
CHOICE = made_up.solve("lived-to-see")
MOODLE = "First name,Last name,ID number,Email address,Groups\nAda,Byron,0017,a@b.c,1\nAlan,Turing,0018,,2\nKen,T,9,,\n"
CANVAS = ("Student,ID,SIS User ID,SIS Login ID,Section,Homework (17),Final Score\n    Points Possible,,,,,10,\n"
          '"Byron, Ada",815,s1,ada,A,9,90\n"Turing, Alan",816,s2,alan,A,8,80\n"Student, Test",9,,t,A,,\n')
SECRET = "correct horse"


def read(folder: Path, roster: str = "", **people: dict[str, ExerciseRecord]) -> Classroom:
    """Return the classroom of some learners, with a roster."""
    (folder / "class").mkdir()
    for name, done in people.items():
        (folder / "class" / f"{name}.json").write_text(handin.to_text(HandIn(name, handin.digest_course(), done)))
    (folder / "roster.csv").write_text(roster, encoding="utf-8")
    return classroom.read(folder / "class", folder / "roster.csv" if roster else None)


ADA, ALAN = {"find-the-hole": SOLVED, "lived-to-see": CHOICE}, {"find-the-hole": TRIED}


def test_moodle_gets_its_own_columns_and_no_grade_for_the_missing(tmp_path: Path) -> None:
    group = read(tmp_path, MOODLE, Ada=ADA, Alan=ALAN)
    assert group.gradebook().splitlines() == [
        "First name,Last name,ID number,Email address,lived-to-see,find-the-hole,solved",
        "Ada,Byron,0017,a@b.c,1,1,2", "Alan,Turing,0018,,0,0,0", "Ken,T,9,,-,-,-"]


def test_canvas_gets_its_own_columns_and_the_points(tmp_path: Path) -> None:
    group = read(tmp_path, CANVAS, Ada=ADA, Alan=ALAN)
    assert group.gradebook(";").splitlines() == [
        "Student;ID;SIS User ID;SIS Login ID;Section;lived-to-see;find-the-hole;solved",
        "    Points Possible;;;;;1;1;2", "Byron, Ada;815;s1;ada;A;1;1;2", "Turing, Alan;816;s2;alan;A;0;0;0"]


def test_some_exercises_or_only_the_sum_can_be_asked_for(tmp_path: Path) -> None:
    group = read(tmp_path, CANVAS, Ada=ADA)
    assert group.gradebook(exercises=()).splitlines()[0].endswith("Section,solved")
    assert group.gradebook(exercises=["find-the-hole", "next-tenant"]).splitlines()[2].endswith("A,1,0,2")
    with pytest.raises(CourseError, match=r"^the course has no exercise find-a-hole\.$"):
        group.gradebook(exercises=["find-a-hole"])


def test_what_cannot_be_true_has_no_grade(tmp_path: Path) -> None:
    group = read(tmp_path, MOODLE, Ada={"find-the-hole": SOLVED._replace(hints=99), "lived-to-see": CHOICE})
    assert group.gradebook().splitlines()[1] == "Ada,Byron,0017,a@b.c,1,-,1"


def test_without_a_roster_the_gradebook_has_names_and_files(tmp_path: Path) -> None:
    assert read(tmp_path, Ada=ADA).gradebook().splitlines() == ["name,file,lived-to-see,find-the-hole,solved",
                                                                "Ada,Ada.json,1,1,2"]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_gradebook_is_written_with_a_mark_and_read_again_as_a_roster(separator: str, tmp_path: Path) -> None:
    group = read(tmp_path, MOODLE.replace("Byron", '"Łukasz, Ünal"'), Ada=ADA)
    group.write_gradebook(tmp_path / "grades.csv", separator)
    assert (tmp_path / "grades.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    again = classroom.read(tmp_path / "class", tmp_path / "grades.csv")
    assert again.roster.people == group.roster.people


@pytest.mark.parametrize("name", ["=1+1", "Ada;=1+1", "\t=1", "@SUM(A1)", "+1", "-1", "--", "'=1", "=cmd|' /C x'!A0"])
def test_no_cell_of_a_roster_becomes_a_formula(name: str, tmp_path: Path) -> None:
    cells = io.StringIO()
    csv.writer(cells).writerows([["Name", "ID"], [name, "=2"], ["Alan", "8"]])
    text = read(tmp_path, cells.getvalue(), Alan=ALAN).gradebook()
    for separator in ",;\t|:":
        cells_found = [cell for row in csv.reader(io.StringIO(text), delimiter=separator) for cell in row]
        assert not [cell for cell in cells_found if cell.lstrip(' "')[:1] in {*"=+-@"} and cell != "-"]


def test_the_class_can_be_shown_under_other_names(tmp_path: Path) -> None:
    group = read(tmp_path, MOODLE, Ada=ADA, Alan=ALAN, Unknown=ADA)
    shown = group.anonymous(SECRET)
    text = "".join(map(repr, (shown.table(), shown.heat(), shown.doubts(), shown.stuck(), shown.files()))) + shown.csv()
    assert not [name for name in ("Ada", "Byron", "Alan", "Turing", "Unknown", "json", "0017") if name in text]
    names = [learner.name for learner in shown.learners]
    assert names == sorted(names)
    assert [len(learner.hand_in.exercises) for learner in shown.learners].count(2) == 2
    assert shown.table().note == "3 hand-ins, under other names."
    assert repr(shown.stuck()) == repr(group.stuck())


def test_other_names_stay_the_same_and_depend_on_the_secret(tmp_path: Path) -> None:
    (tmp_path / "later").mkdir()
    first = read(tmp_path, MOODLE, Ada=ADA, Alan=ALAN).anonymous(SECRET).learners
    later = read(tmp_path / "later", MOODLE, Alan=ADA, Ada=ALAN, Ken=ADA).anonymous(SECRET).learners
    other = classroom.read(tmp_path / "class").anonymous("battery staple").learners
    assert {learner.name for learner in first} < {learner.name for learner in later}
    assert not {learner.name for learner in first} & {learner.name for learner in other}


def test_namesakes_get_different_names(tmp_path: Path) -> None:
    for number in (4711, 4712):
        (tmp_path / f"Ada_{number}_assignsubmission_file_").mkdir()
        text = handin.to_text(HandIn("Ada", handin.digest_course(), {"find-the-hole": TRIED._replace(tries=number)}))
        (tmp_path / f"Ada_{number}_assignsubmission_file_" / "handin.json").write_text(text)
    assert len({learner.name for learner in classroom.read(tmp_path).anonymous(SECRET).learners}) == 2


def test_a_short_secret_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match=r"^the secret needs 8 characters or more"):
        read(tmp_path, Ada=ADA).anonymous("1234567")
    assert not {*"AEIOU01"} & {*LETTERS}
