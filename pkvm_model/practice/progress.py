"""The learner's progress, in one small file that people can read: tries, hints, what is solved and how.

The file lies in the learner's copy. Two notebooks may write at once, a machine may stop at any moment, a disk may be
full: the file is always the old one or the whole new one, and a damaged file is put aside, never overwritten.
"""
from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ..outside import EncodingError, OutsideError, escape, read_text
from ..place import name_command
from ..schema import BOOL, JSON, NULL, Schema, either, map_of, one_of, record

NAME, COPY, LOCK = "progress.json", ".course.json", ".progress.lock"
DRIVE = Path("/drive")
"""The learner's copy in JupyterLite, whose Python has it there; in a list of its files nothing hidden can mark it."""
VERSION = 1
LARGEST = 100_000_000
"""The most bytes of a progress file that are read."""
FULL = (errno.ENOSPC, errno.EDQUOT)
PAUSES = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8) if os.name == "nt" else ()
"""Seconds between two tries of what Windows refuses."""
OTHERS = re.compile(r"progress(?!-damaged-\d+\.json$).*\.json", re.IGNORECASE)
"""The names that programs such as OneDrive and Dropbox give to another version of the file."""


class ExerciseRecord(NamedTuple):
    """The progress in one exercise. `answer` is the last one that passed, or else the last one tried.

    Where the task is to break something, `steps` is the learner's lowest number of steps and `fewest` the minimum.
    """

    tries: int = 0
    hints: int = 0
    shown: bool = False
    solved: bool = False
    steps: int | None = None
    fewest: int | None = None
    answer: str = ""
    trace: str = ""


HALF_CHARACTER = re.compile("[\ud800-\udfff]")
COUNT = Schema("a number from 0 up", lambda value: type(value) is int and value >= 0)
TEXT = Schema("a text that UTF-8 can write", lambda value: type(value) is str and not HALF_CHARACTER.search(value))
"""A text, but no lone surrogate: JSON can spell half a character, which could not be written again."""


def describe_records(number: Schema, text: Schema, name: Schema) -> Schema:
    """Return the schema of records by exercise, from the schemas of their numbers, texts and names."""
    return map_of(record({}, {"tries": number, "hints": number, "shown": BOOL, "solved": BOOL,
                              "steps": either(NULL, number), "fewest": either(NULL, number),
                              "answer": text, "trace": text}), name)


RECORDS = describe_records(COUNT, TEXT, TEXT)
VERSIONS = one_of(VERSION)
FILE = Schema("an object with a version and exercises",
              lambda value: type(value) is dict and value.keys() >= {"version", "exercises"})


class ProgressError(Exception):
    """The progress could not be read or saved; the message says why and what to do."""


class WholeProgressError(ProgressError):
    """The progress cannot be used here, but is not damaged: it stays where it is."""


def find_copy(start: Path | None = None) -> Path | None:
    """Return the learner's copy that contains a folder, the current one by default; None outside of a copy."""
    here = (start or Path.cwd()).resolve()
    if sys.platform == "emscripten" and here.is_relative_to(DRIVE):
        return DRIVE
    return next((folder for folder in (here, *here.parents) if (folder / COPY).is_file()), None)


def read(folder: Path) -> dict[str, ExerciseRecord]:
    """Return all records in a copy, by exercise. Raise ProgressError if the file cannot be used."""
    try:
        return parse(read_text(folder / NAME, LARGEST))
    except FileNotFoundError:
        return {}
    except EncodingError as error:
        raise WholeProgressError(str(error)) from None
    except OutsideError as error:
        raise ProgressError(f"it is damaged ({error})") from None
    except OSError as error:
        raise WholeProgressError(f"it cannot be read ({error.strerror})") from None


def parse(text: str) -> dict[str, ExerciseRecord]:
    """Return the records in a progress file's text. Raise ProgressError if it is anything else."""
    if not text.strip():
        raise ProgressError("it is damaged (it is empty, as after a crash)")
    try:
        whole = json.loads(text)
        FILE.check(whole, "the file")
        if type(whole["version"]) is int and whole["version"] > VERSION:
            raise WholeProgressError(f"it is of version {whole['version']!r:.20}, which this course cannot read. "
                                     "Get the newest course")
        VERSIONS.check(whole["version"], "version")
        return from_json(whole["exercises"])
    except (ValueError, RecursionError) as error:
        raise ProgressError(f"it is damaged ({error})") from None


def from_json(rows: Any, schema: Schema = RECORDS) -> dict[str, ExerciseRecord]:
    """Return the records that JSON values describe. Raise SchemaError if they do not fit the schema."""
    schema.check(rows, "exercises")
    return {name: ExerciseRecord(**row) for name, row in rows.items()}


def to_text(records: Mapping[str, ExerciseRecord]) -> str:
    """Return the file's text: sorted by exercise, a line for each field."""
    return json.dumps({"version": VERSION, "exercises": to_json(records)}, indent=1, ensure_ascii=False) + "\n"


def to_json(records: Mapping[str, ExerciseRecord]) -> dict[str, JSON]:
    """Return the records as JSON values, without fields that have their default."""
    usual = ExerciseRecord()._asdict()
    return {name: {field: value for field, value in records[name]._asdict().items() if value != usual[field]}
            for name in sorted(records)}


