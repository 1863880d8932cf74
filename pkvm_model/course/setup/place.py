"""Makes an environment right for the place where it is, even after its folder was moved. Standard library only.

Console scripts find their Python beside themselves, and the course is found by a path file that is pure ASCII, since
Python reads such files in the locale's encoding. So only the scripts that activate the environment name its folder.
"""
from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from ..paths import ROOT
from .environment import Environment

HEADER = re.compile(rb"#!(?:[^\n]*python[^\n]*\n|/bin/sh\n'''exec' [^\n]*python[^\n]*\n' '''\n)")
"""How a console script begins: with its Python, or with a shell that starts it if its path is long or has a space."""
BESIDE = b"""#!/bin/sh
'''exec' "$(dirname -- "$(realpath -- "$0")")/python" "$0" "$@"
' '''
"""
ACTIVATES = "[Aa]ctivate*"


def settle(environment: Environment) -> None:
    """Make an environment right where it is; nothing is written if it is so already, or if nothing can be written."""
    with contextlib.suppress(OSError):
        refresh_path_file(environment.venv)
        stamp = environment.read_stamp()
        if stamp.place and stamp.place != str(environment.venv):
            rename_place(environment.venv, stamp.place, str(environment.venv))
            environment.write_stamp(stamp._replace(place=str(environment.venv)))


def free_scripts(venv: Path) -> None:
    """Let each console script find the Python beside it; on Windows they are programs, and name it."""
    for script in list_scripts(venv, "*"):
        content = script.read_bytes()
        if HEADER.match(content):
            script.write_bytes(HEADER.sub(BESIDE, content, count=1))


def rename_place(venv: Path, old: str, new: str) -> None:
    """Let the scripts that activate an environment name its new folder."""
    for script in list_scripts(venv, ACTIVATES):
        content = script.read_bytes()
        script.write_bytes(content.replace(os.fsencode(old), os.fsencode(new)))


def list_scripts(venv: Path, pattern: str) -> Iterator[Path]:
    """Yield the files of an environment's folder of programs that are its own, not links to a Python."""
    folder = venv / ("Scripts" if os.name == "nt" else "bin")
    yield from (path for path in folder.glob(pattern) if path.is_file() and not path.is_symlink())


def refresh_path_file(venv: Path) -> None:
    """Make the course importable in an environment."""
    site_packages = next(venv.glob("[Ll]ib/python*/site-packages"), venv / "Lib" / "site-packages")
    path_file, line = site_packages / "pkvm_course.pth", write_path_line(site_packages)
    if not path_file.is_file() or path_file.read_bytes() != line:
        path_file.write_bytes(line)


def write_path_line(site_packages: Path) -> bytes:
    """Return the line that adds the course to Python's path: relative in the checkout, so that both can move."""
    if site_packages.is_relative_to(ROOT):
        return f"{os.path.relpath(ROOT, site_packages)}\n".encode("ascii")
    return f"import os, sys; sys.path.append(os.fsdecode({os.fsencode(ROOT)!r}))\n".encode("ascii")
