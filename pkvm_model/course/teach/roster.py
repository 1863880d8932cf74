"""The roster: who is in the class, as Moodle, Canvas, another platform, a spreadsheet or a hand writes it.

It is CSV with any usual separator and in any usual encoding. Columns are known by their heads, in several languages
and in any order; in a list without heads, a cell with an @ is an address, one with a digit a number, and the rest is a
name. Whatever cannot be a class list is refused in one line.
"""
from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ...outside import OutsideError, decode, escape, read_file
from ...text import count
from ..errors import CourseError
from ..learner.handin import list_words

LARGEST, LONGEST_CELL, LONGEST_LINE, MOST_LINES = 4_000_000, 1_000, 2_000, 20_000
SEPARATORS = ",;\t|"
SAMPLE_LINES = 40
"""How many lines show what separates the cells."""
SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\n')
"""The first line of a file that Excel is to open right."""
WINDOWS = "It is not UTF-8 and was read as Windows-1252: if names look wrong, save it as UTF-8."
NO_HEADS = "Its first line has no head that is known here, so it counts as a learner."
HEADS = {
    "name": "name|full name|student|student name|learner|participant|display name|vollständiger name|name vorname|"
            "nom complet|nom et prénom|nombre completo|estudiante|nome completo|imię i nazwisko",
    "first": "first name|firstname|given name|forename|vorname|prénom|nombre|nome|imię",
    "last": "last name|lastname|surname|family name|nachname|familienname|nom|nom de famille|apellido|apellidos|"
            "apellido s|cognome|nazwisko",
    "mail": "email|e mail|mail|email address|e mail address|e mail adresse|adresse de courriel|courriel|adresse e mail|"
            "correo|correo electrónico|dirección de correo|indirizzo email|adres e mail|adres email",
    "id": "id|id number|student id|student number|user id|username|user name|login|sis user id|sis login id|sid|"
          "identifier|submission id|matriculation number|matrikelnummer|id nummer|anmeldename|benutzername|kennung|"
          "numéro d identification|nom d utilisateur|identifiant|número de id|nombre de usuario|identificador|"
          "numero id|nr albumu|numer id",
    "kept": "section|integration id|root account"}
"""How the heads of columns that count are spelled; `kept` ones only go into the gradebook again."""
KINDS = {word: kind for kind, words in HEADS.items() for word in words.split("|")}
UNIQUE = ("mail", "id")
"""Kinds of cells that no two learners share."""
CANVAS = ("student", "id", "section")
NO_LEARNERS = ("points possible", "student test")
"""What is in the column of names of Canvas's lines that are no learners."""
NUMBERED = re.compile(r"[^\W\d]{6,}\D*(\d+)")
"""What Moodle calls a participant, in any language: a word and a number, which is in the names of files, too."""
NOT_CSV = {b"PK": "it is a workbook or an archive. Save the list as CSV",
           b"\xd0\xcf": "it is an old workbook of Excel. Save the list as CSV",
           b"%PDF": "it is a PDF. Save the list as CSV"}


class Person(NamedTuple):
    """A learner on the roster: the line, the name, all numbers and addresses, and the cells for the gradebook."""

    line: int
    name: str
    ids: frozenset[str]
    cells: tuple[str, ...]


class Roster(NamedTuple):
    """A class: the heads of the columns that say who somebody is, the learners in order, a remark on the file."""

    heads: tuple[str, ...] = ()
    people: tuple[Person, ...] = ()
    remark: str = ""
    path: Path | None = None

    @property
    def is_of_canvas(self) -> bool:
        """Return True for the columns of a gradebook that Canvas has given out."""
        return {*CANVAS} <= {tidy_head(head) for head in self.heads}


NO_ROSTER = Roster()


class Line(NamedTuple):
    """A line of the file that has something in it: its number and its cells."""

    number: int
    cells: list[str]


