"""With a roster the notebook says who is missing, late, handed in twice, and whose name does not belong to a file."""
from __future__ import annotations

import io
import os
import zipfile
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from pkvm_model.course.errors import CourseError
from pkvm_model.course.learner import handin
from pkvm_model.course.learner.handin import HandIn
from pkvm_model.course.teach import classroom
from pkvm_model.course.teach.attendance import MISSING, SYSTEM
from pkvm_model.course.teach.classroom import Classroom
from pkvm_model.course.teach.people import Register
from pkvm_model.course.teach.roster import parse_roster
from pkvm_model.practice.progress import ExerciseRecord
from tests.course.teach import made_up

ROSTER = """Name,Number,ID,Email
Ada Lovelace,,4711,ada@example.org
Ada Byron,,4712,byron@example.org
"Turing, Alan",,4713,alan@example.org
Zoë Łukasz-Müller,,4714,zoe@example.org
山田 太郎,,4715,yamada@example.org
"""
BEFORE, AFTER = datetime(2026, 11, 30, 12), datetime(2026, 12, 1, 12)
DUE = "2026-11-30 18:00"
DONE = {"find-the-hole": made_up.solve("find-the-hole"), "lived-to-see": ExerciseRecord(2, answer="x"),
        "next-tenant": ExerciseRecord(3, answer="y")}


def write(name: str, tries: int = 1, **others: ExerciseRecord) -> bytes:
    """Return a hand-in of which no other one is a copy, unless it has as many tries."""
    done = DONE | {"close-the-hole": ExerciseRecord(tries, answer="z")} | others
    return handin.to_text(HandIn(name, handin.digest_course(), done)).encode()


def read(folder: Path, files: dict[str, bytes], due: str = "") -> Classroom:
    """Return the classroom of a folder with these files and the roster beside it."""
    (folder / "class").mkdir()
    (folder / "roster.csv").write_text(ROSTER, encoding="utf-8")
    for name, content in files.items():
        (folder / "class" / name).parent.mkdir(exist_ok=True)
        (folder / "class" / name).write_bytes(content)
    return classroom.read(folder / "class", folder / "roster.csv", due)


def list_remarks(group: Classroom) -> set[tuple[str, ...]]:
    """Return the rows about learners, except those who are missing."""
    return {tuple(row) for row in group.attendance().rows if row[2] != MISSING}


def mail(content: bytes, sender: str, date: str) -> bytes:
    """Return a mail with a hand-in attached."""
    message = EmailMessage()
    message["From"], message["Date"] = sender, date
    message.set_content("Here it is.")
    message.add_attachment(content, "application", "json", filename="handin.json")
    return bytes(message)


