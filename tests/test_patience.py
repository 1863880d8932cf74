"""No test has a limit of its own for how long it waits, none sleeps, and all wait: `patience.py` has the rule."""
from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pkvm_model.course.paths import ROOT
from tests.patience import wait_until

ELSEWHERE = ("tests/patience.py", "tests/doors/")
"""The rule itself, and whole environments that are made from the network."""


def list_calls(path: Path) -> Iterator[ast.Call]:
    """Yield all calls in a file."""
    yield from (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))


def list_limits(path: Path) -> Iterator[str]:
    """Yield where a file sleeps, or gives a number as the limit of a wait."""
    for call in list_calls(path):
        sleeps = ast.unparse(call.func).split(".")[-1] == "sleep"
        limits = [word for word in call.keywords if word.arg == "timeout" and isinstance(word.value, ast.Constant)]
        if sleeps or limits:
            yield f"{path.relative_to(ROOT)}:{call.lineno}"


def list_promises(path: Path) -> Iterator[str]:
    """Yield where a file has Playwright wait for an asynchronous function, whose promise is true, come what may."""
    texts = {name.id: ast.unparse(node.value) for node in ast.parse(path.read_text(encoding="utf-8")).body
             if isinstance(node, ast.Assign) for name in node.targets if isinstance(name, ast.Name)}
    for call in list_calls(path):
        if ast.unparse(call.func).endswith(".wait_for_function"):
            given = ast.unparse(call.args[0])
            if texts.get(given, given).strip("'\"").startswith("async"):
                yield f"{path.relative_to(ROOT)}:{call.lineno}"


@pytest.mark.parametrize("find", [list_limits, list_promises])
def test_every_test_waits_and_none_has_a_limit_of_its_own(find: Callable[[Path], Iterator[str]]) -> None:
    files = [path for path in (ROOT / "tests").rglob("*.py") if "node_modules" not in path.parts
             and not str(path.relative_to(ROOT)).startswith(ELSEWHERE)]
    assert len(files) > 100
    assert [place for path in files for place in find(path)] == []


def test_a_condition_is_waited_for() -> None:
    answers = iter([False, False, True])
    wait_until(lambda: next(answers))


def test_a_condition_that_never_comes_true_fails_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.patience.PATIENCE", 0.0)
    with pytest.raises(AssertionError, match="did not come true"):
        wait_until(lambda: False)
