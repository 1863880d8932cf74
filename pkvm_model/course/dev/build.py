"""Runs the notebooks in place and stores their outputs, the same bytes every time; makes the figures; nothing else.

Outputs are never filtered: what differs from run to run has to be mended in the notebook or in what it shows.
"""

import argparse
import importlib
import importlib.util
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from ...practice.progress import write_atomically
from ..errors import CourseError
from ..paths import ROOT

Notebook = Any  # nbformat gives dictionaries whose keys are attributes as well
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
FOLDERS = ("notebooks", "docs", "docs/workshop")
KEPT_OF_A_CELL = ("editable", "deletable", "jupyter", "nbgrader", "slideshow", "tags")
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
CELL_SECONDS = 60


def run(arguments: argparse.Namespace) -> int:
    """Builds every notebook and figure, or says which stored ones are stale."""
    notebooks = [Path(name) for name in arguments.notebooks] or [
        path for folder in FOLDERS for path in sorted((ROOT / folder).glob("*.ipynb"))
    ]
    stale = 0
    for path, content in [*fresh_notebooks(notebooks), *fresh_figures()]:
        if path.is_file() and path.read_bytes() == content:
            continue
        stale += 1
        print(f"{'stale' if arguments.check else 'written'}: {named(path)}")
        if not arguments.check:
            write_atomically(path, content)
    if stale and arguments.check:
        print("course.py: what is stored is not what a run gives: python3 course.py build", file=sys.stderr)
        return 1
    return 0


def fresh_notebooks(paths: Iterable[Path]) -> Iterator[tuple[Path, bytes]]:
    """Yields each notebook with the bytes that a run of it gives."""
    for path in paths:
        yield path, fresh(path)


def fresh_figures(module: str = "pkvm_model.course.publish.figures") -> Iterator[tuple[Path, bytes]]:
    """Yields each file of figures/ with its bytes, from the table FIGURES (file name to function) of `module`."""
    if importlib.util.find_spec(module) is None:
        return
    figures: dict[str, Callable[[], str]] = importlib.import_module(module).FIGURES
    for name, draw in figures.items():
        yield ROOT / "figures" / name, draw().encode()


def fresh(path: Path) -> bytes:
    """Runs one notebook from the top in a new kernel and gives the file to store."""
    notebook = read(path)
    if any(cell.cell_type == "code" for cell in notebook.cells):
        execute(notebook, path)
    refuse_unsteady_outputs(notebook, path)
    trim(notebook)
    nbformat.validate(notebook)
    text: str = nbformat.writes(notebook)
    return (text + "\n").encode()


def read(path: Path) -> Notebook:
    """Reads a notebook and gives an id to each cell that has none, from its place."""
    try:
        content = json.loads(path.read_bytes())
        cells = content["cells"]
    except (OSError, ValueError, KeyError) as error:
        raise CourseError(f"{named(path)} cannot be read as a notebook ({error}).") from error
    taken = {cell.get("id") for cell in cells}
    refuse_double_ids([cell["id"] for cell in cells if "id" in cell], path)
    for number, cell in enumerate(cells, start=1):
        if "id" not in cell:
            cell["id"] = next(name for name in _names(number) if name not in taken)
            taken.add(cell["id"])
    content["nbformat"], content["nbformat_minor"] = 4, 5
    return nbformat.reads(json.dumps(content), as_version=4)


def refuse_double_ids(ids: list[str], path: Path) -> None:
    """Raises when an id stands twice: another one would be made up for it, at random."""
    double = sorted({name for name in ids if ids.count(name) > 1})
    if double:
        raise CourseError(f"{named(path)}: more than one cell has the id {', '.join(double)}.")


def _names(number: int) -> Iterator[str]:
    name = f"cell-{number:02d}"
    while True:
        yield name
        name += "-new"


def execute(notebook: Notebook, path: Path) -> None:
    """Runs all cells; a cell that fails without the tag raises-exception ends the build with a short report."""
    begun = [0]
    client = NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        coalesce_streams=True,
        record_timing=False,
        skip_cells_with_tag="nbval-skip",
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(path.resolve().parent)}},
        on_cell_start=lambda cell_index, **_: begun.append(cell_index),
    )
    try:
        client.execute()
    except CellExecutionError as error:
        raise complaint(notebook, path, begun[-1], f"{error.ename}: {error.evalue}") from error
    except CellTimeoutError as error:
        raise complaint(notebook, path, begun[-1], f"it took more than {CELL_SECONDS} seconds") from error
    except DeadKernelError as error:
        raise complaint(notebook, path, begun[-1], "the kernel died") from error


def complaint(notebook: Notebook, path: Path, index: int, reason: str) -> CourseError:
    """Makes the report on one cell: notebook, number (from 1), its first line, the reason."""
    source = notebook.cells[index].source.strip()
    first_line = source.splitlines()[0] if source else "(empty)"
    return CourseError(f"{named(path)}, cell {index + 1}: {first_line}\n  {reason}")


def refuse_unsteady_outputs(notebook: Notebook, path: Path) -> None:
    """Raises when a cell wrote to stderr, which differs from machine to machine."""
    for index, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":
                raise complaint(notebook, path, index, f"it wrote to stderr: {output['text'].strip()[:300]}")


def trim(notebook: Notebook) -> None:
    """Drops what belongs to one run only: widget state, times, tracebacks' paths, random ids of widget views."""
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


def named(path: Path) -> str:
    """Gives a path as it is named inside the course."""
    return str(path.resolve().relative_to(ROOT)) if path.resolve().is_relative_to(ROOT) else str(path)
