"""The learner's progress as the widget shows it: what comes next, and each chapter with its exercises."""
from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence

from ..graphs.contract import ProgressChapterValue, ProgressExerciseValue, ProgressReportValue
from ..place import CONTENT
from ..text import count
from . import progress
from .exercises import Exercise, load_exercises
from .progress import ExerciseRecord, ProgressError, WholeProgressError
from .progress_table import ALL_SOLVED, SHOWN, count_solved, find_next, name_state

NOTEBOOKS = CONTENT / "notebooks"


def make_report_here() -> ProgressReportValue:
    """Return the progress in the copy that contains the current folder; outside of a copy, no exercise is solved."""
    folder = progress.find_copy()
    try:
        records = progress.read(folder) if folder else {}
    except ProgressError as error:
        return {"caption": "Your progress cannot be read", "next": None, "note": explain(error), "chapters": []}
    way = os.path.relpath(folder).replace(os.sep, "/") if folder else "."
    return make_report(list(load_exercises().values()), records, "" if way == "." else f"{way}/")


def explain(error: ProgressError) -> str:
    """Return why the progress cannot be read, and what happens to it."""
    after = "" if isinstance(error, WholeProgressError) else \
        " The next answer that you check puts it aside and begins a new one."
    return f"{progress.NAME}: {error}.{after}"


def make_report(exercises: Sequence[Exercise], records: Mapping[str, ExerciseRecord],
                way: str = "") -> ProgressReportValue:
    """Return the learner's progress; `way` leads from the current folder to the copy."""
    chapters = dict.fromkeys(exercise.chapter for exercise in exercises)
    upcoming = find_next(exercises, records)
    return {"caption": count_solved(exercises, records),
            "next": make_entry(upcoming, records, way) if upcoming else None, "note": "" if upcoming else ALL_SOLVED,
            "chapters": [make_chapter(chapter, exercises, records, way) for chapter in chapters]}


def make_chapter(chapter: str, exercises: Iterable[Exercise], records: Mapping[str, ExerciseRecord],
                 way: str) -> ProgressChapterValue:
    """Return a chapter with its exercises."""
    members = [each for each in exercises if each.chapter == chapter]
    solved = sum(records.get(each.id, ExerciseRecord()).solved for each in members)
    return {"title": f"{int(chapter[:2])}. {read_title(chapter)}", "file": f"{way}{chapter}.ipynb",
            "solved": f"{solved} of {len(members)}",
            "exercises": [make_entry(each, records, way) for each in members]}


def make_entry(exercise: Exercise, records: Mapping[str, ExerciseRecord], way: str) -> ProgressExerciseValue:
    """Return an exercise with what the learner has done in it."""
    record = records.get(exercise.id, ExerciseRecord())
    return {"title": exercise.title, "file": f"{way}exercises/{exercise.id}.ipynb", "minutes": exercise.minutes,
            "more": exercise.road == "more", "state": name_state(record), "facts": describe_record(record)}


def describe_record(record: ExerciseRecord) -> str:
    """Return whether the solution was shown, tries, hints and steps in words, '' if there are none."""
    facts = [SHOWN if record.shown else "",
             f"{record.tries} {'try' if record.tries == 1 else 'tries'}" if record.tries else "",
             count(record.hints, "hint") if record.hints else "",
             count(record.steps, "step") if record.steps is not None else "",
             f"fewest possible: {record.fewest}" if record.fewest is not None else ""]
    return ", ".join(filter(None, facts))


def read_title(chapter: str) -> str:
    """Return the heading of a chapter's notebook; if that cannot be read, the words of its name."""
    try:
        notebook = json.loads((NOTEBOOKS / f"{chapter}.ipynb").read_text(encoding="utf-8"))
        first = "".join(notebook["cells"][0]["source"]).partition("\n")[0]
    except (OSError, ValueError, LookupError, TypeError):
        first = ""
    return first.removeprefix("# ") if first.startswith("# ") else chapter[3:].replace("-", " ").capitalize()
