"""What a check returns: one line, whatever an exception, a path or a program has put into it."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from ...outside import escape

STATUSES = ("ok", "note", "missing")
LONGEST = 400
"""The most characters of what an exception or a program says."""


class Diagnosis(NamedTuple):
    """One line of the report: `status` is ok, note or missing; only missing keeps a learner from working.

    The text of a note or of something missing is understood without the subject: `lab` ends with it.
    """

    status: str
    subject: str
    text: str


Check = Callable[[], Diagnosis]


class TrialError(Exception):
    """What the doctor has found out itself, in words."""


def flatten(text: str) -> str:
    """Return a text as one line without control characters."""
    return escape(" ".join(text.split()))


def describe_error(error: BaseException) -> str:
    """Return why something failed: the system's own words if it has some, otherwise the exception."""
    if isinstance(error, OSError) and error.strerror:
        return flatten(error.strerror)
    words = flatten(str(error))[:LONGEST]
    if type(error) in (OSError, TrialError) and words:
        return words
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def list_missing(diagnoses: Iterable[Diagnosis]) -> Iterator[Diagnosis]:
    """Yield the diagnoses that keep a learner from working."""
    return (diagnosis for diagnosis in diagnoses if diagnosis.status == "missing")
