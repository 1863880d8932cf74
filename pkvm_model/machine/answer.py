"""What a machine answers to a trace; a stored answer and a live one are alike."""
from __future__ import annotations

from typing import NamedTuple

from ..text import count
from .holdings import PageRecords, find_stray

AGREES, DIFFERS, NOT_TRIED = "agrees", "differs", "not tried"


class Row(NamedTuple):
    """One step of a trace: its line, its CPU, its call, the outcome of the model and of the machine, and the verdict.

    `note` says what the machine did in detail, or why a step was not tried.
    """

    line: int
    cpu: int
    call: str
    model: str
    machine: str
    verdict: str
    note: str = ""


class RealAnswer(NamedTuple):
    """A trace as a real kernel plays it; it ends with the first difference, since later rows would mean nothing.

    `territory` has the pages that the trace names, as they are after the last step whose outcomes agree; it is empty if
    they were not read then, for instance because the machine has ended.
    """

    kernel: str
    trace: str
    rows: tuple[Row, ...]
    territory: tuple[PageRecords, ...] = ()

    @property
    def difference(self) -> Row | None:
        """The first row in which model and machine differ."""
        return next((row for row in self.rows if row.verdict == DIFFERS), None)

    @property
    def stray(self) -> PageRecords | None:
        """The first page that is somebody else's on the machine."""
        return find_stray(self.territory)

    def count(self, verdict: str) -> int:
        """Count the rows with a verdict."""
        return sum(row.verdict == verdict for row in self.rows)

    def summarise(self) -> str:
        """Return the counts in one line."""
        parts = [f"{count(len(self.rows), 'step')}: {self.count(AGREES)} agree"]
        parts += [f"{number} {word}" for word, number in (
            ("differ", self.count(DIFFERS)), ("not tried", self.count(NOT_TRIED))) if number]
        return ", ".join(parts)
