"""A class list of any program is read as a roster, and what is none is refused with the true reason."""
from __future__ import annotations

import csv
import io
import os
from pathlib import Path

import pytest

from pkvm_model.course.errors import CourseError
from pkvm_model.course.teach import roster
from pkvm_model.course.teach.roster import Roster, parse_roster, read_roster
from tests.course import travel

PEOPLE = (("Zoë", "Łukasz-Ünal", "4711", "zoe@example.org"), ("美咲", "山田", "4712", "misaki@example.org"),
          ("O'Neil", "Smith, the Younger", "0815", "ada@example.org"))
MOODLE = ("First name", "Last name", "ID number", "Email address")


def write(heads: tuple[str, ...] = MOODLE, rows: tuple[tuple[str, ...], ...] = PEOPLE, separator: str = ",",
          ends: str = "\n") -> str:
    """Return a class list as CSV."""
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator=ends).writerows([heads, *rows])
    return text.getvalue()


def list_people(read: Roster) -> list[tuple[str, ...]]:
    """Return names, numbers and addresses."""
    return [(person.name, *sorted(person.ids)) for person in read.people]


WHOLE = list_people(parse_roster(write().encode()))


def find_refusal(text: str | bytes) -> str:
    """Return why something is refused as a roster."""
    with pytest.raises(ValueError, match=r"^[^\n]+$") as refused:
        parse_roster(text.encode() if isinstance(text, str) else text)
    return str(refused.value)


