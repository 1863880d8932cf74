"""The course in Pyodide, under node: every answer gets its verdict, widgets answer, and no package is needed.

Pyodide is fetched from npm when it is first needed, as for a build of the site.
"""
from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pkvm_model.browser import page
from pkvm_model.course.errors import CourseError
from pkvm_model.course.site import archive, packages
from pkvm_model.practice.exercises import load_exercises
from tests.graphs.test_bench import ways

HERE = Path(__file__).parent
EXERCISES = load_exercises()
CELLS = ["from pkvm_model.lesson import find, free_host\nfrom pkvm_model.kernel import V1",
         'find("R7", revisions=V1)', "free_host()"]
Run = Callable[[str], Any]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a function that runs a script in Pyodide and returns what its last line says as JSON."""
    node = shutil.which("node")
    if not node:
        pytest.skip("node is not installed, so no Pyodide can run")
    try:
        pyodide = packages.install_packages() / "pyodide"
    except CourseError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("pyodide")
    (folder / "course.zip").write_bytes(archive.pack_course())

    def run_script(last: str) -> Any:
        script = folder / "script.py"
        script.write_text(f"{(HERE / 'answering.py').read_text(encoding='utf-8')}\n\njson.dumps({last})\n", "utf-8")
        command = [node, *map(str, (HERE / "run.mjs", pyodide, folder / "course.zip", script))]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads(done.stdout)

    return run_script


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
