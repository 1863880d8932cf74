"""Fills an environment with uv if it is there, otherwise with pip. Standard library only.

In a bundle the packages come from its own wheels, and the network is not used.
"""
from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ..errors import CourseError
from . import causes, sources, wheels
from .environment import Environment


def list_installers() -> Iterator[tuple[str, Callable[[Environment], None]]]:
    """Yield the tools that can fill an environment, the fast one first."""
    if shutil.which("uv"):
        yield "uv", install_with_uv
    if has_pip() or not shutil.which("uv"):
        yield "pip", install_with_pip


def has_pip() -> bool:
    """Return True if this Python can make an environment with pip in it; Debian's cannot without another package."""
    return bool(importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip"))


def install_with_uv(environment: Environment) -> None:
    """Make and fill an environment with uv."""
    run_quietly(["uv", "venv", "--python", find_base_python(), environment.venv])
    uv: list[str | Path] = ["uv", "pip", "install", "--no-deps", "--require-hashes", "--python", environment.python]
    run_quietly([*uv, *choose_sources(), "-r", environment.lock])


def install_with_pip(environment: Environment) -> None:
    """Make and fill an environment with what comes with Python."""
    if not has_pip():
        raise CourseError("this Python has no venv or no ensurepip. On Debian or Ubuntu: sudo apt install "
                          "python3-venv; then run the same command again.")
    run_quietly([find_base_python(), "-I", "-m", "venv", environment.venv])
    pip: list[str | Path] = [environment.python, "-I", "-m", "pip", "install", "--no-deps", "--no-compile"]
    run_quietly([*pip, "--require-hashes", *choose_sources(), "-r", environment.lock])


def find_base_python() -> Path:
    """Return the Python that new environments are made from: never one that belongs to an environment itself."""
    return Path(getattr(sys, "_base_executable", None) or sys.executable)


def choose_sources() -> list[str | Path]:
    """Return the installers' options that say where packages come from."""
    return ["--no-index", "--find-links", wheels.WHEELS] if wheels.is_bundle() else []


def compile_packages(environment: Environment) -> None:
    """Compile the packages now if Python is set to keep no bytecode; otherwise each start would compile them."""
    if sys.dont_write_bytecode:
        run_quietly([environment.python, "-I", "-m", "compileall", "-q", "-j", "0", environment.venv])


def run_quietly(command: Sequence[str | Path]) -> None:
    """Run one step of the set-up and show nothing of it. Raise CourseError with one line that says why it failed."""
    try:
        process = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                 encoding="utf-8", errors="replace", env=sources.build_installer_variables(),
                                 check=False)
    except OSError as error:
        raise CourseError(f"{command[0]} cannot be started: {error.strerror}") from error
    if process.returncode:
        raise CourseError(causes.explain_failure(process.stdout))
