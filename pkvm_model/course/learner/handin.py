"""The hand-in: one small file of JSON in which a learner gives their progress and answers to somebody else.

    {"format": "pkvm-course-handin",
     "version": 1,
     "name": "Ada",                      as the learner gave it; '' where none was given
     "course": "3f0c9a1b77de",           digest of the exercises' texts, so of the version of the course
     "exercises": {
      "find-the-hole": {                 every exercise of which something is noted, by id
       "tries": 3, "hints": 1, "shown": false, "solved": true, "steps": 4, "fewest": 4,
       "answer": "run = [1, 0, 1, 0]",   the last that passed, or else the last that was tried
       "trace": "pkvm-trace 1 v1 ..."}}, the run that goes with it
     "digest": "9b2c..."}                sha256 of the canonical text of everything else

A field of an exercise that has its usual value (0, false, null, '') is left out. The canonical text is JSON in ASCII
with sorted names and no spaces. The digest shows that a file was cut or changed after it was written; whoever wants to
deceive can make it anew, so it proves nothing about who wrote what. `read` refuses every other file in one line and
evaluates nothing. It looks at form only: whether the facts agree with each other and with the course is for the reader.
"""

import argparse
import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from ...graphs.hunt import count
from ...practice import progress
from ...practice.exercises import FOLDER
from ...practice.progress import ExerciseRecord, parse_record, to_json, write_atomically
from ..errors import CourseError
from . import show_progress as standing
from .work import Copy

USUAL = "handin.json"
FORMAT, VERSION = "pkvm-course-handin", 1
FIELDS = {"format", "version", "name", "course", "exercises", "digest"}
LARGEST_FILE = 4_000_000
LONGEST_TEXT = 100_000
LONGEST_NAME = 100
GREATEST_NUMBER = 1_000_000
MOST_EXERCISES = 1_000
ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
COURSE = re.compile(r"[0-9a-f]{12}")


class HandIn(NamedTuple):
    """What a learner hands in; `course` is the version of the course in which they worked."""

    name: str
    course: str
    exercises: dict[str, ExerciseRecord]


def run(arguments: argparse.Namespace) -> int:
    """Writes the learner's hand-in and says what is in it."""
    copy = Copy()
    path = Path(arguments.output) if arguments.output else copy.folder / USUAL
    handed = of(copy, arguments.name)
    write(handed, path)
    solved = sum(done.solved for done in handed.exercises.values())
    handed_in = count(len(handed.exercises), "exercise")
    print(f"{path}: {handed_in}, {solved} of them solved. Send it to whoever asked for it.")
    if not handed.name:
        print("No name is in it. To put one in: python3 course.py handin --name 'Your Name'")
    return 0


def of(copy: Copy, name: str = "") -> HandIn:
    """What there is to hand in of a learner's copy. Raises CourseError where that is nothing."""
    if not is_name(name):
        raise CourseError(f"a name is one line of at most {LONGEST_NAME} characters. Give a shorter one.")
    noted = {each: done for each, done in standing.read(copy).items() if done != ExerciseRecord()}
    if not noted:
        raise CourseError("there is nothing to hand in yet. Run the last cell of an exercise: python3 course.py lab")
    return HandIn(name, course_version(copy.exercises), noted)


def write(handed: HandIn, path: Path) -> None:
    """Writes a hand-in, over an older one if there is one, but over no other file. Raises CourseError."""
    try:
        text = to_text(handed)
    except ValueError as error:
        raise CourseError(f"this cannot be handed in: {error}. Shorten it and run its cell again.") from error
    if path.exists() and not is_hand_in(path):
        raise CourseError(f"{path} is there already and is no hand-in. Choose another name with -o.")
    try:
        write_atomically(path, text.encode())
    except OSError as error:
        raise CourseError(f"{path} cannot be written ({error.strerror}). Choose another place with -o.") from error


def is_hand_in(path: Path) -> bool:
    """True for a file that is a hand-in, of whomever."""
    try:
        return bool(read(path))
    except CourseError:
        return False


def read(path: Path) -> HandIn:
    """What a hand-in says. Raises CourseError with one line for any other file, and for one that was changed."""
    try:
        return from_json(load(path))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise CourseError(f"{path} is no hand-in of this course: {reason(error)}.") from None


