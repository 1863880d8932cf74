"""What a machine answers to a trace: plain data, so that a stored answer and a live one are alike."""
from __future__ import annotations

from typing import Any, NamedTuple

from ..schema import JSON
from ..text import count

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


class Whose(NamedTuple):
    """A page with a name, and whose it is to the model and to EL2 of the machine, in words."""

    page: str
    model: str
    machine: str


class RealAnswer(NamedTuple):
    """A trace as a real kernel plays it; it ends with the first difference, since later rows would mean nothing.

    `territory` has the pages that the trace names, as they are at its end; it is empty if the machine has ended.
    """

    kernel: str
    trace: str
    rows: tuple[Row, ...]
    territory: tuple[Whose, ...] = ()

    @property
    def difference(self) -> Row | None:
        """The first row in which model and machine differ."""
        return next((row for row in self.rows if row.verdict == DIFFERS), None)

    def count(self, verdict: str) -> int:
        """Count the rows with a verdict."""
        return sum(row.verdict == verdict for row in self.rows)

    def summarise(self) -> str:
        """Return the counts in one line."""
        parts = [f"{count(len(self.rows), 'step')}: {self.count(AGREES)} agree"]
        parts += [f"{number} {word}" for word, number in (
            ("differ", self.count(DIFFERS)), ("not tried", self.count(NOT_TRIED))) if number]
        return ", ".join(parts)

    def to_json(self) -> JSON:
        """Return the answer as a JSON object."""
        return {"kernel": self.kernel, "trace": self.trace, "rows": [row._asdict() for row in self.rows],
                "territory": [page._asdict() for page in self.territory]}


def from_json(data: dict[str, Any]) -> RealAnswer:
    """Return the answer that a JSON object describes. Raise ValueError for any other object."""
    try:
        return RealAnswer(data["kernel"], data["trace"], tuple(Row(**row) for row in data["rows"]),
                          tuple(Whose(**page) for page in data.get("territory", [])))
    except (KeyError, TypeError) as error:
        raise ValueError(f"this is no answer of a machine: {error}") from None
