"""Runs the notebooks in place and stores their outputs, the same bytes every time; draws figures, declares types.

How long a chapter and its exercises take is measured then, and written into the chapter.

Outputs are never filtered: whatever differs from run to run has to be mended in the notebook or in what it shows.
"""
from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from ...machine.asking import STORED, VARIABLE
from ...outside import unify_line_ends
from ...practice.progress import write_atomically
from ..errors import CourseError
from ..paths import ROOT
from ..publish.minutes import state_minutes
from . import declarations

METADATA = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"}}
FOLDERS = ("notebooks", "docs", "docs/workshop")
KEPT_OF_A_CELL = ("editable", "deletable", "jupyter", "nbgrader", "slideshow", "tags")
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
CELL_SECONDS = 60


def run(arguments: argparse.Namespace) -> int:
    """Build notebooks and figures, or with --check name the stored ones that are stale."""
    paths = [Path(name) for name in arguments.notebooks]
    paths = paths or [path for folder in FOLDERS for path in sorted((ROOT / folder).glob("*.ipynb"))]
    stale = 0
    for path, content in [*((path, run_notebook(path)) for path in paths), *draw_figures(), *declarations.draw()]:
        if path.is_file() and unify_line_ends(path.read_bytes()) == content:
            continue
        stale += 1
        print(f"{'stale' if arguments.check else 'written'}: {shorten(path)}")
        if not arguments.check:
            write_atomically(path, content)
    if stale and arguments.check:
        print("course.py: stored outputs are stale; store new ones: python3 course.py build", file=sys.stderr)
        return 1
    return 0


def draw_figures(module: str = "pkvm_model.course.publish.figures") -> Iterator[tuple[Path, bytes]]:
    """Yield each file of figures/ with its bytes, from the table FIGURES (file name to function) of `module`."""
    if importlib.util.find_spec(module) is None:
        return
    figures: dict[str, Callable[[], str]] = importlib.import_module(module).FIGURES
    for name, draw in figures.items():
        yield ROOT / "figures" / name, draw().encode()


def run_notebook(path: Path) -> bytes:
    """Run a notebook from the top in a new kernel and return the file to store. Raise CourseError if that fails."""
    notebook = read_with_ids(path)
    if any(cell.cell_type == "code" for cell in notebook.cells):
        execute(notebook, path)
    refuse_stderr(notebook, path)
    trim(notebook)
    state_minutes(notebook.cells)
    nbformat.validate(notebook)
    text: str = nbformat.writes(notebook)
    return (text + "\n").encode()


def read_with_ids(path: Path) -> NotebookNode:
    """Return a notebook; a cell without an id gets one from its place. Raise CourseError if that fails."""
    try:
        content = json.loads(path.read_bytes())
        cells = content["cells"]
    except (OSError, ValueError, KeyError) as error:
        raise CourseError(f"{shorten(path)} cannot be read as a notebook ({error}).") from error
    refuse_double_ids([cell["id"] for cell in cells if "id" in cell], path)
    taken = {cell.get("id") for cell in cells}
    for number, cell in enumerate(cells, start=1):
        if "id" not in cell:
            cell["id"] = next(name for name in propose_ids(number) if name not in taken)
            taken.add(cell["id"])
    content["nbformat"], content["nbformat_minor"] = 4, 5
    notebook: NotebookNode = nbformat.reads(json.dumps(content), as_version=4)
    return notebook


def refuse_double_ids(ids: Sequence[str], path: Path) -> None:
    """Raise CourseError if two cells share an id, since nbformat would replace one of them by a random id."""
    double = sorted({name for name in ids if ids.count(name) > 1})
    if double:
        raise CourseError(f"{shorten(path)}: more than one cell has the id {', '.join(double)}.")


def propose_ids(number: int) -> Iterator[str]:
    """Yield ids for the cell with this number, without end."""
    name = f"cell-{number:02d}"
    while True:
        yield name
        name += "-new"


def execute(notebook: NotebookNode, path: Path) -> None:
    """Run all cells. Raise CourseError at the first that fails without the tag raises-exception."""
    begun = [0]
    client = NotebookClient(notebook, timeout=CELL_SECONDS, kernel_name="python3", coalesce_streams=True,
                            record_timing=False, skip_cells_with_tag="nbval-skip",
                            extra_arguments=["--log-level=ERROR"],
                            resources={"metadata": {"path": str(path.resolve().parent)}},
                            on_cell_start=lambda cell_index, **_: begun.append(cell_index))
    try:
        client.execute(env={**os.environ, VARIABLE: STORED})
    except CellExecutionError as error:
        raise describe_failure(notebook, path, begun[-1], f"{error.ename}: {error.evalue}") from error
    except CellTimeoutError as error:
        raise describe_failure(notebook, path, begun[-1], f"it took more than {CELL_SECONDS} seconds") from error
    except DeadKernelError as error:
        raise describe_failure(notebook, path, begun[-1], "the kernel died") from error


def describe_failure(notebook: NotebookNode, path: Path, index: int, reason: str) -> CourseError:
    """Return the error to raise for a cell: notebook, number (from 1), its first line, the reason."""
    source = notebook.cells[index].source.strip()
    first_line = source.splitlines()[0] if source else "(empty)"
    return CourseError(f"{shorten(path)}, cell {index + 1}: {first_line}\n  {reason}")


def refuse_stderr(notebook: NotebookNode, path: Path) -> None:
    """Raise CourseError if a cell wrote to stderr, which differs from machine to machine."""
    for index, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":
                text = output["text"].strip()[:300]
                raise describe_failure(notebook, path, index, f"it wrote to stderr: {text}")


def trim(notebook: NotebookNode) -> None:
    """Drop what belongs to one run only: widget state, times, paths in tracebacks, random ids of widget views."""
    notebook.metadata = nbformat.from_dict(METADATA)
    views = 0
    for cell in notebook.cells:
        cell.metadata = {key: value for key, value in cell.metadata.items() if key in KEPT_OF_A_CELL}
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                output.traceback = [f"{output.ename}: {output.evalue}"]
            data = output.get("data", {})
            if "text/html" in data:
                # Exporters prefer the view and show nothing for it; the static form is what must be stored.
                data.pop(WIDGET_VIEW, None)
            elif WIDGET_VIEW in data:
                views += 1
                data[WIDGET_VIEW]["model_id"] = f"{views:032x}"


def shorten(path: Path) -> str:
    """Return a path as seen from the folder of the course."""
    return str(path.resolve().relative_to(ROOT)) if path.resolve().is_relative_to(ROOT) else str(path)
