"""The exercises as nbgrader's sources have stub, solution and points in their places; scores are compared."""
from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from pkvm_model.course import cli
from pkvm_model.course.dev import run_tests
from pkvm_model.course.errors import CourseError
from pkvm_model.course.setup import environment, install, lock
from pkvm_model.course.teach import check_nbgrader, nbgrader_source
from pkvm_model.practice.exercises import Exercise, load_exercises
from tests.course.setup.test_versions import NEEDED, PROJECT

GRADER_LOCK = environment.read_lock(check_nbgrader.GRADER)
PINNED = dict(lock.list_pins(GRADER_LOCK, lock.describe_interpreter()))
ALL = list(load_exercises().values())


def read_cells(exercise: Exercise) -> list[tuple[str, dict[str, Any]]]:
    """Return text and metadata of each cell that nbgrader looks at."""
    stored = json.loads(nbgrader_source.make_source(exercise))["cells"]
    cells = [("".join(cell["source"]), cell["metadata"].get("nbgrader")) for cell in stored]
    return [(text, marks) for text, marks in cells if marks]


@pytest.mark.parametrize("exercise", ALL, ids=lambda exercise: exercise.id)
def test_a_source_has_a_cell_to_edit_and_a_locked_cell_for_points(exercise: Exercise) -> None:
    (answer, its), (test, locked) = read_cells(exercise)
    released = re.sub(r"\n### BEGIN SOLUTION\n.*\n### END SOLUTION", "", answer, flags=re.DOTALL)
    assert released == f"%%answer {exercise.id}\n{exercise.stub}"
    assert exercise.solution in answer
    assert (its["solution"], its["grade"], its["locked"]) == (True, False, False)
    assert (locked["solution"], locked["grade"], locked["locked"]) == (False, True, True)
    assert locked["points"] == exercise.difficulty
    assert f'passed("{exercise.id}")' in test


def test_each_exercise_has_a_source_in_the_assignment_of_its_chapter(tmp_path: Path) -> None:
    assignments = nbgrader_source.write(tmp_path)
    names = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.ipynb")}
    assert names == {f"source/{exercise.chapter}/{exercise.id}.ipynb" for exercise in ALL}
    assert sorted(each.id for many in assignments.values() for each in many) == sorted(load_exercises())
    assert compile((tmp_path / "nbgrader_config.py").read_text(), "config", "exec")


def test_the_chapters_that_are_graded_have_every_kind_of_check() -> None:
    kinds = {exercise.kind for exercise in ALL if exercise.chapter in check_nbgrader.GRADED}
    assert {"predict", "break it", "say it", "mend it", "explain"} <= kinds


def test_a_learners_answer_goes_into_the_one_cell_and_nowhere_else() -> None:
    exercise = load_exercises()["lived-to-see"]
    source = nbgrader_source.make_source(exercise)
    before, after = (json.loads(text)["cells"]
                     for text in (source, nbgrader_source.insert_answer(source, exercise, "answer = 1")))
    differ = [(old["id"], new["source"]) for old, new in zip(before, after, strict=True) if old != new]
    assert differ == [("answer", "%%answer lived-to-see\nanswer = 1")]


@pytest.mark.parametrize(("scores", "right"), [
    ({"untouched": (0, 1), "solved": (1, 1)}, [True, True]),
    ({"untouched": (1, 1), "solved": (1, 1)}, [False, True]),
    ({"untouched": (0, 1), "solved": (0, 1)}, [True, False]),
    ({"untouched": (0, 1), "solved": (1, 2)}, [True, False]),
    ({"untouched": (0, 1)}, [True, False])])
def test_a_missing_or_different_score_is_wrong(scores: dict[str, tuple[int, int]], right: list[bool]) -> None:
    rows = [{"assignment": "a", "student_id": who, "score": str(score), "max_score": str(most)}
            for who, (score, most) in scores.items()]
    assert [*check_nbgrader.compare_scores(rows, {"a": [load_exercises()["lived-to-see"]]})] == right


@pytest.mark.parametrize("wanted", [*NEEDED, *map(Requirement, PROJECT["optional-dependencies"]["nbgrader"])],
                         ids=lambda wanted: wanted.name)
def test_the_graders_lock_holds_what_the_project_asks_for(wanted: Requirement) -> None:
    assert wanted.specifier.contains(PINNED[wanted.name])


def test_the_graders_lock_agrees_with_the_other_and_names_no_host() -> None:
    other = dict(lock.list_pins(environment.read_lock(environment.COURSE), lock.describe_interpreter()))
    assert not {name for name in PINNED.keys() & other.keys() if PINNED[name] != other[name]}
    assert not re.search(r"://|--index|--find-links|--extra|@ ", GRADER_LOCK)
    assert not [entry for entry in re.split(r"\n(?=\S)", GRADER_LOCK.strip()) if "--hash=sha256:" not in entry]


def test_a_part_and_nbgrader_exclude_each_other() -> None:
    with pytest.raises(CourseError, match="takes no part"):
        run_tests.run(cli.parse(["test", "model", "--nbgrader"]))


def test_an_unknown_assignment_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(install, "ensure_environment", lambda environment: None)
    monkeypatch.setattr(check_nbgrader, "OUTPUT", tmp_path)
    with pytest.raises(CourseError, match="there is no assignment 99-nowhere"):
        check_nbgrader.run(argparse.Namespace(rest=["99-nowhere"]))
