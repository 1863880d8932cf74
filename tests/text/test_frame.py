"""Each chapter and the template have the frame that learners rely on."""
from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from pkvm_model import scenes
from pkvm_model.course.publish.chapters import read_chapter
from pkvm_model.model import revisions
from pkvm_model.practice.again import MOST, list_questions
from pkvm_model.practice.effort import round_up
from pkvm_model.practice.exercises import find_exercise
from pkvm_model.practice.notebook import GUARD, KERNEL, make_notebook
from pkvm_model.widgets.widget import MIME
from tests.text.notebook import (
    AUTHORS,
    CHAPTERS,
    EVIDENCE,
    NOTEBOOKS,
    TEMPLATE,
    Cell,
    by_id,
    cells,
    code_cells,
    headings,
    name_of,
    sections,
)

FRAMED = [*CHAPTERS, TEMPLATE]
FRAME = {"title": "# ", "ask-again": "## Who may still be using this?", "quiz-title": "## Quiz",
         "exercises": "## Exercises", "can-do": "## What you can now do", "roads": "## Roads not taken",
         "sources": "## Sources"}
"""The cells that every chapter has, in this order, and how each begins."""
DECIDING = {"bench", "schedule"}
"""The widgets in which a learner decides something."""
QUESTIONS = {"predict", "quiz", "quiz_again"}
MOST_REVISIONS, ALL_FROM = 2, "10"
REVISIONS = {name: value.name for name, value in vars(revisions).items() if isinstance(value, revisions.Revision)}

framed = pytest.mark.parametrize("path", FRAMED, ids=name_of)


@framed
def test_the_title_cell_has_a_promise_a_length_and_the_chapters_needed(path: Path) -> None:
    title = read_chapter(path)
    assert title.minutes == round_up(title.length.road)
    assert title.minutes <= 45
    assert len(re.findall(r"[.!?](?=\s|$)", title.promise)) == 1, "the promise is one sentence"
    assert all(need < path.stem for need in title.needs), "a chapter needs what comes before it"


