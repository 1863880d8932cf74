"""Writes the service worker of the site: which files a version has, and their hashes.

It is written last, when every other file is in its place. The front end's `service_worker.js` explains how it works.
"""
from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from math import ceil
from pathlib import Path

SOURCE = Path(__file__).parent / "front_end" / "service_worker.js"
NAME = "sw.js"
NOT_KEPT = (NAME, ".nojekyll")
"""What no page asks for."""
APART = "lab/"
"""The folder that has a service worker of its own, since not everybody opens it."""
SIZE_MARK = "@course-size@"
"""What a built site replaces by the size of what is kept, as it is sent."""


def format_service_worker(version: str, hashes: Mapping[str, str]) -> str:
    """Return the text of the service worker: the version and its files, then what it does with them."""
    course = json.dumps({"version": version, "files": dict(hashes)}, separators=(",", ":"))
    # In a scope of its own, so that another service worker can follow in the same file.
    return f'(() => {{\n"use strict";\nconst COURSE = {course};\n{SOURCE.read_text(encoding="utf-8")}}})();\n'


def list_kept(folder: Path, names: Iterable[str]) -> list[str]:
    """Return those files of a site that are kept: first what a reader may open next, last what takes longest."""
    kept = [name for name in names if name not in NOT_KEPT and not name.startswith(APART)]
    return sorted(kept, key=lambda name: (name.count("/"), (folder / name).stat().st_size, name))


def format_size(folder: Path, names: Iterable[str]) -> str:
    """Return how many megabytes a host sends for all these files, if it compresses them, as hosts do."""
    return f"{ceil(sum(len(zlib.compress((folder / name).read_bytes())) for name in names) / 1e6)} MB"
