"""Tries the exercises with nbgrader itself: all of them released, those of some chapters graded, the scores compared.

nbgrader needs packages that the course does without, so it has an environment of its own, made from its own lock.
"""

import argparse
import csv
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from ...practice.exercises import Exercise
from ..errors import CourseError
from ..setup import environment
from ..paths import ROOT
from ..setup.environment import Place
from . import grading

GRADER = Place(ROOT / ".venv-nbgrader", ROOT / "nbgrader.lock")
MADE = ROOT / "_nbgrader"
GRADED = ("09-the-hole-in-the-patch", "10-two-ways-to-close-it")
"""The chapters that are graded where none is named: all kinds of exercises are among theirs."""
LEARNERS: Mapping[str, Callable[[Exercise, bytes], bytes]] = {
    "untouched": lambda exercise, release: release,
    "solved": lambda exercise, release: grading.answered(release, exercise, exercise.solution),
}


def run(arguments: argparse.Namespace) -> int:
    """Writes the source folder, has nbgrader release and grade it, and gives status 0 where every score is right."""
    if environment.is_bundle():
        raise CourseError("a bundle has no nbgrader. Run this in the course itself, where there is a network.")
    environment.filled(GRADER)
    assignments = grading.write(MADE)
    print(f"{sum(map(len, assignments.values()))} exercises in {len(assignments)} assignments: {MADE / 'source'}")
    graded = arguments.rest or GRADED
    unknown = [name for name in graded if name not in assignments]
    if unknown:
        raise CourseError(f"there is no assignment {unknown[0]}; there are {', '.join(assignments)}.")
    with tempfile.TemporaryDirectory(prefix="pkvm-nbgrader-") as folder:
        right = [*tried(Path(folder), {name: assignments[name] for name in graded})]
    print("Every score is right." if all(right) else "A score is wrong; see above.")
    return 0 if all(right) else 1


def tried(folder: Path, graded: Mapping[str, Sequence[Exercise]]) -> Iterator[bool]:
    """Releases every assignment, grades those that are asked for; yields for each score whether it is right."""
    for name in grading.write(folder):
        nbgrader(folder, "generate_assignment", name)
    for name, exercises in graded.items():
        print(f"Grading {name}.", flush=True)
        hand_in(folder, name, exercises)
        nbgrader(folder, "autograde", name)
    nbgrader(folder, "export")
    with (folder / "grades.csv").open(encoding="utf-8", newline="") as grades:
        yield from compared(list(csv.DictReader(grades)), graded)


def hand_in(folder: Path, name: str, exercises: Sequence[Exercise]) -> None:
    """Puts what each learner hands in for an assignment where nbgrader looks for it."""
    for learner, work in LEARNERS.items():
        target = folder / "submitted" / learner / name
        target.mkdir(parents=True)
        for exercise in exercises:
            file = f"{exercise.id}.ipynb"
            release = (folder / "release" / name / file).read_bytes()
            (target / file).write_bytes(work(exercise, release))


def compared(rows: Sequence[Mapping[str, str]], graded: Mapping[str, Sequence[Exercise]]) -> Iterator[bool]:
    """Says each learner's score in each assignment, and whether it is the right one; one that is missing is wrong."""
    found = {(row["assignment"], row["student_id"]): (float(row["score"]), float(row["max_score"])) for row in rows}
    for name, exercises in graded.items():
        most = sum(exercise.difficulty for exercise in exercises)
        for learner in LEARNERS:
            wanted = (most if learner == "solved" else 0, most)
            score = found.get((name, learner))
            print(f"{name}, {learner}: {'not graded' if score is None else '{:g} of {:g}'.format(*score)}")
            yield score == wanted


def nbgrader(folder: Path, *command: str) -> None:
    """Runs nbgrader in the folder of its course. Raises CourseError with what it said last."""
    program = GRADER.python.with_name("nbgrader" + GRADER.python.suffix)
    variables = environment.variables(GRADER.python)
    # nbgrader starts another program of its environment by name, and keeps going where it finds none.
    variables["PATH"] = os.pathsep.join([str(program.parent), variables["PATH"]])
    done = subprocess.run(
        [program, *command], cwd=folder, env=variables, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise CourseError(f"nbgrader {command[0]} failed: {' '.join(last) or 'no reason given'}")