@pytest.mark.parametrize("path", [*NOTEBOOKS, *AUTHORS], ids=name_of)
def test_there_is_one_title_and_no_heading_level_is_skipped(path: Path) -> None:
    levels = [level for level, _ in headings(path)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert not [pair for pair in pairwise(levels) if pair[1] > pair[0] + 1]


@framed
def test_the_frame_is_complete_and_in_order(path: Path) -> None:
    places = [cell.id for cell in cells(path)]
    assert [name for name in places if name in FRAME] == list(FRAME)
    assert places[-1] == "sources"
    assert not [name for name, begins in FRAME.items() if not by_id(path)[name].source.startswith(begins)]


@framed
def test_the_learner_decides_something(path: Path) -> None:
    assert [cell.id for cell in code_cells(path) if DECIDING & {*cell.calls()}]


@framed
def test_a_prediction_precedes_the_code_it_is_about(path: Path) -> None:
    predictions = [place for place, cell in enumerate(cells(path)) if cell.is_text and "**Predict" in cell.source]
    assert predictions
    for place in predictions:
        assert any(not cell.is_text for cell in cells(path)[place + 1:place + 4]), cells(path)[place].id


def untaken(path: Path) -> list[str]:
    """Return the ids of the predictions after which the next cell of code does not take them."""
    following = {text.id: next((cell.calls() for cell in cells(path)[place + 1:] if not cell.is_text), [])
                 for place, text in enumerate(cells(path)) if text.is_text and "**Predict" in text.source}
    return [name for name, calls in following.items() if "predict" not in calls]


@framed
def test_a_prediction_is_taken_before_the_next_code_runs(path: Path) -> None:
    assert untaken(path) == []


@framed
def test_the_quiz_has_at_least_two_questions(path: Path) -> None:
    places = [cell.id for cell in cells(path)]
    quiz = cells(path)[places.index("quiz-title"):places.index("exercises")]
    assert len([cell for cell in quiz if "quiz" in cell.calls()]) >= 2


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_the_source_of_a_question_is_hidden_since_it_has_the_answers(path: Path) -> None:
    assert not [cell.id for cell in code_cells(path) if QUESTIONS & {*cell.calls()} and not cell.hidden]


@framed
def test_sources_are_in_one_fold_at_the_end_of_a_section(path: Path) -> None:
    """A table may have its own, in the row or below."""
    for section in sections(path):
        marked = [cell.id for cell in section if cell.is_text and EVIDENCE.search(cell.source)
                  and not cell.source.startswith("|")]
        assert marked == [cell.id for cell in section if cell.is_fold], section[0].id
        assert marked in ([], [section[-1].id]), section[0].id


@framed
def test_a_claim_longer_than_a_line_is_folded_behind_its_sentence(path: Path) -> None:
    claims = [cell for cell in code_cells(path) if "claim" in cell.calls()]
    assert not [cell.id for cell in claims if len(cell.source.split("\n")) > 1 and ends_in_claim(cell)
                and not cell.hidden]


def ends_in_claim(cell: Cell) -> bool:
    """Return True if a cell shows the sentence of a claim, and nothing else."""
    last = ast.parse(cell.source).body[-1]
    return isinstance(last, ast.Expr) and isinstance(last.value, ast.Call) and ast.unparse(last.value.func) == "claim"


@framed
def test_an_import_line_has_at_most_two_names(path: Path) -> None:
    lines = [node for cell in code_cells(path) for node in ast.walk(ast.parse(cell.source))
             if isinstance(node, ast.ImportFrom)]
    assert not [ast.unparse(line) for line in lines if len(line.names) > 2]


RETURNS = {"04", "07", "10", "13"}
"""The chapters that begin with questions of earlier ones."""


def read_return(path: Path) -> tuple[str, ...]:
    """Return what a chapter's cell `return` names: the chapter, and the questions that are usual there."""
    (call,) = [node for node in ast.walk(ast.parse(by_id(path)["return"].source)) if isinstance(node, ast.Call)]
    return tuple(ast.literal_eval(argument) for argument in call.args)


@pytest.mark.parametrize("path", CHAPTERS, ids=name_of)
def test_four_chapters_begin_with_two_questions_of_earlier_ones(path: Path) -> None:
    places = [cell.id for cell in cells(path)]
    asking = [cell.id for cell in code_cells(path) if "quiz_again" in cell.calls()]
    assert asking == (["return"] if path.name[:2] in RETURNS else [])
    if asking:
        assert places[places.index("imports") + 1:][:2] == ["return-title", "return"]
        assert by_id(path)["return-title"].source.startswith("## Before you begin: two questions from earlier\n")
        number, *usual = read_return(path)
        assert number == path.name[:2]
        assert len({*usual} & {*list_questions(number)}) == MOST


@pytest.mark.parametrize("path", [path for path in CHAPTERS if path.name[:2] in RETURNS], ids=name_of)
def test_the_questions_that_return_are_stored_as_their_chapters_ask_them_now(path: Path) -> None:
    number, *usual = read_return(path)
    (shown,) = [cell["outputs"] for cell in json.loads(path.read_bytes())["cells"] if cell["id"] == "return"]
    asked = [json.loads(output["data"][MIME]["packed"])["title"] for output in shown]
    assert asked == [list_questions(number)[name].asks for name in usual], "build this chapter again"


def test_no_usual_question_returns_twice() -> None:
    usual = [name for path in CHAPTERS if path.name[:2] in RETURNS for name in read_return(path)[1:]]
    assert len({*usual}) == len(usual) == MOST * len(RETURNS)


@pytest.mark.parametrize("path", CHAPTERS, ids=name_of)
def test_every_question_of_a_chapter_can_return(path: Path) -> None:
    asking = {f"{path.name[:2]} {cell.id}" for cell in code_cells(path) if "quiz" in cell.calls()}
    assert asking == {name for name in list_questions("99") if name.startswith(path.name[:2])}


@framed
def test_a_chapter_shows_a_recording_of_a_real_kernel(path: Path) -> None:
    assert [cell.id for cell in code_cells(path) if {"recorded", "counted"} & {*cell.calls()}]


def named_revisions(path: Path) -> set[str]:
    """Return the revisions that a notebook's code names, itself or through its scenes."""
    code = [ast.parse(cell.source) for cell in code_cells(path)]
    names = {node.id for tree in code for node in ast.walk(tree) if isinstance(node, ast.Name)}
    used = [value for chapter in scenes.list_chapters() for name, value in chapter.items()
            if name in names and isinstance(value, scenes.Scene)]
    return {REVISIONS[name] for name in names & {*REVISIONS}} | {scene.revision.name for scene in used}


@pytest.mark.parametrize("path", [path for path in CHAPTERS if path.name < ALL_FROM], ids=name_of)
def test_early_chapters_show_at_most_two_revisions(path: Path) -> None:
    shown = {word for cell in cells(path) if cell.id != "sources" and cell.is_text
             for word in re.findall(rf"(?:\*\*|`)({'|'.join(REVISIONS.values())})(?:\*\*|`)", cell.source)}
    assert len(named_revisions(path) | shown) <= MOST_REVISIONS


@pytest.mark.parametrize("path", [path for path in [*NOTEBOOKS, TEMPLATE] if code_cells(path)], ids=name_of)
def test_heading_and_first_cell_name_the_kernel(path: Path) -> None:
    assert KERNEL in cells(path)[0].source
    assert code_cells(path)[0].source.startswith(GUARD)


def test_heading_and_first_cell_of_an_exercise_name_the_kernel() -> None:
    title, _, bench, _ = json.loads(make_notebook(find_exercise("close-the-hole")))["cells"]
    assert KERNEL in "".join(title["source"])
    assert "".join(bench["source"]).startswith(f"{GUARD}\n%load_ext pkvm_model.lesson")


def test_another_kernel_answers_in_our_words() -> None:
    done = subprocess.run([sys.executable, "-I", "-S", "-c", GUARD], capture_output=True, text=True, check=False)
    assert done.stderr.endswith("AssertionError: Wrong kernel: run python3 course.py lab, choose Python 3\n")
