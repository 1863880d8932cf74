"""The course in Pyodide, under node: every answer gets its verdict, widgets answer, and no package is needed.

Pyodide is fetched from npm when it is first needed, as for a build of the site.
"""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pkvm_model.browser import page
from pkvm_model.course.site import library
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


class Told(NamedTuple):
    """What a page's Python has told: what two widgets answer, which packages that needed, and all verdicts."""

    answers: Any
    packages: Any
    verdicts: Any


@pytest.fixture(scope="module")
def assets(live_site: Path) -> Path:
    """Return a folder with a page's Python."""
    return live_site / "assets"


@pytest.fixture(scope="module")
def here() -> Any:
    """The same two widgets here."""
    return page.CellsOfPage(CELLS)


@pytest.fixture(scope="module")
def questions(here: Any) -> list[tuple[int, Any]]:
    """Return what the widgets are asked, each by the number of its cell."""
    graph = here.find_widget(2).graph
    way, edge = next((way, edge) for at, way in ways(graph).items() for edge in graph["edges"][at]
                     if edge["to"] is None)
    return [(1, {"case": ["R7", "v1", "wrong"], "go": True}),
            (2, {"after": way, "cpu": edge["cpu"], "line": edge["line"]})]


@pytest.fixture(scope="module")
def told(assets: Path, questions: list[tuple[int, Any]]) -> Told:
    """Ask everything of one Python: most of the time that a question takes is for its start."""
    script = (HERE / "answering.py").read_text(encoding="utf-8")
    last = f"json.dumps([ask_cells({CELLS!r}, {questions!r}), list_packages(), judge_all()])"
    return Told(*json.loads(run_script(f"{script}\n\n{last}\n", assets / "pyodide", assets / "course.zip")))


def test_every_solution_passes_and_every_wrong_answer_is_refused_with_its_sentence(told: Told) -> None:
    expected = {each.id: [[False, wrong.sentence, False] for wrong in each.wrong] for each in EXERCISES.values()}
    assert {name: verdicts[1:] for name, verdicts in told.verdicts.items()} == expected
    assert [name for name, ((passed, _, spoiled), *_) in told.verdicts.items() if not passed or spoiled] == []


def test_a_finder_and_the_bench_of_a_free_host_answer_as_they_do_here_and_need_no_package(
        told: Told, here: Any, questions: list[tuple[int, Any]]) -> None:
    expected: Any = [here.find_widget(cell).reply({"ask": question}) for cell, question in questions]
    assert told.answers == json.loads(json.dumps(expected))
    assert told.packages == []
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
