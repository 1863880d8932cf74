"""A cell runs although those above have not run: the course's kernel runs what it needs first, and says so."""
from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

from pkvm_model.course import catch_up
from pkvm_model.course.catch_up import FAILED, RUNS_FIRST, read_code_cells
from pkvm_model.course.paths import PACKAGE, ROOT
from pkvm_model.practice.exercises import find_exercise
from pkvm_model.practice.needed_cells import CodeCell, choose_cells, list_names
from pkvm_model.practice.notebook import make_code_cell, make_markdown_cell, make_notebook
from tests.patience import PATIENCE

NOTEBOOKS = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb")
                   if b'"cell_type": "code"' in path.read_bytes())
BROKEN = "left = 1 / 0"
CELLS = {
    "imports": "from fractions import Fraction", "half": "half = Fraction(1, 2)",
    "loud": "print('loud'); third = half / 3; third", "other": "print('never asked for')", "use": "third + 1",
    "broken": BROKEN, "needs-broken": "left + 1", "again": "half = Fraction(1, 4)", "last": "[half for _ in range(2)]",
    "typo": "Fractoin(1, 2)", "defines": "def quarter():\n    return half", "calls": "quarter()"}


class Shown(NamedTuple):
    """What a cell shows: what it prints, its values as text, and the name of its error."""

    printed: str
    values: list[str]
    error: str


class Kernel:
    """The course's kernel on a notebook, asked as JupyterLab asks it."""

    def __init__(self, manager: KernelManager) -> None:
        """Wait until the kernel answers."""
        self.client = manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=PATIENCE)

    def run(self, source: str, cell: str | None = None, silent: bool = False) -> Shown:
        """Run a text as the cell with an id, or as nbval does, without one."""
        session = self.client.session
        content = {"code": source, "silent": silent, "store_history": not silent, "allow_stdin": False}
        message = session.msg("execute_request", content, metadata={"cellId": cell} if cell else {})
        self.client.shell_channel.send(message)
        printed, values, error = "", list[str](), ""
        while True:
            heard = self.client.get_iopub_msg(timeout=PATIENCE)
            if heard["parent_header"].get("msg_id") != message["header"]["msg_id"]:
                continue
            kind, said = heard["msg_type"], heard["content"]
            printed += said["text"] if kind == "stream" else ""
            values += [said["data"]["text/plain"]] if kind in ("execute_result", "display_data") else []
            error = said["ename"] if kind == "error" else error
            if kind == "status" and said["execution_state"] == "idle":
                return Shown(printed, values, error)


@contextmanager
def course_kernel(notebook: Path, **variables: str) -> Iterator[Kernel]:
    """Start the course's kernel as a server does that opens a notebook."""
    folder = PACKAGE / "course" / "jupyter" / "kernels"
    kernels = KernelSpecManager(kernel_dirs=[str(folder)], ensure_native_kernel=False)
    manager = KernelManager(kernel_name="python3", kernel_spec_manager=kernels)
    manager.start_kernel(cwd=str(notebook.parent), env=os.environ | {catch_up.NOTEBOOK: str(notebook)} | variables)
    try:
        kernel = Kernel(manager)
        yield kernel
        kernel.client.stop_channels()
    finally:
        manager.shutdown_kernel(now=True)


def write_notebook(path: Path) -> Path:
    """Write a notebook of small cells."""
    cells = [make_markdown_cell("title", "# Title"), *(make_code_cell(*cell) for cell in CELLS.items())]
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """Start the kernel of a small notebook, once."""
    with course_kernel(write_notebook(tmp_path_factory.mktemp("small") / "small.ipynb")) as kernel:
        yield kernel


@pytest.fixture
def kernel(started: Kernel) -> Kernel:
    """Return the kernel without any variable."""
    started.run("get_ipython().reset()", silent=True)
    return started


@pytest.mark.parametrize(("cell", "value"), [
    ("use", "Fraction(7, 6)"), ("last", "[Fraction(1, 4), Fraction(1, 4)]"), ("calls", "Fraction(1, 4)")])
def test_what_a_cell_needs_runs_first_and_shows_nothing(kernel: Kernel, cell: str, value: str) -> None:
    assert kernel.run(CELLS[cell], cell) == Shown(f"{RUNS_FIRST}\n", [value], "")


def test_a_changed_cell_and_one_that_is_not_saved_yet_get_what_they_need(kernel: Kernel) -> None:
    assert kernel.run("half * 10", "use") == Shown(f"{RUNS_FIRST}\n", ["Fraction(5, 1)"], "")
    assert kernel.run("third * 6", "added") == Shown(f"{RUNS_FIRST}\n", ["Fraction(1, 1)"], "")


def test_what_has_run_does_not_run_again(kernel: Kernel) -> None:
    kernel.run("half = 5", "half")
    assert kernel.run("half", "last") == Shown("", ["5"], "")


