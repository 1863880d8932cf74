"""The front end of the widgets: plain ES modules and style sheets, bundled where only one file can be loaded.

JupyterLab loads the files themselves for stored widgets; a live widget and a page of the site get a bundle.
"""
from __future__ import annotations

import json
import os
import pathlib
import re
from functools import cache
from typing import TypedDict

SHARE = pathlib.Path(__file__).parent / "jupyter"
"""Where JupyterLab looks for the extension that shows stored widgets."""
FOLDER = SHARE / "labextensions" / "pkvm-widgets" / "front_end"
"""The one copy of the front end."""
IMPORT = re.compile(r'^import (?:\{[^}]*\} from )?"(\.[\w./-]*/[\w-]+\.js)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=const|class|function|async)", re.MULTILINE)
LAST = FOLDER / "mount.js"
"""The module that draws a widget of any kind; a bundle exports what it does."""


class ConstantsValue(TypedDict):
    """What Python and the front end must agree on; `constants.js` explains each."""

    format: int
    families: dict[str, str]
    styles: list[str]
    packed: list[str]
    rights: dict[str, str]
    mostBoxes: int
    mostText: int


@cache
def read_constants() -> ConstantsValue:
    """Read what Python and the front end must agree on."""
    text = read_file("constants.js")
    constants: ConstantsValue = json.loads(text[text.index("{"):text.rindex("}") + 1])
    return constants


def read_file(name: str) -> str:
    """Read a file of the front end."""
    return (FOLDER / name).read_text(encoding="utf-8")


def list_kinds() -> tuple[str, ...]:
    """Return all kinds of widgets."""
    return tuple(read_constants()["families"])


def list_modules(*kinds: str, main: pathlib.Path = LAST) -> tuple[pathlib.Path, ...]:
    """Return the modules that some kinds and a main module need, each after those that it imports."""
    modules: dict[pathlib.Path, None] = {}
    for kind in kinds:
        add_module(FOLDER / read_constants()["families"][kind], modules)
    add_module(LAST, modules)
    add_module(main, modules)
    return tuple(modules)


def add_module(path: pathlib.Path, modules: dict[pathlib.Path, None]) -> None:
    """Add a module after those that it imports."""
    if path not in modules:
        for other in IMPORT.findall(path.read_text(encoding="utf-8")):
            add_module(pathlib.Path(os.path.normpath(path.parent / other)), modules)
        modules[path] = None


@cache
def bundle(*kinds: str, main: pathlib.Path = LAST) -> str:
    """Return all that some kinds need as one module; the style sheets are known before any widget is drawn."""
    modules = list_modules(*kinds, main=main)
    code = [EXPORT.sub("", IMPORT.sub("", path.read_text(encoding="utf-8"))) for path in modules]
    sheets = {name: read_file(f"{name}.css") for name in read_constants()["styles"] if FOLDER / f"{name}.js" in modules}
    styles = [f"provide({json.dumps(name)}, {json.dumps(css, ensure_ascii=False)});" for name, css in sheets.items()]
    at = modules.index(FOLDER / "styles.js") + 1
    return "\n".join([*code[:at], *styles, *code[at:]])
