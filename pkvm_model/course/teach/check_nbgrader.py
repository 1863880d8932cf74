"""Tries the exercises with nbgrader itself: releases all of them, grades some chapters, compares the scores.

nbgrader needs packages that the course does without, so it has an environment of its own, made from its own lock.
"""
from __future__ import annotations

import argparse
import csv
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from ...practice.exercises import Exercise
from ..errors import CourseError
from ..paths import WORKPLACE
from ..setup import install, wheels
from ..setup.environment import LOCKS, Environment
from ..setup.process import build_variables
from . import nbgrader_source

GRADER = Environment(WORKPLACE / ".venv-nbgrader", LOCKS / "nbgrader.lock")
OUTPUT = WORKPLACE / "_nbgrader"
GRADED = ("09-the-hole-in-the-patch", "10-two-ways-to-close-it")
"""The chapters that are graded unless others are named: they have exercises of all kinds."""
LEARNERS: Mapping[str, Callable[[Exercise, bytes], bytes]] = {
    "untouched": lambda exercise, release: release,
    "solved": lambda exercise, release: nbgrader_source.insert_answer(release, exercise, exercise.solution)}
"""Two learners who do not exist, and what each makes of a released notebook."""


def run(arguments: argparse.Namespace) -> int:
    """Write the source folder, let nbgrader release and grade it, and return 0 if all scores are right."""
    if wheels.is_bundle():
        raise CourseError("a bundle has no nbgrader. Run this in the course itself, with a network.")
    install.ensure_environment(GRADER)
    assignments = nbgrader_source.write(OUTPUT)
    print(f"{sum(map(len, assignments.values()))} exercises in {len(assignments)} assignments: {OUTPUT / 'source'}")
    chosen = arguments.rest or GRADED
    unknown = [name for name in chosen if name not in assignments]
    if unknown:
        raise CourseError(f"there is no assignment {unknown[0]}; there are {', '.join(assignments)}.")
    with tempfile.TemporaryDirectory(prefix="pkvm-nbgrader-") as folder:
        right = [*release_and_grade(Path(folder), {name: assignments[name] for name in chosen})]
    print("Every score is right." if all(right) else "A score is wrong; see above.")
    return 0 if all(right) else 1


def release_and_grade(folder: Path, chosen: Mapping[str, Sequence[Exercise]]) -> Iterator[bool]:
    """Release all assignments, grade the chosen ones, and yield for each score whether it is right."""
    for name in nbgrader_source.write(folder):
        run_nbgrader(folder, "generate_assignment", name)
    for name, exercises in chosen.items():
        print(f"Grading {name}.", flush=True)
        hand_in(folder, name, exercises)
        run_nbgrader(folder, "autograde", name)
    run_nbgrader(folder, "export")
    with (folder / "grades.csv").open(encoding="utf-8", newline="") as grades:
        yield from compare_scores(list(csv.DictReader(grades)), chosen)


def hand_in(folder: Path, name: str, exercises: Sequence[Exercise]) -> None:
    """Put what each learner hands in for an assignment where nbgrader looks for it."""
    for learner, work in LEARNERS.items():
        target = folder / "submitted" / learner / name
        target.mkdir(parents=True)
        for exercise in exercises:
            file = f"{exercise.id}.ipynb"
            release = (folder / "release" / name / file).read_bytes()
            (target / file).write_bytes(work(exercise, release))


def compare_scores(rows: Sequence[Mapping[str, str]], chosen: Mapping[str, Sequence[Exercise]]) -> Iterator[bool]:
    """Print each learner's score in each assignment, and yield whether it is right; a missing score is wrong."""
    scores = {(row["assignment"], row["student_id"]): (float(row["score"]), float(row["max_score"])) for row in rows}
    for name, exercises in chosen.items():
        most = sum(exercise.difficulty for exercise in exercises)
        for learner in LEARNERS:
            score = scores.get((name, learner))
            print(f"{name}, {learner}: {'not graded' if score is None else '{:g} of {:g}'.format(*score)}")
            yield score == (most if learner == "solved" else 0, most)


def run_nbgrader(folder: Path, *command: str) -> None:
    """Run nbgrader in the folder of its course. Raise CourseError with the last line it printed."""
    program = GRADER.python.with_name("nbgrader" + GRADER.python.suffix)
    variables = build_variables(GRADER.python)
    # nbgrader starts another program of its environment by name, and goes on if it finds none.
    variables["PATH"] = os.pathsep.join([str(program.parent), variables["PATH"]])
    process = subprocess.run([program, *command], cwd=folder, env=variables, capture_output=True, text=True,
                          errors="replace", check=False)
    if process.returncode:
        last = (process.stderr or process.stdout).strip().splitlines()[-1:]
        raise CourseError(f"nbgrader {command[0]} failed: {' '.join(last) or 'no reason given'}")