def test_cells_that_run_in_order_are_left_alone(kernel: Kernel) -> None:
    for cell in ("imports", "half", "loud"):
        assert RUNS_FIRST not in kernel.run(CELLS[cell], cell).printed


def test_without_a_cell_s_id_nothing_runs_first(kernel: Kernel) -> None:
    assert kernel.run(CELLS["use"]) == Shown("", [], "NameError")


def test_a_name_that_no_cell_defines_is_python_s_own_error(kernel: Kernel) -> None:
    assert kernel.run(CELLS["typo"], "typo") == Shown("", [], "NameError")


def test_a_cell_above_that_fails_is_named(kernel: Kernel) -> None:
    printed, _, error = kernel.run(CELLS["needs-broken"], "needs-broken")
    assert printed == f"{RUNS_FIRST}\n{FAILED.format(begin=BROKEN)}\n"
    assert error == "NameError"


def test_the_text_of_a_function_that_ran_first_can_be_shown(kernel: Kernel) -> None:
    shown = kernel.run("import inspect\nprint(inspect.getsource(quarter))", "calls")
    assert shown.printed == f"{RUNS_FIRST}\n{CELLS['defines']}\n\n"


def test_the_first_cell_says_that_the_kernel_before_this_one_was_idle(tmp_path: Path) -> None:
    with course_kernel(write_notebook(tmp_path / "small.ipynb"), **{catch_up.ENDED: "1"}) as kernel:
        said, later = kernel.run("1 + 1", "calls"), kernel.run("1 + 1", "calls")
    assert (said.printed, said.values) == (f"{catch_up.STARTED_AGAIN}\n", ["2"])
    assert later.printed == ""


def test_an_answer_is_checked_although_the_cell_above_has_not_run(tmp_path: Path) -> None:
    exercise = find_exercise("close-the-hole")
    (tmp_path / "close-the-hole.ipynb").write_bytes(make_notebook(exercise))
    with course_kernel(tmp_path / "close-the-hole.ipynb") as kernel:
        printed, values, error = kernel.run(f"%%answer close-the-hole\n{exercise.stub}", "answer")
    assert (printed, error) == ("", "")
    assert "The hole is open" in values[0]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_each_cell_alone_shows_what_it_shows_in_order(name: str) -> None:
    path = ROOT / "notebooks" / name
    with course_kernel(path) as kernel:
        for cell in json.loads(path.read_bytes())["cells"]:
            if cell["cell_type"] != "code":
                continue
            kernel.run("get_ipython().reset()", silent=True)
            shown = kernel.run("".join(cell["source"]), cell["id"])
            stored = read_stored(cell["outputs"])
            assert shown._replace(printed=shown.printed.removeprefix(f"{RUNS_FIRST}\n")) == stored, cell["id"]


def read_stored(outputs: list[dict[str, Any]]) -> Shown:
    """Return what a cell's stored outputs show."""
    printed = "".join("".join(each["text"]) for each in outputs if each["output_type"] == "stream")
    return Shown(printed, ["".join(each["data"]["text/plain"]) for each in outputs if "data" in each], "")


@pytest.mark.parametrize(("text", "defines", "needs"), [
    ("from a import b as c\nimport d.e", "c d", ""),
    ("x = y\ndef f(z=w):\n    return x + z + v", "x f", "y w v"),
    ("[i + j for i in k]", "", "j k"),
    ("class C(B):\n    size = x\n    def f(self): return self.size + y", "C", "B x y"),
    ("def f():\n    global g\n    g = h", "f g", "h"),
    ("lambda a: a + b", "", "b"),
    ("if (n := m): print(n)", "n", "m print")])
def test_names_are_defined_here_or_come_from_elsewhere(text: str, defines: str, needs: str) -> None:
    assert [*map(sorted, list_names(text))] == [sorted(defines.split()), sorted(needs.split())]


def test_only_what_is_needed_is_chosen_and_each_need_is_met_above_it() -> None:
    made = (("first", "a", ""), ("second", "b", "a"), ("third", "a", ""), ("fourth", "c", "b"))
    above = [CodeCell(name, "", frozenset(defines), frozenset(needs)) for name, defines, needs in made]
    chosen = {(wanted, known): [cell.id for cell in choose_cells(set(wanted), above, set(known).__contains__)]
              for wanted, known in (("ca", ""), ("a", ""), ("c", "b"))}
    assert chosen == {("ca", ""): ["first", "second", "third", "fourth"], ("a", ""): ["third"], ("c", "b"): ["fourth"]}


@pytest.mark.parametrize("content", [
    None, b"", b"{", b"[]", b'{"cells": 1}', b'{"cells": [{"cell_type": "code"}]}', b"[" * 9999])
def test_a_notebook_that_cannot_be_read_has_no_cells(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "one.ipynb").write_bytes(content)
    assert read_code_cells(tmp_path / "one.ipynb") == {}
