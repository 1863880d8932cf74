"""Writes the page of licences: of the course, and of everything by others that is really in the folder.

Texts come from the packages themselves. `licences/` has those of what is linked into Pyodide, which brings none.
"""
from __future__ import annotations

import json
import re
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from email import message_from_bytes
from fnmatch import fnmatch
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import CourseError
from ..paths import ROOT
from .frame import LivePage, Site, format_live
from .packages import NPM, install_packages
from .wheels import fetch_wheels

TEXTS = Path(__file__).parent / "licences"
LICENCE_FILE = re.compile(r"(LICEN[CS]E|NOTICE|COPYING)[\w.-]*", re.IGNORECASE)
THIRD_PARTY = "third-party-licenses.json"
"""In which JupyterLab's builder lists the npm packages of a bundle."""


class ShippedPart(NamedTuple):
    """Something that is shipped: its name, with its version if that is known, its licence, and what that asks for."""

    name: str
    licence: str
    text: str


class ShippedGroup(NamedTuple):
    """Parts that are in the same files: a heading, the names of the files, and what lists the parts."""

    heading: str
    files: tuple[str, ...]
    list_parts: Callable[[], Iterable[ShippedPart]]


LINKED = (
    ("Emscripten", "MIT", "Copyright (c) 2010-2014 Emscripten authors, see AUTHORS file."),
    ("musl", "MIT", "Copyright © 2005-2020 Rich Felker, et al."),
    ("mimalloc", "MIT", "Copyright (c) 2018-2025 Microsoft Corporation, Daan Leijen"),
    ("HACL*", "MIT", "Copyright (c) 2016-2022 INRIA, CMU and Microsoft Corporation"),
    ("Expat", "MIT", "Copyright (c) 1998-2000 Thai Open Source Software Center Ltd and Clark Cooper\n"
                     "Copyright (c) 2001-2025 Expat maintainers"),
    ("libffi", "MIT", "Copyright (c) 1996-2025 Anthony Green, Red Hat, Inc and others."),
    ("error-stack-parser and stackframe", "MIT", "Copyright (c) 2017 Eric Wendelin and other contributors"),
    ("libmpdec", "BSD-2-Clause", "Copyright (c) 2008-2025 Stefan Krah. All rights reserved."),
    ("Zstandard", "BSD-3-Clause", "Copyright (c) Meta Platforms, Inc. and affiliates. All rights reserved."),
    ("bzip2", "bzip2", "Copyright (C) 1996-2019 Julian R Seward. All rights reserved."),
    ("zlib", "zlib", "Copyright (C) 1995-2024 Jean-loup Gailly and Mark Adler"),
    ("SQLite, liblzma and dlmalloc", "public domain", "Their authors have put these into the public domain."),
    ("compiler-rt, libc++ and libc++abi of LLVM", "Apache-2.0 WITH LLVM-exception",
     "Copyright (c) the LLVM Project. The exception asks for no notice where a compiler has put them into a program."))
"""What is linked into Pyodide's Python: name, licence, and whose it is."""
TEXT_OF = {"MIT": "MIT.txt", "BSD-2-Clause": "BSD.txt", "BSD-3-Clause": "BSD.txt", "bzip2": "bzip2.txt",
           "zlib": "zlib.txt"}


COMPILED = "Those modules of its library that every page loads are there as byte code instead of their sources.\n\n"
"""What has been changed in Python."""


def list_course() -> Iterator[ShippedPart]:
    """Yield the course itself."""
    yield ShippedPart("The code of the course", "MIT", (ROOT / "LICENSE").read_text(encoding="utf-8"))
    yield ShippedPart("Its text and its pictures", "CC-BY-4.0", (ROOT / "LICENSE-TEXT").read_text(encoding="utf-8"))


def list_python() -> Iterator[ShippedPart]:
    """Yield Pyodide, its Python, and what is linked into both."""
    folder = install_packages() / "pyodide"
    package = read_json(folder / "package.json")
    info = read_json(folder / "pyodide-lock.json")["info"]
    source = f"All but its library is unchanged. Its source is at {package['homepage']}, tag {package['version']}.\n\n"
    yield ShippedPart(f"Pyodide {package['version']}", package["license"], source + read_text("MPL-2.0.txt"))
    yield ShippedPart(f"Python {info['python']}", "PSF-2.0", COMPILED + read_text("Python.txt"))
    for name, licence, holders in LINKED:
        text = f"\n\n{read_text(TEXT_OF[licence])}" if licence in TEXT_OF else ""
        yield ShippedPart(name, licence, holders + text)


def list_editor() -> Iterator[ShippedPart]:
    """Yield the npm packages of the editor, each with those that it needs, and the bundler that joined them."""
    folder = install_packages()
    wanted, found = [*read_json(NPM / "package.json")["dependencies"], "esbuild"], set[str]()
    while wanted:
        name = wanted.pop(0)
        if name not in found and name != "pyodide":
            found.add(name)
            package = read_json(folder / name / "package.json")
            wanted += package.get("dependencies", {})
            yield ShippedPart(f"{name} {package['version']}", package["license"], read_licence(folder / name))


