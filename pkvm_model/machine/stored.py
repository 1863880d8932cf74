"""Answers of machines that come with the course: what `data/` holds of exactly the run that is asked."""
from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from ..conform.lines import parse
from ..model.state import Vm
from ..model.steps import Step
from ..model.trace import Trace, TraceLine, replay, show_call, show_header
from .answer import AGREES, DIFFERS, RealAnswer, Row
from .holdings import PageRecords, judge_pages
from .observations import Observation, Origin, is_same, list_lines, make_observation, make_origin

DATA = Path(__file__).with_name("data")


class StoredAnswer(NamedTuple):
    """An answer, the machine that gave it, and the name of the observation."""

    answer: RealAnswer
    origin: Origin
    name: str


def find_stored(trace: Trace, folder: Path = DATA) -> StoredAnswer | None:
    """Return what the newest kernel answered to exactly this run, or to a longer one that begins with it."""
    steps = replay(trace).steps
    if len(steps) < len(trace.lines):
        return None
    found = [(origin, each) for origin, each in find_observations(trace, folder) if is_same_run(trace, each)]
    newest = [(origin, each) for origin, each in found if origin == found[0][0]]
    ends_there = [(origin, each) for origin, each in newest if len(each.lines) == len(steps)]
    return next((make_answer(trace, steps, origin, each) for origin, each in (ends_there or newest)), None)


def make_answer(trace: Trace, steps: Sequence[Step], origin: Origin, each: Observation) -> StoredAnswer:
    """Return an observation as the answer to a run."""
    rows = map(make_row, range(2, len(steps) + 2), trace.lines, steps, each.lines)
    noted = tuple(row._replace(note=each.notes.get(row.line - 1, "")) for row in rows)
    territory = find_territory(each, steps[:len(each.lines)])
    return StoredAnswer(mark_stray(RealAnswer(origin.kernel, str(trace), noted, territory)), origin, each.name)


def find_territory(each: Observation, steps: Sequence[Step]) -> tuple[PageRecords, ...]:
    """Return the pages after these steps; none if the machine went on, or if nobody has read them."""
    if not each.territory or len(steps) < len(each.lines):
        return ()
    roots = {vm.pgd for step in steps for _, vm in step.state.all(Vm)}
    return tuple(judge_pages(each.territory, steps[-1].state, roots))


def mark_stray(answer: RealAnswer) -> RealAnswer:
    """Return an answer whose last step differs if a page is somebody else's after it."""
    if not answer.stray or answer.rows[-1].verdict != AGREES:
        return answer
    return answer._replace(rows=(*answer.rows[:-1], answer.rows[-1]._replace(verdict=DIFFERS, note=str(answer.stray))))


def find_observations(trace: Trace, folder: Path) -> Iterator[tuple[Origin, Observation]]:
    """Yield what was observed of the same calls; of all others, which are many, only the text is looked at."""
    header, texts = show_header(trace.revision, trace.config), [f"{show_step(line)} " for line in trace.lines]
    for origin, observed in list_files(folder):
        for value in observed:
            first, *rows = value["trace"]
            if first == header and all(map(str.startswith, rows, texts)):
                yield origin, make_observation(value, origin.revision)


@cache
def list_files(folder: Path) -> Sequence[tuple[Origin, Sequence[Any]]]:
    """Return the files with observations, the newest kernel first: the origin, and the rest as JSON values."""
    files = [[parse(line) for _, line in list_lines(path)] for path in sorted(folder.glob("*.jsonl"))]
    origins = [(make_origin(first), rest) for first, *rest in files]
    return sorted(origins, key=lambda file: sort_release(file[0].kernel), reverse=True)


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


def show_step(line: TraceLine) -> str:
    """Return a step without its outcome, as a trace writes it."""
    return f"{line.cpu} {show_call(line.call) if line.call else 'resume'}"


def stops(line: TraceLine) -> bool:
    """Return True if a step is one lock region of a call that goes on."""
    return line.outcome.startswith("...")


def make_row(number: int, asked: TraceLine, step: Step, seen: TraceLine) -> Row:
    """Return a step with both outcomes."""
    verdict = AGREES if is_same(step.call, seen.outcome, asked.outcome) else DIFFERS
    return Row(number, asked.cpu, show_call(asked.call) if asked.call else "resume", asked.outcome, seen.outcome,
               verdict)