def read_roster(path: Path) -> Roster:
    """Return the roster in a file. Raise CourseError, in one line, if it is none."""
    try:
        return parse_roster(read_file(path, LARGEST))._replace(path=path.resolve())
    except OSError as error:
        raise CourseError(f"the roster {path} cannot be read ({error.strerror}). Is the name right?") from None
    except ValueError as error:
        raise CourseError(f"{path} is not a roster: {error}.") from None


def parse_roster(content: bytes) -> Roster:
    """Return the roster in bytes. Raise ValueError, with a phrase, if there is none."""
    text, remark = read_letters(content)
    lines = read_lines(text)
    heads, kinds, rows = find_heads(lines)
    people = tuple(list_people(heads, kinds, rows))
    refuse_doubles(heads, kinds, people)
    return Roster(tuple(pick(heads, kinds)), people, f"{remark} {NO_HEADS * (rows is lines)}".strip())


def find_heads(lines: Sequence[Line]) -> tuple[Sequence[str], list[str], Sequence[Line]]:
    """Return the heads of the columns, what is in them, and the lines below; heads of our own if there are none."""
    kinds = [KINDS.get(tidy_head(head), "") for head in lines[0].cells]
    if {*kinds} <= {"", "kept"}:
        return name_columns(lines), sort_columns(lines), lines
    return lines[0].cells, kinds, lines[1:]


def read_letters(content: bytes) -> tuple[str, str]:
    """Return the text of a file, and a remark if its encoding is a guess. Raise OutsideError if it is no text."""
    if reason := next((reason for begin, reason in NOT_CSV.items() if content.startswith(begin)), ""):
        raise OutsideError(reason)
    try:
        return decode(content, wide=True), ""
    except OutsideError:
        return read_windows(content), WINDOWS


def read_windows(content: bytes) -> str:
    """Return the text of a file that an old program on Windows wrote. Raise OutsideError if it is none."""
    try:
        return decode(content.decode("cp1252").encode())
    except UnicodeDecodeError:
        raise OutsideError("it is neither UTF-8, UTF-16 nor Windows-1252. Save it as UTF-8") from None


def read_lines(text: str) -> list[Line]:
    """Return the lines that have something in them. Raise ValueError if there is none, or one that is no CSV."""
    marked = SEPARATOR_LINE.match(text)
    start = text[marked.end():] if marked else text
    reader = csv.reader(io.StringIO(start), delimiter=marked[1] if marked else choose_separator(start), strict=True)
    try:
        lines = [Line(reader.line_num + bool(marked), [" ".join(cell.split()) for cell in cells]) for cells in reader]
    except csv.Error as error:
        reason = "a quotation mark is never closed" if "end of data" in str(error) else str(error)
        raise OutsideError(f"it is no CSV: {reason} (line {reader.line_num})") from None
    return check_lines([line for line in lines if any(line.cells)])


def check_lines(lines: list[Line]) -> list[Line]:
    """Return some lines. Raise OutsideError if there is none, if there are too many, or if one is no text."""
    if not 0 < len(lines) <= MOST_LINES:
        raise OutsideError(f"it has more than {MOST_LINES:,} lines" if lines else "it is empty")
    if long := [line.number for line in lines if max(map(len, line.cells)) > LONGEST_CELL]:
        raise OutsideError(f"line {long[0]} has a cell of more than {LONGEST_CELL:,} characters")
    if any("\0" in cell for line in lines for cell in line.cells):
        raise OutsideError("it has zero bytes in it, so it is no text")
    return lines


def choose_separator(text: str) -> str:
    """Return what separates the cells: what finds most heads, then what cuts most lines into equally many cells."""
    return max(SEPARATORS, key=lambda each: judge_separator(text.split("\n", SAMPLE_LINES)[:SAMPLE_LINES], each))


