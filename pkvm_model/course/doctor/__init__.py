"""The doctor: does in small what `lab` does, and says in one line each what works, what is missing and the cure.

`examination` lists the checks and prints the report; the other modules check the machine, its folders, the packages,
and JupyterLab itself. `preflight` is for `lab`: it ends in the doctor's words instead of a traceback. A check is a
function that returns a Diagnosis, and never raises. All but `probe` uses the standard library only.
"""
from __future__ import annotations

from .diagnosis import Diagnosis
from .examination import examine_outside, format_line, report, run

__all__ = ["Diagnosis", "examine_outside", "format_line", "report", "run"]
