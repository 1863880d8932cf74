"""Hand-ins of learners who do not exist: made by chance from a seed, some of them broken on purpose."""

import json
import random
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from pkvm_model.course.learner import handin
from pkvm_model.course.learner.handin import HandIn
from pkvm_model.practice.exercises import load_exercises
from pkvm_model.practice.progress import ExerciseRecord
from pkvm_model.practice.sandbox import judge_here

NAMES = ("Ada", "Alan", "Barbara", "Dennis", "Edsger", "Frances", "Grace", "Ken", "Leslie", "Margaret")
SAMPLE = ("lived-to-see", "find-the-hole", "close-the-hole", "next-tenant")
OLD = "0123456789ab"
Spoil = Callable[[Any], Any]
"""Return a broken copy of a hand-in or of its text."""


@cache
def solved(name: str) -> ExerciseRecord:
    """An exercise as somebody has it who solved it at the first try, with what the check noted."""
    exercise = load_exercises()[name]
    verdict = judge_here(name, exercise.solution)
    noted = {fact: getattr(verdict, fact) for fact in ("steps", "fewest", "trace")}
    return ExerciseRecord(1, solved=True, answer=exercise.solution, **noted)


def one_exercise(chance: random.Random, name: str) -> ExerciseRecord:
    """What somebody may have done in an exercise."""
    kind, tries, hints = chance.random(), chance.randint(1, 6), chance.choice((0, 0, 1, 2, 3))
    if kind < 0.6:
        return solved(name)._replace(tries=tries, hints=hints)
    wrong = load_exercises()[name].wrong[0].code
    return ExerciseRecord(tries, hints, shown=kind > 0.8, answer=wrong)


def learner(chance: random.Random, number: int, names: tuple[str, ...], course: str) -> HandIn:
    """Somebody who has done some of the exercises."""
    done = {name: one_exercise(chance, name) for name in names if chance.random() < 0.85}
    return HandIn(f"{NAMES[number % len(NAMES)]} {number}", course, done)


def cut(text: str) -> str:
    """A file of which only half arrived."""
    return text[: len(text) // 2]


def changed(text: str) -> str:
    """A file whose learner was made another one."""
    return text.replace('"name": "', '"name": "not ')


def other(text: str) -> str:
    """A file of something else."""
    return json.dumps({"cells": [], "length": len(text)})


def with_facts(name: str, **facts: Any) -> Callable[[HandIn], HandIn]:
    """A hand-in in which an exercise has these facts."""
    return lambda said: said._replace(exercises=said.exercises | {name: solved("find-the-hole")._replace(**facts)})


CALM = judge_here("find-the-hole", "run = [1, 1, 0]").trace
"""A run of the same bench in which nothing is broken."""
ELSEWHERE = CALM.replace(" v1\n", " upstream\n", 1)
LYING = judge_here("find-the-hole", "run = [1, 0, 1, 0]").trace.replace("vm(0x1000) = 0", "vm(0x1000) = 7")
NO_HAND_INS: dict[str, Spoil] = {"it is cut or is not JSON": cut, "it was cut or changed": changed,
                                 "it has other fields": other}
CANNOT_BE: dict[str, Spoil] = {
    "no such exercise": with_facts("no-such-exercise"),
    "solved without a try": with_facts("find-the-hole", tries=0),
    "9 hints, and there are 3": with_facts("find-the-hole", hints=9),
    "2 steps, and the fewest is 4": with_facts("find-the-hole", steps=2),
    "2 steps, and the fewest is 4 ": with_facts("find-the-hole", steps=2, fewest=None),
    "the fewest steps are 1, and they are 4": with_facts("find-the-hole", steps=4, fewest=1),
    "does not replay": with_facts("find-the-hole", trace="pkvm-trace 9 nothing\n"),
    "its run does not replay: This trace is not from this bench": with_facts("find-the-hole", trace=ELSEWHERE),
    "its run ends differently when replayed": with_facts("find-the-hole", trace=LYING),
    "solved without a run": with_facts("find-the-hole", trace=""),
    "its run breaks nothing": with_facts("find-the-hole", trace=CALM),
    "its answer does not pass": lambda said: said._replace(
        exercises=said.exercises | {"lived-to-see": ExerciseRecord(1, solved=True, answer='answer = "-EBUSY"')}),
}


def classroom(folder: Path, seed: int = 1, whole: int = 15) -> dict[str, str]:
    """Writes hand-ins into a folder, whole ones first; gives the phrase that must be said of each broken one."""
    chance = random.Random(seed)
    said: dict[str, str] = {}
    wrongs: Iterator[tuple[str, Spoil]] = iter([*NO_HAND_INS.items(), *CANNOT_BE.items()])
    for number in range(whole + len(NO_HAND_INS) + len(CANNOT_BE)):
        made, file = learner(chance, number, (*load_exercises(),), handin.digest_course()), f"{number:02}.json"
        phrase, spoil = next(wrongs) if number >= whole else ("", lambda text: text)
        if phrase in NO_HAND_INS or not phrase:
            (folder / file).write_text(spoil(handin.to_text(made)))
        else:
            (folder / file).write_text(handin.to_text(spoil(made)))
        said |= {file: phrase.strip()} if phrase else {}
    return said


def sample(folder: Path) -> None:
    """Writes the eight hand-ins that the instructor's notebook shows, one of them changed, one that cannot be true."""
    chance = random.Random(7)
    for number in range(8):
        made = learner(chance, number, SAMPLE, OLD)
        text = handin.to_text(CANNOT_BE["2 steps, and the fewest is 4"](made) if number == 5 else made)
        (folder / f"{made.name.lower().replace(' ', '-')}.json").write_text(changed(text) if number == 6 else text)
