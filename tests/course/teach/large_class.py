"""A class of three hundred hand-ins, made from a seed: many were damaged on their way, and it is known what is true.

Each function of this module that writes files also notes what a teacher must see of them.
"""
from __future__ import annotations

import gzip
import io
import json
import os
import random
import re
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path

from pkvm_model.course.learner import handin
from pkvm_model.course.learner.handin import HandIn
from pkvm_model.practice.exercises import load_exercises
from pkvm_model.practice.notebook import make_notebook
from pkvm_model.practice.progress import ExerciseRecord, to_text
from tests.course import travel
from tests.course.teach import made_up

FIRST = ("Ada", "Zoë", "Łukasz", "Юлия", "美咲", "Anna-Maria", "José", "Søren", "علی\u200cرضا", "Nguyễn", "Ken",
         "Grace", "Alan", "Barbara", "Dennis", "Edsger", "Frances", "Leslie", "Margaret", "Niklaus")
LAST = ("Lovelace", "Ångström", "Müller", "O'Neil", "山田", "Иванова", "García Márquez", "Thị Ánh", "de la Cruz",
        "Smith", "Hopper", "Turing", "Liskov", "Ritchie", "Dijkstra", "Wirth, Jr.")
FORMULAS = ("=1+1", "+SUM(A1:A9)", "@cmd", "-2+3", '=HYPERLINK("http://example.org";"here")', "Ada;=1+1", "Ada|=1+1")
"""What some learners call themselves."""
EXERCISES = (*made_up.SAMPLE, "count-the-warnings", "lost-or-leaked")
DUE = "2099-01-01"
LATER = (2099, 6, 1, 12, 0, 0)
FILES = 300


@dataclass(frozen=True)
class Classmate:
    """A learner on the roster."""

    first: str
    last: str
    number: int

    @property
    def name(self) -> str:
        """The whole name."""
        return f"{self.first} {self.last}"

    @property
    def folder(self) -> str:
        """The folder that Moodle makes for the learner, without what no folder's name can have."""
        return f"{re.sub('[/:<>|?*]', '', self.name)}_{self.number}_assignsubmission_file_"


@dataclass
class LargeClass:
    """What was written, and what a teacher must see: `rows` by the name on the roster, everything else by file."""

    folder: Path
    chance: random.Random
    roster: list[Classmate] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    rows: dict[str, dict[str, ExerciseRecord]] = field(default_factory=dict)
    doubted: dict[str, set[str]] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    copies: dict[str, str] = field(default_factory=dict)
    remarks: dict[str, str] = field(default_factory=dict)
    passed_over: set[str] = field(default_factory=set)
    kinds: Counter[str] = field(default_factory=Counter)

    def write(self, file: str, content: bytes, kind: str = "") -> str:
        """Write a file, count the kind of its damage, and return its name."""
        assert file not in self.files
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        self.files.append(file)
        self.kinds[kind] += 1
        return file

    def make(self, mate: Classmate) -> HandIn:
        """Return a learner's hand-in; no two are the same, since the number of tries differs."""
        done = {name: made_up.make_record(self.chance, name) for name in EXERCISES if self.chance.random() < 0.8}
        done["lived-to-see"] = made_up.make_record(self.chance, "lived-to-see")._replace(tries=mate.number)
        return HandIn(self.spell(mate), handin.digest_course(), done)

    def spell(self, mate: Classmate) -> str:
        """Return one of the ways in which learners give their names."""
        forms = (mate.name, f"{mate.last}, {mate.first}", mate.name.upper(), str(mate.number), made_up_address(mate),
                 unicodedata.normalize("NFD", mate.name))
        return handin.tidy_name(self.chance.choice(forms))

    def add(self, mate: Classmate, hand_in: HandIn, file: str = "", content: bytes = b"", kind: str = "") -> str:
        """Write a hand-in that counts for a learner."""
        self.rows[mate.name] = hand_in.exercises
        return self.write(file or self.choose_place(mate), content or encode(hand_in), kind)

    def choose_place(self, mate: Classmate) -> str:
        """Return one of the names that files have when they are collected."""
        letters = "".join(handin.list_words(f"{mate.last} {mate.first}")).lower()
        return self.chance.choice((handin.name_file(mate.name), f"{mate.folder}/handin.json",
                                   f"{letters}_{mate.number}_99{mate.number}_handin.json",
                                   f"group {mate.number % 7}/{mate.number}.JSON", f"{mate.number}.json.txt"))


def encode(hand_in: HandIn) -> bytes:
    """Return the bytes of a hand-in."""
    return handin.to_text(hand_in).encode()


def made_up_address(mate: Classmate) -> str:
    """Return a learner's address."""
    return f"l{mate.number}@example.org"


def encrypt(content: bytes) -> bytes:
    """Return an archive that says that it has a password."""
    packed = bytearray(travel.zipped("handin.json", content))
    packed[6] |= 1
    packed[packed.index(b"PK\1\2") + 8] |= 1
    return bytes(packed)


