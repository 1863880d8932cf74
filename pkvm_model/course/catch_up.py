"""Runs the cells above that a cell needs and that have not run: an extension of the course's kernel.

A learner opens a notebook whose outputs are there and whose kernel has run nothing yet. Before a cell runs, this looks
for the names that the cell uses and nobody has defined, in the notebook's file. The cells above that define them, and
those that these need, run first, without output. Where all cells run in order, it does nothing.

The kernel knows the notebook's path from the server, and a cell's id from the page. Where either is missing, as in
nbval, it does nothing either.

If the notebook's kernel before this one ended because it was idle, the first cell that runs says so.
"""
from __future__ import annotations

import builtins
import contextlib
import itertools
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..outside import OutsideError, read_file
from ..practice.needed_cells import CodeCell, analyse_cell, choose_cells

NOTEBOOK = "JPY_SESSION_NAME"
"""The variable in which a Jupyter server tells a kernel the path of its notebook."""
ENDED = "PKVM_KERNEL_ENDED"
"""The variable in which the course's server tells a kernel that the notebook's last one ended because it was idle."""
LARGEST_NOTEBOOK = 200_000_000
STARTED_AGAIN = "This notebook's Python was idle, so it ended. It has just started again; your text is as you left it."
RUNS_FIRST = "This cell needs cells above that have not run yet. They run first."
FAILED = "A cell above that this one needs did not run to its end. Run it to see why: it begins with {begin}"
STOPPED = "The cells above that this one needs were interrupted. Run this cell again."
OURS = {"answer": "pkvm_model.lesson"}
"""The course's cell magics, each with the extension that has it."""


class CatchUp:
    """Runs what a cell needs, in a shell, before the cell itself runs."""

    def __init__(self, shell: Any) -> None:
        """Remember the shell; nothing is read yet."""
        self.shell = shell

    def before_cell(self, info: Any) -> None:
        """Run the cells above that the cell needs; called by IPython."""
        if not info.raw_cell or info.cell_id is None:
            return
        if os.environ.pop(ENDED, ""):
            print(STARTED_AGAIN, flush=True)
        self.load_magic(info.raw_cell)
        wanted = self.find_unknown(self.analyse(info.cell_id, info.raw_cell))
        if wanted and (chosen := choose_cells(wanted, self.read_above(info.cell_id), self.is_known)):
            self.run_first(chosen)

    def load_magic(self, source: str) -> None:
        """Load the extension of a course's cell magic that a cell begins with."""
        magic = source.split(maxsplit=1)[0].removeprefix("%%") if source.startswith("%%") else ""
        if magic in OURS and not self.shell.find_cell_magic(magic):
            self.shell.extension_manager.load_extension(OURS[magic])

    def run_first(self, cells: list[CodeCell]) -> None:
        """Run cells without showing anything, and say so; the first that fails is named."""
        print(RUNS_FIRST, flush=True)
        for cell in cells:
            try:
                self.run_quietly(cell.source)
            except KeyboardInterrupt:
                return print(STOPPED)
            except (Exception, SystemExit):
                return print(FAILED.format(begin=cell.source.strip().partition("\n")[0]))
        return None

    def run_quietly(self, source: str) -> None:
        """Run the text of a cell in the notebook's namespace; what it shows is dropped, what it raises is not."""
        from IPython.utils.capture import capture_output  # noqa: PLC0415  # only a kernel has it, and has it already

        text = self.shell.transform_cell(source)
        # Cached, so that the text of a function can be shown and errors quote it.
        name = self.shell.compile.cache(text, self.shell.execution_count, raw_code=source)
        with capture_output():
            exec(compile(text, name, "exec"), self.shell.user_ns)

    def read_above(self, cell_id: str) -> list[CodeCell]:
        """Return the code cells above a cell in the notebook's file; all of them if the cell is not in the file yet."""
        cells = read_code_cells(Path(os.environ.get(NOTEBOOK, "")))
        above = itertools.takewhile(cell_id.__ne__, cells)
        return [self.analyse(each, cells[each]) for each in above]

    def analyse(self, cell_id: str, source: str) -> CodeCell:
        """Return what a cell defines and needs; nothing where it is no Python or belongs to a cell magic."""
        text = source
        with contextlib.suppress(SyntaxError, ValueError, RecursionError):
            text = self.shell.transform_cell(source)
        return analyse_cell(cell_id, text)._replace(source=source)

    def is_known(self, name: str) -> bool:
        """Return True if a name is defined in the notebook's namespace, or everywhere."""
        return name in self.shell.user_ns or hasattr(builtins, name)

    def find_unknown(self, cell: CodeCell) -> set[str]:
        """Return the names that a cell needs and nobody has defined."""
        return {name for name in cell.needs if not self.is_known(name)}


def read_code_cells(path: Path) -> Mapping[str, str]:
    """Return the text of each code cell of a notebook by its id, in order; nothing if it cannot be read."""
    try:
        cells = json.loads(read_file(path, LARGEST_NOTEBOOK))["cells"]
        return {str(cell["id"]): cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
                for cell in cells if cell["cell_type"] == "code"}
    except (OSError, OutsideError, ValueError, TypeError, KeyError, RecursionError):
        return {}


def load_ipython_extension(shell: Any) -> None:
    """Let each cell find what it needs; the kernel calls this when it starts."""
    shell.events.register("pre_run_cell", CatchUp(shell).before_cell)
