"""Nobody's motives are guessed: no kernel and no author "forgot", and a mail is linked, not searched for."""
from __future__ import annotations

import re
from pathlib import Path

import pytest

from pkvm_model.course.paths import ROOT
from tests.text.notebook import NOTEBOOKS, name_of, text_cells

PAGES = [*sorted((ROOT / "exercises").glob("*.md")), *sorted((ROOT / "docs" / "workshop").glob("*.md"))]
GUESS = re.compile(r"""
    \b(?:v1|merged|upstream|pre|6\.19\.14|7\.3\.4|EL2|init_vm|the\ (?:patch|author))\W{1,3}(?:\w+\ ){0,2}forg(?:ot|ets)
    | \breview\ (?:worked|happened|at\ work)""", flags=re.VERBOSE | re.IGNORECASE)
"""Negligence ascribed to a kernel or an author, or to review a part in the repairs that nobody here has read of."""
SEARCH = re.compile(r"lore\.kernel\.org/[^)\s]*\?q=")


def prose(path: Path) -> str:
    """Return the prose of a page, each paragraph in one line."""
    parts = [cell.source for cell in text_cells(path)] if path.suffix == ".ipynb" else [path.read_text("utf-8")]
    return " ".join("\n\n".join(parts).split())


@pytest.mark.parametrize("path", [*NOTEBOOKS, *PAGES], ids=name_of)
def test_no_motive_is_guessed_and_no_mail_is_a_search(path: Path) -> None:
    text = prose(path)
    assert not GUESS.findall(text)
    assert not SEARCH.findall(text)


@pytest.mark.parametrize(("text", "guesses"), [
    ("v1 forgot to look.", True), ("**merged** simply forgets it.", True), ("Review worked.", True),
    ("The host forgets a page.", False), ("v1 does not look.", False)])
def test_a_guess_is_found(text: str, guesses: bool) -> None:
    assert bool(GUESS.search(text)) is guesses
