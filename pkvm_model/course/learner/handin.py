"""The hand-in: one small JSON file with a learner's progress and answers, for a teacher or another machine.

    {"format": "pkvm-course-handin",
     "version": 1,
     "name": "Ada",                      as the learner gave it; '' if none was given
     "course": "3f0c9a1b77de",           digest of the exercises' texts: the version of the course
     "exercises": {
      "find-the-hole": {                 each exercise that has progress, by id
       "tries": 3, "hints": 1, "shown": false, "solved": true, "steps": 4, "fewest": 4,
       "answer": "run = [1, 0, 1, 0]",   the last answer that passed, or else the last that was tried
       "trace": "pkvm-trace 1 v1 ..."}}, the run that goes with it
     "digest": "9b2c..."}                SHA-256 of the canonical text of everything else

A field of an exercise that has its usual value (0, false, null, '') is left out. The canonical text is JSON in ASCII
with sorted names and no spaces. The digest shows that a file was cut or changed after it was written. It proves nothing
about who wrote what: anybody can compute a new one. Since it shows that nothing else has changed, `read` also reads
what mail has wrapped, quoted or encoded. It refuses every other file in one line and evaluates nothing. It checks form
only; whether the facts agree with each other and with the course is the reader's business.
"""
from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from ...outside import JOINERS, OutsideError, escape, is_harmless, read_file
from ...practice import progress
from ...practice.exercises import FOLDER
from ...practice.progress import TEXT, ExerciseRecord, describe_records, to_json, write_atomically
from ...schema import JSON, Schema, number
from ...text import count
from ..errors import CourseError
from ..paths import name_command
from . import show_progress
from .containers import LARGEST_FILE
from .my_work import CopyPaths
from .unwrap import is_wrapped, list_decodings, list_readings

USUAL = "handin"
"""How the name of a file begins; the learner's name follows, so that a teacher can tell thirty files apart."""
LONGEST_STEM = 120
FORMAT, VERSION = "pkvm-course-handin", 1
FIELDS = {"format", "version", "name", "course", "exercises", "digest"}
LONGEST_TEXT = 100_000
LONGEST_NAME = 100
GREATEST_NUMBER = 1_000_000
MOST_EXERCISES = 1_000
NOTHING = f"there is nothing to hand in yet. Run the last cell of an exercise: {name_command('lab')}"
CHANGED = "it was cut or changed after it was handed in"
NO_JSON = "it is cut or is not JSON"
ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
COURSE = re.compile(r"[0-9a-f]{12}")
NAME = Schema("a name of one line", lambda value: type(value) is str and is_name(value))
COURSE_DIGEST = Schema("a digest of 12 hex digits", lambda value: type(value) is str and bool(COURSE.fullmatch(value)))
EXERCISE_NAME = Schema("the name of an exercise", lambda name: len(name) <= LONGEST_NAME and bool(ID.fullmatch(name)))
LIMITED_TEXT = TEXT.where(lambda value: len(value) <= LONGEST_TEXT, f"a text of at most {LONGEST_TEXT:,} characters")
EXERCISES = describe_records(number(0, GREATEST_NUMBER), LIMITED_TEXT, EXERCISE_NAME).where(
    lambda rows: len(rows) <= MOST_EXERCISES, f"records of at most {MOST_EXERCISES:,} exercises")


class HandIn(NamedTuple):
    """What a learner hands in; `course` is the version of the course in which they worked."""

    name: str
    course: str
    exercises: dict[str, ExerciseRecord]


def run(arguments: argparse.Namespace) -> int:
    """Write the learner's hand-in and print what is in it."""
    paths = CopyPaths()
    hand_in = collect(paths, arguments.name)
    file = Path(arguments.output) if arguments.output else paths.folder / name_file(hand_in.name)
    write(hand_in, file)
    solved = sum(record.solved for record in hand_in.exercises.values())
    exercises = count(len(hand_in.exercises), "exercise")
    print(f"{escape(str(file))}: {exercises}, {solved} of them solved. Send it to the person who asked for it.")
    if not hand_in.name:
        print("It has no name in it. To add yours:", name_command("handin --name 'Your Name'"))
    print("".join(f"{sentence}\n" for sentence in progress.list_conflicts(paths.folder)), end="")
    return 0


