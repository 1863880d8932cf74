"""Files for the tests of `conform`: the recorded vectors, changed copies of them, and what comes of comparing those."""
from __future__ import annotations

import contextlib
import copy
import gzip
import io
import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from pkvm_model.__main__ import main
from pkvm_model.conform import Tally, conform
from pkvm_model.revisions import REVISIONS

JSON = dict[str, Any]
VECTORS = Path(__file__).parent / "vectors"
NAMES = sorted(path.name for path in VECTORS.glob("*.gz"))


def rows(name: str) -> Iterator[JSON]:
    """The lines of a file of vectors."""
    with gzip.open(VECTORS / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


@cache
def some(name: str) -> list[JSON]:
    """Some of them, for tests that look for one with a certain field."""
    return [row for number, row in enumerate(rows(name)) if number % 9 == 0 or "scenarios" in name]


def write(folder: Path, vectors: list[JSON], name: str = "changed.jsonl") -> Path:
    """A file with these lines."""
    path = folder / name
    path.write_text("".join(json.dumps(vector) + "\n" for vector in vectors), encoding="utf-8")
    return path


def compared(folder: Path, vectors: list[JSON], revision: str = "") -> Tally:
    """What comes of comparing these vectors."""
    return conform(write(folder, vectors), REVISIONS.get(revision))


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