def zip_later(content: bytes) -> bytes:
    """Return an archive with a hand-in that was written too late."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(zipfile.ZipInfo("handin.json", LATER), content)
    return file.getvalue()


def mail_later(content: bytes) -> bytes:
    """Return a mail with a hand-in that was sent too late."""
    message = EmailMessage()
    message["From"], message["Date"] = "somebody@example.org", "Mon, 01 Jun 2099 12:00:00 +0000"
    message.add_attachment(content, "application", "json", filename="handin.json")
    return bytes(message)


REFUSED: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "cut": ("it is cut or is not JSON", lambda content: content[:len(content) // 2]),
    "changed": ("it was cut or changed after", lambda content: content.replace(b'"tries": ', b'"tries": 1', 1)),
    "cut UTF-16": ("it is cut or is not JSON", lambda content: content.decode().encode("utf-16")[:-99]),
    "changed, quoted": ("it was cut or changed after", lambda content: travel.quote(
        content.decode().replace('"tries": ', '"tries": 2', 1)).encode()),
    "empty": ("it is empty", lambda content: b""),
    "zeros": ("it has only zero bytes, as after a crash", lambda content: bytes(len(content))),
    "a notebook": ("it is a notebook", lambda content: make_notebook(load_exercises()["find-the-hole"])),
    "progress": ("it is progress.json", lambda content: to_text({"say-it": ExerciseRecord(1)}).encode()),
    "a picture": ("it is a picture", lambda content: b"\x89PNG\r\n\x1a\n" + content),
    "a PDF": ("it is a PDF", lambda content: b"%PDF-1.7\n" + content),
    "a document": ("it is an Office document", lambda content: travel.zipped(
        "word/document.xml", content, "[Content_Types].xml")),
    "RTF": ("it is a document of a word processor", lambda content: b"{\\rtf1 " + content + b"}"),
    "a page": ("it is a web page", lambda content: b"<!DOCTYPE html><p>see the file</p>"),
    "a password": ("it has a password", encrypt),
    "half an archive": ("it is damaged", lambda content: travel.zipped("handin.json", content)[:300]),
    "7z": ("it is an archive of a kind that is not opened here", lambda content: b"7z\xbc\xaf\x27\x1c" + content),
    "a bomb": ("it is larger than 4 MB", lambda content: gzip.compress(bytes(30_000_000))),
    "a bomb in an archive": ("it is larger than 4 MB", lambda content: travel.zipped("handin.json", bytes(30_000_000))),
    "archives in archives": ("it is an archive inside archives", lambda content: travel.zipped(
        "a.zip", travel.zipped("b.zip", travel.zipped("c.json", content)))),
    "two in one": ("there is more than one hand-in in it", lambda content: content * 2),
    "another version": ("it is of version 2", lambda content: content.replace(b'"version": 1', b'"version": 2')),
    "other fields": ("it has other fields", lambda content: json.dumps({"name": "Ada"}).encode()),
    "noise": ("it is not UTF-8", lambda content: b"\xff\xfd" + content[::-1])}
"""Damage that no program can mend: what a teacher must read, and what has happened."""


def make_roster(chance: random.Random) -> list[Classmate]:
    """Return the learners of a class, in the order of their numbers."""
    names = [(first, last) for first in FIRST for last in LAST]
    chance.shuffle(names)
    names[:len(FORMULAS)] = [("Mallory", text) for text in FORMULAS]
    return [Classmate(first, last, 4000 + number) for number, (first, last) in enumerate(names)]


def write_large_class(folder: Path, seed: int = 20) -> LargeClass:
    """Write three hundred hand-ins and some other files, and return what a teacher must see."""
    chance = random.Random(seed)
    made = LargeClass(folder, chance, make_roster(chance))
    waiting = chance.sample(made.roster, len(made.roster))
    write_travelled(made, waiting)
    write_refused(made, waiting)
    write_doubtful(made, waiting)
    write_repeated(made, waiting)
    write_late(made, waiting)
    write_copied(made, waiting)
    write_strangers(made)
    while len(made.files) < FILES:
        mate = waiting.pop()
        made.add(mate, made.make(mate))
    write_files_of_systems(made)
    return made


def write_travelled(made: LargeClass, waiting: list[Classmate]) -> None:
    """Write hand-ins that come whole through mails, archives and programs."""
    for way in made.chance.sample([*travel.WAYS], len(travel.WAYS)):
        mate = waiting.pop()
        hand_in = made.make(mate)
        name, content = travel.WAYS[way](encode(hand_in))
        made.add(mate, hand_in, f"{mate.folder}/{name}", content, way)


def write_refused(made: LargeClass, waiting: list[Classmate]) -> None:
    """Write files that cannot be read: their senders are known by the names of the folders."""
    for kind, (reason, damage) in REFUSED.items():
        mate = waiting.pop()
        file = made.write(f"{mate.folder}/handin.json", damage(encode(made.make(mate))), kind)
        made.reasons[file] = f"is not a hand-in of this course: {reason}"
    mate = waiting.pop()
    file = made.write(f"{mate.folder}/zeros.json", b"", "a gigabyte")
    os.truncate(made.folder / file, 10**9)
    made.reasons[file] = "is not a hand-in of this course: it is larger than 200 MB"


def write_doubtful(made: LargeClass, waiting: list[Classmate]) -> None:
    """Write hand-ins with facts that cannot be true."""
    for kind, spoil in made_up.CANNOT_BE.items():
        mate = waiting.pop()
        hand_in = made.make(mate)
        spoiled = spoil(hand_in)
        file = made.add(mate, spoiled, kind=kind)
        changed = {name for name, record in spoiled.exercises.items() if record != hand_in.exercises.get(name)}
        made.doubted[file] = changed


def write_repeated(made: LargeClass, waiting: list[Classmate]) -> None:
    """Write hand-ins that came twice, as they were or with less in them."""
    for _ in range(6):
        mate = waiting.pop()
        hand_in = made.make(mate)
        first = made.add(mate, hand_in, f"{mate.number} (1).json")
        again = made.write(f"{mate.number}.json", encode(hand_in), "sent twice")
        made.reasons[again] = f"is the same hand-in as {first}: counted once."
    for _ in range(6):
        mate = waiting.pop()
        made.add(mate, made.make(mate), f"{mate.folder}/handin.json")
        less = HandIn(mate.name, handin.digest_course(), {"lived-to-see": ExerciseRecord(1, answer="x")})
        made.reasons[made.write(f"{mate.folder}/older.json", encode(less), "an older one")] = "which has no less in it"


def write_late(made: LargeClass, waiting: list[Classmate]) -> None:
    """Write hand-ins that are late as a platform, a mail or an archive says."""
    for at in range(3):
        mate, by_archive, by_mail = (waiting.pop() for _ in range(3))
        letters, hand_in = "".join(handin.list_words(mate.name)).lower(), made.make(mate)
        file = made.add(mate, hand_in, f"{letters}_LATE_{mate.number}_99{at}_handin.json", kind="late")
        made.remarks[file] = "late, as the name of the file says"
        hand_in = made.make(by_archive)
        file = made.add(by_archive, hand_in, f"{by_archive.number}.zip", zip_later(encode(hand_in)), "late")
        made.remarks[file] = "late: 2099-06-01 12:00, as the archive says"
        hand_in = made.make(by_mail)
        file = made.add(by_mail, hand_in, f"{by_mail.number}.eml", mail_later(encode(hand_in)), "late")
        made.remarks[file] = "as the mail says"


def write_copied(made: LargeClass, waiting: list[Classmate]) -> None:
    """Write hand-ins of others: as they were, and under one's own name."""
    for at in range(6):
        first, second = sorted((waiting.pop(), waiting.pop()), key=lambda mate: mate.folder)
        hand_in = made.make(first)._replace(name=first.name)
        before = made.add(first, hand_in, f"{first.folder}/handin.json")
        if at % 2:
            file = made.add(second, hand_in, f"{second.folder}/handin.json", kind="somebody else's")
            made.copies[file] = f"is the same hand-in as {before}, of another learner: both count."
            made.remarks[file] = f"and the name in it, {first.name}, is that of {first.name}"
        else:
            file = made.add(second, hand_in._replace(name=second.name), f"{second.folder}/handin.json", kind="a copy")
            made.copies[file] = f"agrees with {before} in everything but the name: both count."


