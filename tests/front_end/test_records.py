"""What becomes of a learner's progress must not depend on where they learn: Python and the pages run the same cases."""

import json
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pkvm_model.practice import progress, quizzes
from pkvm_model.practice.exercises import load_exercises
from pkvm_model.practice.progress import ExerciseRecord, choose_better
from pkvm_model.practice.progress_report import make_report
from pkvm_model.practice.submit import update_record
from pkvm_model.practice.verdict import Verdict

HERE = Path(__file__).parent
CASES: dict[str, Any] = json.loads((HERE / "records.json").read_text(encoding="utf-8"))
needs_node = pytest.mark.skipif(not shutil.which("node"), reason="node is not installed, so no page's code can run")


def shorten(record: ExerciseRecord) -> Any:
    """Return a record as a file has it."""
    return progress.to_json({"it": record})["it"]


@pytest.mark.parametrize("case", CASES["updates"], ids=lambda case: str(case["name"]))
def test_python_notes_a_try_in_the_same_way(case: dict[str, Any]) -> None:
    verdict = Verdict(sentence="", **case["verdict"])
    assert shorten(update_record(ExerciseRecord(**case["record"]), verdict, case["answer"])) == case["after"]


@pytest.mark.parametrize("case", CASES["choices"], ids=lambda case: str(case["name"]))
def test_python_chooses_the_same_record(case: dict[str, Any]) -> None:
    assert shorten(choose_better(ExerciseRecord(**case["mine"]), ExerciseRecord(**case["theirs"]))) == case["better"]


@pytest.mark.parametrize("case", CASES["places"], ids=lambda case: str(case["name"]))
def test_python_merges_the_same_answers_to_quizzes(case: dict[str, Any]) -> None:
    assert quizzes.merge(case["mine"], case["theirs"]) == case["merged"]


def run_node(*arguments: str, given: str = "") -> str:
    """Return what the pages' own code prints."""
    command = ["node", str(HERE / "run_records.js"), *arguments]
    return subprocess.run(command, input=given, capture_output=True, text=True, check=False).stdout


@needs_node
def test_the_pages_agree_with_every_case() -> None:
    assert run_node() == ""


@needs_node
def test_the_pages_report_the_same_progress() -> None:
    """Only the words for a learner who has solved everything differ: a page has a button for the hand-in."""
    exercises = [*load_exercises().values()]
    learners = [make_up(random.Random(seed), list(load_exercises())) for seed in range(40)]
    learners.append({each.id: ExerciseRecord(solved=True) for each in exercises[:20] if each.road == "main"})
    learners.append({exercise.id: ExerciseRecord(1, solved=True) for exercise in exercises})
    given = {"report": make_report(exercises, {}), "all": [progress.to_json(records) for records in learners]}
    reports = json.loads(run_node("reports", given=json.dumps(given)))
    assert reports.pop()["note"].startswith("Everything is solved.")
    assert reports == [make_report(exercises, records) for records in learners[:-1]]


def make_up(dice: random.Random, names: list[str]) -> dict[str, ExerciseRecord]:
    """Return the records of a learner who has begun some exercises."""
    return {name: ExerciseRecord(dice.randrange(4), dice.randrange(3), dice.random() < .2, dice.random() < .7,
                                 dice.choice([None, 0, 1, 1234]), dice.choice([None, 1, 2000]))
            for name in dice.sample(names, dice.randrange(len(names)))}