def collect(paths: CopyPaths, name: str = "") -> HandIn:
    """Return the hand-in of a learner's copy. Raise CourseError if there is nothing to hand in."""
    return make(show_progress.read_progress(paths), name, paths.exercises)


def make(records: Mapping[str, ExerciseRecord], name: str, course: Path = FOLDER) -> HandIn:
    """Return the hand-in with some records. Raise CourseError if there is nothing to hand in."""
    name = tidy_name(name)
    if not is_name(name):
        raise CourseError(f"a name is one line of at most {LONGEST_NAME} characters, all of which can be seen. "
                          "Give another one.")
    exercises = {name: record for name, record in records.items() if record != ExerciseRecord()}
    if not exercises:
        raise CourseError(NOTHING)
    return HandIn(name, digest_course(course), exercises)


def write(hand_in: HandIn, path: Path) -> None:
    """Write a hand-in; it may replace an older hand-in, and no other file. Raise CourseError if that fails."""
    text = write_text(hand_in)
    if path.exists() and not is_hand_in(path):
        raise CourseError(f"{path} already exists and is not a hand-in. Choose another name with -o.")
    try:
        write_atomically(path, text.encode())
    except OSError as error:
        raise CourseError(f"{path} cannot be written ({error.strerror}). Choose another place with -o.") from error


def write_text(hand_in: HandIn) -> str:
    """Return the text of a hand-in. Raise CourseError for one that could not be read again."""
    try:
        return to_text(hand_in)
    except ValueError as error:
        raise CourseError(f"this cannot be handed in: {error}. Shorten it and check it again.") from error


def is_hand_in(path: Path) -> bool:
    """Return True if a file is a hand-in, of any learner."""
    try:
        return bool(read(path))
    except CourseError:
        return False


def read(path: Path) -> HandIn:
    """Return the hand-in in a file. Raise CourseError, in one line, for any other file or if it was changed."""
    try:
        return parse(load(path))
    except ValueError as error:
        raise CourseError(f"{path} is not a hand-in of this course: {error}.") from None


def parse(content: bytes) -> HandIn:
    """Return the hand-in in bytes, or behind what mail has made of it. Raise ValueError, with a phrase, for any other.

    Of several reasons, the first that is better than "no JSON" counts.
    """
    reasons, texts = list[str](), list[str]()
    try:
        for text in list_decodings(content):
            texts.append(text)
            if found := find_hand_in(text, reasons):
                return found
    except OutsideError as error:
        reasons.append(str(error))
    reason = next((reason for reason in reasons if reason != NO_JSON), NO_JSON)
    by_mail = reason in (NO_JSON, CHANGED) and FORMAT in texts[0] and is_wrapped(texts[0])
    raise ValueError(f"{CHANGED}, perhaps by mail: ask for it as an attachment" if by_mail else reason)


def find_hand_in(text: str, reasons: list[str]) -> HandIn | None:
    """Return the hand-in in a text, or behind what mail has made of it; add the reasons why readings of it are none."""
    for reading in list_readings(text):
        try:
            return from_json(parse_json(reading))
        except (ValueError, RecursionError) as error:
            reasons.append(explain(error))
    return None


def load(path: Path) -> bytes:
    """Return the bytes of a file from outside. Raise OutsideError if it is too large, CourseError if it is missing."""
    try:
        return read_file(path, LARGEST_FILE)
    except OSError as error:
        raise CourseError(f"{path} cannot be read ({error.strerror}). Is the name right?") from error


def parse_json(text: str) -> Any:
    """Return the JSON at the beginning of a text from outside: no name twice, no large number.

    Raise ValueError or RecursionError. Other text may follow, such as a signature, but no second hand-in.
    """
    begin = text.lstrip()
    value, end = DECODER.raw_decode(begin)
    if FORMAT in begin[end:]:
        raise ValueError("there is more than one hand-in in it")
    return value


