"""The front end of the widgets: plain ES modules, put after each other where only one file can be loaded."""

import json
import pathlib
import re
from functools import cache

# The one copy lies where JupyterLab looks for the extension that shows stored benches.
SHARE = pathlib.Path(__file__).parent.parent / "share" / "jupyter"
FOLDER = SHARE / "labextensions" / "pkvm-bench" / "static"
IMPORT = re.compile(r"^import [^;]*;$", re.MULTILINE)
EXPORT = re.compile(r"^export (?=const|class|function|async)", re.MULTILINE)


@cache
def parts() -> tuple[pathlib.Path, ...]:
    """The files in their order; the extension in JupyterLab reads the same list."""
    names = json.loads((FOLDER / "parts.json").read_text(encoding="utf-8"))
    return tuple(FOLDER / name for name in names)


@cache
def front_end() -> str:
    """All of it as one module, which exports what the last file does."""
    whole = "\n".join(path.read_text(encoding="utf-8") for path in parts())
    return EXPORT.sub("", IMPORT.sub("", whole))
