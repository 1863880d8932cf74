"""The page of a notebook asks for nothing, and stored notebooks have a form for every reader."""

import json
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from pkvm_model.course.errors import CourseError
from pkvm_model.course.publish import pages
from pkvm_model.course.site.chapters import format_notebook
from pkvm_model.show.quiz import QuizQuestion
from pkvm_model.widgets.bench import Bench
from pkvm_model.widgets.quiz import Quiz
from pkvm_model.widgets.widget import MIME
from tests.widgets.small_graph import graph

VIEW, STATE = (f"application/vnd.jupyter.widget-{part}+json" for part in ("view", "state"))
TEXT = "# A lesson\n\n**Its promise.** More.\n\nSee [the next](07-two-phases.ipynb#there)." \
    " Do [One](../exercises/one.md)."


def notebook(saved: bool = False) -> Any:
    """Return a lesson with a bench, as `build` stores it, or as JupyterLab saves it with the state of its widgets."""
    data, _ = Bench(graph())._repr_mimebundle_()
    view = data.pop(VIEW)
    kept = {STATE: {"state": {view["model_id"]: {"model_name": "AnyModel", "state": {}}}}} if saved else {}
    cell = new_code_cell("bench(R7)", execution_count=1)
    shown = data | ({VIEW: view} if saved else {})
    cell.outputs = [new_output("execute_result", data=shown, execution_count=1)]
    return new_notebook(cells=[new_markdown_cell(TEXT), cell], metadata={"widgets": kept} if saved else {})


@pytest.fixture(params=[False, True], ids=["built", "saved"])
def page(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the page of a lesson."""
    nbformat.write(notebook(saved=request.param), tmp_path / "lesson.ipynb")
    return format_notebook(tmp_path / "lesson.ipynb", python=False)


def test_a_page_loads_nothing_but_its_icon_and_what_a_browser_needs_to_keep_it(page: str) -> None:
    without_module = page.replace("http://www.w3.org/2000/svg", "")
    assert "http:" not in without_module
    assert "https:" not in without_module
    assert not re.search(r"src=|@import|url\(", page)
    assert {kind for kind, _ in re.findall(r'<link rel="(\w+)" href="([\w./-]+)"', page)} == {"icon", "manifest"}


def test_a_page_holds_the_bench_and_its_static_form(page: str) -> None:
    assert page.count('class="widget-here" data-cell') == 1
    assert "Who owns every page</caption>" in page
    (kept,) = re.findall(r'<script type="application/json">(.*?)</script>', page)
    stored = json.loads(kept)
    assert json.loads(stored["packed"])["name"] == "r7"


def test_links_between_lessons_lead_to_pages(page: str) -> None:
    assert 'href="07-two-phases.html#there"' in page


def test_an_exercise_is_linked_to_its_page(page: str) -> None:
    assert 'Do <a href="exercises/one.html">One</a>.' in page


def test_a_widget_knows_its_cell_and_a_question_its_key(page: str, tmp_path: Path) -> None:
    assert '<div class="widget-here" data-cell="0"><' in page
    asked = Quiz(QuizQuestion("Which?", ("This", "That"), ("No.", "Yes."), 1))
    cell = new_code_cell("", outputs=[new_output("execute_result", data=asked._repr_mimebundle_()[0])])
    nbformat.write(new_notebook(cells=[new_code_cell(""), cell]), tmp_path / "asks.ipynb")
    assert f'data-cell="1" data-key="{asked.kept_as}"' in format_notebook(tmp_path / "asks.ipynb", python=False)


def test_a_page_has_the_sources_of_its_code_cells(page: str) -> None:
    (sources,) = re.findall(r'<script type="application/json" id="cells">(.*?)</script>', page)
    assert json.loads(sources) == ["bench(R7)"]


def test_the_stock_export_of_a_stored_lesson_shows_the_table() -> None:
    body, _ = HTMLExporter().from_notebook_node(notebook())
    assert "Who owns every page</caption>" in body
    assert MIME not in body


def test_a_file_that_is_not_a_notebook_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "odd.ipynb").write_text("[]")
    with pytest.raises(CourseError, match="cannot be read as a notebook"):
        pages.read_notebook(tmp_path / "odd.ipynb")


def test_a_source_that_jupyterlab_hides_is_not_in_the_page(tmp_path: Path) -> None:
    quiz = new_code_cell("quiz('Which?', right='This')", metadata={"jupyter": {"source_hidden": True}})
    quiz.outputs = [new_output("execute_result", data={"text/plain": "Quiz: Which?"}, execution_count=1)]
    nbformat.write(new_notebook(cells=[quiz]), tmp_path / "quiz.ipynb")
    text = pages.render_notebook(tmp_path / "quiz.ipynb").body
    assert "Quiz: Which?" in text
    assert "right=" not in text


def test_the_check_behind_a_claim_is_folded_below_its_sentence(tmp_path: Path) -> None:
    claim = new_code_cell("claim('It holds.',\n      1 < 2)", metadata={"jupyter": {"source_hidden": True}})
    claim.outputs = [new_output("execute_result", data={"text/plain": "holds: It holds."}, execution_count=1)]
    nbformat.write(new_notebook(cells=[claim]), tmp_path / "claim.ipynb")
    assert "<summary>How this was checked</summary><pre>claim('It holds.',\n      1 &lt; 2)</pre>" in (
        format_notebook(tmp_path / "claim.ipynb", python=False))
