"""Random hand-ins of learners who do not exist, made from a seed; some of them are broken on purpose."""
from __future__ import annotations

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
def solve(name: str) -> ExerciseRecord:
    """Return the record of an exercise that was solved at the first try."""
    exercise = load_exercises()[name]
    verdict = judge_here(name, exercise.solution)
    noted = {fact: getattr(verdict, fact) for fact in ("steps", "fewest", "trace")}
    return ExerciseRecord(1, solved=True, answer=exercise.solution, **noted)


def make_record(chance: random.Random, name: str) -> ExerciseRecord:
    """Return a random record of an exercise."""
    kind, tries, hints = chance.random(), chance.randint(1, 6), chance.choice((0, 0, 1, 2, 3))
    if kind < 0.6:
        return solve(name)._replace(tries=tries, hints=hints)
    wrong = load_exercises()[name].wrong[0].code
    return ExerciseRecord(tries, hints, shown=kind > 0.8, answer=wrong)


def make_hand_in(chance: random.Random, number: int, names: tuple[str, ...], course: str) -> HandIn:
    """Return the hand-in of somebody who has done some of the exercises."""
    done = {name: make_record(chance, name) for name in names if chance.random() < 0.85}
    return HandIn(f"{NAMES[number % len(NAMES)]} {number}", course, done)


def cut(text: str) -> str:
    """Return the first half of a file."""
    return text[: len(text) // 2]


def rename_learner(text: str) -> str:
    """Return a file with another learner's name."""
    return text.replace('"name": "', '"name": "not ')


def replace_content(text: str) -> str:
    """Return a file that is not a hand-in."""
    return json.dumps({"cells": [], "length": len(text)})


def replace_facts(name: str, **facts: Any) -> Callable[[HandIn], HandIn]:
    """Return a function that gives an exercise of a hand-in these facts."""
    return lambda hand_in: hand_in._replace(
        exercises=hand_in.exercises | {name: solve("find-the-hole")._replace(**facts)})


CALM = judge_here("find-the-hole", "run = [1, 1, 0]").trace
"""A run of the same bench in which nothing is broken."""
ELSEWHERE = CALM.replace(" v1\n", " upstream\n", 1)
LYING = judge_here("find-the-hole", "run = [0, 0, 1, 0, 1, 0]").trace.replace("vm(0x1000) = 0", "vm(0x1000) = 7")
NO_HAND_INS: dict[str, Spoil] = {"it is cut or is not JSON": cut, "it was cut or changed": rename_learner,
                                 "it has other fields": replace_content}
CANNOT_BE: dict[str, Spoil] = {
    "no such exercise": replace_facts("no-such-exercise"),
    "solved without a try": replace_facts("find-the-hole", tries=0),
    "9 hints, and there are 3": replace_facts("find-the-hole", hints=9),
    "2 steps, and the fewest is 6": replace_facts("find-the-hole", steps=2),
    "2 steps, and the fewest is 6 ": replace_facts("find-the-hole", steps=2, fewest=None),
    "the fewest steps are 1, and they are 6": replace_facts("find-the-hole", steps=6, fewest=1),
    "does not replay": replace_facts("find-the-hole", trace="pkvm-trace 9 nothing\n"),
    "its run does not replay: This trace is not from this bench": replace_facts("find-the-hole", trace=ELSEWHERE),
    "its run ends differently when replayed": replace_facts("find-the-hole", trace=LYING),
    "solved without a run": replace_facts("find-the-hole", trace=""),
    "its run breaks nothing": replace_facts("find-the-hole", trace=CALM),
    "its answer does not pass": lambda hand_in: hand_in._replace(
        exercises=hand_in.exercises | {"lived-to-see": ExerciseRecord(1, solved=True, answer='answer = "-EBUSY"')})}


def write_class(folder: Path, seed: int = 1, whole: int = 15) -> dict[str, str]:
    """Write hand-ins into a folder, intact ones first, and return the phrase that must name each broken one."""
    chance = random.Random(seed)
    phrases: dict[str, str] = {}
    spoilers: Iterator[tuple[str, Spoil]] = iter([*NO_HAND_INS.items(), *CANNOT_BE.items()])
    for number in range(whole + len(NO_HAND_INS) + len(CANNOT_BE)):
        hand_in, file = make_hand_in(chance, number, (*load_exercises(),), handin.digest_course()), f"{number:02}.json"
        phrase, spoil = next(spoilers) if number >= whole else ("", lambda text: text)
        if phrase in NO_HAND_INS or not phrase:
            (folder / file).write_text(spoil(handin.to_text(hand_in)))
        else:
            (folder / file).write_text(handin.to_text(spoil(hand_in)))
        phrases |= {file: phrase.strip()} if phrase else {}
    return phrases


def write_sample(folder: Path) -> None:
    """Write the hand-ins of the instructor's notebook: one was changed, one cannot be true, one came late."""
    chance = random.Random(7)
    for number in range(8):
        hand_in = make_hand_in(chance, number, SAMPLE, OLD)
        text = handin.to_text(CANNOT_BE["2 steps, and the fewest is 6"](hand_in) if number == 5 else hand_in)
        file = handin.name_file(hand_in.name)
        late = f"{number}ken_LATE_80{number}_9907_{file}" if number == 7 else file
        (folder / late).write_text(rename_learner(text) if number == 6 else text)
