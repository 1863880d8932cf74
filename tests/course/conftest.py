"""Small copies of the course, in which a set-up takes seconds and touches nothing outside."""
from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest

from pkvm_model.course.paths import ROOT
from tests.patience import PATIENCE

WHEEL = "tiny_thing-1.0-py3-none-any.whl"
INFO = "tiny_thing-1.0.dist-info"


def hear_ctrl_c() -> None:
    """Let Ctrl-C reach a child process, even if the tests run in the background and ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Checkout:
    """A folder with course.py, the set-up code, one notebook and its own lock."""

    def __init__(self, folder: Path) -> None:
        """Copy what course.py needs; the lock names nothing yet."""
        self.folder = folder
        self.venv = folder / ".venv"
        self.wheels = folder / "wheels"
        for part in ("course", "machine", "practice"):
            shutil.copytree(ROOT / "pkvm_model" / part, folder / "pkvm_model" / part)
        for module in (ROOT / "pkvm_model").glob("*.py"):
            shutil.copy(module, folder / "pkvm_model")
        shutil.copy(ROOT / "course.py", folder)
        (folder / "notebooks").mkdir()
        (folder / "notebooks" / "01-start-here.ipynb").write_text('{"cells": [], "nbformat": 4, "nbformat_minor": 5}')
        self.lock("")

    def lock(self, text: str) -> None:
        """Write the locks, which say the same here."""
        (self.folder / "locks").mkdir(exist_ok=True)
        for name in ("learn", "develop"):
            (self.folder / "locks" / f"{name}.lock").write_text(text)

    def lock_tiny_thing(self) -> None:
        """Make the lock name one package, whose wheel lies next to it."""
        self.wheels.mkdir()
        with zipfile.ZipFile(self.wheels / WHEEL, "w") as wheel:
            wheel.writestr("tiny_thing.py", "")
            wheel.writestr(f"{INFO}/METADATA", "Metadata-Version: 2.1\nName: tiny-thing\nVersion: 1.0\n")
            wheel.writestr(f"{INFO}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{INFO}/RECORD", "")
        digest = hashlib.sha256((self.wheels / WHEEL).read_bytes()).hexdigest()
        self.lock(f"tiny-thing==1.0 \\\n    --hash=sha256:{digest}\n")

    def tool(self, name: str, script: str) -> None:
        """Put a program of this name on the PATH of `run`."""
        program = self.folder / "tools" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!{sys.executable}\nimport pathlib, subprocess, sys, time, zipfile\n{script}")
        program.chmod(0o755)

    def variables(self, **more: str) -> dict[str, str]:
        """Return variables that keep out the machine's own uv, its pip settings and its network."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_", "JUPYTER"))}
        offline = {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.wheels)}
        return {**kept, "PATH": str(self.folder / "tools"), "PYTHONPATH": "", "PYTHONDONTWRITEBYTECODE": "", **offline,
                **more}

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run course.py as a user does, and return what came out."""
        return subprocess.run([sys.executable, "course.py", *arguments], cwd=self.folder,
                              env=self.variables(**variables), capture_output=True, text=True, timeout=PATIENCE,
                              check=False)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """Return a checkout whose lock names nothing, so that any Python satisfies it."""
    return Checkout(tmp_path / "course")


# Does with the wheel of the tiny thing what uv does, but fast.
LIKE_UV = f"""
if sys.argv[1] == "venv":
    sys.exit(subprocess.call([{sys.executable!r}, "-m", "venv", "--without-pip", sys.argv[-1]]))
venv = pathlib.Path(sys.argv[sys.argv.index("--python") + 1]).parents[1]
zipfile.ZipFile("wheels/{WHEEL}").extractall(next(venv.glob("lib/*/site-packages")))
"""


HOSTILE = {
    "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "PYTHONWARNINGS": "error",
    "PYTHONSTARTUP": "/nowhere", "PYTHONINSPECT": "1", "PYTHONNOUSERSITE": "1", "PYTHONPYCACHEPREFIX": "/nowhere",
    "VIRTUAL_ENV": "/nowhere", "CONDA_PREFIX": "/nowhere", "PIP_TARGET": "/nowhere", "PIP_PREFIX": "/nowhere",
    "PIP_ROOT": "/nowhere", "PIP_PYTHON": "/nowhere", "PIP_DRY_RUN": "1", "PIP_USER": "1", "PIP_QUIET": "3",
    "PIP_REQUIRE_VIRTUALENV": "1", "PIP_NO_BINARY": ":all:", "PIP_REPORT": "/nowhere/report",
    "PIP_CONSTRAINT": "/nowhere", "PIP_LOG": "/nowhere/log", "SSLKEYLOGFILE": "/nowhere/keys"}
"""Variables that send packages elsewhere, stop pip or Python, or cannot write the path of a course."""


class MadeByPip(NamedTuple):
    """A checkout whose environment was made by Python's own venv and pip, and the output of that."""

    checkout: Checkout
    output: subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def made_by_pip(tmp_path_factory: pytest.TempPathFactory) -> MadeByPip:
    """Return a checkout where uv failed and all variables were hostile; shared, since unpacking pip takes seconds."""
    checkout = Checkout(tmp_path_factory.mktemp("made_by_pip") / "Schüler-курс🐚")
    checkout.lock_tiny_thing()
    checkout.tool("uv", "sys.exit('error: no such thing')")
    return MadeByPip(checkout, checkout.run("start", **HOSTILE))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Return a checkout whose environment was made by a first start."""
    checkout = Checkout(tmp_path_factory.mktemp("made") / "course")
    checkout.lock_tiny_thing()
    checkout.tool("uv", LIKE_UV)
    first = checkout.run("start")
    assert "Making the environment in .venv." in first.stdout, first.stderr
    return checkout
