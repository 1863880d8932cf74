"""Documents name only files that exist, and state each limit as the code has it."""
from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from pkvm_model.conform import vectors
from pkvm_model.course.paths import ROOT
from pkvm_model.explore import check
from pkvm_model.model import trace
from pkvm_model.widgets import cases
from tests.text.notebook import name_of

DOCUMENTS = [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
BASES = [ROOT, ROOT / "pkvm_model", ROOT / "pkvm_model" / "course"]
"""Where the path of a file may begin."""
WRITTEN = "_nbgrader/"
"""The folder of files that a command writes."""
LIMITS = [("trace-and-state", trace.LIMIT), ("conformance", vectors.LINE_LIMIT),
          ("explorer", check.MANY), ("widgets", cases.MOST_STATES)]


@cache
def code_words() -> frozenset[str]:
    """Return every word in the Python and JavaScript files."""
    paths = [path for folder in ("pkvm_model", "benchmarks", "tests") for suffix in ("py", "js")
             for path in (ROOT / folder).rglob(f"*.{suffix}") if "node_modules" not in path.parts]
    return frozenset(word for path in paths for word in re.findall(r"\w+", path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_a_document_names_only_files_that_exist(path: Path) -> None:
    names = re.findall(r"`([\w.-]+(?:/[\w.-]+)+\.(?:py|js|md|json|ipynb|toml))`", path.read_text(encoding="utf-8"))
    assert not [name for name in names
                if not name.startswith(WRITTEN) and not any((base / name).exists() for base in BASES)]


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_a_document_names_only_things_that_the_code_has(path: Path) -> None:
    names = {*re.findall(r"`([A-Za-z_]\w+)`", path.read_text(encoding="utf-8"))}
    assert not sorted(names - code_words())


@pytest.mark.parametrize(("document", "limit"), LIMITS)
def test_a_document_states_a_limit_as_the_code_has_it(document: str, limit: int) -> None:
    assert f" {limit:,} " in (ROOT / "docs" / f"{document}.md").read_text(encoding="utf-8").replace("\n", " ")
