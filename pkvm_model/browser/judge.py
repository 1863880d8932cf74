"""What an exercise's page asks Python: to check an answer, as a notebook's cell would.

The learner's progress is kept by the page, so its record of the exercise comes with the answer, and goes back changed.
"""
from __future__ import annotations

import json
import sys
from types import ModuleType
from typing import Any

from ..practice import judge
from ..practice.exercises import Exercise, find_exercise
from ..practice.progress import ExerciseRecord, from_json, to_json
from ..practice.submit import ProgressNote, Submission, update_record
from ..widgets.exercise import Card
from ..widgets.widget import compact


class PageNote(ProgressNote):
    """The record of one exercise, as the page has it."""

    def __init__(self, name: str, record: ExerciseRecord) -> None:
        self.name, self.folder, self.record, self.warnings = name, None, record, []


class PageCard(Card):
    """A card on an exercise's page, which says what to do there."""

    @property
    def next(self) -> str:
        """What to do next; if that is another exercise or chapter, `after` is its page."""
        return super().next if self.verdict.passed else "Change your answer and check it again."

    @property
    def after(self) -> str:
        """The next page, relative to this one; '' if the learner stays here."""
        return super().after.removesuffix(".ipynb") + ".html" if super().after else ""


def check(given: str) -> str:
    """Check an answer, `{"id": ID, "text": TEXT, "record": RECORD or missing}`.

    Returns `{"card": STORED, "verdict": VERDICT, "record": RECORD, "spoiled": TRUE if the answer changed this Python}`.
    """
    wanted = json.loads(given)
    exercise, before = find_exercise(wanted["id"]), list_named()
    note = PageNote(exercise.id, read_record(exercise, wanted.get("record")))
    verdict = judge.judge(exercise.id, wanted["text"])
    note.change(lambda record: update_record(record, verdict, wanted["text"]))
    card = PageCard(Submission(exercise, verdict, note))
    return compact({"card": card.store(), "verdict": verdict.to_json(), "record": write_record(exercise, note.record),
                    "spoiled": has_changed(before)})


def read_record(exercise: Exercise, row: Any) -> ExerciseRecord:
    """Return the record that a page has of an exercise. Raise SchemaError if it is none."""
    return from_json({exercise.id: row})[exercise.id] if row else ExerciseRecord()


def write_record(exercise: Exercise, record: ExerciseRecord) -> Any:
    """Return a record as a page keeps it."""
    return to_json({exercise.id: record})[exercise.id]


def list_named() -> dict[tuple[str, str], object]:
    """Return what each module's names stand for now, everywhere in this Python."""
    return {(module, name): value for module, held in list(sys.modules.items()) if isinstance(held, ModuleType)
            for name, value in list(vars(held).items())}


def has_changed(before: dict[tuple[str, str], object]) -> bool:
    """Return True if a name of a module stands for something else than before: the next answer needs a new Python."""
    after = list_named()
    return any(after.get(name, value) is not value or name not in after for name, value in before.items())
