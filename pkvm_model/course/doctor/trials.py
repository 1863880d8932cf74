"""Checks that try things out in a process of their own: imports, a picture, and JupyterLab with a kernel in small."""
from __future__ import annotations

from ..learner.my_work import MY_WORK
from ..setup import shadows
from . import limits
from .diagnosis import Diagnosis
from .folders import NOTEBOOK_FOLDERS, STATE
from .packages import suggest_repair
from .try_out import try_out

REPORT = "If nothing else is missing, please send this line to the people who wrote the course"


def check_imports() -> Diagnosis:
    """Import everything that JupyterLab, a kernel and the notebooks need."""
    trial = try_out("imports")
    if trial.fault:
        return Diagnosis("missing", "imports", f"{trial.fault}: {trial.cure or suggest_repair()}")
    return Diagnosis("ok", "imports", trial.answer)


def check_pictures() -> Diagnosis:
    """Draw a small graph. Drawing sets many addresses aside."""
    trial = try_out("picture")
    if not trial.fault:
        return Diagnosis("ok", "pictures", trial.answer)
    cause = limits.describe_address_limit() or f"{trial.fault}: {trial.cure or suggest_repair()}"
    return Diagnosis("note", "pictures", f"graphs show as text, since {cause}")


def check_lab() -> Diagnosis:
    """Do what `lab` does, in small: start JupyterLab and a kernel, and run a cell."""
    trial = try_out("lab")
    if trial.fault:
        return Diagnosis("missing", "lab", f"{trial.fault}{f': {trial.cure}' if trial.cure else suggest_cure()}")
    return Diagnosis("ok", "lab", trial.answer)


def suggest_cure() -> str:
    """Return what to do about a JupyterLab that does not work; try whether that is due to the learner's copy."""
    if not MY_WORK.is_dir() or try_out("empty lab").fault:
        return f". {REPORT}"
    shadow = shadows.find_shadow(NOTEBOOK_FOLDERS)
    if shadow:
        return f": {shadows.describe_shadow(shadow)}, give it another name"
    return f". JupyterLab works in an empty folder: give {STATE} another name, then it begins anew"
