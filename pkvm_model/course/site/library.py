"""Makes the library of a page's Python: Pyodide's own, but what each start loads is there as byte code.

Pyodide ships sources, which every start would compile anew. The library is the same bytes each time, and is kept beside
the packages from which it is made.
"""
from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from ...practice.progress import write_atomically
from .packages import install_packages
from .under_node import RUNNER, run_script

NAME = "python_stdlib.zip"
SCRIPT = Path(__file__).with_name("compile_loaded.py")
SETTINGS = {"PYTHONHASHSEED": "0", "PYTHONNODEBUGRANGES": "1"}
"""The order of sets is the same each time; and which columns a line of code has is of no use without its source."""


def read_library() -> bytes:
    """Return the library, which is made once. Raise CourseError if it cannot be made."""
    recipe = hashlib.sha256(SCRIPT.read_bytes() + RUNNER.read_bytes() + repr(SETTINGS).encode()).hexdigest()[:12]
    kept = install_packages().parent / f"library-{recipe}.zip"
    if not kept.exists():
        write_atomically(kept, make_library())
    return kept.read_bytes()


def make_library() -> bytes:
    """Return the library as the Python of the installed Pyodide makes it."""
    script = f"{SCRIPT.read_text(encoding='utf-8')}\n\npack_library()\n"
    return base64.b64decode(run_script(script, install_packages() / "pyodide", **SETTINGS))
