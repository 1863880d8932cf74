"""Where the course is on this machine, and where what it makes goes. Standard library only."""
from __future__ import annotations

import os
import sys
from functools import cache
from importlib import metadata
from pathlib import Path

from .typed import COMMAND_VARIABLE, HOME_VARIABLE, name_python

PACKAGE = Path(__file__).resolve().parent
"""The folder pkvm_model."""
ROOT = PACKAGE.parent
"""The checkout: the folder with course.py. Of an installed course, the folder with all packages."""
CONTENT = PACKAGE / "content" if (PACKAGE / "content").is_dir() else ROOT
"""The folder with the notebooks, exercises, figures, docs and locks, which an installed course has in its package."""
IS_PACKAGE = CONTENT != ROOT
"""Whether this is an installed package, and not a checkout."""
HUB_VARIABLE = "JUPYTERHUB_USER"
"""The environment variable by which JupyterHub names the user of a server."""


def is_ours(folder: Path) -> bool:
    """Return True if we may write in a folder and it is not another user's; root may use any."""
    is_other_users = hasattr(os, "geteuid") and os.geteuid() not in (0, folder.stat().st_uid)
    return os.access(folder, os.W_OK | os.X_OK) and not is_other_users


def is_learners_own(root: Path) -> bool:
    """Return True for a checkout that is ours; on a hub, where many may use one, it must be in the home, too."""
    is_checkout = (root / "course.py").is_file()
    is_shared = bool(os.environ.get(HUB_VARIABLE)) and not root.is_relative_to(Path.home().resolve())
    return is_checkout and is_ours(root) and not is_shared


def choose_workplace(root: Path = ROOT) -> Path:
    """Return the folder that HOME_VARIABLE names; else the checkout if it is ours; else a folder in the home."""
    named = os.environ.get(HOME_VARIABLE, "").strip()
    try:
        if named:
            return Path(named).expanduser().resolve()
        return root if is_learners_own(root) else Path.home() / "pkvm-course"
    except RuntimeError:  # There is no home. An attempt to write in the checkout will name the variable.
        return root


WORKPLACE = choose_workplace()
"""The folder where the environments, my_work and the kernels live."""


@cache
def is_installed(name: str = "pkvm-course") -> bool:
    """Return True if this Python has the course as a package, or as one that reads the checkout."""
    folders = [folder for folder in sys.path if folder and Path(folder).resolve() != ROOT]
    return IS_PACKAGE or (sys.platform != "emscripten" and any(metadata.distributions(name=name, path=folders)))


def belongs_to_others() -> bool:
    """Return True if whoever has set up this Python gave it the course: then the course makes no environment."""
    return is_installed() or bool(os.environ.get(HUB_VARIABLE))


def name_command(words: str) -> str:
    """Return what to type for a command of the course here, as in `python3 course.py update`."""
    start = "python3 course.py" if not belongs_to_others() else f"{name_python()} -m pkvm_model.course"
    return f"{os.environ.get(COMMAND_VARIABLE) or start} {words}"