def progress_in(path: Path) -> dict[str, ExerciseRecord]:
    """What a hand-in, or a file of progress, says of each exercise. Raises CourseError for any other file."""
    try:
        whole = load(path)
        if "format" in whole:
            return from_json(whole).exercises
        if whole.keys() != {"version", "exercises"} or whole["version"] != progress.VERSION:
            raise ValueError("its fields are others")
        return exercises_from(whole["exercises"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise CourseError(f"{path} is neither a hand-in nor progress of this course: {reason(error)}.") from None


def load(path: Path) -> Any:
    """The JSON in a file from outside: of limited size, no name twice. Raises ValueError, or CourseError."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise CourseError(f"{path} cannot be read ({error.strerror}). Is the name right?") from error
    if len(content) > LARGEST_FILE:
        raise ValueError("it is larger than 4 MB")
    return json.loads(
        content.decode(),
        object_pairs_hook=_without_doubles,
        parse_int=_small_number,
        parse_constant=_refuse_constant,
    )


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a name stands in it twice")
    return dict(pairs)


def _small_number(digits: str) -> int:
    if len(digits) > 7 or abs(int(digits)) > GREATEST_NUMBER:
        raise ValueError("a number in it is too great")
    return int(digits)


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"it says {constant}")


def reason(error: Exception) -> str:
    """Why a file was refused, in a phrase of one line."""
    if isinstance(error, json.JSONDecodeError | UnicodeError | RecursionError):
        return "it is cut or is no JSON"
    if isinstance(error, KeyError | TypeError | AttributeError):
        return "a field is missing, unknown or of the wrong kind"
    return " ".join(str(error).split())


def from_json(whole: Any) -> HandIn:
    """The hand-in that JSON values describe. Raises ValueError, TypeError, KeyError or AttributeError."""
    if whole.keys() != FIELDS or whole["format"] != FORMAT:
        raise ValueError("its fields are others")
    if type(whole["version"]) is not int or whole["version"] != VERSION:
        raise ValueError(f"it is of version {whole['version']!r:.20}, this course reads version {VERSION}")
    if whole["digest"] != digest(whole):
        raise ValueError("it was cut or changed after it was handed in")
    name, course = whole["name"], whole["course"]
    if not is_name(name) or not COURSE.fullmatch(course):
        raise ValueError("its name or its course is not as this course writes it")
    return HandIn(name, course, exercises_from(whole["exercises"]))


def is_name(text: str) -> bool:
    """True for a name that fits on a line and holds nothing that a terminal would obey."""
    return len(text) <= LONGEST_NAME and text.isprintable()


def exercises_from(rows: Mapping[str, Any]) -> dict[str, ExerciseRecord]:
    """What is noted of each exercise, each fact within its limits. Raises ValueError and the like."""
    if len(rows) > MOST_EXERCISES or not all(ID.fullmatch(name) and len(name) <= LONGEST_NAME for name in rows):
        raise ValueError("its exercises do not have the names that exercises have")
    noted = {name: parse_record(row) for name, row in rows.items()}
    values = [value for done in noted.values() for value in done]
    if any(isinstance(value, int) and value > GREATEST_NUMBER for value in values):
        raise ValueError("a number in it is too great")
    if any(isinstance(value, str) and len(value) > LONGEST_TEXT for value in values):
        raise ValueError("an answer or a trace in it has more than 100,000 characters")
    return noted


def to_text(handed: HandIn) -> str:
    """The file's text. Raises ValueError for what `read` would refuse."""
    whole: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "name": handed.name,
        "course": handed.course,
        "exercises": to_json(handed.exercises),
    }
    whole["digest"] = digest(whole)
    from_json(whole)
    return json.dumps(whole, indent=1) + "\n"


def digest(whole: Mapping[str, Any]) -> str:
    """The digest of everything but itself."""
    rest = {name: value for name, value in whole.items() if name != "digest"}
    canonical = json.dumps(rest, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def course_version(folder: Path = FOLDER) -> str:
    """The digest of the exercises' texts: it is another one when any exercise is."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.md"))}
    return hashlib.sha256(json.dumps(texts, sort_keys=True).encode()).hexdigest()[:12]
