"""Every part of the patch and every known misconception has a cell that covers it."""
from __future__ import annotations

import re
from typing import NamedTuple

import pytest

from pkvm_model.course.paths import ROOT
from tests.text.notebook import CHAPTERS, by_id

PAGE = (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8")
CHAPTER = {path.name[:2]: path for path in CHAPTERS}
PARTS, MISCONCEPTIONS = 18, 17
"""Rows of the two tables; none may be dropped."""


class Row(NamedTuple):
    """A subject, the cell that covers it, and words that the cell contains."""

    what: str
    chapter: str
    cell: str
    says: str


ROWS = [Row(*(cell.strip() for cell in line.strip("|").split("|")))
        for line in PAGE.splitlines() if re.match(r"\|[^|]+\| \d\d \|", line)]
COVERED = [row for row in ROWS if row.cell != "open"]


def flat(text: str) -> str:
    """Return a text in one line, without the quotes that join strings in code."""
    return " ".join(re.sub(r"""["'\\]\s*\n\s*["']""", "", text).split())


@pytest.mark.parametrize("row", COVERED, ids=lambda row: row.what)
def test_the_cell_that_covers_a_row_contains_its_words(row: Row) -> None:
    cell = by_id(CHAPTER[row.chapter])[row.cell]
    assert row.says
    assert not [words for words in row.says.split("; ") if words not in flat(cell.source)]


@pytest.mark.parametrize("row", [row for row in ROWS if row.cell == "open"], ids=lambda row: row.what)
def test_an_open_row_belongs_to_an_unwritten_chapter(row: Row) -> None:
    assert row.chapter not in CHAPTER


def test_no_row_is_dropped() -> None:
    hunks, _, others = PAGE.partition("## Misconceptions")
    assert [len(re.findall(r"^\|[^|]+\| \d\d \|", part, flags=re.MULTILINE)) for part in (hunks, others)] == [
        PARTS, MISCONCEPTIONS]


def test_every_row_is_covered_or_open(capsys: pytest.CaptureFixture[str]) -> None:
    left = [row for row in ROWS if row.cell == "open"]
    with capsys.disabled():
        print(f" [{len(left)} of {len(ROWS)} rows of docs/coverage.md are open]", end="")
    assert len(left) + len(COVERED) == len(ROWS)
