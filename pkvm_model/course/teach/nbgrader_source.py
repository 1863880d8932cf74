"""Writes the exercises as the source folder of an nbgrader course: an assignment for each chapter, with solutions.

In a source, the one cell to edit begins with what the learner finds there; the solution is below it, between nbgrader's
markers, and is cut out of what learners get. A locked cell asks whether the answer passed, for points.
"""
from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...practice.exercises import Exercise, load_exercises
from ...practice.notebook import MAGIC, make_code_cell, make_notebook
from ...schema import JSON

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
TEST = """\
# This cell is locked. It asks whether the answer above passed its check.
from pkvm_model.lesson import passed

assert passed("{id}"), "The answer has not passed. Run the cell above; it says why."
"""
CONFIG = '''\
"""Settings for nbgrader: copy this file and source/ into the folder of your course."""

c = get_config()  # noqa: F821  # nbgrader defines it
c.CourseDirectory.course_id = "pkvm-course"
# The learner's stub stands above the solution, so nothing has to take the place of the solution.
c.ClearSolutions.code_stub = {"python": "# The answer stands above this line: change it there."}
c.Execute.timeout = 60
'''


def write(folder: Path) -> dict[str, list[Exercise]]:
    """Write source/ and the settings into a folder, and return the exercises by assignment."""
    assignments: dict[str, list[Exercise]] = {}
    for exercise in load_exercises().values():
        assignments.setdefault(exercise.chapter, []).append(exercise)
        file = folder / "source" / exercise.chapter / f"{exercise.id}.ipynb"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(make_source(exercise))
    (folder / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
    return assignments


def make_source(exercise: Exercise) -> bytes:
    """Return an exercise as nbgrader's source notebook: with its solution, and the cell that is worth points."""
    text = make_notebook(exercise, f"{exercise.stub}\n{BEGIN}\n{exercise.solution}\n{END}")
    source: JSON = json.loads(text)
    title, _, _, answer = cells = source["cells"]
    title["source"] = format_heading(exercise).splitlines(keepends=True)
    answer["metadata"] = make_metadata(exercise, "answer", solution=True)
    test = make_code_cell("test", TEST.format(id=exercise.id))
    test["metadata"] = make_metadata(exercise, "test", grade=True, locked=True, points=exercise.difficulty)
    source["cells"] = [*cells, test]
    return (json.dumps(source, indent=1, ensure_ascii=False) + "\n").encode()


def format_heading(exercise: Exercise) -> str:
    """Return the title cell; unlike the learner's copy it links no chapter, since a grader's folder has none."""
    return (f"# {exercise.title}\n\n**{exercise.why}**\n\nIt belongs to the chapter `{exercise.chapter}`. Run the "
            f"cells from the top. The cell that begins with `{MAGIC}` is the place to edit: change it, run "
            "it, read what it says.")


def make_metadata(exercise: Exercise, cell: str, **kind: Any) -> JSON:
    """Return what nbgrader needs to know of a cell."""
    usual = {"grade": False, "locked": False, "solution": False, "task": False, "schema_version": 3}
    return {"nbgrader": usual | {"grade_id": f"{cell}-{exercise.id}", **kind}}


def insert_answer(release: bytes, exercise: Exercise, answer: str) -> bytes:
    """Return a released notebook with a learner's answer in it."""
    whole = json.loads(release)
    for cell in whole["cells"]:
        if is_answer(cell["metadata"]):
            cell["source"] = f"{MAGIC} {exercise.id}\n{answer}"
    return json.dumps(whole).encode()


def is_answer(metadata: Mapping[str, Any]) -> bool:
    """Return True for the cell that learners edit."""
    return bool(metadata.get("nbgrader", {}).get("solution"))
