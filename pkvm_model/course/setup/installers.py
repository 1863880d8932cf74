"""Fills an environment with uv if it is there, otherwise with pip. Standard library only.

In a bundle the packages come from its own wheels, and the network is not used.
"""
from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ..errors import CourseError
from . import causes, sources, wheels
from .environment import Environment, find_venv_package, read_lock

PipCommand = list[str | Path]
KILLED = -9
"""How a program ended that the system has stopped, which it does where memory is short."""
PIPS = 4
"""How many pips fetch packages at the same time: each waits for its server most of the time."""


def list_installers() -> Iterator[tuple[str, Callable[[Environment], None]]]:
    """Yield the tools that can fill an environment, the fast one first."""
    if shutil.which("uv"):
        yield "uv", install_with_uv
    if has_pip():
        yield "pip", install_with_pip


def has_pip() -> bool:
    """Return True if this Python can make an environment with pip in it; Debian's cannot without another package."""
    return bool(importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip"))


def describe_missing_venv() -> str:
    """Return what to do where neither this Python nor uv can make an environment, '' if one of them can."""
    if has_pip() or shutil.which("uv"):
        return ""
    return (f"this Python has no venv or no ensurepip. On Debian or Ubuntu: sudo apt install {find_venv_package()}; "
            "elsewhere, start the course with another Python.")


def install_with_uv(environment: Environment) -> None:
    """Make and fill an environment with uv."""
    run_quietly(["uv", "venv", "--python", find_base_python(), environment.venv])
    uv: list[str | Path] = ["uv", "pip", "install", "--no-deps", "--require-hashes", "--python", environment.python]
    run_quietly([*uv, *choose_sources(), "-r", environment.lock])


def install_with_pip(environment: Environment) -> None:
    """Make and fill an environment with the pip that comes with Python, which does not stay in it."""
    with tempfile.TemporaryDirectory(prefix="pkvm-pip-") as folder:
        pip = make_empty_environment(environment, Path(folder))
        sources = choose_sources() or fetch_packages(pip, environment, Path(folder))
        run_quietly([*pip, "install", "--no-deps", "--no-compile", "--require-hashes", *sources, "-r",
                     environment.lock])


def make_empty_environment(environment: Environment, folder: Path) -> PipCommand:
    """Make an environment and return the command for a pip in `folder`; only without its wheel pip comes along."""
    wheel = find_pip_wheel()
    run_quietly([find_base_python(), "-I", "-m", "venv", *(["--without-pip"] if wheel else []), environment.venv])
    if not wheel:
        return [environment.python, "-I", "-m", "pip"]
    shutil.unpack_archive(wheel, folder / "pip", "zip")
    return [environment.python, "-I", folder / "pip" / "pip"]


def find_pip_wheel() -> Path | None:
    """Return the wheel of pip that comes with Python, None if it is not where we look."""
    package = importlib.util.find_spec("ensurepip")
    bundled = Path(package.origin).parent / "_bundled" if package and package.origin else None
    # Where a distribution keeps it instead.
    folders = [bundled, Path(sysconfig.get_config_var("WHEEL_PKG_DIR") or "/usr/share/python-wheels")]
    return next((wheel for folder in folders if folder for wheel in sorted(folder.glob("pip-*.whl"))), None)


def fetch_packages(pip: PipCommand, environment: Environment, folder: Path) -> PipCommand:
    """Fetch the packages of a lock, several at a time, and return the options that make pip install them."""
    entries = re.split(r"\n(?=\S)", read_lock(environment).strip())
    parts = [folder / f"{number}.lock" for number in range(min(PIPS, len(entries)))]
    for number, part in enumerate(parts):
        part.write_text("\n".join(entries[number::PIPS]), encoding="utf-8")
    download: PipCommand = [*pip, "download", "--no-deps", "--require-hashes", "-d", folder / "wheels"]
    with ThreadPoolExecutor(PIPS) as threads:
        list(threads.map(run_quietly, ([*download, "-r", part] for part in parts)))
    return ["--no-index", "--find-links", folder / "wheels"]


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
        raise CourseError(f"{command[0]} cannot be started ({error.strerror}).") from error
    if process.returncode:
        ended = "\nKilled" if process.returncode == KILLED else ""
        raise CourseError(causes.explain_failure(process.stdout + ended))
