"""What was found in the larger machines of larger.py, as `course.py explore-all` has stored it: a row for each.

A row is about the model with which it was made: `model` is a digest of the text of the kernels' guards and calls, of
how calls are run, of the host and of the invariants. A row with another digest is stale, and nothing is read from it.
"""
from __future__ import annotations

import ast
import io
import json
import tokenize
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from ..model.revisions import Revision
from .check import VIOLATED, Answer, Report
from .properties import INVARIANTS

PACKAGE = Path(__file__).parents[1]
STORED = PACKAGE / "explore" / "larger-machines.jsonl"
TEXTS = tuple(f"{name}.py" for name in (
    "model/revisions", "model/vm_table", "model/hypercalls", "model/memory", "model/guest_memory",
    "model/protected_memory", "model/state", "model/view", "model/steps", "model/run", "explore/machines",
    "explore/properties"))
"""What the answers depend on. How states are searched may change, but must not change an answer."""


class StaleRun(ValueError):  # noqa: N818  # the name says what is wrong
    """The answer that was asked for is not stored, or is about another model than the current one."""


@cache
def digest_model() -> str:
    """Return a digest of all texts, without comments, docstrings and blanks."""
    return sha256("".join(map(read_code, TEXTS)).encode()).hexdigest()[:12]


def read_code(name: str) -> str:
    """Return the text of a module without comments, docstrings and blanks."""
    text = (PACKAGE / name).read_text(encoding="utf-8")
    lines = text.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            lines[node.lineno - 1:node.end_lineno] = [""] * len(lines[node.lineno - 1:node.end_lineno])
    return "".join("".join(lines).split())


def read_stored() -> dict[tuple[str, str], dict[str, Any]]:
    """Return what is stored, by host and kernel."""
    rows = map(json.loads, STORED.read_text(encoding="utf-8").splitlines() if STORED.is_file() else ())
    return {(row["host"], row["revision"]): row for row in rows}


def is_right(row: dict[str, Any] | None) -> bool:
    """Return True if there is a row, and it is about all states of the current model."""
    return bool(row and row["complete"] and row.get("model") == digest_model())


def explored(host: str, revision: Revision, *names: str) -> Report:
    """Return what was found about these invariants in all states of a larger machine, or raise StaleRun."""
    row = read_stored().get((host, revision.name))
    if row is None or not is_right(row):
        raise StaleRun(f"{host} in {revision.name} was not explored to its end with this model; "
                       f"`course.py explore-all {host}` does it")
    rules = {rule.name: rule for rule in INVARIANTS}
    answers = tuple(make_answer(rules[name], row) for name in names)
    return Report(answers, row["states"], row["transitions"], row["depth"], row["seconds"])


def make_answer(rule: Any, row: dict[str, Any]) -> Answer:
    """Return the stored answer about an invariant; of a run that violates it, only the number of steps."""
    verdict = row["verdicts"][rule.name]
    if verdict != VIOLATED:
        return Answer(rule, verdict)
    violation = row["violated"][rule.name]
    return Answer(rule, verdict, violation["reason"], (None,) * violation["steps"])
