"""What a learner brings from elsewhere: a hand-in, a progress file, or an archive of a whole copy.

A copy has progress, answers to quizzes, and a notebook for each exercise; what a browser saves has the same files. Only
what is the learner's own counts: a text with which an exercise begins is no answer. Nothing is evaluated.
"""
from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from ...outside import OutsideError, decode
from ...practice import progress, quizzes
from ...practice.exercises import Exercise
from ...practice.notebook import MAGIC, WrittenAnswer, list_answers
from ...practice.progress import ExerciseRecord
from ...schema import map_of, text
from ..errors import CourseError
from . import handin
from .containers import DEPTH, Arrival, Opener, describe_kind, is_of_system, list_arrivals
from .digests import ANSWER, digest
from .handin import DECODER, EXERCISES, HandIn

LONGEST_KEY, LONGEST_PLACE, MOST_PLACES = 200, 2_000, 5_000
QUIZZES = map_of(text(LONGEST_PLACE), text(LONGEST_KEY)).where(
    lambda rows: len(rows) <= MOST_PLACES, f"at most {MOST_PLACES:,} answers")
FOLDER = "exercises"


class Work(NamedTuple):
    """A learner's work: records by exercise, places of quizzes by key, and answers, the current ones first."""

    exercises: dict[str, ExerciseRecord]
    quizzes: dict[str, str]
    answers: tuple[WrittenAnswer, ...]


def read(path: Path, known: Iterable[Exercise]) -> Work:
    """Return the work in a file. Raise CourseError if there is none.

    Of the files in an archive at most one may be a hand-in, and one a progress file.
    """
    try:
        return find_work(list_arrivals(path, path.name), str(path), known)
    except OSError as error:
        raise CourseError(f"{path} cannot be read ({error.strerror}). Is the name right?") from error


def read_content(content: bytes, name: str, known: Iterable[Exercise]) -> Work:
    """Return the work in the bytes of a file. Raise CourseError if there is none."""
    return find_work(Opener().open(Arrival(name, content), DEPTH), name, known)


def find_work(arrived: Iterable[Arrival], title: str, known: Iterable[Exercise]) -> Work:
    """Return the work in what arrived. Raise CourseError if there is none."""
    arrivals = [arrival for arrival in arrived if not is_of_system(arrival.name)]
    return Work(find_records(arrivals, title), find_places(arrivals), tuple(find_answers(arrivals, known)))


def find_records(arrivals: Iterable[Arrival], title: str) -> dict[str, ExerciseRecord]:
    """Return the records in a hand-in and in a progress file. Raise CourseError if there is neither, or several."""
    readings = [read_records(arrival) for arrival in arrivals]
    records: dict[str, ExerciseRecord] | None = None
    for kind in (HandIn, dict):
        usable = {str(reading): reading for reading in readings if isinstance(reading, kind)}
        if len(usable) > 1:
            raise CourseError(f"{title} has {len(usable)} hand-ins in it. Unpack it and import one of the files.")
        for reading in usable.values():
            found = reading.exercises if isinstance(reading, HandIn) else reading
            records = progress.merge(records or {}, found)
    if records is None:
        reason = readings[0] if len(readings) == 1 else "there is none in it"
        raise CourseError(f"{title} is neither a hand-in nor progress of this course: {reason}.")
    return records


def read_records(arrival: Arrival) -> HandIn | dict[str, ExerciseRecord] | str:
    """Return the hand-in or the progress in a file that arrived, or why there is none."""
    if arrival.fault:
        return arrival.fault
    try:
        found = parse_progress(arrival.content)
        return handin.parse(arrival.content) if found is None else found
    except ValueError as error:
        return describe_kind(arrival.content) or str(error)


def parse_progress(content: bytes) -> dict[str, ExerciseRecord] | None:
    """Return the progress in bytes, None if they are not a progress file. Raise ValueError if that is damaged."""
    try:
        whole = DECODER.decode(decode(content, wide=True))
        if type(whole) is not dict or whole.keys() != {"version", "exercises"}:
            return None
        if whole["version"] != progress.VERSION:
            raise ValueError(f"it is of version {whole['version']!r:.20}, this course reads version {progress.VERSION}")
        return progress.from_json(whole["exercises"], EXERCISES)
    except (json.JSONDecodeError, OutsideError, RecursionError):
        return None


def find_places(arrivals: Iterable[Arrival]) -> dict[str, str]:
    """Return the places of quizzes in the first file that has them; none if it is damaged."""
    content = next((each.content for each in arrivals if PurePosixPath(each.name).name == quizzes.NAME), b"{}")
    try:
        places = DECODER.decode(decode(content))
        QUIZZES.check(places, "quizzes")
        return dict(places)
    except (ValueError, RecursionError):
        return {}


def find_answers(arrivals: Iterable[Arrival], known: Iterable[Exercise]) -> Iterator[WrittenAnswer]:
    """Yield the learner's own answers in the notebooks of a copy: those in an exercise's own notebook first."""
    paths = {arrival.name: PurePosixPath(arrival.name) for arrival in arrivals}
    notebooks = [each for each in arrivals if is_notebook(paths[each.name])]
    given = {exercise.id: exercise.stub for exercise in known}
    before = read_given(arrivals)
    found = [(paths[each.name].stem != answer.exercise, each.name, answer)
             for each in notebooks for answer in list_answers(each.content)]
    yield from (answer for *_, answer in sorted(found, key=lambda row: row[:2]) if is_own(answer, given, before))


def is_notebook(path: PurePosixPath) -> bool:
    """Return True for a notebook in the folder of exercises."""
    return path.suffix == ".ipynb" and path.parent.name == FOLDER


def is_own(answer: WrittenAnswer, given: Mapping[str, str], before: Mapping[str, str]) -> bool:
    """Return True if the learner has written an answer: no course has given it out."""
    name, text = answer.exercise, answer.text
    was_given = digest(f"{MAGIC} {name}\n{text}".encode())[:12] == before.get(name)
    fits = handin.EXERCISE_NAME.accepts(name) and handin.LIMITED_TEXT.accepts(text)
    return fits and bool(text.strip()) and text not in (given.get(name), answer.stub) and not was_given


def read_given(arrivals: Iterable[Arrival]) -> dict[str, str]:
    """Return the digests of the answer cells that the course gave out to a copy, by exercise; none if unknown."""
    content = next((each.content for each in arrivals if PurePosixPath(each.name).name == progress.COPY), b"{}")
    try:
        rows = json.loads(content)
        return {PurePosixPath(name).stem: str(row[ANSWER]) for name, row in rows.items() if ANSWER in row}
    except (ValueError, TypeError, AttributeError, RecursionError):
        return {}