def judge_separator(lines: Sequence[str], separator: str) -> tuple[int, int, int]:
    """Return how many heads are known, how many lines have the usual number of cells, and that number."""
    rows = [row for row in csv.reader((line[:LONGEST_LINE] for line in lines), delimiter=separator) if row]
    heads = sum(tidy_head(head) in KINDS for head in rows[0]) if rows else 0
    wide = Counter(len(row) for row in rows if len(row) > 1)
    width, number = wide.most_common(1)[0] if wide else (1, 0)
    return heads, number, width


def tidy_head(head: str) -> str:
    """Return the head of a column without what differs between programs: capitals, hyphens, marks."""
    return " ".join(list_words(unicodedata.normalize("NFKC", head).casefold()))


def sort_columns(lines: Sequence[Line]) -> list[str]:
    """Return what the columns of a list without heads have."""
    width = max(len(line.cells) for line in lines)
    return [guess_kind([line.cells[at] for line in lines if any(line.cells[at:at + 1])]) for at in range(width)]


def guess_kind(cells: Sequence[str]) -> str:
    """Return what the cells of a column are: addresses, numbers, or names."""
    if cells and all("@" in cell for cell in cells):
        return "mail"
    return "id" if cells and all(re.search(r"\d", cell) for cell in cells) else "name"


def name_columns(lines: Sequence[Line]) -> list[str]:
    """Return heads for the columns of a list that has none."""
    kinds = sort_columns(lines)
    return [kind if kinds.count(kind) == 1 else f"{kind} {kinds[:at + 1].count(kind)}" for at, kind in enumerate(kinds)]


def list_people(heads: Sequence[str], kinds: Sequence[str], rows: Sequence[Line]) -> Iterator[Person]:
    """Yield the learners. Raise OutsideError for a line with more cells than there are heads."""
    for number, cells in rows:
        if any(cells[len(heads):]):
            raise OutsideError(f"line {number} has {count(len(cells), 'cell')}, and there are {len(heads)} heads")
        row = [*cells, *[""] * (len(heads) - len(cells))]
        name, ids = find_name(kinds, row), [cell for cell, kind in zip(row, kinds, strict=False)
                                            if cell and kind in UNIQUE]
        if (name or ids) and tidy_head(name) not in NO_LEARNERS:
            yield Person(number, escape(name or ids[0]), frozenset(spell_ids(ids)), tuple(pick(row, kinds)))


def find_name(kinds: Sequence[str], row: Sequence[str]) -> str:
    """Return the name in a row: whole, or else put together from its parts."""
    cells = {kind: " ".join(row[at] for at, each in enumerate(kinds) if each == kind and row[at]) for kind in kinds}
    return cells.get("name") or f"{cells.get('first', '')} {cells.get('last', '')}".strip()


def spell_ids(ids: Sequence[str]) -> Iterator[str]:
    """Yield numbers and addresses as they are compared, and the bare number of a participant."""
    yield from (each.casefold() for each in ids)
    yield from (match[1] for each in ids if (match := NUMBERED.fullmatch(each)))


def pick(row: Sequence[str], kinds: Sequence[str]) -> list[str]:
    """Return the cells of a row that say who somebody is."""
    return [cell for cell, kind in zip(row, kinds, strict=False) if kind]


def refuse_doubles(heads: Sequence[str], kinds: Sequence[str], people: Sequence[Person]) -> None:
    """Raise OutsideError if there is no learner, or if two of them cannot be told apart."""
    if not people:
        raise OutsideError("there is no learner in it")
    for at, (head, kind) in enumerate(zip(pick(heads, kinds), filter(None, kinds), strict=True)):
        refuse_double([(person.cells[at], person.line) for person in people if kind in UNIQUE], escape(head))
    refuse_double([(" ".join(person.cells), person.line) for person in people], "learner")


def refuse_double(cells: Sequence[tuple[str, int]], head: str) -> None:
    """Raise OutsideError if something is in two lines."""
    lines: dict[str, int] = {}
    for cell, line in cells:
        if cell and lines.setdefault(cell.casefold(), line) != line:
            raise OutsideError(f"lines {lines[cell.casefold()]} and {line} have the same {head}, {escape(cell)}")
