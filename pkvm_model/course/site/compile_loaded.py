"""Runs in Pyodide: gives the modules of Python's library that it loads as it starts as byte code, ready to be run."""
from __future__ import annotations

import base64
import io
import marshal
import sys
import zipfile
from importlib.util import MAGIC_NUMBER, source_hash

NEVER_COMPARED = (1).to_bytes(4, "little")
"""The flags of byte code that counts without its source."""
LEVEL = 2
"""Docstrings and assertions stay out."""


def pack_library() -> str:
    """Return Python's library, as base64: an archive with byte code in place of the sources that are loaded by now."""
    library = next(path for path in sys.path if path.endswith(".zip"))
    loaded = {module.__spec__.origin for module in sys.modules.values() if module.__spec__}
    packed = io.BytesIO()
    with zipfile.ZipFile(library) as before, zipfile.ZipFile(packed, "w") as after:
        for entry in before.infolist():
            name, content = entry.filename, before.read(entry)
            if f"{library}/{name}" in loaded:
                name, content = f"{name}c", compile_module(content, f"{library}/{name}")
            after.writestr(zipfile.ZipInfo(name, entry.date_time), content, zipfile.ZIP_DEFLATED, compresslevel=9)
    return base64.b64encode(packed.getvalue()).decode()


def compile_module(source: bytes, name: str) -> bytes:
    """Return what a file with the byte code of a module has in it."""
    code = compile(source, name, "exec", dont_inherit=True, optimize=LEVEL)
    return MAGIC_NUMBER + NEVER_COMPARED + source_hash(source) + marshal.dumps(code)
