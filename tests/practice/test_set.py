"""The set of exercises: there are enough of them, and their hints name only what has been taught."""
from __future__ import annotations

import ast
import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache

import pytest

from pkvm_model.model.revisions import ERRNO, REVISIONS
from pkvm_model.practice.exercises import Exercise, load_exercises
from tests.text.notebook import CHAPTERS, NOTEBOOKS, code_cells, headings

ALL = list(load_exercises().values())
ENOUGH, FOR_EACH = 42, 3
AGREED = {"lived-to-see", "silent-load", "order-of-checks", "missing-line", "forgotten-memo", "not-created",
          "find-the-hole", "close-the-hole", "comment-to-spec", "next-tenant", "count-the-warnings", "harmless-guard",
          "both-get-in", "old-memories", "late-arrival", "sixteen-bits", "polite-refusal", "lost-or-leaked",
          "three-questions"}
"""Ids that must not change: workshops and notes refer to them."""
TERMS = [text for path in NOTEBOOKS if path.stem == "glossary" for level, text in headings(path) if level > 2]
NUMBERS = re.compile(rf"\b[RM]\d+\b|\b(?:{'|'.join(ERRNO.values())})\b")
NAMES = re.compile(r"`([^`]+)`")


@cache
def collect_taught(chapter: str) -> str:
    """Return everything that a learner has read by the end of a chapter: text, code and outputs."""
    return "\n".join(extract_text(path.read_text(encoding="utf-8")) for path in CHAPTERS if path.stem <= chapter)


def extract_text(notebook: str) -> str:
    """Return the text of a notebook's cells and their outputs."""
    parts = []
    for cell in json.loads(notebook)["cells"]:
        parts += ["".join(cell["source"])]
        parts += ["".join(output.get("data", {}).get("text/plain", "")) for output in cell.get("outputs", ())]
    return "\n".join(parts)


def find_untaught(exercise: Exercise, hint: str) -> Iterator[str]:
    """Yield what a hint names that neither the chapters so far nor the exercise itself name."""
    own = [exercise.task, exercise.bench, exercise.stub, *exercise.options]
    known = "\n".join([collect_taught(exercise.chapter), *own])
    yield from (name for name in NAMES.findall(hint) if name not in known)
    yield from (number for number in NUMBERS.findall(hint) if not re.search(rf"\b{number}\b", known))
    yield from (term for term in TERMS if has_term(hint, term) and not has_term(known, term))


def has_term(text: str, term: str) -> bool:
    """Return True if a text has a term, in the singular or in the plural."""
    return re.search(rf"\b{re.escape(term)}s?\b", text, re.IGNORECASE) is not None


def test_every_chapter_has_enough_exercises() -> None:
    chapters = Counter(exercise.chapter for exercise in ALL)
    few = {path.stem: chapters[path.stem] for path in CHAPTERS if chapters[path.stem] < FOR_EACH}
    assert not few
    assert len(ALL) >= ENOUGH
    assert {*chapters} == {path.stem for path in CHAPTERS}


def test_agreed_exercises_exist() -> None:
    assert not AGREED - {*load_exercises()}


def test_untaught_names_in_hints_are_found() -> None:
    first = load_exercises()["make-it-notice"]
    for hint in ("Look at R16.", "Try `hyp_page_count`.", "It gives -EHWPOISON.", "Think of a force-reclaim."):
        assert [*find_untaught(first, hint)], hint
    assert not [*find_untaught(first, "Step the bench. Who uses the page?")]


@pytest.mark.parametrize("exercise", [exercise for exercise in ALL if exercise.road == "main"],
                         ids=lambda exercise: exercise.id)
def test_no_exercise_of_the_main_road_is_about_a_bench_of_its_chapter(exercise: Exercise) -> None:
    page = next(path for path in CHAPTERS if path.stem == exercise.chapter)
    shown = "\n".join(cell.source for cell in code_cells(page) if cell.id != "imports")
    benches = set(re.findall(r"\b[A-Z][A-Z_]+\b", exercise.bench)) - {each.upper() for each in REVISIONS}
    assert not [name for name in benches if re.search(rf"\b{name}\b", shown)]


@pytest.mark.parametrize("exercise", ALL, ids=lambda exercise: exercise.id)
def test_hints_name_only_what_has_been_taught(exercise: Exercise) -> None:
    assert not {hint: early for hint in exercise.hints if (early := [*find_untaught(exercise, hint)])}


@pytest.mark.parametrize("exercise", [exercise for exercise in ALL if exercise.bench], ids=lambda exercise: exercise.id)
def test_the_bench_cell_runs_and_shows_something(exercise: Exercise) -> None:
    *before, last = ast.parse(exercise.bench).body
    assert isinstance(last, ast.Expr)
    names = {"display": print}
    exec(compile(ast.Module(before, []), exercise.id, "exec"), names)
    assert eval(compile(ast.Expression(last.value), exercise.id, "eval"), names) is not None
