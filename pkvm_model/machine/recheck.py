"""Observations are written as text, and compared with the model as it is now."""
from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from ..model.state import State, Vm
from ..model.trace import TraceLine, run_line, show_header, show_outcome
from ..model.view import ModelError
from ..schema import JSON
from .holdings import PageRecords, find_stray, judge_pages
from .observations import FORMAT, Observation, Observations, is_same


@dataclass(frozen=True)
class Mismatch:
    """The first step that the model makes differently: its number, both outcomes, and the page if it is one."""

    observation: Observation
    number: int
    line: TraceLine
    model: str
    page: PageRecords | None = None

    def __str__(self) -> str:
        says = str(self.page) if self.page else f"the model says {self.model}"
        return f"{self.observation.name}, step {self.number}: {self.line}; {says}"


def write(path: Path, observations: Observations) -> None:
    """Write observations to a file, one JSON object per line."""
    path.write_text(to_text(observations), encoding="utf-8")


def to_text(observations: Observations) -> str:
    """Return observations as the text of a file."""
    origin = {"format": FORMAT, **asdict(observations.origin)}
    rows = [origin, *map(to_json, observations)]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def to_json(each: Observation) -> JSON:
    """Return one observation as an object."""
    trace = [show_header(each.revision, each.config), *map(str, each.lines)]
    notes = {"notes": {str(number): each.notes[number] for number in sorted(each.notes)}} if each.notes else {}
    pages = {"territory": {page: holding.write() for page, holding in each.territory.items()}} if each.territory else {}
    return {"name": each.name, "race": each.race, "trace": trace, "verdict": each.verdict, **pages, **notes}


def compare(observations: Iterable[Observation]) -> tuple[Mismatch, ...]:
    """Let the model make the steps of each observation; return where it first has another outcome, or another page."""
    return tuple(filter(None, map(find_mismatch, observations)))


def find_mismatch(each: Observation) -> Mismatch | None:
    """Return the first step of an observation that the model answers differently, or leaves other pages, or None."""
    state, model, roots = State(each.config), "", set[str]()
    for number, line in enumerate(each.lines, 1):
        try:
            step = run_line(state, each.revision, line)
        except ModelError as error:
            return Mismatch(each, number, line, str(error))
        model = show_outcome(step)
        if not is_same(step.call, line.outcome, model):
            return Mismatch(each, number, line, model)
        state = step.state
        roots |= {vm.pgd for _, vm in state.all(Vm)}
    stray = find_stray(judge_pages(each.territory, state, roots))
    return Mismatch(each, len(each.lines), each.lines[-1], model, stray) if stray else None