def list_lab() -> Iterator[ShippedPart]:
    """Yield the wheels of JupyterLite and its Python, and the npm packages that are in them."""
    for wheel in fetch_wheels().values():
        with zipfile.ZipFile(wheel) as archive:
            yield read_wheel(archive)
            yield from read_bundled(archive)


def read_wheel(archive: zipfile.ZipFile) -> ShippedPart:
    """Return the package of a wheel."""
    names = archive.namelist()
    metadata = message_from_bytes(archive.read(next(name for name in names if name.endswith(".dist-info/METADATA"))))
    texts = [archive.read(name).decode() for name in names if LICENCE_FILE.fullmatch(name.rpartition("/")[2])]
    title = f"{metadata['Name']} {metadata['Version']}"
    if not texts:
        raise CourseError(f"{title} brings no licence; add it to {TEXTS}.")
    return ShippedPart(title, metadata["License-Expression"] or metadata["License"] or "see its text",
                "\n\n".join(dict.fromkeys(texts)))


def read_bundled(archive: zipfile.ZipFile) -> Iterator[ShippedPart]:
    """Yield the npm packages that a wheel lists, also in an archive inside it."""
    for name in archive.namelist():
        if name.endswith(THIRD_PARTY):
            yield from read_third_party(archive.read(name))
        elif name.endswith(".tgz"):
            with archive.open(name) as packed, tarfile.open(fileobj=packed) as inside:
                for member in inside:
                    if member.name.endswith(THIRD_PARTY) and (file := inside.extractfile(member)):
                        yield from read_third_party(file.read())


def read_third_party(content: bytes) -> Iterator[ShippedPart]:
    """Yield the packages of a list that JupyterLab's builder wrote."""
    for package in json.loads(content)["packages"]:
        yield ShippedPart(f"{package['name']} {package['versionInfo']}", package["licenseId"], package["extractedText"])


def read_licence(folder: Path) -> str:
    """Return the text of the licence of an npm package. Raise CourseError if it has none."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.iterdir()) if LICENCE_FILE.fullmatch(path.name)]
    if not texts:
        raise CourseError(f"the npm package {folder.name} brings no licence; add it to {TEXTS}.")
    return "\n\n".join(texts)


def read_json(path: Path) -> Any:
    """Return the content of a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def read_text(name: str) -> str:
    """Return the text of a licence that packages do not bring."""
    return (TEXTS / name).read_text(encoding="utf-8")


GROUPS = (
    ShippedGroup("The course", ("*.html", "*.webmanifest", ".nojekyll", "assets/solving-*.js", "assets/worker.js",
                                "assets/course.zip", "assets/icons/*"), list_course),
    ShippedGroup("Python in the page", ("assets/pyodide/*",), list_python),
    ShippedGroup("The editor", ("assets/editor.js",), list_editor),
    ShippedGroup("JupyterLite and its packages", ("lab/*",), list_lab))
"""All that a site can ship. A file belongs to the first group that names it; `*` stands for slashes, too."""


def write(site: Site) -> None:
    """Write the page. Raise CourseError if the folder has a file that no group names."""
    names = [path.relative_to(site.folder).as_posix() for path in sorted(site.folder.rglob("*")) if path.is_file()]
    shipped = {find_group(name): None for name in names}
    body = "".join(format_group(group) for group in GROUPS if group in shipped)
    intro = ("<h1>Licences</h1><p>What this site ships, by whom it is, and under which licence. It loads nothing from "
             "anywhere else.</p>")
    site.write("licences.html", format_live(LivePage("Licences", intro + body), python=site.python))


def find_group(name: str) -> ShippedGroup:
    """Return the group of a file. Raise CourseError if there is none."""
    for group in sorted(GROUPS, key=lambda group: group is GROUPS[0]):
        if any(fnmatch(name, pattern) for pattern in group.files):
            return group
    raise CourseError(f"nobody says under which licence {name} is shipped: add it to GROUPS in licences.py.")


def format_group(group: ShippedGroup) -> str:
    """Return a group as HTML: its parts, those with the same text together."""
    together: dict[str, list[ShippedPart]] = {}
    for part in group.list_parts():
        together.setdefault(part.text.strip(), []).append(part)
    items = "".join(format_parts(text, parts) for text, parts in together.items())
    return f"<h2>{escape(group.heading)}</h2>{items}"


def format_parts(text: str, parts: Iterable[ShippedPart]) -> str:
    """Return parts that have the same text, which is folded."""
    names = ", ".join(dict.fromkeys(f"{part.name} ({part.licence})" for part in parts))
    if not text:
        return f"<p>{escape(names)}</p>"
    return f"<details><summary>{escape(names)}</summary><pre>{escape(text)}</pre></details>"
