"""What messages say about where the course is, and where the environments and the learner's copy go."""
from __future__ import annotations

import os
from pathlib import Path

from ..place import (CONTENT, HUB_VARIABLE, IS_PACKAGE, PACKAGE, ROOT, WORKPLACE, belongs_to_others, is_ours,
                     name_command)
from ..typed import HOME_VARIABLE, OPTION
from .errors import CourseError

__all__ = ["CONTENT", "EXAMPLES", "HOME_VARIABLE", "IS_PACKAGE", "PACKAGE", "ROOT", "WORKPLACE", "belongs_to_others",
           "explain_setting", "explain_workplace", "is_ours", "name_command", "name_program", "refuse_in_a_package",
           "shorten_path"]


def explain_workplace() -> str:
    """Return a line on where the environment and the learner's copy are if nobody chose that, '' otherwise."""
    if WORKPLACE == ROOT or os.environ.get(HOME_VARIABLE, "").strip():
        return ""
    what = "your copy is" if belongs_to_others() else "the environment and your copy are"
    return (f"{explain_distance()}, so {what} in {WORKPLACE}. To choose another folder, start each command with "
            f"{OPTION} FOLDER, or set {HOME_VARIABLE}.")


def explain_distance() -> str:
    """Return why the learner's copy is not beside the course."""
    if IS_PACKAGE:
        return "The course is installed as a package"
    if os.environ.get(HUB_VARIABLE) and is_ours(ROOT):
        return "On a hub, others may use the course's folder"
    return f"{ROOT} is not yours to write in"


def name_program() -> str:
    """Return the name with which messages about an error begin."""
    is_script = any(word.endswith("course.py") for word in name_command("").split())
    return "course.py" if is_script else "pkvm_model.course"


def refuse_in_a_package(command: str) -> None:
    """Raise CourseError for a command that needs the whole checkout where only a package of it is."""
    if IS_PACKAGE:
        raise CourseError(f"{command} needs the course's whole repository, and only a package of it is installed here. "
                          "Clone the repository, and run it there.")


EXAMPLES = (f"export {HOME_VARIABLE}=/path/to/folder", f'$env:{HOME_VARIABLE} = "C:\\path\\to\\folder"')
"""How HOME_VARIABLE is set in the shells of Linux and macOS, and in PowerShell."""


def explain_setting() -> str:
    """Return a line on how to set HOME_VARIABLE, and how long that holds."""
    return (f"To set {HOME_VARIABLE}, type {EXAMPLES[0]} (in PowerShell: {EXAMPLES[1]}). That holds in this terminal "
            f"only: type it first in each new one. Or add {OPTION} FOLDER to each command of the course.")


def shorten_path(path: Path) -> str:
    """Return how messages name a path: relative in the checkout, whole elsewhere."""
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)
