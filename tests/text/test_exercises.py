"""Each chapter links its exercises in order, with their kind and length."""
from __future__ import annotations

from pathlib import Path

import pytest

from pkvm_model.practice.exercises import load_exercises
from tests.text.notebook import CHAPTERS, name_of, text_cells


@pytest.mark.parametrize("path", CHAPTERS, ids=name_of)
def test_a_chapter_links_its_exercises(path: Path) -> None:
    section = next(cell.source for cell in text_cells(path) if cell.id == "exercises")
    mine = [one for one in load_exercises().values() if one.chapter == path.stem]
    expected = [f"- [{one.title}](../exercises/{one.id}.md): {one.kind}, {one.minutes} minutes." for one in mine]
    assert [line for line in section.splitlines() if "../exercises/" in line] == expected
