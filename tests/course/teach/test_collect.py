"""Every file that a class sends is a hand-in, handed in twice, refused with the true reason, or passed over."""
from __future__ import annotations

import csv
import io
import os
import unicodedata
from collections.abc import Iterable
from pathlib import Path

import pytest

from pkvm_model.course.errors import CourseError
from pkvm_model.course.learner import handin
from pkvm_model.course.learner.handin import HandIn
from pkvm_model.course.teach import classroom
from pkvm_model.course.teach.classroom import Classroom
from pkvm_model.practice.exercises import load_exercises
from pkvm_model.practice.notebook import make_notebook
from pkvm_model.practice.progress import ExerciseRecord, to_text
from tests.course import travel
from tests.course.teach import made_up

NAMES = ("Zoë", "Łukasz", "Ζωή", "Юлия", "美咲", "山田\u3000太郎", "علی\u200cرضا", "שָׁלוֹם", "ஸ்ரீ",
         "Nguyễn Thị Ánh", "O'Neil-Ünal")
SOLVED = {"find-the-hole": made_up.solve("find-the-hole")}
TRIED = {"find-the-hole": ExerciseRecord(1, answer="run = [1]")}


def write(name: str = "Ada", exercises: dict[str, ExerciseRecord] = SOLVED) -> bytes:
    """Return the text of a hand-in."""
    return handin.to_text(HandIn(name, handin.digest_course(), exercises)).encode()


def read(folder: Path, files: Iterable[tuple[str, bytes]]) -> Classroom:
    """Return the classroom of a folder with these files."""
    for name, content in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return classroom.read(folder)


def list_reasons(group: Classroom) -> dict[str, str]:
    """Return why files were refused or do not count."""
    return {file: reason for file, _, reason in group.doubts().rows}


@pytest.mark.parametrize("way", travel.WAYS)
def test_a_hand_in_is_read_after_its_journey(way: str, tmp_path: Path) -> None:
    group = read(tmp_path, [travel.WAYS[way](write())])
    assert [learner.name for learner in group.learners] == ["Ada"]
    assert group.doubts().rows == []


def test_a_class_as_programs_for_courses_give_it_out_is_read(tmp_path: Path) -> None:
    group = read(tmp_path, [
        ("Ada Lovelace_4711_assignsubmission_file_/handin.json", write("Ada")),
        ("Ada Byron_4712_assignsubmission_file_/handin.json", write("Ada", TRIED)),
        ("Alan Turing_4713_assignsubmission_file_/handin.json", travel.zipped("my_work/handin.json", write("Alan"))),
        ("hoppergrace_LATE_815_9901_handin-1.json", write("Grace")),
        ("hoppergrace2_816_9902_handin.json", write("Grace", TRIED)),
        ("hoppergrace2_816_9950_handin-2.json", write("Grace", TRIED)),
        ("Homework_s1_attempt_2026-11-29-10-00-00_handin.json", write("Ken", TRIED)),
        ("Homework_s1_attempt_2026-11-30-10-00-00_handin.json", write("Ken")),
        ("Homework_s2_attempt_2026-11-29-10-00-00_handin.json", write("Ken")),
        ("submission_3011/handin.json", write("Leslie")), ("submission_3012/handin.json", write("Leslie", TRIED))])
    assert sorted(learner.name for learner in group.learners) == [
        "Ada", "Ada", "Alan", "Grace", "Grace", "Ken", "Ken", "Leslie", "Leslie"]
    reasons = list_reasons(group)
    assert reasons["hoppergrace2_816_9950_handin-2.json"].endswith("hoppergrace2_816_9902_handin.json: counted once.")
    assert reasons["Homework_s1_attempt_2026-11-29-10-00-00_handin.json"].startswith("is by Ken like Homework_s1_")
    assert "both count" in reasons["Homework_s2_attempt_2026-11-29-10-00-00_handin.json"]
    assert len(reasons) == 3


def test_a_hand_in_that_two_learners_send_is_named_and_counts_for_both(tmp_path: Path) -> None:
    group = read(tmp_path, [("Ada_4711_assignsubmission_file_/handin.json", write("")),
                            ("Alan_4712_assignsubmission_file_/handin.json", write(""))])
    assert len(group.learners) == 2
    assert list_reasons(group) == {"Alan_4712_assignsubmission_file_/handin.json": "is the same hand-in as "
                                   "Ada_4711_assignsubmission_file_/handin.json, of another learner: both count."}


def test_a_learner_counts_once(tmp_path: Path) -> None:
    group = read(tmp_path, [
        ("handin.json", write("Ada", TRIED)), ("handin (1).json", write("Ada")), ("copy/handin.json", write("Ada")),
        ("handin (Ada's conflicted copy 2026-11-29).json", write("ADA ", TRIED | {"say-it": ExerciseRecord()}))])
    assert [(learner.name, learner.file) for learner in group.learners] == [("Ada", "handin (1).json")]
    reasons = list_reasons(group)
    assert reasons["copy/handin.json"] == "is the same hand-in as handin (1).json: counted once."
    assert reasons["handin.json"].startswith("is by Ada like handin (1).json, which has no less in it: that one")
    assert len(reasons) == 3
    assert group.table().note == "1 hand-in, 0 files refused, 3 handed in more than once and counted once."


