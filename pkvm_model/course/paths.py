"""What messages say about where the course is, and where the environments and the learner's copy go."""
from __future__ import annotations

import os
from pathlib import Path

from ..place import CONTENT, HOME_VARIABLE, PACKAGE, ROOT, WORKPLACE

__all__ = ["CONTENT", "EXAMPLES", "HOME_VARIABLE", "PACKAGE", "ROOT", "WORKPLACE", "explain_setting",
           "explain_workplace", "shorten_path"]


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
