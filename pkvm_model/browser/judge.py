"""What an exercise's page asks Python: to check an answer, as a notebook's cell would."""
from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from ..practice import candidate, judge
from ..practice.exercises import find_exercise
from ..practice.progress import ExerciseRecord
from ..practice.submit import ProgressNote, Submission
from ..widgets.exercise import Card

candidate.ABOVE = ""  # the editor of a page has the answer and nothing above it

NamedThings = dict[str, tuple[dict[str, object], dict[str, object]]]
"""What stands behind the names of each module: now, and when it was listed."""


class PageNote(ProgressNote):
    """The record of one exercise where the page keeps the learner's progress: nothing is known of it here."""

    def __init__(self, name: str) -> None:
        self.name, self.folder, self.record, self.warnings = name, None, ExerciseRecord(), []


def check(given: Any) -> dict[str, Any]:
    """Check an answer, `{"id": ID, "text": TEXT}`: `{"answer": {"card": STORED, "verdict": VERDICT}, "spoiled": BOOL}`.

    `spoiled` is true if the answer has changed this Python, in which no other answer must then be checked.
    """
    exercise, before = find_exercise(given["id"]), list_named()
    verdict = judge.judge(exercise.id, given["text"])
    card = Card(Submission(exercise, verdict, PageNote(exercise.id)))
    return {"answer": {"card": card.store(), "verdict": verdict.to_json()}, "spoiled": has_changed(before)}


def list_named() -> NamedThings:
    """Return what the names of all modules stand for now, everywhere in this Python."""
    modules = [(name, module) for name, module in list(sys.modules.items()) if isinstance(module, ModuleType)]
    return {name: (vars(module), dict(vars(module))) for name, module in modules}


def has_changed(before: NamedThings) -> bool:
    """Return True if the name of a module stands for something else than before, or for nothing."""
    return any(name not in now or now[name] is not value
               for now, then in before.values() for name, value in then.items())
