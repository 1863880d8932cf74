"""Notebooks as the tests of the text read them: cells, prose, and the calls that the code makes."""
from __future__ import annotations

import ast
import json
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from pkvm_model.course.paths import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
CHAPTERS = [path for path in NOTEBOOKS if path.name[0].isdigit()]
AUTHORS = sorted((ROOT / "docs").rglob("*.ipynb"))
TEMPLATE = ROOT / "docs" / "template.ipynb"
EVIDENCE = re.compile(r"\((?:read|recorded|derived|unverified)(?: \w+)*:\s[^()]*(?:\([^()]*\)[^()]*)*\)")
"""The mark of a fact that names its source: (read: `file:function`, revision)."""
FOLD = "<details><summary>Sources</summary>\n\n"
"""How the cell begins that holds the sources of a section."""


class Cell(NamedTuple):
    """A cell: its id, whether it is text, its source, and whether JupyterLab hides the source."""

    id: str
    is_text: bool
    source: str
    hidden: bool = False

    @property
    def is_fold(self) -> bool:
        """True for the folded list of a section's sources."""
        return self.is_text and self.source.startswith(FOLD)

    def calls(self) -> list[str]:
        """Return the names of the functions that a code cell calls."""
        nodes = ast.walk(ast.parse(self.source)) if not self.is_text else ()
        return [node.func.id for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]


@cache
def cells(path: Path) -> tuple[Cell, ...]:
    """Return all cells of a notebook."""
    stored = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return tuple(Cell(cell["id"], cell["cell_type"] == "markdown", "".join(cell["source"]),
                      cell.get("metadata", {}).get("jupyter", {}).get("source_hidden", False)) for cell in stored)


def text_cells(path: Path) -> list[Cell]:
    """Return the cells of prose."""
    return [cell for cell in cells(path) if cell.is_text]


def code_cells(path: Path) -> list[Cell]:
    """Return the cells of code."""
    return [cell for cell in cells(path) if not cell.is_text]


def by_id(path: Path) -> dict[str, Cell]:
    """Return the cells by their ids."""
    return {cell.id: cell for cell in cells(path)}


def sections(path: Path) -> list[tuple[Cell, ...]]:
    """Return the cells of each section, from one heading of the first or second level to the next."""
    found: list[list[Cell]] = [[]]
    for cell in cells(path):
        if cell.is_text and re.match(r"##? ", cell.source):
            found.append([])
        found[-1].append(cell)
    return [tuple(section) for section in found if section]


def headings(path: Path) -> list[tuple[int, str]]:
    """Return level and text of each heading, except in blocks of code."""
    text = "\n\n".join(re.sub(r"```.*?```", "", cell.source, flags=re.DOTALL) for cell in text_cells(path))
    return [(len(marks), title.strip()) for marks, title in re.findall(r"^(#{1,6}) (.+)$", text, flags=re.MULTILINE)]


def anchors(path: Path) -> set[str]:
    """Return the anchors of a notebook's headings, in JupyterLab and in an exported page."""
    return {re.sub(r"[*_`]", "", title).replace(" ", "-") for _, title in headings(path)}


def name_of(path: Path) -> str:
    """Return the name of a notebook, as the id of a test."""
    return path.stem
