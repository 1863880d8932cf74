"""The service worker names every file of the site that a page can ask for, with its hash."""
from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from pkvm_model.course.site import seal

FILES = {"index.html": b'<p data-size="@course-size@">', "exercises/one.html": b"<p>one", ".nojekyll": b"",
         "assets/python.wasm": bytes(3_000_000), "lab/index.html": b"<p>lab"}


@pytest.fixture
def course(tmp_path: Path) -> dict[str, Any]:
    """What the service worker of a small site knows."""
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    version = seal.seal(tmp_path)
    line = re.search(r"^const COURSE = (.*);$", (tmp_path / "sw.js").read_text(encoding="utf-8"), re.MULTILINE)
    known: dict[str, Any] = json.loads(line[1]) if line else {}
    assert known["version"] == version
    return known


def test_it_keeps_what_pages_ask_for_and_neither_itself_nor_the_lab(course: dict[str, Any]) -> None:
    assert [*course["files"]] == ["index.html", "exercises/one.html", "assets/python.wasm"]


def test_each_file_has_the_hash_of_what_a_host_sends(course: dict[str, Any], tmp_path: Path) -> None:
    assert course["files"] == {name: hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
                               for name in course["files"]}


def test_a_page_knows_how_much_is_sent_for_the_whole_course(course: dict[str, Any], tmp_path: Path) -> None:
    assert 'data-size="1 MB"' in (tmp_path / "index.html").read_text()
