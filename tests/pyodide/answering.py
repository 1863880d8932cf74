"""What Pyodide runs: the calls that a page makes, and what they answer."""
from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any

from pkvm_model.browser import calls
from pkvm_model.practice.exercises import load_exercises


def call(name: str, given: object) -> Any:
    """Call as a page does, and return the reply."""
    return json.loads(calls.answer(name, json.dumps(given)))


def judge(name: str, text: str) -> list[object]:
    """Return whether an answer passes, the sentence of its verdict, and whether it has changed this Python."""
    reply = call("check", {"id": name, "text": text})
    verdict = reply["answer"]["verdict"]
    return [verdict["passed"], verdict["sentence"], reply["spoiled"]]


def judge_all() -> dict[str, list[list[object]]]:
    """Judge each solution, and then each wrong answer."""
    return {each.id: [judge(each.id, text) for text in (each.solution, *(wrong.code for wrong in each.wrong))]
            for each in load_exercises().values()}


def ask_cells(sources: list[str], questions: Iterable[tuple[int, object]]) -> list[object]:
    """Begin a page with cells and ask their widgets."""
    call("begin", {"cells": sources})
    return [call("ask", {"cell": cell, "place": "", "ask": question}) for cell, question in questions]


def list_packages() -> list[str]:
    """Return what was imported that is neither the course's, nor of the standard library, nor Pyodide's own."""
    own = {"pkvm_model", "pyodide", "_pyodide", "pyodide_js", "js", "_pyodide_core", "__main__"}
    return sorted({name.partition(".")[0] for name in sys.modules} - sys.stdlib_module_names - own)
