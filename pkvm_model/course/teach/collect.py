"""What a class has sent: every file in a folder is a hand-in, one that was handed in twice, refused, or passed over."""
from __future__ import annotations

import json
import os
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from ...outside import JOINERS, escape
from ...text import count
from ..errors import CourseError
from ..learner import handin
from ..learner.containers import Arrival, Sent, describe_kind, is_of_system, list_arrivals, read_clock
from ..learner.handin import HandIn
from .people import PARTICIPANT, Owner, Register
from .roster import Roster

LATE = re.compile(r"(?:^|/)[^/_]+_late_\d{3,}_\d{3,}_", re.IGNORECASE)
"""How Canvas marks the file of a learner who was late."""
ATTEMPT = re.compile(r"_attempt_(\d{4}(?:-\d\d){5})_")
"""The time that Blackboard writes into the name of a file."""
NO_HAND_IN = "is not a hand-in of this course"
PROGRESS = "it is progress.json. A hand-in is what `python3 course.py handin` writes"
SAME_PERSON = " If these are two people, ask for their full names."
FEWEST_ALIKE = 3
"""In how many exercises everything must agree to be no accident."""
SHOWN = 3
"""How many files that are refused for one reason in one archive or folder, or passed over, are named."""


class ClassFile(NamedTuple):
    """A hand-in: the name of its file as it is shown, what it says, whose it is by the roster, and why it is late."""

    file: str
    hand_in: HandIn
    owner: Owner = Owner()
    late: str = ""


class RefusedFile(NamedTuple):
    """A file that is no hand-in, the reason, and whose it is by its name."""

    file: str
    reason: str
    owner: Owner = Owner()


@dataclass(frozen=True)
class Collection:
    """The files of a folder: hand-ins, those that do not count because of another, refused ones, passed-over ones.

    `copies` are hand-ins that count although another learner's is the same.
    """

    submissions: tuple[ClassFile, ...]
    repeated: tuple[tuple[str, str], ...]
    copies: tuple[tuple[str, str], ...]
    refused: tuple[RefusedFile, ...]
    passed_over: tuple[str, ...]


def collect(folder: Path, roster: Roster | None = None, due: datetime | None = None) -> Collection:
    """Read all files in a folder and its subfolders, or one archive. Raise CourseError if there are none."""
    submissions, refused, passed_over = list[ClassFile](), list[RefusedFile](), list[str]()
    register = Register(roster) if roster else None
    for arrival in list_files(folder):
        if is_of_system(arrival.name) or (roster and (folder / arrival.name).resolve() == roster.path):
            passed_over.append(escape(arrival.name))
        elif isinstance(each := read_arrival(arrival, register, due), ClassFile):
            submissions.append(each)
        else:
            refused.append(each)
    if not submissions and not refused and not roster:
        raise CourseError(f"there is no hand-in in {folder}: put the files there that your learners sent.")
    chosen, repeated = choose_one_each(submissions)
    return Collection(tuple(sorted(chosen, key=find_place)), repeated, tuple(list_copies(chosen)), tuple(refused),
                      tuple(passed_over))


def find_place(submission: ClassFile) -> int:
    """Return the place of a hand-in in the class: as on the roster, and behind it if it is of nobody there."""
    return submission.owner.person.line if submission.owner.person else sys.maxsize


def read_arrival(arrival: Arrival, register: Register | None, due: datetime | None) -> ClassFile | RefusedFile:
    """Return what a file that arrived is, and whose."""
    name, hand_in = escape(arrival.name), read(arrival)
    said = hand_in.name if isinstance(hand_in, HandIn) else ""
    owner = register.find_owner(arrival.name, said, arrival.sent.sender) if register else Owner()
    if isinstance(hand_in, str):
        return RefusedFile(name, hand_in, owner)
    return ClassFile(name, hand_in, owner, explain_late(arrival.name, arrival.sent, due))


