"""What the Jupyter server of this kernel lacks to show a live widget: it may have another environment than the kernel.

A server that has ipywidgets without anywidget shows an error in place of a widget, although the widget's own table is
there. The kernel sees the server's process and so its environment; where it does not, nothing is found missing.
"""
from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

from ..place import name_command

EXTENSIONS = {"ipywidgets": "@jupyter-widgets/jupyterlab-manager", "anywidget": "anywidget"}
"""The packages whose JupyterLab extensions draw live widgets."""
SYSTEM = ("/usr/local/share/jupyter", "/usr/share/jupyter")


@cache
def describe_missing() -> str:
    """Return what the server lacks and how to get it, as a sentence, '' if nothing is known to be missing."""
    prefix = find_prefix(read_command_line(os.environ.get("JPY_PARENT_PID", "")))
    if prefix is None or prefix == Path(sys.prefix):
        return ""
    missing = list_missing([prefix / "share" / "jupyter", *list_folders()])
    if not missing:
        return ""
    python = prefix / ("python.exe" if os.name == "nt" else "bin/python")
    return (f"This Jupyter server lacks {' and '.join(missing)}, so here is a table instead of a live widget. To get "
            f"the widget, run {python} -m pip install {' '.join(missing)}, and start the server again; or run "
            f"{name_command('lab')}.")


def read_command_line(process: str) -> list[str]:
    """Return the command line of a process that is named by its number, [] if that is not possible."""
    try:
        import psutil  # noqa: PLC0415  # a browser's Python has none, and needs none

        server = psutil.Process(int(process))
        program, *words = server.cmdline()
        return [shutil.which(program, path=server.environ().get("PATH")) or program, *words]
    except Exception:  # Whatever keeps us from seeing the server, widgets must be shown.
        return []


def find_prefix(command: Sequence[str]) -> Path | None:
    """Return the environment of a JupyterLab that was started with a command, None if it is not seen."""
    programs = [path for path in map(Path, command[:2]) if path.is_absolute()]
    folders = [folder for program in programs for folder in (program.parent.parent, program.parent)]
    return next((folder for folder in folders if (folder / "share" / "jupyter" / "lab").is_dir()), None)


def list_folders() -> Iterator[Path]:
    """Yield where a server looks for extensions besides its own environment."""
    from jupyter_core.paths import jupyter_data_dir  # noqa: PLC0415  # a browser's Python has none

    yield from map(Path, filter(None, os.environ.get("JUPYTER_PATH", "").split(os.pathsep)))
    yield from map(Path, [jupyter_data_dir(), *SYSTEM])


def list_missing(folders: Iterable[Path]) -> list[str]:
    """Return the packages whose extensions are in none of the folders."""
    places = [folder / "labextensions" for folder in folders]
    return [name for name, extension in EXTENSIONS.items() if not any((each / extension).is_dir() for each in places)]
