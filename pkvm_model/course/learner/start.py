"""Makes the learner's copy, and lets a plain `jupyter lab` in this environment find the course's extension."""
from __future__ import annotations

import argparse
import filecmp
import os
import shutil
import sys
from pathlib import Path

from ..paths import PACKAGE
from . import my_work

EXTENSIONS = PACKAGE / "widgets" / "jupyter" / "labextensions"


def run(arguments: argparse.Namespace) -> int:
    """Make the learner's copy and print where it is."""
    for sentence in my_work.make_copy():
        print(sentence)
    install_extensions(Path(sys.prefix))
    print(f"Your copy of the notebooks is in {my_work.MY_WORK}")
    return 0


def install_extensions(prefix: Path) -> None:
    """Copy the JupyterLab extension into an environment; without it, widgets are static tables until cells are run."""
    target = prefix / "share" / "jupyter" / "labextensions"
    try:
        if not (is_found_anyway() or has_extensions(target)):
            shutil.copytree(EXTENSIONS, target, dirs_exist_ok=True)
    except OSError as error:
        print(f"The JupyterLab extension could not be put into {target} ({error.strerror}); widgets work once their "
              "cells are run.")


def is_found_anyway() -> bool:
    """Return True if a variable tells JupyterLab where the extension is, as on a hub."""
    return str(EXTENSIONS.parent) in os.environ.get("JUPYTER_PATH", "").split(os.pathsep)


def has_extensions(target: Path) -> bool:
    """Return True if a folder has all files of the extension as they are here; an installed package put them there."""
    pairs = [(path, target / path.relative_to(EXTENSIONS)) for path in EXTENSIONS.rglob("*") if path.is_file()]
    return all(there.is_file() and filecmp.cmp(path, there, shallow=False) for path, there in pairs)
