"""What the learner has done, in one small file that people can read: tries, hints, what was solved and how.

The file stands in the learner's copy. Two notebooks may write at once, a machine may stop at any moment, a disk may be
full: the file is always the old one or the whole new one, and one that cannot be read is put aside, never overwritten.
"""
from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

NAME, COPY, LOCK = "progress.json", ".course.json", ".progress.lock"
VERSION = 1


class ExerciseRecord(NamedTuple):
    """What is noted of one exercise. `answer` is the last one that passed, or else the last one that was tried.

    `steps` are the learner's least where something was to be broken, `fewest` the least there can be.
    """

    tries: int = 0
    hints: int = 0
    shown: bool = False
    solved: bool = False
    steps: int | None = None
    fewest: int | None = None
    answer: str = ""
    trace: str = ""


class ProgressError(Exception):
    """The progress could not be read or kept; the message says what to do."""


def find_copy(start: Path | None = None) -> Path | None:
    """The learner's copy that a folder is in, None where there is none and nothing is noted."""
    here = (start or Path.cwd()).resolve()
    return next((folder for folder in (here, *here.parents) if (folder / COPY).is_file()), None)


def read(folder: Path) -> dict[str, ExerciseRecord]:
    """Everything that is noted in a copy, by exercise. Raises ProgressError for a file that is damaged."""
    try:
        return parse((folder / NAME).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError as error:
        raise ProgressError(f"it is damaged ({error.reason})") from None


def parse(text: str) -> dict[str, ExerciseRecord]:
    """What a progress file says. Raises ProgressError for anything else."""
    try:
        whole = json.loads(text)
        if whole["version"] != VERSION:
            raise ProgressError(f"it is of version {whole['version']!r:.20}, this course reads version {VERSION}")
        return {str(name): parse_record(row) for name, row in whole["exercises"].items()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ProgressError(f"it is damaged ({type(error).__name__}: {error})") from None


def parse_record(row: Mapping[str, Any]) -> ExerciseRecord:
    """What is noted of one exercise, each field of its own type. Raises ValueError for anything else."""
    usual = ExerciseRecord()._asdict()
    for name, value in row.items():
        kinds = (int, type(None)) if usual[name] is None else (type(usual[name]),)
        if type(value) not in kinds or (isinstance(value, int) and value < 0):
            raise ValueError(f"{name} cannot be {value!r:.40}")
        if isinstance(value, str):
            value.encode()  # half a character, which JSON can spell, could not be kept
    return ExerciseRecord(**row)


def to_text(noted: Mapping[str, ExerciseRecord]) -> str:
    """The file's text: sorted, a line for each fact."""
    return json.dumps({"version": VERSION, "exercises": to_json(noted)}, indent=1, ensure_ascii=False) + "\n"


def to_json(noted: Mapping[str, ExerciseRecord]) -> dict[str, dict[str, Any]]:
    """What is noted as JSON values, without what was never done."""
    usual = ExerciseRecord()._asdict()
    return {name: {field: value for field, value in noted[name]._asdict().items() if value != usual[field]}
            for name in sorted(noted)}


def update(folder: Path, name: str, change: Callable[[ExerciseRecord], ExerciseRecord]) -> ExerciseRecord:
    """Change what is noted of one exercise, and keep it. Raises ProgressError where that cannot be done."""
    try:
        with lock_progress(folder):
            noted = read_or_put_aside(folder)
            noted[name] = change(noted.get(name, ExerciseRecord()))
            write_atomically(folder / NAME, to_text(noted).encode())
            return noted[name]
    except OSError as error:
        raise ProgressError(f"your progress could not be kept ({error.strerror}). Make room and run the cell again; "
                            "what you wrote is in this notebook") from error


def read_or_put_aside(folder: Path) -> dict[str, ExerciseRecord]:
    """What is noted; a damaged file is put aside under a name of its own."""
    try:
        return read(folder)
    except ProgressError:
        put_damaged_aside(folder)
        return {}


def put_damaged_aside(folder: Path) -> Path:
    """Give the file of progress a name that is free, and say which."""
    names = (folder / f"progress-damaged-{number}.json" for number in range(1, 10_000))
    return (folder / NAME).rename(next(path for path in names if not path.exists()))


@contextlib.contextmanager
def lock_progress(folder: Path) -> Iterator[None]:
    """While this lasts nobody else changes what is noted here."""
    with (folder / LOCK).open("a+b") as lock:
        lock_file(lock.fileno())
        yield


def lock_file(number: int) -> None:
    """Wait until an open file is ours; it is released when it is closed, also by the end of the process."""
    try:
        import fcntl  # noqa: PLC0415  # not on Windows

        fcntl.flock(number, fcntl.LOCK_EX)
    except ImportError:
        import msvcrt  # noqa: PLC0415  # only on Windows

        msvcrt.locking(number, msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined]


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a stop at any moment leaves the old one or the whole new one."""
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with new.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
