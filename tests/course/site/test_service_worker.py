"""The service worker names every file of the site that a page can ask for, with its hash."""
from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from pkvm_model.course.site.service_worker import write_service_worker

FILES = {"index.html": b"<p>", "exercises/one.html": b"<p>one", "assets/python.wasm": b"0" * 50, "sw.js": b"old",
         "version.json": b"{}", ".nojekyll": b"", "lab/index.html": b"<p>lab"}


@pytest.fixture
def course(tmp_path: Path) -> dict[str, Any]:
    """What the service worker of a small site knows."""
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    write_service_worker(tmp_path, "abc")
    line = re.search(r"^const COURSE = (.*);$", (tmp_path / "sw.js").read_text(encoding="utf-8"), re.MULTILINE)
    return json.loads(line[1]) if line else {}


def test_it_keeps_what_pages_ask_for_and_neither_itself_nor_the_lab(course: dict[str, Any]) -> None:
    assert course["version"] == "abc"
    assert [*course["files"]] == ["index.html", "exercises/one.html", "assets/python.wasm"]


def test_each_file_has_its_hash_and_its_size(course: dict[str, Any]) -> None:
    for name, (digest, size) in course["files"].items():
        assert base64.b64decode(digest) == hashlib.sha256(FILES[name]).digest()
        assert size == len(FILES[name])
