"""Sentences are short: one that must be read twice should be two."""
from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.text.notebook import EVIDENCE, NOTEBOOKS, Cell, name_of, text_cells

MOST_WORDS = 30
"""The most words in a sentence; a colon or semicolon ends one."""
NO_SENTENCES = {"sources"}


def sentences(cell: Cell) -> list[str]:
    """Return the sentences of a cell, without headings, tables, marks of evidence and link addresses."""
    prose = re.sub(r"```.*?```", "", cell.source, flags=re.DOTALL)
    prose = re.sub(r"^(?:\|.*|#.*)$|^> ?", "", EVIDENCE.sub("", prose), flags=re.MULTILINE)
    prose = re.sub(r"\]\([^)]*\)", "]", prose)
    paragraphs = [" ".join(text.split()) for text in re.split(r"\n\s*\n|^\s*(?:-|\d+\.) ", prose, flags=re.MULTILINE)]
    return [sentence for text in paragraphs for sentence in re.split(r"(?<=[.!?:;])[*_”\")]*\s+", text)]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_no_sentence_is_too_long(path: Path) -> None:
    cells = [cell for cell in text_cells(path) if cell.id not in NO_SENTENCES and not cell.is_fold]
    assert not [f"{cell.id}: {sentence}" for cell in cells for sentence in sentences(cell)
                if len(sentence.split()) > MOST_WORDS]


def test_a_long_sentence_is_detected_and_a_colon_ends_one() -> None:
    long = " ".join(["word"] * (MOST_WORDS + 1))
    split = sentences(Cell("a", True, f"# {long}\n\nFirst: {long}. *Last.*\n\n- {long}\n- short"))
    assert [len(sentence.split()) for sentence in split if sentence] == [1, MOST_WORDS + 1, 1, MOST_WORDS + 1, 1]
