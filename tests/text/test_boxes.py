"""Six boxes explain tools: short, before they are needed, each with its own question."""
from __future__ import annotations

import re
from typing import NamedTuple

import pytest

from tests.text.notebook import CHAPTERS, Cell, cells


class Box(NamedTuple):
    """A box: the id of its cell, its subject as its heading has it, and the number of its chapter."""

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
    """Return a box, its cell and the next cell; skip the test while the chapter is not written."""
    box = request.param
    if box.chapter not in CHAPTER:
        pytest.skip(f"chapter {box.chapter} is not written yet, so {box.id} has no place")
    chapter = cells(CHAPTER[box.chapter])
    place = [cell.id for cell in chapter].index(box.id)
    return box, chapter[place], chapter[place + 1]


def test_a_box_has_a_heading_and_at_most_sixty_quoted_words(box_and_question: tuple[Box, Cell, Cell]) -> None:
    box, cell, _ = box_and_question
    heading, _, text = cell.source.partition("\n\n")
    assert heading == f"### The box on {box.on}"
    assert all(line.startswith(">") for line in text.splitlines())
    assert len(re.sub(r"\]\([^)]*\)", "]", text).replace(">", "").split()) <= MOST_WORDS


def test_a_box_is_followed_by_its_question(box_and_question: tuple[Box, Cell, Cell]) -> None:
    box, _, question = box_and_question
    assert question.id == f"quiz-{box.id}"
    assert "quiz" in question.calls()


def test_chapters_have_no_other_boxes() -> None:
    standing = {(cell.id, path.name[:2]) for path in CHAPTERS for cell in cells(path) if cell.id.startswith("box-")}
    assert standing <= {(box.id, box.chapter) for box in BOXES}
