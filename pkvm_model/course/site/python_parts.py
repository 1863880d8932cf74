"""The parts of a page's Python: Pyodide, the course's archive and the worker, and what pages know of them."""
from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from pathlib import Path

from ...practice import judge
from ...practice.candidate import ENDED, explain_error
from ...schema import JSON
from . import library
from .archive import pack_course
from .packages import install_packages

PYODIDE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", library.NAME)
LOCK = "pyodide-lock.json"
WORKER = Path(__file__).parent / "front_end" / "worker.js"
POLICY = ("script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval' data:; connect-src 'self' blob:; "
          "worker-src 'self' data:; object-src 'none'; base-uri 'none'")
"""What a page and the workers that it makes may load: nothing of another host; and no text becomes JavaScript there."""


@cache
def read_parts() -> dict[str, bytes]:
    """Return the content of all files below `assets/`, by name. Raise CourseError if Pyodide cannot be fetched."""
    return {WORKER.name: WORKER.read_bytes(), "course.zip": pack_course(),
            **{f"pyodide/{name}": content for name, content in read_pyodide().items()}}


@cache
def read_pyodide() -> dict[str, bytes]:
    """Return the content of Pyodide's files, by name: with our library, and without other packages."""
    pyodide = install_packages() / "pyodide"
    lock = json.loads((pyodide / LOCK).read_text(encoding="utf-8")) | {"packages": {}}
    return {**{name: (pyodide / name).read_bytes() for name in PYODIDE}, library.NAME: library.read_library(),
            LOCK: json.dumps(lock, separators=(",", ":")).encode()}


@cache
def describe_parts() -> JSON:
    """Return what a page must know: hash and size of each file, and the words for an answer that was ended."""
    files = {name: [hash_bytes(content), len(content)] for name, content in read_parts().items()}
    words = {"worked": judge.WORKED.replace(":g}", "}"), "waited": judge.WAITED.replace(":g}", "}"),
             "full": explain_error(MemoryError()), "ended": ENDED}
    return {"files": files, "words": words}


def hash_bytes(content: bytes) -> str:
    """Return the hash of a content as browsers compare it."""
    return f"sha256-{base64.b64encode(hashlib.sha256(content).digest()).decode()}"


def write_parts(folder: Path) -> None:
    """Write all files into the folder of a site's assets."""
    for name, content in read_parts().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
