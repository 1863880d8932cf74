"""The set as a whole: how many exercises there are, and that their hints name only what was taught by then."""
from __future__ import annotations

import ast
import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache

import pytest

from pkvm_model.model.revisions import ERRNO
from pkvm_model.practice.exercises import Exercise, load_exercises
from tests.text.notebook import CHAPTERS, NOTEBOOKS, headings

ALL = list(load_exercises().values())
ENOUGH, FOR_EACH = 42, 3
AGREED = {"lived-to-see", "silent-load", "order-of-checks", "missing-line", "forgotten-memo", "not-created",
          "find-the-hole", "close-the-hole", "comment-to-spec", "next-tenant", "count-the-warnings", "harmless-guard",
          "both-get-in", "old-memories", "late-arrival", "sixteen-bits", "polite-refusal", "lost-or-leaked",
          "three-questions"}
"""Names that do not change any more: workshops and notes refer to them."""
TERMS = [text for path in NOTEBOOKS if path.stem == "glossary" for level, text in headings(path) if level > 2]
NUMBERS = re.compile(rf"\b[RM]\d+\b|\b(?:{'|'.join(ERRNO.values())})\b")
NAMES = re.compile(r"`([^`]+)`")


@cache
def taught(chapter: str) -> str:
    """Everything that a learner has read by the end of a chapter: text, code, and what the cells show."""
    return "\n".join(shown(path.read_text(encoding="utf-8")) for path in CHAPTERS if path.stem <= chapter)


def shown(notebook: str) -> str:
    """The text of a notebook's cells and of their outputs."""
    parts = []
    for cell in json.loads(notebook)["cells"]:
        parts += ["".join(cell["source"])]
        parts += ["".join(output.get("data", {}).get("text/plain", "")) for output in cell.get("outputs", ())]
    return "\n".join(parts)


def not_taught(one: Exercise, hint: str) -> Iterator[str]:
    """What a hint names that neither the chapters up to the exercise's own nor what stands above the hint have."""
    known = "\n".join([taught(one.chapter), one.task, one.bench, one.stub, *one.options])
    yield from (name for name in NAMES.findall(hint) if name not in known)
    yield from (number for number in NUMBERS.findall(hint) if not re.search(rf"\b{number}\b", known))
    yield from (term for term in TERMS if says(hint, term) and not says(known, term))


def says(text: str, term: str) -> bool:
    """True if a text has a term, in the singular or in the plural."""
    return re.search(rf"\b{re.escape(term)}s?\b", text, re.IGNORECASE) is not None


def test_there_are_enough_of_them_and_some_for_each_chapter() -> None:
    chapters = Counter(one.chapter for one in ALL)
    few = {path.stem: chapters[path.stem] for path in CHAPTERS if chapters[path.stem] < FOR_EACH}
    assert not few
    assert len(ALL) >= ENOUGH
    assert {*chapters} == {path.stem for path in CHAPTERS}


def test_those_that_others_refer_to_are_there() -> None:
    assert not AGREED - {*load_exercises()}


def test_what_hints_must_not_name_is_found() -> None:
    first = load_exercises()["make-it-notice"]
    for hint in ("Look at R16.", "Try `hyp_page_count`.", "It gives -EHWPOISON.", "Think of a force-reclaim."):
        assert [*not_taught(first, hint)], hint
    assert not [*not_taught(first, "Step the bench. Who uses the page?")]


@pytest.mark.parametrize("one", ALL, ids=[one.id for one in ALL])
def test_hints_name_nothing_that_was_not_taught(one: Exercise) -> None:
    assert not {hint: early for hint in one.hints if (early := [*not_taught(one, hint)])}


@pytest.mark.parametrize("one", [one for one in ALL if one.bench], ids=lambda one: one.id)
def test_the_cell_beside_the_answer_runs_and_shows_something(one: Exercise) -> None:
    *before, last = ast.parse(one.bench).body
    assert isinstance(last, ast.Expr)
    names = {"display": print}
    exec(compile(ast.Module(before, []), one.id, "exec"), names)
    assert eval(compile(ast.Expression(last.value), one.id, "eval"), names) is not None