def test_a_list_of_moodle_has_names_numbers_and_addresses() -> None:
    assert WHOLE == [("Zoë Łukasz-Ünal", "4711", "zoe@example.org"), ("美咲 山田", "4712", "misaki@example.org"),
                     ("O'Neil Smith, the Younger", "0815", "ada@example.org")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_every_dialect_is_read_alike(separator: str, ends: str, encoding: str) -> None:
    text = write(separator=separator, ends=ends)
    assert list_people(parse_roster(text.encode(encoding))) == WHOLE
    assert list_people(parse_roster(f"sep={separator}{ends}{text}".encode(encoding))) == WHOLE


def test_a_list_of_an_old_program_on_windows_is_read_with_a_remark() -> None:
    read = parse_roster(write(rows=(("Zoë", "Ünal", "1", ""),)).encode("cp1252"))
    assert (read.people[0].name, read.remark) == ("Zoë Ünal", roster.WINDOWS)
    assert find_refusal("Name\nZoë".encode("cp1252") + b"\x81") == (
        "it is neither UTF-8, UTF-16 nor Windows-1252. Save it as UTF-8")


@pytest.mark.parametrize(("heads", "row", "person"), [
    (("Student", "ID", "SIS User ID", "SIS Login ID", "Section"), ("Lovelace, Ada", "815", "s1", "ada1", "A and B"),
     ("Lovelace, Ada", "815", "ada1", "s1")),
    (("Identifier", "Full name", "Email address", "Status"), ("Participant 4711", "Ada Lovelace", "a@b.c", "Submitted"),
     ("Ada Lovelace", "4711", "a@b.c", "participant 4711")),
    (("Kennung", "Vollständiger Name", "E-Mail-Adresse"), ("Teilnehmer/in4711", "Ada Lovelace", "a@b.c"),
     ("Ada Lovelace", "4711", "a@b.c", "teilnehmer/in4711")),
    (("Last Name", "First Name", "Username", "Student ID", "Availability"), ("Lovelace", "Ada", "ada1", "s1", "Yes"),
     ("Ada Lovelace", "ada1", "s1")),
    (("Nachname", "Vorname", "Matrikelnummer"), ("Lovelace", "Ada", "0042"), ("Ada Lovelace", "0042")),
    (("NOM", "Prénom", "Adresse de courriel"), ("Lovelace", "Ada", "a@b.c"), ("Ada Lovelace", "a@b.c")),
    (("Apellido(s)", "Nombre", "Dirección de correo"), ("Lovelace", "Ada", "a@b.c"), ("Ada Lovelace", "a@b.c")),
    (("no", "e-mail"), ("1", "A@B.C"), ("A@B.C", "a@b.c")), (("NAME",), ("Ada",), ("Ada",))])
def test_heads_of_platforms_and_hands_are_known(heads: tuple[str, ...], row: tuple[str, ...],
                                                person: tuple[str, ...]) -> None:
    assert list_people(parse_roster(write(heads, (row,)).encode())) == [person]


@pytest.mark.parametrize(("text", "people"), [
    ("Ada Lovelace\nAlan Turing\n", [("Ada Lovelace",), ("Alan Turing",)]),
    ("Lovelace, Ada\nTuring, Alan\n", [("Lovelace Ada",), ("Turing Alan",)]),
    ("\n\nAda;4711;a@b.c\n\nAlan;4712;d@e.f\n;;\n", [("Ada", "4711", "a@b.c"), ("Alan", "4712", "d@e.f")])])
def test_a_list_without_heads_is_read_with_a_remark(text: str, people: list[tuple[str, ...]]) -> None:
    read = parse_roster(text.encode())
    assert (list_people(read), read.remark) == (people, roster.NO_HEADS)


def test_lines_of_canvas_that_are_no_learners_do_not_count() -> None:
    heads = ("Student", "ID", "SIS Login ID", "Section", "Homework (17)", "Final Score")
    rows = (("", "", "", "", "Manual Posting", ""), ("    Points Possible", "", "", "", "10", ""),
            ("Lovelace, Ada", "1", "a", "A", "9", ""), ("Student, Test", "2", "t", "A", "", ""))
    read = parse_roster(write(heads, rows).encode())
    assert (list_people(read), read.is_of_canvas) == ([("Lovelace, Ada", "1", "a")], True)
    assert (read.heads, read.people[0].cells) == (heads[:4], ("Lovelace, Ada", "1", "a", "A"))


def test_a_short_line_is_filled_up_and_the_order_stays() -> None:
    read = parse_roster(b"Email;Name;ID\nb@c.d;Ada\n;Alan;7\n")
    assert [person.cells for person in read.people] == [("b@c.d", "Ada", ""), ("", "Alan", "7")]


@pytest.mark.parametrize(("text", "reason"), [
    (b"", "it is empty"), ("\ufeff\n", "it is empty"), (b"\0" * 50, "it has only zero bytes, as after a crash"),
    ("Name\nA\0da\n", "it has zero bytes in it, so it is no text"),
    ("Name,Email\n", "there is no learner in it"),
    ("Name,Email\nAda,a@b.c,more\n", "line 2 has 3 cells, and there are 2 heads"),
    ('Name,Email\n"Ada,a@b.c\nAlan,d@e.f\n', "it is no CSV: a quotation mark is never closed (line 3)"),
    ('Name,Email\n"Ada"s,a@b.c\n', "it is no CSV: ',' expected after '\"' (line 2)"),
    ("Name,ID\nAda,7\nAlan,8\nKen,7\n", "lines 2 and 4 have the same ID, 7"),
    ("Name,Email\nAda,a@b.c\nAlan,A@B.C\n", "lines 2 and 3 have the same Email, A@B.C"),
    ("Name\nAda\nada\n", "lines 2 and 3 have the same learner, ada"),
    ("Name,ID\x1b[2J\u202e,ID\nAda,1,7\nAlan,2,7\n", "lines 2 and 3 have the same ID, 7"),
    (f"Name\n{'x' * 1001}\n", "line 2 has a cell of more than 1,000 characters"),
    (f"Name\n{'x' * 200_000}\n", "it is no CSV: field larger than field limit (131072) (line 2)"),
    ("Name\n" + "".join(f"Ada {n}\n" for n in range(20_002)), "it has more than 20,000 lines"),
    (travel.zipped("xl/workbook.xml", b""), "it is a workbook or an archive. Save the list as CSV"),
    (b"\xd0\xcf\x11\xe0", "it is an old workbook of Excel. Save the list as CSV")])
def test_what_is_no_roster_is_refused_with_the_true_reason(text: str | bytes, reason: str) -> None:
    assert find_refusal(text) == reason


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match=r"the roster .*none.csv cannot be read \(No such file or directory\)"):
        read_roster(tmp_path / "none.csv")
    (tmp_path / "zeros.csv").touch()
    os.truncate(tmp_path / "zeros.csv", 10**9)
    with pytest.raises(CourseError, match=r"zeros.csv is not a roster: it is larger than 4 MB\.$"):
        read_roster(tmp_path / "zeros.csv")
