"""Writes the exercises as the source folder of an nbgrader course: an assignment for each chapter, solutions included.

In a source, the one cell to edit begins with what the learner finds there; the solution stands below it, between
nbgrader's markers, and is cut out of what learners get. A locked cell asks whether the answer passed, for points.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...practice.exercises import Exercise, load_exercises
from ...practice.notebook import MAGIC, make_code_cell, make_notebook

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
TEST = """\
# This cell is locked. It asks whether the answer above passed its check.
from pkvm_model.lesson import passed

assert passed("{id}"), "The answer has not passed. Run the cell above; it says why."
"""
CONFIG = '''\
"""Settings for nbgrader: copy this file and source/ into the folder of your course."""

c = get_config()  # noqa: F821  # nbgrader gives it
c.CourseDirectory.course_id = "pkvm-course"
# What learners begin with stands above the solution, so nothing has to be put in its place.
c.ClearSolutions.code_stub = {"python": "# The answer stands above this line: change it there."}
c.Execute.timeout = 60
'''


def write(folder: Path) -> dict[str, list[Exercise]]:
    """Writes source/ and the settings into a folder; gives the exercises by assignment."""
    assignments: dict[str, list[Exercise]] = {}
    for exercise in load_exercises().values():
        assignments.setdefault(exercise.chapter, []).append(exercise)
        place = folder / "source" / exercise.chapter / f"{exercise.id}.ipynb"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(source(exercise))
    (folder / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
    return assignments


def source(exercise: Exercise) -> bytes:
    """The notebook of an exercise as nbgrader's source: with its solution, and the cell that is worth points."""
    notebook = json.loads(make_notebook(exercise, f"{exercise.stub}\n{BEGIN}\n{exercise.solution}\n{END}"))
    title, _, _, answer = cells = notebook["cells"]
    title["source"] = heading(exercise).splitlines(keepends=True)
    answer["metadata"] = marks(exercise, "answer", solution=True)
    test = make_code_cell("test", TEST.format(id=exercise.id))
    test["metadata"] = marks(exercise, "test", grade=True, locked=True, points=exercise.difficulty)
    notebook["cells"] = [*cells, test]
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()


def heading(exercise: Exercise) -> str:
    """Title and why; a grader's folder has no chapters to link to."""
    return (
        f"# {exercise.title}\n\n**{exercise.why}**\n\nIt belongs to the chapter `{exercise.chapter}`. Run the cells "
        f"from the top. The cell that begins with `{MAGIC}` is the place to edit: change it, run it, read what "
        "it says."
    )


def marks(exercise: Exercise, cell: str, **kind: Any) -> dict[str, Any]:
    """What nbgrader wants to know of a cell."""
    usual = {"grade": False, "locked": False, "solution": False, "task": False, "schema_version": 3}
    return {"nbgrader": usual | {"grade_id": f"{cell}-{exercise.id}", **kind}}


def answered(release: bytes, exercise: Exercise, answer: str) -> bytes:
    """A released notebook as a learner hands it in who wrote this answer."""
    notebook = json.loads(release)
    for cell in notebook["cells"]:
        if is_answer(cell["metadata"]):
            cell["source"] = f"{MAGIC} {exercise.id}\n{answer}"
    return json.dumps(notebook).encode()


def is_answer(metadata: Mapping[str, Any]) -> bool:
    """True for the cell that learners edit."""
    return bool(metadata.get("nbgrader", {}).get("solution"))
