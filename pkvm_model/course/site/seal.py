"""Seals a built site: its version, a hash over all files, is written into its pages, and version.json lists them.

So does the service worker, for the browser.
"""
from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from ..publish.pages import VERSION_MARK
from . import service_worker

NAME = "version.json"
COURSE = "pkvm-course"
STAMPED = (".html", ".js")
"""The files that may name the version; those below a folder in UNSTAMPED never do."""
UNSTAMPED = ("lab", "assets/pyodide")


def seal(folder: Path) -> str:
    """Write the version into all files that name it, write the two lists of files, and return the version."""
    version, kept = find_version(folder), service_worker.list_kept(folder, list_files(folder))
    marks = {VERSION_MARK: version, service_worker.SIZE_MARK: service_worker.format_size(folder, kept)}
    for name in sorted(list_files(folder)):
        if name.endswith(STAMPED) and not name.startswith(tuple(f"{part}/" for part in UNSTAMPED)):
            stamp(folder / name, marks)
    hashes = {name: str(describe(folder / name)["sha256"]) for name in kept}
    worker = service_worker.format_service_worker(version, hashes)
    (folder / service_worker.NAME).write_text(worker, encoding="utf-8", newline="\n")
    listed = {name: describe(folder / name) for name in sorted(list_files(folder))}
    text = json.dumps({"course": COURSE, "version": version, "files": listed}, indent=1)
    (folder / NAME).write_text(f"{text}\n", encoding="utf-8")
    return version


def find_version(folder: Path) -> str:
    """Return the version: a hash over the names and bytes of all files, before they name it."""
    whole = hashlib.sha256()
    for name in sorted(list_files(folder)):
        whole.update(f"{name}\n{describe(folder / name)['sha256']}\n".encode())
    return whole.hexdigest()[:16]


def stamp(path: Path, marks: Mapping[str, str]) -> None:
    """Replace the marks in a file by what they stand for."""
    before = text = path.read_bytes()
    for mark, meaning in marks.items():
        text = text.replace(mark.encode(), meaning.encode())
    if text != before:
        path.write_bytes(text)


def describe(path: Path) -> dict[str, str | int]:
    """Return the hash and the size of a file."""
    content = path.read_bytes()
    return {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}


def list_files(folder: Path) -> set[str]:
    """Return the names of all files in a folder except the list itself, with forward slashes."""
    paths = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())
    return {name for name in paths if name != NAME}


def list_sealed(folder: Path) -> set[str]:
    """Return the files that the list of a site names; none if the folder is not a site of this course."""
    try:
        content = json.loads((folder / NAME).read_text(encoding="utf-8"))
        return set(content["files"]) if content["course"] == COURSE else set()
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return set()