def zipped(content: bytes, time: datetime) -> bytes:
    """Return an archive with a hand-in that was written at a time."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(zipfile.ZipInfo("handin.json", time.timetuple()[:6]), content)
    return file.getvalue()


@pytest.mark.parametrize(("file", "name", "sender", "person"), [
    ("1.json", "Ada Lovelace", "", "Ada Lovelace"), ("1.json", "lovelace, ADA", "", "Ada Lovelace"),
    ("1.json", "4712", "", "Ada Byron"), ("1.json", "BYRON@example.org", "", "Ada Byron"),
    ("1.json", "Alan", "", "Turing, Alan"), ("1.json", "Alan Mathison Turing", "", "Turing, Alan"),
    ("1.json", "Zoe Lukasz Muller", "", "Zoë Łukasz-Müller"), ("1.json", "Zoë Łukasz Mueller", "", "Zoë Łukasz-Müller"),
    ("1.json", "太郎 山田", "", "山田 太郎"), ("1.json", "Zoe\u0308", "", "Zoë Łukasz-Müller"),
    ("handin-ada-byron.json", "", "", "Ada Byron"), ("all.zip/turing_alan (1)/handin.json", "", "", "Turing, Alan"),
    ("4715.json", "", "", "山田 太郎"), ("alan@example.org.json.txt", "", "", "Turing, Alan"),
    ("Zoe.json", "", "", "Zoë Łukasz-Müller"),
    ("x_4713_assignsubmission_file_/handin.json", "", "", "Turing, Alan"),
    ("Alan Turing_4711_assignsubmission_file_/handin.json", "", "", "Turing, Alan"),
    ("turingalan_LATE_99_9901_handin.json", "", "", "Turing, Alan"),
    ("Homework_4714_attempt_2026-11-29-10-00-00_handin.json", "", "", "Zoë Łukasz-Müller"),
    ("mails.mbox/mail 1/handin.json", "", "ADA@example.org", "Ada Lovelace"),
    ("handin-ada-byron.json", "Ada", "", "Ada Byron")])
def test_the_owner_of_a_file_is_found(file: str, name: str, sender: str, person: str) -> None:
    owner = Register(parse_roster(ROSTER.encode())).find_owner(file, name, sender)
    assert owner.person
    assert (owner.person.name, owner.remark) == (person, "")


def test_the_numbers_of_a_platform_tell_namesakes_apart() -> None:
    register = Register(parse_roster(b"Identifier,Full name\nParticipant 4711,Ada B\nParticipant 4712,Ada B\n"))
    owners = [register.find_owner(f"Ada B_{number}_assignsubmission_file_/handin.json", "Ada B").person
              for number in (4711, 4712)]
    assert owners == [*register.people]


@pytest.mark.parametrize(("file", "name", "remark"), [
    ("1.json", "Ada", "could be Ada Lovelace (line 2) or Ada Byron (line 3)"), ("1.json", "", "is of nobody on the "),
    ("handin (1).json", "Bob", "is of nobody on the roster"), ("4.json", "", "is of nobody on the roster")])
def test_an_owner_who_is_not_certain_is_not_guessed(file: str, name: str, remark: str) -> None:
    owner = Register(parse_roster(ROSTER.encode())).find_owner(file, name)
    assert owner.person is None
    assert owner.remark.startswith(remark)


def test_names_that_disagree_are_told(tmp_path: Path) -> None:
    group = read(tmp_path, {
        "Alan Turing_4713_assignsubmission_file_/handin.json": write("Ada Byron", 1),
        "Ada Lovelace_4711_assignsubmission_file_/handin.json": write("al99", 2),
        "handin-yamada.json": write("", 5), "山田-太郎.json": write("Zoë Łukasz-Müller", 4)})
    assert list_remarks(group) == {
        ("Turing, Alan", "Alan Turing_4713_assignsubmission_file_/handin.json",
         "is from Turing, Alan, and the name in it, Ada Byron, is that of Ada Byron"),
        ("Ada Lovelace", "Ada Lovelace_4711_assignsubmission_file_/handin.json",
         "is from Ada Lovelace, and the name in it, al99, is that of nobody on the roster"),
        ("Zoë Łukasz-Müller", "山田-太郎.json",
         "is by Zoë Łukasz-Müller, and the name of the file is that of 山田 太郎"),
        ("", "handin-yamada.json", "is of nobody on the roster")}
    assert group.attendance().note == ("3 of 5 learners on the roster handed in, 0 late. 1 hand-in of nobody on the "
                                       "roster.")


def test_the_missing_are_told_and_what_they_sent_that_cannot_be_read(tmp_path: Path) -> None:
    group = read(tmp_path, {"handin-ada-lovelace.json": write("Ada Lovelace"), "ada-byron.json": write("Ada")[:200],
                            "zoë.zip": b"PK\3\4", "4715.json": b""})
    refused = "missing, since the file is not a hand-in of this course: "
    assert [tuple(row) for row in group.attendance().rows] == [
        ("Ada Byron", "ada-byron.json", f"{refused}it is cut or is not JSON."), ("Turing, Alan", "", MISSING),
        ("Zoë Łukasz-Müller", "zoë.zip", f"{refused}it is damaged (File is not a zip file)."),
        ("山田 太郎", "4715.json", f"{refused}it is empty.")]


def test_a_learner_with_two_names_counts_once(tmp_path: Path) -> None:
    group = read(tmp_path, {"1.json": write("Alan", 1), "2.json": write("Turing, Alan", 2)})
    assert [learner.name for learner in group.learners] == ["Turing, Alan"]
    assert group.collection.repeated == (
        ("1.json", "is by Turing, Alan like 2.json, which has no less in it: that one counts."),)


def test_the_class_is_in_the_order_of_the_roster(tmp_path: Path) -> None:
    group = read(tmp_path, {"1.json": write("Bob", 1), "2.json": write("Zoë", 2), "3.json": write("Ada Byron", 3)})
    assert [learner.name for learner in group.learners] == ["Ada Byron", "Zoë Łukasz-Müller", "Bob"]


def test_work_under_another_name_is_told(tmp_path: Path) -> None:
    group = read(tmp_path, {"1.json": write("Alan"), "2.json": write("Ada Byron"), "3.json": write("Zoë", 2)})
    assert group.collection.copies == (("2.json", "agrees with 1.json in everything but the name: both count."),)


def set_time(file: Path, time: datetime) -> None:
    """Change the time of a file."""
    os.utime(file, (time.timestamp(), time.timestamp()))


def test_the_late_are_told_and_how_that_is_known(tmp_path: Path) -> None:
    read(tmp_path, {
        "1.eml": mail(zipped(write("Ada Lovelace", 1), BEFORE), "ada@example.org", f"{AFTER:%a, %d %b %Y %H:%M:%S} "),
        "2.zip": zipped(write("Ada Byron", 2), AFTER), "3.json": write("Alan", 3),
        "4.zip": zipped(write("Zoë", 4), BEFORE),
        "Homework_4715_attempt_2026-12-02-01-02-03_handin.json": write("", 5)})
    for name, time in (("3.json", AFTER), ("4.zip", AFTER), ("2.zip", BEFORE)):
        set_time(tmp_path / "class" / name, time)
    group = classroom.read(tmp_path / "class", tmp_path / "roster.csv", DUE)
    assert list_remarks(group) == {
        ("Ada Lovelace", "1.eml/handin.json/handin.json", "late: 2026-12-01 12:00, as the mail says"),
        ("Ada Byron", "2.zip/handin.json", "late: 2026-12-01 12:00, as the archive says"),
        ("Turing, Alan", "3.json", "late: 2026-12-01 12:00, as the file says"),
        ("山田 太郎", "Homework_4715_attempt_2026-12-02-01-02-03_handin.json",
         "late: 2026-12-02 01:02, as the name of the file says")}
    assert "5 of 5 learners on the roster handed in, 4 late." in group.attendance().note


def test_what_was_in_time_counts_and_not_what_is_fuller(tmp_path: Path) -> None:
    read(tmp_path, {"1.json": write("Alan", 1), "2.json": write("Alan", 9)})
    for name, time in (("1.json", BEFORE), ("2.json", AFTER)):
        set_time(tmp_path / "class" / name, time)
    group = classroom.read(tmp_path / "class", tmp_path / "roster.csv", DUE)
    assert [learner.file for learner in group.learners] == ["1.json"]
    assert group.collection.repeated == (
        ("2.json", "is by Turing, Alan like 1.json, which was in time: that one counts."),)


def test_a_time_that_cannot_be_does_no_harm(tmp_path: Path) -> None:
    group = read(tmp_path, {"Homework_4713_attempt_2026-99-99-99-99-99_handin.json": write("Alan"),
                            "1.eml": mail(write("Zoë", 2), "x", "never"),
                            "2.zip": zipped(write("Ada Byron", 3), datetime(1980, 1, 1))}, "2099-01-01")
    assert (len(group.learners), list_remarks(group)) == (3, set())


@pytest.mark.parametrize(("text", "moment"), [
    ("2026-11-30", datetime(2026, 11, 30, 23, 59, 59)), ("2026-11-30 18:00", datetime(2026, 11, 30, 18)),
    ("2026-11-30T18:00+00:00", datetime.fromisoformat("2026-11-30T18:00+00:00").astimezone().replace(tzinfo=None))])
def test_a_day_counts_to_its_end(text: str, moment: datetime) -> None:
    assert classroom.parse_due(text) == moment


def test_a_time_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match=r"^'Monday' is not a time\. Write it as in 2026-11-30 18:00\.$"):
        read(tmp_path, {}, "Monday")


def test_a_roster_in_the_folder_is_no_hand_in_and_every_file_has_a_row(tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text(ROSTER, encoding="utf-8")
    for name, content in {"a.json": write("Alan"), "b.json": write("Alan"), "c.txt": b"?", "Thumbs.db": b""}.items():
        (tmp_path / name).write_bytes(content)
    rows = classroom.read(tmp_path, tmp_path / "roster.csv").files().rows
    assert [tuple(row) for row in rows] == [
        ("Thumbs.db", "", SYSTEM), ("a.json", "Turing, Alan", "counts"),
        ("b.json", "", "does not count: is the same hand-in as a.json: counted once."),
        ("c.txt", "", "refused: is not a hand-in of this course: it is cut or is not JSON."),
        ("roster.csv", "", SYSTEM)]


def test_an_empty_folder_with_a_roster_is_a_class_in_which_all_are_missing(tmp_path: Path) -> None:
    assert [row[2] for row in read(tmp_path, {}).attendance().rows] == [MISSING] * 5
