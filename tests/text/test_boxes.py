"""Six tools are handed out in boxes: short, before they are needed, each with a question of its own."""
from __future__ import annotations

import re
from typing import NamedTuple

import pytest

from tests.text.notebook import CHAPTERS, Cell, cells


class Box(NamedTuple):
    """A box: the id of its cell, what its heading says it is on, and the number of the chapter it stands in."""

    id: str
    on: str
    chapter: str


BOXES = [Box("box-exception-levels", "exception levels", "01"), Box("box-hypercalls", "hypercalls", "02"),
         Box("box-stage-2", "stage 2", "02"), Box("box-lock-regions", "lock regions", "03"),
         Box("box-vmid", "TLB and VMID", "03"), Box("box-count", "the count from 0", "04")]
MOST_WORDS = 60
CHAPTER = {path.name[:2]: path for path in CHAPTERS}


@pytest.fixture(params=BOXES, ids=lambda box: box.id)
def box_and_question(request: pytest.FixtureRequest) -> tuple[Box, Cell, Cell]:
    """A box, its cell and the cell after it; skipped while the chapter is not written."""
    box = request.param
    if box.chapter not in CHAPTER:
        pytest.skip(f"chapter {box.chapter} is not written yet, so {box.id} has no place")
    found = cells(CHAPTER[box.chapter])
    place = [cell.id for cell in found].index(box.id)
    return box, found[place], found[place + 1]


def test_a_box_has_its_form_and_at_most_sixty_words(box_and_question: tuple[Box, Cell, Cell]) -> None:
    box, cell, _ = box_and_question
    heading, _, text = cell.source.partition("\n\n")
    assert heading == f"### The box on {box.on}"
    assert all(line.startswith(">") for line in text.splitlines())
    assert len(re.sub(r"\]\([^)]*\)", "]", text).replace(">", "").split()) <= MOST_WORDS


def test_a_box_is_followed_by_its_question(box_and_question: tuple[Box, Cell, Cell]) -> None:
    box, _, question = box_and_question
    assert question.id == f"quiz-{box.id}"
    assert "quiz" in question.calls()


def test_every_box_of_a_chapter_is_known() -> None:
    standing = {(cell.id, path.name[:2]) for path in CHAPTERS for cell in cells(path) if cell.id.startswith("box-")}
    assert standing <= {(box.id, box.chapter) for box in BOXES}