def test_two_forms_of_one_name_are_one_learner(tmp_path: Path) -> None:
    forms = [unicodedata.normalize(form, "Zoë Ångström") for form in ("NFC", "NFD")]
    group = read(tmp_path, [(f"{number}.json", write(name, exercises)) for number, (name, exercises) in
                            enumerate(zip(forms, (SOLVED, TRIED), strict=True))])
    assert [learner.file for learner in group.learners] == ["0.json"]


def test_hand_ins_without_a_name_are_different_unless_they_are_the_same(tmp_path: Path) -> None:
    group = read(tmp_path, [("a.json", write("")), ("b.json", write("", TRIED)), ("c.json", write(""))])
    assert [learner.name for learner in group.learners] == ["a.json", "b.json"]


def test_what_systems_make_is_passed_over_in_one_line(tmp_path: Path) -> None:
    group = read(tmp_path, [
        ("handin.json", write()), ("__MACOSX/._handin.json", b"\0\5\x16\7"), ("._handin.json", b"\0\5\x16\7"),
        (".DS_Store", b"\0\0\0\1Bud1"), ("Thumbs.db", b"\xd0\xcf"), ("desktop.ini", b"[x]"),
        (".ipynb_checkpoints/handin-checkpoint.json", write())])
    assert group.doubts().rows == []
    assert group.table().note == ("1 hand-in, 0 files refused. Passed over, since they are no hand-ins: .DS_Store, "
                                  "._handin.json, Thumbs.db and 3 more.")


@pytest.mark.parametrize(("name", "content", "reason"), [
    ("notes.txt", b"hello", "it is cut or is not JSON"),
    ("report.pdf", b"%PDF-1.7", "it is a PDF"),
    ("screen.png", b"\x89PNG\r\n", "it is a picture"),
    ("find-the-hole.ipynb", make_notebook(load_exercises()["find-the-hole"]), "it is a notebook. A hand-in is what"),
    ("progress.json", to_text(SOLVED).encode(), "it is progress.json. A hand-in is what"),
    ("all.7z", b"7z\xbc\xaf\x27\x1c", "it is an archive of a kind that is not opened here"),
    ("letter.docx", travel.zipped("word/document.xml", b"", "[Content_Types].xml"), "it is an Office document"),
    ("empty.json", b"", "it is empty"),
    ("crashed.json", b"\0" * 2354, "it has only zero bytes, as after a crash"),
    ("cut.json", write().decode().encode("utf-16")[:501], "it is cut or is not JSON"),
    ("changed.json", write().replace(b"Ada", b"Bob").decode().encode("utf-16-be"), "it was cut or changed after it"),
    ("notes.txt", "Grüße".encode("latin-1"), "it is not UTF-8: byte 3 is 0xfc. Save it as UTF-8"),
    ("two.txt", write() + write("Alan"), "there is more than one hand-in in it"),
    ("winmail.dat", b"\x78\x9f\x3e\x22", "it is Outlook's winmail.dat"),
    ("onlinetext.html", b"<!DOCTYPE html><p>see the file</p>", "it is a web page")])
def test_a_file_that_is_no_hand_in_is_named(name: str, content: bytes, reason: str, tmp_path: Path) -> None:
    reasons = list_reasons(read(tmp_path, [(name, content)]))
    assert reasons.keys() == {name}
    assert reasons[name].startswith(f"is not a hand-in of this course: {reason}")


def test_many_files_of_one_kind_in_one_place_make_one_row(tmp_path: Path) -> None:
    notebook = make_notebook(load_exercises()["find-the-hole"])
    group = read(tmp_path, [("ada/handin.json", write()), *((f"ada/{number}.ipynb", notebook) for number in range(60))])
    assert [file for file, _, _ in group.doubts().rows] == ["ada/0.ipynb and 59 more files"]
    assert group.table().note == "1 hand-in, 60 files refused."


def test_the_receipts_of_blackboard_make_one_row(tmp_path: Path) -> None:
    receipt = b"Name: Ada (s1)\nAssignment: Homework\nDate Submitted: Sunday\nCurrent Grade: Not Graded Yet\n"
    group = read(tmp_path, [("handin.json", write()), *((f"Homework_s{number}_attempt_2026-11-29.txt", receipt)
                                                        for number in range(9))])
    ((file, _, reason),) = group.doubts().rows
    assert file == "Homework_s0_attempt_2026-11-29.txt and 8 more files"
    assert reason == "is not a hand-in of this course: it is a receipt as Blackboard writes it."


