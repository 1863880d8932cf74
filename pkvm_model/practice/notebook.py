"""An exercise as the notebook that the learner opens: no solution in it, and one cell to edit."""
from __future__ import annotations

import json
from typing import NamedTuple

from ..schema import JSON
from .exercises import Exercise

MAGIC = "%%answer"
GUARD = """from importlib.util import find_spec
assert find_spec("pkvm_model"), "Wrong kernel: run python3 course.py lab, choose Python 3"
"""
"""What the first cell of each notebook begins with: another kernel answers in our words."""
KERNEL = "Notebook kernel: *Python 3*, as started by `python3 course.py lab`; the browser edition starts its own."
ROADS = {"main": ", on the main road", "more": ", as more practice"}
LEVELS = {1: "easy", 2: "medium", 3: "hard"}


def make_notebook(exercise: Exercise, answer: str | None = None) -> bytes:
    """Return the notebook's bytes, the same each time; `answer` replaces the stub in the cell to edit."""
    cells = [
        make_markdown_cell("title", write_heading(exercise)),
        make_markdown_cell("task", exercise.task),
        make_code_cell("bench", "\n".join([GUARD, "%load_ext pkvm_model.lesson", *filter(None, [exercise.bench])])),
        make_code_cell("answer", f"{MAGIC} {exercise.id}\n{exercise.stub if answer is None else answer}"),
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = {"cells": cells, "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
                "nbformat": 4, "nbformat_minor": 5}
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()


def write_heading(exercise: Exercise) -> str:
    """Return the first cell's text: the title, why the exercise matters, and what it takes."""
    return (f"# {exercise.title}\n\n**{exercise.why}**\n\n{exercise.kind.capitalize()}. {exercise.minutes} minutes, "
            f"{LEVELS[exercise.difficulty]}. It belongs to "
            f"[chapter {int(exercise.chapter[:2])}](../{exercise.chapter}.ipynb#Exercises){ROADS[exercise.road]}.\n\n"
            f"Run the cells from the top, with Shift+Enter. The last one is the place to edit. Keep its first line, "
            f"change the rest, run it, read what it says. If it says that `{MAGIC}` is not found, run the cell above. "
            f"{KERNEL}")


def make_markdown_cell(name: str, text: str) -> JSON:
    """Return a text cell."""
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": text.splitlines(keepends=True)}


def make_code_cell(name: str, text: str) -> JSON:
    """Return a code cell that has not run."""
    return {"cell_type": "code", "execution_count": None, "id": name, "metadata": {}, "outputs": [],
            "source": text.splitlines(keepends=True)}


class WrittenAnswer(NamedTuple):
    """An answer in a notebook: the exercise, the text, and with what the exercise began if the cell knows that."""

    exercise: str
    text: str
    stub: str = ""


def list_answers(content: bytes) -> list[WrittenAnswer]:
    """Return the text of each cell that answers an exercise; none if there is no such cell or no notebook."""
    try:
        cells = json.loads(content)["cells"]
        return [answer for cell in cells if cell["cell_type"] == "code" and (answer := read_cell(cell))]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return []


def read_cell(cell: JSON) -> WrittenAnswer | None:
    """Return the answer in a code cell, None if there is none."""
    source = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
    first, _, rest = source.partition("\n")
    words, stub = first.split(), cell.get("metadata", {}).get("stub", "")
    rest.encode()  # JSON can spell a lone surrogate, which could not be written again
    is_answer = len(words) == 2 and words[0] == MAGIC
    return WrittenAnswer(words[1], rest, stub if isinstance(stub, str) else "") if is_answer else None


def extract_answer(content: bytes, name: str) -> str | None:
    """Return the text of the last cell that answers exercise `name`; None if there is no such cell or no notebook."""
    return next((answer.text for answer in reversed(list_answers(content)) if answer.exercise == name), None)
