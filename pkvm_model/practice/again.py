"""Questions of earlier chapters that a chapter asks again: those that the learner missed or left out come first.

A question is read from the cell that asks it, and named by chapter and cell: `02 quiz-give`. Once one of the chosen
questions has been answered, the choice is kept with the answers, so that running the cell again changes nothing.
"""
from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ..show.quiz import QuizQuestion, make_question, read_tries
from .progress_report import NOTEBOOKS
from .quizzes import AGAIN

MOST = 2
"""The questions that a chapter asks again."""
CHOSEN = re.compile(r"([0-9]{2} [\w-]+) ([0-9]{1,6})(?![0-9])")


def list_questions(chapter: str, folder: Path = NOTEBOOKS) -> dict[str, QuizQuestion]:
    """Return the questions of the chapters before the one with a number such as 04, by their names."""
    paths = [path for path in sorted(folder.glob("[0-9][0-9]-*.ipynb")) if path.name[:2] < chapter]
    return {f"{path.name[:2]} {cell}": question for path in paths for cell, question in read_questions(path)}


def read_questions(path: Path) -> Iterator[tuple[str, QuizQuestion]]:
    """Yield each question of a notebook with the id of its cell; a notebook that cannot be read has none."""
    try:
        sources = {cell["id"]: "".join(cell["source"]) for cell in json.loads(path.read_bytes())["cells"]}
    except (OSError, ValueError, KeyError, TypeError):
        return
    for name, source in sources.items():
        if question := parse_question(source):
            yield name, question


def parse_question(source: str) -> QuizQuestion | None:
    """Return the question that a cell asks, or None if it does not ask one and nothing else."""
    if not source.startswith("quiz("):
        return None
    try:
        match ast.parse(source).body:
            case [ast.Expr(ast.Call(ast.Name(), [asks, options], [ast.keyword("right", right)]))]:
                return make_question(*map(ast.literal_eval, (asks, options, right)))
    except (SyntaxError, ValueError):
        pass
    return None


def choose(questions: Mapping[str, QuizQuestion], answers: Mapping[str, str], usual: Iterable[str]) -> list[str]:
    """Return the names of the questions to ask again: missed ones, then those without an answer, then any.

    Of two that are equal the usual one comes first, then that of the earlier chapter.
    """
    names = [name for name in dict.fromkeys([*usual, *questions]) if name in questions]
    return sorted(names, key=lambda name: rank(questions[name], answers.get(name, "")))[:MOST]


def rank(question: QuizQuestion, place: str) -> int:
    """Return 0 for a question whose first answer was wrong, 1 for one without an answer, 2 for any other."""
    tries = read_tries(place, question)
    return 1 if not tries else 0 if tries[0] != question.right else 2


def read_choice(text: str) -> dict[str, int]:
    """Return the names of the chosen questions, and how many answers each had before."""
    return {name: int(answers) for name, answers in CHOSEN.findall(text)}


def write_choice(choice: Mapping[str, int]) -> str:
    """Return the text that `read_choice` reads."""
    return ", ".join(f"{name} {answers}" for name, answers in choice.items())


def list_chosen_elsewhere(places: Mapping[str, str], chapter: str) -> set[str]:
    """Return the questions that other chapters have asked again, from all that is kept."""
    others = [text for key, text in places.items() if key.startswith(AGAIN) and key != f"{AGAIN}{chapter}"]
    return {name for text in others for name in read_choice(text)}
