"""`build` stores the same bytes each time, names stale outputs, and refuses what must not be stored."""
from __future__ import annotations

import argparse
import json
import subprocess
import sys
import types
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from pkvm_model.course.dev import build
from pkvm_model.course.errors import CourseError
from pkvm_model.course.paths import ROOT
from pkvm_model.course.publish import figures
from pkvm_model.machine.asking import STORED, VARIABLE

LESSON = [new_markdown_cell("# A lesson"),
          new_code_cell("import ipywidgets\nprint('one')\nprint('two')",
                        metadata={"tags": ["kept"], "collapsed": True}),
          new_code_cell("ipywidgets.Button(description='Step')", id="mine"),
          new_code_cell("from pkvm_model.course import cli\ncli.parse(None)", metadata={"tags": ["raises-exception"]})]


def write(path: Path, cells: list[nbformat.NotebookNode]) -> Path:
    nbformat.write(new_notebook(cells=cells, metadata={"widgets": {"state": 1}}), path)
    return path


def run(path: Path, check: bool = False) -> int:
    return build.run(argparse.Namespace(notebooks=[str(path)], check=check))


@pytest.fixture(scope="module")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a notebook that was built once."""
    path = write(tmp_path_factory.mktemp("lesson") / "lesson.ipynb", LESSON)
    assert run(path) == 0
    return path


def test_two_builds_store_the_same_bytes(lesson: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = lesson.read_bytes()
    assert run(lesson) == 0
    assert lesson.read_bytes() == before
    assert capsys.readouterr().out == ""


def test_a_notebook_is_built_with_stored_answers_also_where_a_machine_is(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE)
    path = write(tmp_path / "asks.ipynb", [new_code_cell(f"import os\nprint(os.environ['{VARIABLE}'])")])
    assert run(path) == 0
    assert nbformat.read(path, as_version=4).cells[0].outputs[0].text == f"{STORED}\n"


def test_nothing_of_a_single_run_is_stored(lesson: Path) -> None:
    stored = nbformat.read(lesson, as_version=4)
    assert stored.metadata == build.METADATA
    assert [cell.metadata for cell in stored.cells] == [{}, {"tags": ["kept"]}, {}, {"tags": ["raises-exception"]}]
    assert stored.cells[2].id == "mine"
    assert [cell.execution_count for cell in stored.cells[1:]] == [1, 2, 3]
    assert stored.cells[1].outputs[0].text == "one\ntwo\n"
    assert stored.cells[2].outputs[0].data[build.WIDGET_VIEW]["model_id"] == f"{1:032x}"
    (error,) = stored.cells[3].outputs
    assert error.traceback == [f"TypeError: {error.evalue}"]


def test_a_widget_with_a_static_form_is_stored_as_that_form_only() -> None:
    data = {"text/html": "<table>", "text/plain": "Bench", build.WIDGET_VIEW: {"model_id": "random"}}
    cell = new_code_cell("bench", outputs=[new_output("execute_result", data=data)])
    build.trim(new_notebook(cells=[cell]))
    assert set(cell.outputs[0].data) == {"text/html", "text/plain"}


def test_a_stale_output_is_named_and_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str],
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    stale, right = tmp_path / "stale.ipynb", tmp_path / "right.ipynb"
    stale.write_text("before")
    right.write_text("after")
    monkeypatch.setattr(build, "run_notebook", lambda path: b"after")
    assert build.run(argparse.Namespace(notebooks=[stale, right], check=True)) == 1
    assert capsys.readouterr().out == f"stale: {stale}\n"
    assert stale.read_text() == "before"


def test_line_ends_do_not_count(tmp_path: Path, capsys: pytest.CaptureFixture[str],
                                monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lesson.ipynb"
    path.write_bytes(b"{\r\n}\r\n")
    monkeypatch.setattr(build, "run_notebook", lambda path: b"{\n}\n")
    assert build.run(argparse.Namespace(notebooks=[path], check=True)) == 0
    assert capsys.readouterr().out == ""


def test_git_is_told_to_leave_line_ends_alone() -> None:
    names = ["notebooks/01-start-here.ipynb", "pkvm_model/lesson.py", "tests/data/bfs-v1.jsonl.gz", "figures/bench.png"]
    told = subprocess.run(["git", "check-attr", "eol", "text", "--", *names], cwd=ROOT, capture_output=True, text=True,
                          check=False)
    if told.returncode:
        pytest.skip("this is not a git checkout")
    assert told.stdout.split("\n")[:-1] == [f"{name}: {attribute}" for name, attributes in zip(names, [
        ("eol: lf", "text: auto"), ("eol: lf", "text: auto"), ("eol: lf", "text: unset"), ("eol: lf", "text: unset")],
        strict=True) for attribute in attributes]


@pytest.mark.parametrize(("source", "report"), [
    ("# a step too far\n1 / 0", "cell 2: # a step too far\n  ZeroDivisionError: division by zero"),
    ("import warnings\nwarnings.warn('old')", "cell 2: import warnings\n  it wrote to stderr:"),
    ("import os\nos._exit(1)", "cell 2: import os\n  the kernel died")])
def test_a_cell_that_fails_stops_the_build(tmp_path: Path, source: str, report: str) -> None:
    path = write(tmp_path / "bad.ipynb", [new_code_cell("x = 1"), new_code_cell(source)])
    before = path.read_bytes()
    with pytest.raises(CourseError) as error:
        run(path)
    assert f"bad.ipynb, {report}" in str(error.value)
    assert len(str(error.value).splitlines()) <= 4
    assert path.read_bytes() == before


def test_cells_without_an_id_get_one_from_their_place(tmp_path: Path) -> None:
    path = write(tmp_path / "old.ipynb", [new_markdown_cell("a"), new_markdown_cell("b", id="cell-03")])
    content = json.loads(path.read_bytes())
    del content["cells"][0]["id"]
    content["cells"].append({"cell_type": "markdown", "metadata": {}, "source": "c"})
    path.write_text(json.dumps(content))
    assert [cell.id for cell in build.read_with_ids(path).cells] == ["cell-01", "cell-03", "cell-03-new"]


def test_duplicate_ids_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "double.ipynb"
    path.write_text(json.dumps({"cells": [{"cell_type": "markdown", "id": "a", "metadata": {}, "source": ""}] * 2}))
    with pytest.raises(CourseError, match="more than one cell has the id a"):
        build.read_with_ids(path)


def test_a_file_that_is_not_a_notebook_is_named(tmp_path: Path) -> None:
    (tmp_path / "half.ipynb").write_text('{"cells": [')
    with pytest.raises(CourseError, match=r"half\.ipynb cannot be read as a notebook"):
        run(tmp_path / "half.ipynb")


def test_figures_come_from_the_table_of_their_module(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("drawn")
    module.__dict__.update(FIGURES={"life.svg": lambda: "<svg/>"}, __spec__=types.SimpleNamespace())
    monkeypatch.setitem(sys.modules, "drawn", module)
    assert list(build.draw_figures("drawn")) == [(ROOT / "figures" / "life.svg", b"<svg/>")]
    assert list(build.draw_figures("pkvm_model.no_such_module")) == []


@pytest.mark.parametrize("name", sorted(figures.FIGURES))
def test_stored_figures_are_up_to_date(name: str) -> None:
    assert (ROOT / "figures" / name).read_text(encoding="utf-8") == figures.FIGURES[name]()