def write_strangers(made: LargeClass) -> None:
    """Write hand-ins of people who are not on the roster."""
    for at, name in enumerate(("Bob", "", "Ada Nobody", "=EXEC(1)", "@NOBODY")):
        hand_in = HandIn(name, handin.digest_course(), {"lived-to-see": ExerciseRecord(at + 1, answer="x")})
        made.remarks[made.write(f"sent-{at}.json", encode(hand_in), "not on the roster")] = "is of nobody on the roster"


def write_files_of_systems(made: LargeClass) -> None:
    """Write what systems put beside other files."""
    mac = travel.zipped("__MACOSX/._handin.json", b"\0\5\x16\7", ".DS_Store")
    for file, content in ((".DS_Store", b"\0\0\0\1Bud1"), ("Thumbs.db", b"\xd0\xcf"), ("a Mac's.zip", mac),
                          ("__MACOSX/._handin.json", b"\0\5\x16\7"), (".ipynb_checkpoints/1-checkpoint.json", b"{}")):
        made.passed_over.add(made.write(file, content, "of a system"))


def write_roster(file: Path, mates: Sequence[Classmate], encoding: str = "utf-16", separator: str = "\t") -> None:
    """Write the roster as a spreadsheet does that saves Unicode text."""
    rows = [("First name", "Last name", "ID number", "Email address"),
            *((mate.first, mate.last, str(mate.number), made_up_address(mate)) for mate in mates)]
    cells = [[f'"{cell.replace(chr(34), 2 * chr(34))}"' for cell in row] for row in rows]
    file.write_bytes("\r\n".join(separator.join(row) for row in cells).encode(encoding))