def explain_late(file: str, sent: Sent, due: datetime | None) -> str:
    """Return why a file is late, '' if it is not or if nobody knows: by its name, a mail, an archive, or the disk."""
    if LATE.search(file):
        return "late, as the name of the file says"
    time, source = sent.time, sent.source
    if attempt := ATTEMPT.search(file):
        time, source = read_clock(lambda: datetime.strptime(attempt[1], "%Y-%m-%d-%H-%M-%S")), "the name of the file"
    return f"late: {time:%Y-%m-%d %H:%M}, as {source} says" if due and time and time > due else ""


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
        inner = Path(place).relative_to(folder)
        for name in sorted([*files, *(name for name in folders if Path(place, name).is_symlink())]):
            yield from open_file(Path(place, name), (inner / name).as_posix())
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


def read(arrival: Arrival) -> HandIn | str:
    """Return the hand-in in a file, or the rest of a sentence that says why there is none."""
    if arrival.fault and not arrival.fault.startswith("it "):
        return f"{arrival.fault}."
    if reason := arrival.fault or describe_kind(arrival.content):
        return f"{NO_HAND_IN}: {reason}."
    try:
        return handin.parse(arrival.content)
    except ValueError as error:
        return f"{NO_HAND_IN}: {PROGRESS if is_progress(arrival.content) else error}."


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
    """Yield hand-ins of several learners that are the same, each after the first with the reason."""
    first: dict[str, ClassFile] = {}
    for submission in submissions:
        before = first.setdefault(describe_work(submission.hand_in), submission)
        if before is not submission:
            yield submission.file, f"{explain_copy(submission, before)}: both count."


def describe_work(hand_in: HandIn) -> str:
    """Return what no two learners have in common: all facts about several exercises, or the whole hand-in."""
    return str(sorted(hand_in.exercises.items()) if len(hand_in.exercises) >= FEWEST_ALIKE else hand_in)


def explain_copy(submission: ClassFile, before: ClassFile) -> str:
    """Return in what a hand-in agrees with one of another learner."""
    if submission.hand_in == before.hand_in:
        return f"is the same hand-in as {before.file}, of another learner"
    return f"agrees with {before.file} in everything but the name"


def identify(submission: ClassFile) -> object:
    """Return what two hand-ins of one learner have in common: the place on the roster, the name, or all that is in it.

    Without a roster, learners are told apart by their numbers, too, if the program that collected the files has written
    these there.
    """
    if submission.owner.person:
        return submission.owner.person.line
    name = unicodedata.normalize("NFKC", submission.hand_in.name).casefold()
    plain = " ".join("".join(each for each in name if each not in JOINERS).split())
    number = PARTICIPANT.search(submission.file)
    return plain or str(submission.hand_in), number and number[number.lastindex or 0]


def rank(submission: ClassFile) -> tuple[bool, int, int]:
    """Return whether a hand-in was in time, and how much is in it: exercises solved, then tries."""
    records = submission.hand_in.exercises.values()
    return not submission.late, sum(record.solved for record in records), sum(record.tries for record in records)


def explain_repeat(submission: ClassFile, counts: ClassFile) -> str:
    """Return why a hand-in does not count beside another one."""
    doubt, name = SAME_PERSON * (not submission.owner.person), submission.hand_in.name
    if submission.hand_in == counts.hand_in:
        return f"is the same hand-in as {counts.file}: counted once." + doubt * (not name)
    why = "was in time" if submission.late and not counts.late else "has no less in it"
    return f"is by {submission.owner.name or name} like {counts.file}, which {why}: that one counts.{doubt}"


def gather(refused: Iterable[RefusedFile]) -> Iterator[tuple[str, str]]:
    """Yield refused files with their reasons; many with one reason in one archive or folder become one row."""
    groups: dict[tuple[str, str], list[str]] = {}
    for file, reason, _ in refused:
        place = file if "cut" in reason else PurePosixPath(file).parts[0] if "/" in file else ""
        groups.setdefault((place, reason), []).append(file)
    for (_, reason), files in groups.items():
        if len(files) <= SHOWN:
            yield from ((file, reason) for file in files)
        else:
            yield f"{files[0]} and {count(len(files) - 1, 'more file')}", reason
