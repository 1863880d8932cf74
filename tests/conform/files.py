"""Files for the tests of `conform`: the recorded vectors, changed copies of them, and helpers to compare those."""
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
    """Yield the vectors of a file."""
    return vectors.read(VECTORS / f"{name}.jsonl.gz")


def rows(name: str) -> Iterator[JSON]:
    """Yield the lines of a file as parsed JSON, for tests that change something in them."""
    return (parse(line) for _, line in read_lines(VECTORS / f"{name}.jsonl.gz", vectors.LINE_LIMIT))


@cache
def some(name: str) -> list[JSON]:
    """Return some lines of a file, for tests that need a line with a certain field."""
    return [row for number, row in enumerate(rows(name)) if number % 9 == 0 or "scenarios" in name]


def write(folder: Path, lines: list[JSON], name: str = "changed.jsonl") -> Path:
    """Write these lines to a file and return its path."""
    path = folder / name
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def compared(folder: Path, lines: list[JSON], revision: str = "") -> Tally:
    """Compare these vectors with the model."""
    return conform(write(folder, lines), REVISIONS.get(revision))


def changed(vector: JSON, path: tuple[str | int, ...], value: Any) -> JSON:
    """Return a copy of a vector in which a function has replaced one value."""
    new = copy.deepcopy(vector)
    place: Any = new
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value(place.get(path[-1]) if isinstance(place, dict) else place[path[-1]])
    return new


def run(*words: str) -> tuple[int, str, str]:
    """Run a command; return its exit status, output and errors."""
    return caught(lambda: main(list(words)))


def caught(command: Callable[[], int]) -> tuple[int, str, str]:
    """Run a function that acts as a command; return its exit status, output and errors."""
    out, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        status = command()
    return status, out.getvalue(), errors.getvalue()
