"""The learner's answers to quizzes, and predictions, in one file of the copy: running a notebook again erases none."""
from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .progress import lock_progress, write_atomically

NAME, DAMAGED = "quizzes.json", "quizzes-damaged.json"
KINDS = ("quiz", "prediction")
"""The widgets whose place is kept here."""
AGAIN = "again "
"""With the number of a chapter, the key of the choice of what it asks again."""
ASKS_AGAIN = re.compile(r'quiz_again\("(\d\d)"')
QUESTION = re.compile(r'"(\d\d [\w-]+)"')


def make_key(name: str, packed: str) -> str:
    """Return the key of a question: when its text changes, the old answers no longer count."""
    return f"{name} {hashlib.sha256(packed.encode()).hexdigest()[:8]}"


def list_keys(notebook: bytes) -> set[str]:
    """Return the keys of what a notebook asks; none if it is no notebook."""
    try:
        return {key for cell in json.loads(notebook)["cells"] for key in list_asked(cell)}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return set()


def list_asked(cell: Any) -> Iterator[str]:
    """Yield the keys of the questions that a cell shows, or that of the choice if they belong to earlier chapters."""
    if again := ASKS_AGAIN.search("".join(cell.get("source", ""))):
        yield f"{AGAIN}{again[1]}"
        return
    forms = [form for output in cell.get("outputs", []) for form in output.get("data", {}).values()]
    for form in forms:
        if isinstance(form, dict) and form.get("kind") in KINDS:
            yield make_key(json.loads(form["packed"])["name"], form["packed"])


def list_asked_again(source: str) -> list[str]:
    """Return the questions that a cell asks again, in order: the chapter that asks, and the question's name.

    Outside of a learner's copy they are the usual ones: `quiz_again("04", "02 quiz-give")` asks "04 02 quiz-give".
    """
    again = ASKS_AGAIN.search(source)
    return [f"{again[1]} {name}" for name in QUESTION.findall(source, again.end())] if again else []


def read(folder: Path) -> dict[str, str]:
    """Return the answers by key, each as the widget's place; none if the file is missing or damaged."""
    try:
        places = json.loads((folder / NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    kept = places.items() if isinstance(places, dict) else ()
    return {key: place for key, place in kept if isinstance(place, str)}


def keep(folder: Path, new: Mapping[str, str]) -> None:
    """Keep answers, by key. Where nothing can be written they last as long as the widget."""
    with contextlib.suppress(OSError), lock_progress(folder):
        write(folder, read(folder) | {**new})


def add(folder: Path, theirs: Mapping[str, str]) -> None:
    """Add answers from elsewhere to those in a copy, whose lock the caller holds."""
    write(folder, merge(read(folder), theirs))


def write(folder: Path, places: Mapping[str, str]) -> None:
    """Write all answers; a file that was damaged is put aside."""
    if (folder / NAME).exists() and not read(folder):
        (folder / NAME).replace(folder / DAMAGED)
    write_atomically(folder / NAME, to_text(places).encode())


def merge(mine: Mapping[str, str], theirs: Mapping[str, str]) -> dict[str, str]:
    """Return the answers of both. Of two to one question, theirs counts if it goes on from mine."""
    return {**mine, **{key: place for key, place in theirs.items() if place.startswith(mine.get(key, ""))}}


def to_text(places: Mapping[str, str]) -> str:
    """Return the text of a file of answers."""
    return json.dumps(dict(sorted(places.items())), indent=1) + "\n"
