"""Reads and writes the learner's files, as the commands import and handin do.

It works in a worker of its own, in which no learner's code ever ran: so no answer can change what is handed in.
"""
from __future__ import annotations

import base64
from typing import TypedDict

from ..course.learner import handin, work
from ..course.learner.handin import EXERCISES
from ..practice import progress
from ..practice.exercises import load_exercises
from ..schema import JSON


class FileValue(TypedDict):
    """A file that the learner has chosen: its name, and its bytes as base64."""

    name: str
    base64: str


class HandInQuestion(TypedDict):
    """What is to be handed in: the learner's name, and the records by exercise."""

    name: str
    exercises: JSON


class HandInFile(TypedDict):
    """A hand-in: the name of the file, and its text."""

    file: str
    text: str


def read_work(file: FileValue) -> JSON:
    """Return the work in a file: records, places of quizzes and answers. Raise CourseError if there is none."""
    found = work.read_content(base64.b64decode(file["base64"]), file["name"], load_exercises().values())
    answers = [{"id": answer.exercise, "text": answer.text, "stub": answer.stub} for answer in found.answers]
    return {"exercises": progress.to_json(found.exercises), "quizzes": found.quizzes, "answers": answers}


def write_handin(asked: HandInQuestion) -> HandInFile:
    """Return a hand-in and the name of its file. Raise CourseError if there is nothing to hand in."""
    hand_in = handin.make(progress.from_json(asked["exercises"], EXERCISES), asked["name"])
    return {"file": handin.name_file(hand_in.name), "text": handin.write_text(hand_in)}
