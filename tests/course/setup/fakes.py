"""An environment that is made in a millisecond: a real one, but with one tiny package and without pip."""
from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pkvm_model.course.errors import CourseError
from pkvm_model.course.setup import installers, lock
from pkvm_model.course.setup.environment import Environment

SHOW_PREFIX = "import sys; print(sys.prefix)\n"


def make_tiny(environment: Environment) -> None:
    """Make an environment as the installers do: programs and scripts name its place."""
    venv = environment.venv
    (venv / "bin").mkdir(parents=True)
    (venv / "pyvenv.cfg").write_text(f"home = {Path(installers.find_base_python()).resolve().parent}\n")
    (venv / "bin" / "python").symlink_to(Path(installers.find_base_python()).resolve())
    (venv / "bin" / "activate").write_bytes(os.fsencode(f'VIRTUAL_ENV="{venv}"\n'))
    write_script(venv / "bin" / "tiny", f"#!{venv}/bin/python\n")
    write_script(venv / "bin" / "far", f"#!/bin/sh\n'''exec' \"{venv}/bin/python\" \"$0\" \"$@\"\n' '''\n")
    info = venv / "lib" / f"python3.{sys.version_info[1]}" / "site-packages" / "tiny_thing-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tiny-thing\nVersion: 1.0\n")


def write_script(path: Path, header: str) -> None:
    """Write a console script that prints the environment that it runs in."""
    path.write_bytes(os.fsencode(header + SHOW_PREFIX))
    path.chmod(0o755)


def fail(environment: Environment) -> None:
    """Do what an installer without a network does."""
    (environment.venv / "half").mkdir(parents=True)
    raise CourseError("there is no network.")


def use_installer(monkeypatch: pytest.MonkeyPatch, install_into: Callable[[Environment], None]) -> None:
    """Let the set-up have this installer, and no other."""
    def list_installers() -> Iterator[tuple[str, Callable[[Environment], None]]]:
        yield "fake", install_into

    monkeypatch.setattr(installers, "list_installers", list_installers)


def ask_nobody(environment: Environment) -> dict[str, str] | None:
    """Return what the Python in an environment would say, without starting it."""
    packages = next(environment.venv.glob("lib/python*/site-packages"), None)
    if packages is None or not environment.python.exists():
        return None
    return {**lock.describe_interpreter(), "packages": str(packages)}


def run_script(script: Path) -> str:
    """Return what a console script prints, without the tests' own PYTHONPATH."""
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run([script], env=variables, capture_output=True, text=True, errors="surrogateescape",
                          check=True).stdout.strip()
