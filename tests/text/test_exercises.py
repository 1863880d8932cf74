"""Each chapter links its exercises, those of the main road first, with their kind and length."""
from __future__ import annotations

from pathlib import Path

import pytest

from pkvm_model.course.publish.minutes import describe_exercise
from pkvm_model.practice.exercises import load_exercises
from tests.text.notebook import CHAPTERS, name_of, text_cells


@pytest.mark.parametrize("path", CHAPTERS, ids=name_of)
def test_a_chapter_links_its_exercises(path: Path) -> None:
    section = next(cell.source for cell in text_cells(path) if cell.id == "exercises")
    main, more = section.split("\nMore practice")
    for part, road in ((main, "main"), (more, "more")):
        mine = [one for one in load_exercises().values() if (one.chapter, one.road) == (path.stem, road)]
        assert [line for line in part.splitlines() if "../exercises/" in line] == [*map(describe_exercise, mine)]


@pytest.mark.parametrize("path", CHAPTERS, ids=name_of)
def test_the_main_road_of_a_chapter_has_up_to_three_exercises(path: Path) -> None:
    assert 1 <= len([one for one in load_exercises().values() if (one.chapter, one.road) == (path.stem, "main")]) <= 3