@pytest.mark.skipif(os.name != "posix", reason="these are files of Unix")
def test_what_cannot_be_read_is_named_and_nothing_hangs(tmp_path: Path) -> None:
    for folder in ("handin.json", "empty", "outside"):
        (tmp_path / folder).mkdir()
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "loop.json").symlink_to("loop.json")
    (tmp_path / "gone.json").symlink_to("nowhere.json")
    (tmp_path / "up").symlink_to("..")
    (tmp_path / "large.json").touch()
    os.truncate(tmp_path / "large.json", 10**9)
    group = read(tmp_path, [("handin.json/handin.json", write())])
    assert [learner.file for learner in group.learners] == ["handin.json/handin.json"]
    assert list_reasons(group) == {
        "gone.json": "cannot be read (No such file or directory).",
        "large.json": "is not a hand-in of this course: it is larger than 200 MB.",
        "loop.json": "cannot be read (Too many levels of symbolic links).",
        "pipe.json": "is not a hand-in of this course: it is not a file.",
        "up": "is a link to a folder, and those are not followed."}


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="for root, nothing is forbidden")
def test_a_file_and_a_folder_without_permission_are_named(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / "closed.json").write_bytes(write())
    for name in ("closed", "closed.json"):
        (tmp_path / name).chmod(0)
    reasons = list_reasons(read(tmp_path, []))
    (tmp_path / "closed").chmod(0o700)
    assert reasons == dict.fromkeys(("closed.json", "closed"), "cannot be read (Permission denied).")


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such names")
def test_odd_names_of_files_are_shown_in_one_line_and_can_be_printed(tmp_path: Path) -> None:
    names = [os.fsdecode(b"Zo\xeb.json"), "a\nb.json", "\x1b[2J.json", "\u202etxt.json", "x" * 250, "-rf", "=1+1"]
    group = read(tmp_path, [(name, write(f"Ada {number}")) for number, name in enumerate(names)])
    assert {learner.file for learner in group.learners} == {
        r"Zo\xeb.json", r"a\nb.json", r"\x1b[2J.json", r"\u202etxt.json", "x" * 250, "-rf", "=1+1"}
    shown = [repr(group.table()), repr(group.heat()), group.csv(), group.table()._repr_html_()]
    assert "".join(shown).encode()
    assert "\x1b" not in "".join(shown)


def test_names_in_every_script_come_through(tmp_path: Path) -> None:
    group = read(tmp_path, [(f"{name}.json", write(name)) for name in NAMES])
    assert {learner.name for learner in group.learners} == {*NAMES}
    for name in NAMES:
        assert handin.is_name(handin.tidy_name(name))
        assert name in repr(group.table()) + repr(group.heat())


@pytest.mark.parametrize("separator", ",;\t|:")
def test_a_spreadsheet_opens_the_csv_right(separator: str, tmp_path: Path) -> None:
    group = read(tmp_path, [(f"{number:02}.json", write(name)) for number, name in enumerate(NAMES)])
    group.write_csv(tmp_path / "class.csv", separator)
    content = (tmp_path / "class.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig")), delimiter=separator))
    assert [row["name"] for row in rows] == [*NAMES]


@pytest.mark.parametrize("name", ["=1+1", "Ada;=1+1", "Ada; =1+1", 'Ada;"=1+1', "Ada|@SUM(1)", "a:+1", "-1", "＝1+1",
                                  "Ada,\u3000=1", "';=cmd|' /C calc'!A0"])
def test_a_name_makes_no_formula_in_any_dialect(name: str, tmp_path: Path) -> None:
    text = read(tmp_path, [("a.json", write(name))]).csv()
    for separator in ",;\t|:":
        cells = [cell for row in csv.reader(io.StringIO(text), delimiter=separator) for cell in row]
        assert not [cell for cell in cells if cell.lstrip(" \u3000\"")[:1] in {*"=+-@＝＋－＠"} - {""}]


def test_a_name_with_a_hyphen_stays_as_it_is_in_the_csv(tmp_path: Path) -> None:
    text = read(tmp_path, [("handin - Copy.json", write("Anna-Maria O'Neil - Smith"))]).csv()
    assert "handin - Copy.json,Anna-Maria O'Neil - Smith," in text


def test_an_archive_can_be_named_instead_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "class.zip").write_bytes(travel.zipped("Ada/handin.json", write()))
    (learner,) = classroom.read(tmp_path / "class.zip").learners
    assert learner.file == "class.zip/Ada/handin.json"


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="there is no folder"):
        classroom.read(tmp_path / "none")


def test_a_thousand_hand_ins_are_read(tmp_path: Path) -> None:
    group = read(tmp_path, ((f"{number % 30}/{number}.json", write(f"Ada {number}", TRIED)) for number in range(1000)))
    assert len(group.learners) == 1000
