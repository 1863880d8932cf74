"""Bundles the editor of the exercise pages into one module."""
from __future__ import annotations

import os
import subprocess
from pathlib import Path

from ..errors import CourseError
from .frame import Site
from .packages import install_packages

SOURCE = Path(__file__).parent / "code_editor" / "editor.js"
NAME = "assets/editor.js"
OPTIONS = ("--bundle", "--format=esm", "--minify", "--legal-comments=none", "--target=es2022", "--log-level=error")


def write(site: Site) -> None:
    """Write the editor, unless the site is built without what comes from npm."""
    if site.python:
        site.write(NAME, bundle_editor())


def bundle_editor() -> str:
    """Return the editor with all that it needs as one module, the same each time. Raise CourseError if that fails."""
    packages = install_packages()
    command = [str(packages / ".bin" / "esbuild"), str(SOURCE), *OPTIONS]
    done = subprocess.run(command, env={**os.environ, "NODE_PATH": str(packages)}, capture_output=True, text=True,
                          encoding="utf-8", check=False)
    if done.returncode:
        raise CourseError(f"the editor cannot be bundled ({' '.join(done.stderr.split())[:300]}). Get the whole course "
                          "again.")
    return done.stdout
