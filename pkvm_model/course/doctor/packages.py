"""Checks of the installed packages: quick ones, and the size of every file. Standard library only."""
from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from importlib import metadata
from importlib.machinery import PathFinder
from pathlib import Path

from ..paths import PACKAGE, belongs_to_others, name_command
from ..setup import environment, lock
from .diagnosis import Diagnosis, describe_error
from ..setup.others import NEEDED, find_version
from ..setup.shadows import list_python_path

EXTENSIONS = ("@jupyter-widgets/jupyterlab-manager", "anywidget")
"""The extensions of JupyterLab's that show widgets."""


def check_environment() -> Diagnosis:
    """Name this environment and compare it with the lock."""
    ours = Path(sys.prefix) == environment.COURSE.venv
    name = f"the environment in {environment.COURSE.name}" if ours else f"the environment {sys.prefix}"
    text = environment.read_lock(environment.COURSE)
    differences = list(lock.find_differences(text, lock.describe_interpreter(), sys.path))
    if differences:
        return Diagnosis("note", "environment", f"{name}; {len(differences)} packages differ from the lock, first: "
                         f"{differences[0]}")
    return Diagnosis("ok", "environment", f"{name}, as the lock says")


def check_sources() -> Iterator[Diagnosis]:
    """Find the packages that the notebooks use, without importing them."""
    pins = dict(lock.list_pins(environment.read_lock(environment.COURSE), lock.describe_interpreter()))
    for name, module in NEEDED.items():
        version = find_version(name)
        fault = find_fault(name, module, version, pins.get(name, ""))
        yield Diagnosis("missing", name, fault) if fault else Diagnosis("ok", name, version or "")


def find_fault(name: str, module: str, version: str | None, pin: str) -> str:
    """Return a sentence if a package is missing, emptied, or hidden by another, '' if nothing is wrong with it."""
    if version is None:
        return f"{name} is not installed: {suggest_repair()}"
    origin = find_origin(module)
    if origin is None or not origin.is_file():
        return f"{name} is not whole, its module {module} is gone: {suggest_repair()}"
    folder = next((folder for folder in list_python_path() if origin.is_relative_to(folder)), None)
    if folder and (version != pin or not is_installed_in(name, folder)):
        hiding = origin.parent if origin.name == "__init__.py" else origin
        return (f"{hiding} hides the course's {name} {pin}, since PYTHONPATH names {folder}: unset PYTHONPATH, "
                "then start again")
    if not origin.stat().st_size:
        return f"{name} is not whole, {origin} is empty: {suggest_repair()}"
    return ""


def find_origin(module: str) -> Path | None:
    """Return the file that an import of a module would read first, None if there is no such file."""
    try:
        spec = PathFinder.find_spec(module)  # which does not care for what this process has imported
    except (ImportError, ValueError):
        return None
    return Path(spec.origin) if spec and spec.origin else None


def is_installed_in(name: str, folder: Path) -> bool:
    """Return True if a folder holds a package together with what its installer wrote about it."""
    return any(True for _ in metadata.distributions(name=name, path=[str(folder)]))


def suggest_repair() -> str:
    """Return how to get the packages of this environment right."""
    venv = environment.COURSE.venv
    if Path(sys.prefix) == venv:
        return f"delete the folder {venv}, then {name_command('lab')} makes it again"
    if belongs_to_others():
        return f"whoever has set up {sys.prefix} can install it again"
    return f"install it again, or leave this environment ({sys.prefix}), and {name_command('lab')} makes one"


def check_files() -> Diagnosis:
    """Compare the size of every installed file with what its package says."""
    pins = lock.list_pins(environment.read_lock(environment.COURSE), lock.describe_interpreter())
    fault = next((f"{name} is not whole: {fault}" for name, _ in pins for fault in list_damaged_files(name)), None)
    if fault:
        return Diagnosis("missing", "files", f"{fault}: {suggest_repair()}")
    return Diagnosis("ok", "files", "every package has all of its files")


def list_damaged_files(name: str) -> Iterator[str]:
    """Yield a phrase for each file of a package that is missing, or has another size than when it was installed."""
    distribution = next(iter(metadata.distributions(name=name)), None)
    rows = csv.reader((distribution.read_text("RECORD") or "").splitlines()) if distribution else iter(())
    for row in rows:
        # Programs get a new first line where they are installed, and compiled files are made again.
        if len(row) == 3 and row[2].isdecimal() and not row[0].startswith("..") and not row[0].endswith(".pyc"):
            assert distribution
            yield from describe_damage(str(distribution.locate_file(row[0])), int(row[2]))


def describe_damage(path: str, size: int) -> Iterator[str]:
    """Yield a phrase if a file is missing or has another size."""
    try:
        actual = Path(path).stat().st_size
    except OSError as error:
        yield f"{path} cannot be read ({describe_error(error)})"
    else:
        if actual != size:
            yield f"{path} has {actual} bytes, and had {size}"


def check_extension() -> Diagnosis:
    """Look for the JupyterLab extensions where JupyterLab looks for them."""
    share = Path(sys.prefix) / "share" / "jupyter" / "labextensions"
    gone = [name for name in EXTENSIONS if not (share / name / "package.json").is_file()]
    if gone:
        return Diagnosis("missing", "labextension", f"JupyterLab cannot show widgets, {share / gone[0]} is gone: "
                         f"{suggest_repair()}")
    ours = PACKAGE / "widgets" / "jupyter"
    if list(ours.glob("labextensions/*/package.json")):
        return Diagnosis("ok", "labextension", f"found in {ours}")
    return Diagnosis("note", "labextension", "not found; widgets show once their cells are run")