def refuse_double_names(pairs: list[tuple[str, Any]]) -> JSON:
    """Return the pairs of a JSON object. Raise ValueError if a name is in it twice."""
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a name is in it twice")
    return dict(pairs)


def parse_small_number(digits: str) -> int:
    """Return a number. Raise ValueError if it is too large; the digits are counted first, since int() is slow."""
    if len(digits) > 7 or abs(int(digits)) > GREATEST_NUMBER:
        raise ValueError("a number in it is too large")
    return int(digits)


def refuse_constant(constant: str) -> NoReturn:
    """Raise ValueError for NaN and Infinity, which JSON does not have."""
    raise ValueError(f"it says {constant}")


DECODER = json.JSONDecoder(object_pairs_hook=refuse_double_names, parse_int=parse_small_number,
                           parse_constant=refuse_constant)


def explain(error: Exception) -> str:
    """Return why a file was refused, as a phrase of one line."""
    if isinstance(error, json.JSONDecodeError | UnicodeError | RecursionError):
        return NO_JSON
    return " ".join(str(error).split())


def from_json(whole: Any) -> HandIn:
    """Return the hand-in that JSON values describe. Raise ValueError if they describe none."""
    if type(whole) is not dict or whole.keys() != FIELDS or whole["format"] != FORMAT:
        raise ValueError("it has other fields")
    if type(whole["version"]) is not int or whole["version"] != VERSION:
        raise ValueError(f"it is of version {whole['version']!r:.20}, this course reads version {VERSION}")
    if whole["digest"] != digest(whole):
        raise ValueError(CHANGED)
    NAME.check(whole["name"], "name")
    COURSE_DIGEST.check(whole["course"], "course")
    return HandIn(whole["name"], whole["course"], progress.from_json(whole["exercises"], EXERCISES))


def is_name(text: str) -> bool:
    """Return True for a name in any script that fits on a line and has no character that a terminal would obey."""
    return len(text) <= LONGEST_NAME and all(map(is_harmless, text))


def tidy_name(text: str) -> str:
    """Return a name as it is written in a hand-in: each accent in one character with its letter, single spaces.

    In a locale without the letters of a name, Python gets its bytes; they are UTF-8 on every terminal of today.
    """
    with contextlib.suppress(UnicodeError):
        text = text.encode(errors="surrogateescape").decode()
    return " ".join(unicodedata.normalize("NFC", text).split())


def name_file(name: str) -> str:
    """Return the name of a learner's file, such as handin-ada-lovelace.json; letters of every script stay."""
    stem = "-".join([USUAL, *list_words(name.lower())]).encode()[:LONGEST_STEM].decode(errors="ignore")
    return f"{stem.rstrip('-')}.json"


def list_words(name: str) -> list[str]:
    """Return the words of a name, in any script: letters, what stands on them, and digits."""
    return "".join(each if unicodedata.category(each)[0] in "LMN" else " " for each in name
                   if each not in JOINERS).split()


def to_text(hand_in: HandIn) -> str:
    """Return the file's text. Raise ValueError for what `read` would refuse."""
    whole: JSON = {"format": FORMAT, "version": VERSION, "name": hand_in.name, "course": hand_in.course,
                             "exercises": to_json(hand_in.exercises)}
    whole["digest"] = digest(whole)
    from_json(whole)
    return json.dumps(whole, indent=1) + "\n"


def digest(whole: Mapping[str, Any]) -> str:
    """Return the digest of everything but the digest itself."""
    rest = {name: value for name, value in whole.items() if name != "digest"}
    canonical = json.dumps(rest, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def digest_course(folder: Path = FOLDER) -> str:
    """Return the digest of the exercises' texts, 12 hex digits; it changes when any exercise does."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.md"))}
    return hashlib.sha256(json.dumps(texts, sort_keys=True).encode()).hexdigest()[:12]
