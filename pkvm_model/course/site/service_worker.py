"""Writes the service worker of the browser edition: which files a version has, and their hashes.

It is written last, when every other file is in its place. The front end's `service_worker.js` explains how it works.
"""
from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parent / "front_end" / "service_worker.js"
NAME = "sw.js"
NOT_KEPT = (NAME, "version.json", ".nojekyll")
"""What no page asks for, and what must always come from the server."""
APART = "lab"
"""The folder that has a service worker of its own, since not everybody opens it."""


def write_service_worker(folder: Path, version: str) -> None:
    """Write the service worker that keeps what is in a folder now, as this version."""
    (folder / NAME).write_text(format_service_worker(folder, version), encoding="utf-8")


def format_service_worker(folder: Path, version: str) -> str:
    """Return the text of the service worker: the version and its files, then what it does with them."""
    files = {name: [hash_file(folder / name), (folder / name).stat().st_size] for name in list_kept(folder)}
    course = json.dumps({"version": version, "files": files}, separators=(",", ":"))
    # In a scope of its own, so that another service worker can follow in the same file.
    return f'(() => {{\n"use strict";\nconst COURSE = {course};\n{SOURCE.read_text(encoding="utf-8")}}})();\n'


def list_kept(folder: Path) -> Iterator[str]:
    """Yield the files that are kept: first what most readers open next, last what takes longest."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    names = {path.relative_to(folder).as_posix(): path.stat().st_size for path in paths}
    yield from sorted((name for name in names if name not in NOT_KEPT and name.split("/")[0] != APART),
                      key=lambda name: (name.count("/"), names[name], name))


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file, as the browser writes it."""
    return base64.b64encode(hashlib.sha256(path.read_bytes()).digest()).decode()
