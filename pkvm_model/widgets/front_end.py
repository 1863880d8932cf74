"""The front end of the widgets: plain ES modules, put after each other where only one file can be loaded."""
from __future__ import annotations

import json
import pathlib
import re
from functools import cache

# The one copy lies where JupyterLab looks for the extension that shows stored widgets.
SHARE = pathlib.Path(__file__).parent / "jupyter"
FOLDER = SHARE / "labextensions" / "pkvm-widgets" / "static"
IMPORT = re.compile(r"^import [^;]*;$", re.MULTILINE)
EXPORT = re.compile(r"^export (?=const|class|function|async)", re.MULTILINE)


@cache
def listed() -> dict[str, dict[str, list[str]]]:
    """The files by what they belong to; the extension in JupyterLab reads the same list."""
    found: dict[str, dict[str, list[str]]] = json.loads((FOLDER / "parts.json").read_text(encoding="utf-8"))
    return found


def kinds() -> tuple[str, ...]:
    """All families, by their kind."""
    return tuple(listed()["families"])


def parts(*families: str) -> tuple[pathlib.Path, ...]:
    """The files that some families need, in an order in which they can be put after each other."""
    own = [name for kind in families for name in of_family(kind)]
    names = dict.fromkeys([*listed()["common"]["first"], *own, *listed()["common"]["last"]])
    return tuple(FOLDER / name for name in names)


def of_family(kind: str) -> list[str]:
    """The files of a family; a name that is no file is another family, whose files come first."""
    names = listed()["families"][kind]
    return [part for name in names for part in ([name] if name.endswith(".js") else of_family(name))]


@cache
def front_end(*families: str) -> str:
    """All that some families need as one module, which exports what the last file does."""
    whole = "\n".join(path.read_text(encoding="utf-8") for path in parts(*families))
    return EXPORT.sub("", IMPORT.sub("", whole))
