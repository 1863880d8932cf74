"""The glossary explains each term, and chapters link a term at its first use."""
from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pkvm_model.course.paths import ROOT
from tests.text.notebook import CHAPTERS, by_id, headings, name_of, text_cells

GLOSSARY = ROOT / "notebooks" / "glossary.ipynb"
EVERYDAY = {"count", "dying", "finalise", "guest", "host", "load", "owned", "page", "put", "share", "start", "teardown",
            "trace", "unshare", "warning", "revision", "memo", "EL2", "guard", "borrowed", "run", "bench", "gap",
            "lane", "race", "state", "home", "recording", "error code", "flush", "panic", "honest host", "KVM", "VM"}
"""Very frequent terms and common words: explained, but not linked."""
FORMS = {"donate": r"donat(?:e[sd]?|ing|ion)", "pin": r"(?:un)?pin(?:s|ned|ning)?", "poison": r"poison(?:s|ed|ing)?",
         "reclaim": r"(?<!force-)reclaim(?:s|ed|ing)?", "reserve": r"(?:un)?reserve[sd]?",
         "stage 2": r"stage[ -]2"}
"""Forms of a term in a sentence, besides the term itself and its plural with s."""
UNREAD = ("title", "sources")
"""Cells without links: a link in a title is noise, and citations have their own names."""


def terms() -> list[str]:
    """Return the headings of the glossary below its title."""
    return [title for level, title in headings(GLOSSARY) if level == 3]


def unlinked_first_use(path: Path, term: str) -> str:
    """Return the first use of a term in a chapter unless it links to the glossary or to a box, else an empty string."""
    form = re.compile(rf"\b{FORMS.get(term, re.escape(term) + 's?')}\b", flags=re.IGNORECASE)
    for cell in text_cells(path):
        prose = re.sub(r"```.*?```|`[^`]*`|^#+ [^\n]*$", " ", cell.source, flags=re.DOTALL | re.MULTILINE)
        plain = re.sub(r"\[[^\]]*\]\([^)]*\)", lambda link: " " * len(link[0]), prose)
        if cell.id in UNREAD or cell.is_fold or cell.id.startswith("box-"):
            continue
        linked = min((link.start() for link in re.finditer(r"\[([^\]]*)\]\(([^)]*)\)", prose)
                      if form.search(link[1]) and explains(link[2], term)), default=len(prose) + 1)
        bare = form.search(plain)
        if bare and bare.start() < linked:
            return f"{cell.id}: …{' '.join(plain[max(0, bare.start() - 30):bare.end() + 20].split())}…"
        if linked <= len(prose):
            return ""
    return ""


def explains(target: str, term: str) -> bool:
    """Return True if a link leads to a term of the glossary or to a box."""
    return target == f"glossary.ipynb#{term.replace(' ', '-')}" or "#The-box-on-" in target


@pytest.mark.parametrize("path", CHAPTERS, ids=name_of)
def test_a_term_is_linked_where_a_chapter_first_uses_it(path: Path) -> None:
    uses = {term: unlinked_first_use(path, term) for term in terms() if term not in EVERYDAY}
    assert not [f"{term} in {place}" for term, place in uses.items() if place]


def test_terms_are_in_alphabetical_order_without_duplicates() -> None:
    assert terms() == sorted({*terms()}, key=str.lower)


def test_every_term_is_explained_in_its_own_cell() -> None:
    explained = by_id(GLOSSARY)
    assert not [term for term in terms() if len(explained[anchor_id(term)].source.split()) < 8]


def anchor_id(term: str) -> str:
    """Return the id of the cell of a term."""
    return "term-" + term.lower().replace(" ", "-")


def test_everyday_terms_and_terms_with_forms_are_in_the_glossary() -> None:
    assert {*EVERYDAY, *FORMS} <= {*terms()}


@pytest.mark.parametrize("word", ["finalise", "finalize", "np-guest", "ordinary guest", "pVM"])
def test_the_glossary_has_both_spellings(word: str) -> None:
    assert any(word in cell.source for cell in text_cells(GLOSSARY))


@pytest.mark.parametrize(("prose", "detected"), [
    ("A slot is free.", True), ("A [slot](glossary.ipynb#slot) is free; a slot is.", False), ("Slots, too.", True),
    ("Its slot; a [slot](glossary.ipynb#slot).", True), ("`slot` and nothing else", False)])
def test_a_first_use_without_a_link_is_detected(tmp_path: Path, prose: str, detected: bool) -> None:
    page = tmp_path / "page.ipynb"
    page.write_text(json.dumps({"cells": [{"cell_type": "markdown", "id": "a", "source": [f"## Slots\n\n{prose}"]}]}))
    assert bool(unlinked_first_use(page, "slot")) is detected
