"""The wheels that a bundle carries, and the kind of machine they are for. Standard library only."""
from __future__ import annotations

import sys
import sysconfig

from ..errors import CourseError
from ..paths import ROOT

WHEELS = ROOT / "wheels"
MADE_FOR = WHEELS / "made-for.txt"


def describe_machine() -> str:
    """Return what wheels depend on, as in "cpython 3.11 on linux-x86_64"."""
    return f"{sys.implementation.name} {sys.version_info[0]}.{sys.version_info[1]} on {sysconfig.get_platform()}"


def is_bundle() -> bool:
    """Return True if this copy of the course is a bundle, which carries its packages."""
    return MADE_FOR.is_file()


def refuse_foreign_bundle() -> None:
    """Raise CourseError if this is a bundle for another kind of machine."""
    made_for = MADE_FOR.read_text(encoding="utf-8").strip() if is_bundle() else describe_machine()
    if made_for != describe_machine():
        raise CourseError(f"this bundle is for {made_for}, and this is {describe_machine()}. Start it with that "
                          "Python, or get a bundle that was made on a machine like this one.")
