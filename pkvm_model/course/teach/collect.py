"""What a class has sent: every file in a folder is a hand-in, one that was handed in twice, refused, or passed over."""
from __future__ import annotations

import json
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from ...outside import JOINERS, escape
from ...text import count
from ..errors import CourseError
from ..learner import handin
from ..learner.containers import Arrival, describe_kind, is_of_system, list_arrivals
from ..learner.handin import HandIn

PARTICIPANT = re.compile(r"_(\d+)_assignsubmission_|(?:^|/)[^/_]+_(?:late_)?(\d{3,})_\d{3,}_|_([^_/]+)_attempt_\d{4}-|"
                         r"(?:^|/)submission_(\d+)/", re.IGNORECASE)
"""The number of a learner in the names of files and folders that Moodle, Canvas, Blackboard and Gradescope make."""
PROGRESS = "it is progress.json. A hand-in is what `python3 course.py handin` writes"
SAME_PERSON = " If these are two people, ask for their full names."
SHOWN = 3
"""How many files that are refused for one reason in one archive or folder, or passed over, are named."""


class ClassFile(NamedTuple):
    """A hand-in, and the name of its file as it is shown."""

    file: str
    hand_in: HandIn


@dataclass(frozen=True)
class Collection:
    """The files of a folder: hand-ins, those that do not count because of another, refused ones, passed-over ones.

    `copies` are hand-ins that count although another learner's is the same.
    """

    submissions: tuple[ClassFile, ...]
    repeated: tuple[tuple[str, str], ...]
    copies: tuple[tuple[str, str], ...]
    refused: tuple[tuple[str, str], ...]
    passed_over: tuple[str, ...]


def collect(folder: Path) -> Collection:
    """Read all files in a folder and its subfolders, or one archive. Raise CourseError if there are none."""
    submissions, refused, passed_over = list[ClassFile](), list[tuple[str, str]](), list[str]()
    for arrival in list_files(folder):
        name = escape(arrival.name)
        if is_of_system(arrival.name):
            passed_over.append(name)
            continue
        try:
            submissions.append(ClassFile(name, read(arrival)))
        except ValueError as error:
            refused.append((name, str(error)))
    if not submissions and not refused:
        raise CourseError(f"there is no hand-in in {folder}: put the files there that your learners sent.")
    chosen, repeated = choose_one_each(submissions)
    return Collection(chosen, repeated, tuple(list_copies(chosen)), tuple(refused), tuple(passed_over))


def list_files(folder: Path) -> Iterator[Arrival]:
    """Yield all files in a folder, in order. Links to folders are not followed. Raise CourseError if it is missing."""
    if not folder.exists():
        raise CourseError(f"there is no folder {folder}. Is the name right?")
    if not folder.is_dir():
        yield from open_file(folder, folder.name)
        return
    errors: list[OSError] = []
    for place, folders, files in os.walk(folder, onerror=errors.append):
        folders.sort()
        prefix = Path(place).relative_to(folder).as_posix().removeprefix(".")
        for name in sorted([*files, *(name for name in folders if Path(place, name).is_symlink())]):
            yield from open_file(Path(place, name), f"{prefix}/{name}".removeprefix("/"))
    for error in errors:
        name = Path(error.filename).relative_to(folder).as_posix()
        yield Arrival(name, fault=f"cannot be read ({error.strerror})")


def open_file(path: Path, name: str) -> Iterator[Arrival]:
    """Yield a file, or the files in it, under a name to show."""
    try:
        if is_of_system(name):
            yield Arrival(name)
        elif path.is_dir():
            yield Arrival(name, fault="is a link to a folder, and those are not followed")
        else:
            yield from list_arrivals(path, name)
    except OSError as error:
        yield Arrival(name, fault=f"cannot be read ({error.strerror})")


def read(arrival: Arrival) -> HandIn:
    """Return the hand-in in a file. Raise ValueError, with the rest of a sentence about the file, if there is none."""
    if arrival.fault and not arrival.fault.startswith("it "):
        raise ValueError(f"{arrival.fault}.")
    try:
        if reason := arrival.fault or describe_kind(arrival.content):
            raise ValueError(reason)
        return handin.parse(arrival.content)
    except ValueError as error:
        reason = PROGRESS if is_progress(arrival.content) else str(error)
        raise ValueError(f"is not a hand-in of this course: {reason}.") from None


def is_progress(content: bytes) -> bool:
    """Return True for a progress file, damaged or not, which learners send instead of a hand-in."""
    try:
        return bool(json.loads(content).keys() == {"version", "exercises"})
    except (ValueError, RecursionError, AttributeError):
        return False


def choose_one_each(submissions: list[ClassFile]) -> tuple[tuple[ClassFile, ...], tuple[tuple[str, str], ...]]:
    """Return one hand-in of each learner, the one with most in it, and the others with the reason."""
    best: dict[object, ClassFile] = {}
    for submission in submissions:
        key = identify(submission)
        best[key] = max(best.get(key, submission), submission, key=rank)
    others = [(each, best[identify(each)]) for each in submissions if best[identify(each)] is not each]
    return tuple(best.values()), tuple((each.file, explain_repeat(each, counts)) for each, counts in others)


def list_copies(submissions: Iterable[ClassFile]) -> Iterator[tuple[str, str]]:
    """Yield hand-ins of several learners that are the same to the letter, each after the first with the reason."""
    first: dict[str, ClassFile] = {}
    for submission in submissions:
        before = first.setdefault(str(submission.hand_in), submission)
        if before is not submission:
            yield submission.file, f"is the same hand-in as {before.file}, of another learner: both count."


def identify(submission: ClassFile) -> object:
    """Return what two hand-ins of one learner have in common: the name, or all that is in it if there is no name.

    Learners are told apart by their numbers, too, if the program that collected the files has written these there.
    """
    name = unicodedata.normalize("NFKC", submission.hand_in.name).casefold()
    plain = " ".join("".join(each for each in name if each not in JOINERS).split())
    number = PARTICIPANT.search(submission.file)
    return plain or str(submission.hand_in), number and number[number.lastindex or 0]


def rank(submission: ClassFile) -> tuple[int, int]:
    """Return how much is in a hand-in: exercises solved, then tries."""
    records = submission.hand_in.exercises.values()
    return sum(record.solved for record in records), sum(record.tries for record in records)


def explain_repeat(submission: ClassFile, counts: ClassFile) -> str:
    """Return why a hand-in does not count beside another one."""
    if submission.hand_in == counts.hand_in:
        return f"is the same hand-in as {counts.file}: counted once." + SAME_PERSON * (not submission.hand_in.name)
    return f"is by {submission.hand_in.name} like {counts.file}, which has no less in it: that one counts.{SAME_PERSON}"


def gather(refused: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield refused files with their reasons; many with one reason in one archive or folder become one row."""
    groups: dict[tuple[str, str], list[str]] = {}
    for file, reason in refused:
        place = file if "cut" in reason else PurePosixPath(file).parts[0] if "/" in file else ""
        groups.setdefault((place, reason), []).append(file)
    for (_, reason), files in groups.items():
        if len(files) <= SHOWN:
            yield from ((file, reason) for file in files)
        else:
            yield f"{files[0]} and {count(len(files) - 1, 'more file')}", reason
