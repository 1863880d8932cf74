"""Files for the tests of `conform`: the recorded vectors, changed copies of them, and what comes of comparing those."""
from __future__ import annotations

import contextlib
import copy
import io
import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from pkvm_model.__main__ import main
from pkvm_model.conform import vectors
from pkvm_model.conform.compare import conform
from pkvm_model.conform.lines import parse, read_lines
from pkvm_model.conform.tally import Tally
from pkvm_model.model.revisions import REVISIONS

JSON = dict[str, Any]
VECTORS = Path(__file__).parents[1] / "data"


def recorded(name: str) -> Iterator[vectors.Vector]:
    """The vectors of a file."""
    return vectors.read(VECTORS / f"{name}.jsonl.gz")


def rows(name: str) -> Iterator[JSON]:
    """Its lines as they stand there, for tests that change something in them."""
    return (parse(line) for _, line in read_lines(VECTORS / f"{name}.jsonl.gz", vectors.LINE_LIMIT))


@cache
def some(name: str) -> list[JSON]:
    """Some of them, for tests that look for one with a certain field."""
    return [row for number, row in enumerate(rows(name)) if number % 9 == 0 or "scenarios" in name]


def write(folder: Path, lines: list[JSON], name: str = "changed.jsonl") -> Path:
    """A file with these lines."""
    path = folder / name
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def compared(folder: Path, lines: list[JSON], revision: str = "") -> Tally:
    """What comes of comparing these vectors."""
    return conform(write(folder, lines), REVISIONS.get(revision))


def changed(vector: JSON, path: tuple[str | int, ...], value: Any) -> JSON:
    """A copy of a vector with one value changed; a function as the value makes it from the old one."""
    new = copy.deepcopy(vector)
    place: Any = new
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value(place.get(path[-1]) if isinstance(place, dict) else place[path[-1]])
    return new


def run(*words: str) -> tuple[int, str, str]:
    """Exit status, output and errors of a command."""
    return caught(lambda: main(list(words)))


def caught(command: Callable[[], int]) -> tuple[int, str, str]:
    """The same for a function that stands for one."""
    out, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        status = command()
    return status, out.getvalue(), errors.getvalue()
