"""What a page's Python answers: each widget made again from its cell, each answer checked, each fault in words."""
from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pkvm_model.browser import calls
from pkvm_model.browser.judge import has_changed, list_named
from pkvm_model.browser.page import CellsOfPage
from pkvm_model.course.paths import ROOT
from pkvm_model.course.site.exercises import describe
from pkvm_model.practice import judge
from pkvm_model.practice.exercises import find_exercise
from pkvm_model.widgets.widget import MIME

NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
ASKING = ("map", "finder", "beside")
"""The kinds of stored widgets that may need Python."""
WAITS = """
import threading, time
from pkvm_model.browser.waiting import report_waits
heard = []
report_waits(heard.append)
time.sleep(0)
event, lock = threading.Event(), threading.Lock()
with lock:
    print(lock.acquire(blocking=False), lock.acquire(timeout=0.01), event.wait(0.01))
print(heard)
"""


def call(name: str, given: object) -> Any:
    """Call as a worker does."""
    return json.loads(calls.answer(name, json.dumps(given)))


def list_asking(path: Path) -> Iterator[tuple[int, Any]]:
    """Yield the number of each cell with a stored widget that may need Python, and what is stored."""
    code = [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    for number, cell in enumerate(code):
        stored = [output["data"][MIME] for output in cell["outputs"] if MIME in output.get("data", {})]
        yield from ((number, each) for each in stored if each["kind"] in ASKING)


@pytest.mark.parametrize("path", [path for path in NOTEBOOKS if [*list_asking(path)]], ids=lambda path: path.stem)
def test_a_widget_made_again_from_its_cell_ships_what_the_page_has(path: Path) -> None:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    made = CellsOfPage(["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"])
    for number, stored in reversed([*list_asking(path)]):
        assert made.find_widget(number).packed == stored["packed"], number


def test_a_cell_runs_with_the_names_that_stand_above_it_in_whatever_order_is_asked() -> None:
    page = CellsOfPage(["first = 1", "broken = 1 / 0", "first + 1", "first = 2", "first + 1"])
    assert [page.run(number) for number in (4, 2, 4)] == [3, 2, 3]


@pytest.mark.parametrize(("cell", "says"), [(0, "cell 0 makes no widget"), (7, "this page has no cell 7"),
                                            (1, "ZeroDivisionError: division by zero"), (2, "is not defined")])
def test_a_page_that_asks_for_what_is_not_there_hears_why(cell: int, says: str) -> None:
    assert call("begin", {"cells": ["1", "1 / 0", "nobody"]}) == {"answer": None}
    reply = call("ask", {"cell": cell, "place": "", "ask": {}})
    assert says in reply["error"]


def test_an_unknown_call_and_an_unknown_exercise_are_refused_in_words() -> None:
    assert "load the page again" in call("fly", {})["error"]
    reply = call("check", {"id": "no-such-exercise", "text": ""})
    assert "there is no exercise 'no-such-exercise'" in reply["error"]


def test_a_check_returns_a_card_without_what_only_the_page_knows() -> None:
    exercise = find_exercise("find-the-hole")
    answer = call("check", {"id": exercise.id, "text": exercise.solution})["answer"]
    assert answer["verdict"]["passed"]
    card = json.loads(answer["card"]["packed"])
    assert (answer["card"]["kind"], card["head"], card["given"]) == ("exercise", "Passed.", [])
    assert [fact.split(":")[0] for fact in card["facts"]] == ["Checked"]


def test_an_answer_may_take_longer_in_a_page_than_on_a_computer_but_less_than_code_and_check_there() -> None:
    page = describe(find_exercise("close-the-hole"))
    assert page["usual"] == judge.SECONDS < page["seconds"] < judge.CHECKING


def test_a_python_is_spoiled_once_a_name_of_a_module_stands_for_something_else_or_nothing(
        monkeypatch: pytest.MonkeyPatch) -> None:
    before = list_named()
    monkeypatch.setattr("pkvm_model.text.brand_new", 1, raising=False)
    assert not has_changed(before)
    monkeypatch.setattr("pkvm_model.text.count", print)
    assert has_changed(before)
    monkeypatch.undo()
    monkeypatch.delattr("pkvm_model.text.count")
    assert has_changed(before)


def test_whoever_sleeps_or_waits_for_a_lock_tells_so() -> None:
    done = subprocess.run([sys.executable, "-c", WAITS], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["False False False", str([True, False] * 3)], done.stderr
