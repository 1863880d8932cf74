"""The course in Pyodide, under node: every answer gets its verdict, widgets answer, and no package is needed.

Pyodide is fetched from npm when it is first needed, as for a build of the site.
"""
from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pkvm_model.browser import page
from pkvm_model.course.errors import CourseError
from pkvm_model.course.site import library, packages
from pkvm_model.course.site.python_parts import write_parts
from pkvm_model.course.site.under_node import run_script
from pkvm_model.practice.exercises import load_exercises
from tests.graphs.test_bench import ways

HERE = Path(__file__).parent
EXERCISES = load_exercises()
CELLS = ["from pkvm_model.lesson import find, free_host\nfrom pkvm_model.kernel import V1",
         'find("R7", revisions=V1)', "free_host()"]
LIST = """
import json, sys, zipfile
archive = next(path for path in sys.path if path.endswith(".zip"))
loaded = {module.__spec__.origin for module in sys.modules.values() if module.__spec__}
names = zipfile.ZipFile(archive).namelist()
json.dumps([[name for name in names if f"{archive}/{name}" in loaded], [name for name in names if name[-3:] == ".py"]])
"""
MOST_BYTES = 2_750_000
Run = Callable[[str], Any]


@pytest.fixture(scope="module")
def assets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a page's Python."""
    try:
        packages.install_packages()
    except CourseError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("assets")
    write_parts(folder)
    return folder


@pytest.fixture(scope="module")
def run(assets: Path) -> Run:
    """Return a function that runs a script in a page's Python and returns what its last line says as JSON."""
    script = (HERE / "answering.py").read_text(encoding="utf-8")

    def run_last(last: str) -> Any:
        told = run_script(f"{script}\n\njson.dumps({last})\n", assets / "pyodide", assets / "course.zip")
        return json.loads(told)

    return run_last


def test_every_solution_passes_and_every_wrong_answer_is_refused_with_its_sentence(run: Run) -> None:
    judged = run("judge_all()")
    expected = {each.id: [[False, wrong.sentence, False] for wrong in each.wrong] for each in EXERCISES.values()}
    assert {name: verdicts[1:] for name, verdicts in judged.items()} == expected
    assert [name for name, ((passed, _, spoiled), *_) in judged.items() if not passed or spoiled] == []


def test_a_finder_and_the_bench_of_a_free_host_answer_as_they_do_here_and_need_no_package(run: Run) -> None:
    here = page.CellsOfPage(CELLS)
    widget: Any = here.find_widget(2)
    way, edge = next((way, edge) for at, way in ways(widget.graph).items() for edge in widget.graph["edges"][at]
                     if edge["to"] is None)
    questions: list[tuple[int, Any]] = [(1, {"case": ["R7", "v1", "wrong"], "go": True}),
                                        (2, {"after": way, "cpu": edge["cpu"], "line": edge["line"]})]
    expected: Any = [here.find_widget(cell).reply({"ask": question}) for cell, question in questions]
    found, imported = run(f"[ask_cells({CELLS!r}, {questions!r}), list_packages()]")
    assert found == json.loads(json.dumps(expected))
    assert imported == []
    assert expected[0]["answer"]["verdict"] == "violated"


def test_all_modules_that_python_loads_as_it_starts_are_byte_code_and_the_others_are_sources(assets: Path) -> None:
    loaded, left = json.loads(run_script(LIST, assets / "pyodide"))
    assert {Path(name).suffix for name in loaded} == {".pyc"}
    assert {"typing.pyc", "asyncio/tasks.pyc"} < set(loaded)
    assert {"argparse.py", "unittest/case.py"} < set(left)


def test_the_library_is_the_same_bytes_each_time_and_not_too_many(assets: Path) -> None:
    made = library.make_library()
    assert made == (assets / "pyodide" / library.NAME).read_bytes()
    assert len(made) < MOST_BYTES
