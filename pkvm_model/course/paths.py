"""Where the course is on this machine, and where the environments and the learner's copy go. Standard library only."""
from __future__ import annotations

import os
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
"""The folder pkvm_model."""
ROOT = PACKAGE.parent
"""The checkout: the folder with course.py."""
HOME_VARIABLE = "PKVM_COURSE_HOME"
"""The environment variable that names another folder for the environments and the learner's copy."""


def is_ours(folder: Path) -> bool:
    """Return True if we may write in a folder and it is not another user's; root may use any."""
    is_other_users = hasattr(os, "geteuid") and os.geteuid() not in (0, folder.stat().st_uid)
    return os.access(folder, os.W_OK | os.X_OK) and not is_other_users


def choose_workplace(root: Path = ROOT) -> Path:
    """Return the folder that HOME_VARIABLE names; else the checkout if it is ours; else a folder in the home."""
    named = os.environ.get(HOME_VARIABLE, "").strip()
    is_checkout = (root / "course.py").is_file()
    try:
        if named:
            return Path(named).expanduser().resolve()
        return root if is_checkout and is_ours(root) else Path.home() / "pkvm-course"
    except RuntimeError:  # There is no home. An attempt to write in the checkout will name the variable.
        return root


WORKPLACE = choose_workplace()
"""The folder where the environments and my_work live."""


def explain_workplace() -> str:
    """Return a line on where the environment and the learner's copy are if nobody chose that, '' otherwise."""
    if WORKPLACE == ROOT or os.environ.get(HOME_VARIABLE, "").strip():
        return ""
    is_checkout = (ROOT / "course.py").is_file()
    reason = f"{ROOT} is not yours to write in" if is_checkout else "The course is installed as a package"
    return (f"{reason}, so the environment and your copy are in {WORKPLACE}. Set {HOME_VARIABLE} to choose another "
            "folder.")


EXAMPLES = (f"export {HOME_VARIABLE}=/path/to/folder", f'$env:{HOME_VARIABLE} = "C:\\path\\to\\folder"')
"""How HOME_VARIABLE is set in the shells of Linux and macOS, and in PowerShell."""


def explain_setting() -> str:
    """Return a line on how to set HOME_VARIABLE, and how long that holds."""
    return (f"To set {HOME_VARIABLE}, type {EXAMPLES[0]} (in PowerShell: {EXAMPLES[1]}). That holds in this terminal "
            "only, and every command of the course needs it: type it first in each new one.")


def shorten_path(path: Path) -> str:
    """Return how messages name a path: relative in the checkout, whole elsewhere."""
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)
