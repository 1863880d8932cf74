"""Runs the cell above an answer when the pages are made, and returns what a notebook would store of it."""
from __future__ import annotations

import ast
import linecache
from typing import Any

from IPython.core.formatters import DisplayFormatter

from ...schema import JSON

LIVE = "application/vnd.jupyter.widget-view+json"
"""The view of a widget that only a kernel can fill."""
FILE = "<bench>"


def run_cell(source: str) -> list[JSON]:
    """Run a cell of the course, and return its outputs."""
    shown: list[object] = []
    names: dict[str, Any] = {"__name__": "__main__", "display": lambda *values: shown.extend(values)}
    tree = ast.parse(source)
    # The model shows the text of functions that a cell defines.
    linecache.cache[FILE] = len(source), None, source.splitlines(keepends=True), FILE
    last = tree.body.pop()
    exec(compile(tree, FILE, "exec"), names)
    if not isinstance(last, ast.Expr):
        exec(compile(ast.Module([last], []), FILE, "exec"), names)
    elif (value := eval(compile(ast.Expression(last.value), FILE, "eval"), names)) is not None:
        shown.append(value)
    return [make_output(value) for value in shown]


def make_output(value: object) -> JSON:
    """Return what a notebook stores of a value that is shown."""
    data, metadata = DisplayFormatter().format(value)  # type: ignore[no-untyped-call]
    data.pop(LIVE, None)
    return {"output_type": "display_data", "data": data, "metadata": metadata}
