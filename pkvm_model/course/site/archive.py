"""Packs what a page's Python needs of the course: the same bytes each time, and no module that nobody there imports."""
from __future__ import annotations

import ast
import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..paths import PACKAGE, ROOT

BEGINNINGS = ("browser/*.py", "lesson.py", "kernel.py", "scenes/*.py", "practice/checks/*.py")
"""What is imported there by name: by the worker, by cells, and by the checks of the exercises."""
NOT_THERE = ("widgets/in_notebook.py", "show/dot.py", "machine/live.py", "practice/apart.py", "practice/fence.py",
             "conform/driver.py", "explore/renaming.py",
             *(f"explore/engine/{name}.py"
               for name in ("arrays", "asked", "fields", "levels", "places", "rows", "symmetry")))
"""Modules that are imported only where a package is installed, where processes can be started, or by other programs."""
DATA = ("pkvm_model/conform/data/**/*.json*", "pkvm_model/machine/data/*7.3.4*.jsonl",
        "pkvm_model/explore/*.jsonl", "exercises/*.md",
        "pkvm_model/widgets/jupyter/labextensions/pkvm-widgets/front_end/constants.js")
"""What the modules read; of all the kernels that were asked the newest, whose answers are shown."""
INNER = "course-unpacked.zip"
"""The name of the archive in the archive; the worker of a page knows it, too."""
EPOCH = (1980, 1, 1, 0, 0, 0)


def pack_course() -> bytes:
    """Return the archive with the modules and what they read.

    It has one entry, which is an archive without compression: packed as one, small modules take a fifth less.
    """
    contents = {path.relative_to(ROOT).as_posix(): read_small(path) for path in {*find_modules(), *find_data()}}
    return pack({INNER: pack(contents, zipfile.ZIP_STORED)}, zipfile.ZIP_DEFLATED)


def pack(contents: dict[str, bytes], method: int) -> bytes:
    """Return an archive of files by their names."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in sorted(contents):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type, entry.create_system, entry.external_attr = method, 3, 0o644 << 16
            archive.writestr(entry, contents[name], compresslevel=9)
    return packed.getvalue()


def read_small(path: Path) -> bytes:
    """Return the bytes of a file; of one with JSON values in its lines, the same values without blanks."""
    content = path.read_bytes()
    if path.suffix != ".jsonl":
        return content
    values = [json.loads(line) for line in content.splitlines()]
    return "".join(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n" for value in values).encode()


def find_data() -> Iterator[Path]:
    """Yield the files that the modules read."""
    yield from (path for pattern in DATA for path in ROOT.glob(pattern) if path.name != "README.md")


def find_modules() -> set[Path]:
    """Return the modules from which a page begins, and those that they import, however late."""
    waiting, found = [path for pattern in BEGINNINGS for path in PACKAGE.glob(pattern)], set[Path]()
    while waiting:
        path = waiting.pop()
        if path not in found and path.relative_to(PACKAGE).as_posix() not in NOT_THERE:
            found.add(path)
            waiting += find_imports(path)
    return found


def find_imports(path: Path) -> Iterator[Path]:
    """Yield the modules of the course that a module imports, and the packages in which it is."""
    yield from (folder / "__init__.py" for folder in path.parents if folder.is_relative_to(PACKAGE))
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
            yield from find_files(base, (alias.name for alias in node.names))


def find_files(base: Path, names: Iterable[str]) -> Iterator[Path]:
    """Yield the files behind `from base import names`, each of which may be a module."""
    candidates = [base.with_suffix(".py"), *((base / name).with_suffix(".py") for name in names),
                  base / "__init__.py", *(base / name / "__init__.py" for name in names)]
    yield from (path for path in candidates if path.is_file())