def choose_better(mine: ExerciseRecord, theirs: ExerciseRecord) -> ExerciseRecord:
    """Return the better of two; tries, hints and the shown solution come from the one that has more of them."""
    better = max(mine, theirs, key=rank)
    return better._replace(tries=max(mine.tries, theirs.tries), hints=max(mine.hints, theirs.hints),
                           shown=mine.shown or theirs.shown)


def rank(record: ExerciseRecord) -> tuple[bool, float, bool, int]:
    """Return the rank of a record: solved, in few steps, with an answer, after many tries."""
    shortness = -record.steps if record.steps is not None else float("-inf")
    return record.solved, shortness, bool(record.answer), record.tries


def merge(mine: Mapping[str, ExerciseRecord], theirs: Mapping[str, ExerciseRecord]) -> dict[str, ExerciseRecord]:
    """Return the better record of each exercise."""
    return {**mine, **{name: choose_better(mine.get(name, ExerciseRecord()), other) for name, other in theirs.items()}}


def list_conflicts(folder: Path) -> Iterator[str]:
    """Yield a sentence for each other version of the progress that has more in it, and says how to import it.

    Programs that keep folders alike on two machines write such a file if both have changed theirs.
    """
    try:
        mine = read(folder)
        names = sorted(path.name for path in folder.iterdir() if OTHERS.fullmatch(path.name) and path.name != NAME)
    except (ProgressError, OSError):
        return
    for name in names:
        with contextlib.suppress(ProgressError, OSError, OutsideError):
            theirs = parse(read_text(folder / name, LARGEST))
            if merge(mine, theirs) != mine:
                yield (f"{escape(name)} is another version of your progress, with more in it. To import it: "
                       f"{name_command('import')} {escape(shlex.quote(str(folder / name)))}")


def update(folder: Path, name: str, change: Callable[[ExerciseRecord], ExerciseRecord],
           warn: Callable[[str], None] = lambda sentence: None) -> ExerciseRecord:
    """Change the record of one exercise, save it and return it. Raise ProgressError if it cannot be saved.

    `warn` is called with a sentence if the file was damaged and had to be put aside.
    """
    try:
        with lock_progress(folder):
            records = read_or_put_aside(folder, warn)
            records[name] = change(records.get(name, ExerciseRecord()))
            write_atomically(folder / NAME, to_text(records).encode())
            return records[name]
    except OSError as error:
        cure = "Make room" if error.errno in FULL else f"Make {folder} writable"
        raise ProgressError(f"your progress could not be saved ({error.strerror}). {cure} and run the cell again; "
                            "what you wrote is in this notebook") from error
    except WholeProgressError as error:
        raise ProgressError(f"your progress is not saved, since {NAME} cannot be used: {error}") from None


def read_or_put_aside(folder: Path, warn: Callable[[str], None] = lambda sentence: None) -> dict[str, ExerciseRecord]:
    """Return all records; put a damaged file aside, say so and return none. Raise WholeProgressError if it is whole."""
    try:
        return read(folder)
    except WholeProgressError:
        raise
    except ProgressError as error:
        warn(f"{NAME}: {error}. It is now {put_damaged_aside(folder).name}, and a new one begins.")
        return {}


def put_damaged_aside(folder: Path) -> Path:
    """Rename the progress file to a free name and return it."""
    names = (folder / f"progress-damaged-{number}.json" for number in range(1, 10_000))
    return (folder / NAME).rename(next(path for path in names if not path.exists()))


@contextlib.contextmanager
def lock_progress(folder: Path) -> Iterator[None]:
    """Hold the lock on the progress in a copy."""
    with (folder / LOCK).open("a+b") as lock:
        try:
            lock_file(lock.fileno())
        except OSError as error:
            raise OSError(error.errno, f"{error.strerror}: this disk has no file locks") from error
        yield


def lock_file(number: int) -> None:
    """Lock an open file, waiting for others to close it; closing it or ending the process releases it.

    A browser's Python has no locks, and no second process that could write.
    """
    if sys.platform == "emscripten":
        return
    try:
        import fcntl  # noqa: PLC0415  # not on Windows

        fcntl.flock(number, fcntl.LOCK_EX)
    except ImportError:
        import msvcrt  # noqa: PLC0415  # only on Windows

        msvcrt.locking(number, msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined]


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a crash at any moment leaves the old content or the whole new content."""
    with write_beside(path, content) as new:
        insist(lambda: new.replace(path))


def insist(act: Callable[[], object]) -> None:
    """Do something to a file, and try again for a while if Windows refuses it.

    There nobody can rename a file while a scanner for viruses or a program such as OneDrive looks into it.
    """
    for pause in PAUSES:
        try:
            act()
            return
        except PermissionError:
            time.sleep(pause)
    act()


def synchronise(number: int) -> None:
    """Wait until an open file is safe on the disk; some file systems in other programs cannot tell."""
    try:
        os.fsync(number)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS):
            raise


@contextlib.contextmanager
def write_beside(path: Path, content: bytes) -> Iterator[Path]:
    """Yield a new file beside a path, with this content safe on the disk; remove it at the end if it is still there."""
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with new.open("wb") as file:
            file.write(content)
            file.flush()
            synchronise(file.fileno())
        yield new
    finally:
        new.unlink(missing_ok=True)
