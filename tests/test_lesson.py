"""What notebooks import."""
from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pkvm_model.lesson import bench, source
from pkvm_model.scenes.start_here import COLD_OPEN

ROOT = Path(__file__).parents[1]
PAGES = sorted(path for kind in ("notebooks/**/*.ipynb", "docs/**/*.ipynb", "exercises/*.md")
               for path in ROOT.glob(kind) if ".ipynb_checkpoints" not in path.parts)
FOR_LEARNERS = ("pkvm_model.lesson", "pkvm_model.kernel")
TOOLS = {
    "notebooks/course-map.ipynb": {"pkvm_model.course.publish.course_map"},
    "docs/author-guide.ipynb": {"pkvm_model.practice.exercises", "pkvm_model.practice.judge",
                                "pkvm_model.course.publish.chapters"},
    "docs/workshop/instructor.ipynb": {"pkvm_model.course.teach.classroom"}}
"""What the course map and the pages for authors and teachers import beside."""


def imported(path: Path) -> set[str]:
    """Return the modules of the package that a page imports from, in its code cells or its code blocks."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        text = "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
    return set(re.findall(r"^\s*(?:from|import) (pkvm_model[.\w]*)", text, re.MULTILINE))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_page_imports_only_what_stays_where_it_is(path: Path) -> None:
    others = {name for name in imported(path) if name not in FOR_LEARNERS and not name.startswith("pkvm_model.scenes.")}
    assert others == TOOLS.get(path.relative_to(ROOT).as_posix(), set())


def test_what_is_shown_as_source_is_what_runs() -> None:
    assert "vm.is_dying = True" in repr(source("__pkvm_start_teardown_vm"))


def test_a_bench_stands_at_the_start_of_its_scene() -> None:
    assert "before the first step. VM 0x1000 is alive and idle" in bench(COLD_OPEN).describe()
