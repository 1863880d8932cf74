"""The checks of the exercises: a module for each chapter, and in it a function named after each exercise.

A check asks the model, so a checkout with the checks in it gives no answer away.
"""
from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from ..answer import SubmittedAnswer
from ..exercises import Exercise
from ..verdict import Verdict

CheckFunction = Callable[[SubmittedAnswer], Verdict]


def find_check(exercise: Exercise) -> CheckFunction:
    """Return the function that checks an exercise."""
    module = import_module(f".{exercise.chapter[3:].replace('-', '_')}", __name__)
    check: CheckFunction = getattr(module, exercise.id.replace("-", "_"))
    return check
