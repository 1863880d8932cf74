"""What a live page asks Python: to answer a question of one of its widgets.

A page knows the sources of its cells and the number of the cell that made each widget. A question is answered by that
widget, made again here: of the cells above only those run that it needs, in a namespace of its own. So an answer
depends on nothing that was asked before, and a worker that was ended and begun anew gives the same one.
"""
from __future__ import annotations

import ast
import builtins
import linecache
from typing import Any

from ..practice.needed_cells import CodeCell, analyse_cell, choose_cells
from ..widgets.walk import refuse_long
from ..widgets.widget import Widget


class PageError(Exception):
    """A page and its Python do not belong together; the message says why."""


class CellsOfPage:
    """The cells of a page, and the widgets that were made of them so far."""

    def __init__(self, sources: list[str]) -> None:
        """Look at the cells; nothing runs yet."""
        self.cells = [analyse_cell(str(number), source) for number, source in enumerate(sources)]
        self.widgets: dict[int, Widget] = {}

    def find_widget(self, number: int) -> Widget:
        """Return the widget of a cell, made when first asked for. Raise PageError if there is none."""
        if not 0 <= number < len(self.cells):
            raise PageError(f"this page has no cell {number}; load it again")
        if number not in self.widgets:
            made = self.run(number)
            if not isinstance(made, Widget):
                raise PageError(f"cell {number} makes no widget; load the page again")
            self.widgets[number] = made
        return self.widgets[number]

    def run(self, number: int) -> Any:
        """Run a cell after those above that it needs, and return its last value."""
        cell, names = self.cells[number], {"__name__": "__main__", "display": show_nothing}
        wanted = {name for name in cell.needs if not is_built_in(name)}
        for needed in choose_cells(wanted, self.cells[:number], is_built_in):
            run_cell(needed, names)
        return run_cell(cell, names)


def is_built_in(name: str) -> bool:
    """Return True if a cell has a name without defining it."""
    return hasattr(builtins, name) or name in ("__name__", "display")


def show_nothing(*shown: object) -> None:
    """Stand in for a notebook's `display`: what a cell shows on the way does not matter here."""


def run_cell(cell: CodeCell, names: dict[str, Any]) -> Any:
    """Run a cell in a namespace, and return the value of its last line, None if that is no expression."""
    name, tree = f"<cell {cell.id}>", ast.parse(cell.source)
    # The model shows the text of functions that a cell defines.
    linecache.cache[name] = len(cell.source), None, cell.source.splitlines(keepends=True), name
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, name, "exec"), names)
    return eval(compile(ast.Expression(last.value), name, "eval"), names) if isinstance(last, ast.Expr) else None


PAGES: list[CellsOfPage] = []
"""The page that this Python answers, once it has begun."""


def begin(given: Any) -> dict[str, Any]:
    """Take a page's cells, `{"cells": SOURCES}`. A page does so before it asks anything."""
    PAGES[:] = [CellsOfPage(given["cells"])]
    return {"answer": None}


def ask(given: Any) -> dict[str, Any]:
    """Answer a widget, `{"cell": NUMBER, "place": TEXT, "ask": QUESTION}`, as it answers in a notebook."""
    widget = PAGES[0].find_widget(given["cell"])
    move(widget, given.get("place") or "")
    return {**widget.reply({"ask": given["ask"]})}


def move(widget: Widget, place: str) -> None:
    """Move a widget to where its front end stands."""
    refuse_long(place)
    if place:
        widget.place = place
