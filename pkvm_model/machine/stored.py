"""Answers of machines that come with the course: what `data/` holds of exactly the run that is asked."""
from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from ..model.steps import Step
from ..model.trace import Trace, TraceLine, replay, show_call
from .answer import AGREES, DIFFERS, RealAnswer, Row
from .observations import Observation, Origin, is_same, read

DATA = Path(__file__).with_name("data")


class StoredAnswer(NamedTuple):
    """An answer, the machine that gave it, and the name of the observation."""

    answer: RealAnswer
    origin: Origin
    name: str


def find_stored(trace: Trace, folder: Path = DATA) -> StoredAnswer | None:
    """Return what the newest kernel answered to exactly this run, or to a longer one that begins with it."""
    steps = replay(trace).steps
    for origin, each in list_observations(folder):
        if len(steps) == len(trace.lines) and is_same_run(trace, each):
            rows = map(make_row, range(2, len(steps) + 2), trace.lines, steps, each.lines)
            noted = tuple(row._replace(note=each.notes.get(row.line - 1, "")) for row in rows)
            return StoredAnswer(RealAnswer(origin.kernel, str(trace), noted), origin, each.name)
    return None


@cache
def list_observations(folder: Path) -> Sequence[tuple[Origin, Observation]]:
    """Return all that was observed, the newest kernel first."""
    files = sorted(map(read, sorted(folder.glob("*.jsonl"))), key=lambda file: sort_release(file.origin.kernel))
    return [(file.origin, each) for file in reversed(files) for each in file]


def sort_release(release: str) -> list[int]:
    """Return a release as something that is in order."""
    return [int(number) for number in re.findall(r"\d+", release)]


def is_same_run(trace: Trace, each: Observation) -> bool:
    """Return True if an observation answers a run: the same steps, to the run's end or to the first difference."""
    if (trace.revision, trace.config) != (each.revision, each.config):
        return False
    made, last = list(zip(trace.lines, each.lines, strict=False)), len(each.lines) - 1
    has_ended = each.verdict == DIFFERS
    is_all = len(trace.lines) <= len(each.lines) or has_ended
    return is_all and all((asked.cpu, asked.call) == (seen.cpu, seen.call)
                          and (stops(asked) == stops(seen) or (has_ended and at == last))
                          for at, (asked, seen) in enumerate(made))


def stops(line: TraceLine) -> bool:
    """Return True if a step is one lock region of a call that goes on."""
    return line.outcome.startswith("...")


def make_row(number: int, asked: TraceLine, step: Step, seen: TraceLine) -> Row:
    """Return a step with both outcomes."""
    verdict = AGREES if is_same(step.call, seen.outcome, asked.outcome) else DIFFERS
    return Row(number, asked.cpu, show_call(asked.call) if asked.call else "resume", asked.outcome, seen.outcome,
               verdict)
