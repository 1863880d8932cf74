"""No test has a limit of its own for how long it waits, and none sleeps: `patience.py` has the rule."""
from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from pkvm_model.course.paths import ROOT
from tests.patience import wait_until

ELSEWHERE = ("tests/patience.py", "tests/doors/")
"""The rule itself, and whole environments that are made from the network."""


def list_limits(path: Path) -> Iterator[str]:
    """Yield where a file sleeps, or gives a number as the limit of a wait."""
    for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(call, ast.Call):
            sleeps = ast.unparse(call.func).split(".")[-1] == "sleep"
            limits = [word for word in call.keywords if word.arg == "timeout" and isinstance(word.value, ast.Constant)]
            if sleeps or limits:
                yield f"{path.relative_to(ROOT)}:{call.lineno}"


def test_no_test_has_a_limit_of_its_own() -> None:
    files = [path for path in (ROOT / "tests").rglob("*.py") if "node_modules" not in path.parts
             and not str(path.relative_to(ROOT)).startswith(ELSEWHERE)]
    assert len(files) > 100
    assert [place for path in files for place in list_limits(path)] == []


def test_a_condition_is_waited_for() -> None:
    answers = iter([False, False, True])
    wait_until(lambda: next(answers))


def test_a_condition_that_never_comes_true_fails_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.patience.PATIENCE", 0.0)
    with pytest.raises(AssertionError, match="did not come true"):
        wait_until(lambda: False)
