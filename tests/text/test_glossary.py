"""A term is explained where a learner looks first, and linked where a chapter first uses it."""
from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pkvm_model.course.paths import ROOT
from tests.text.notebook import CHAPTERS, by_id, headings, name_of, text_cells

GLOSSARY = ROOT / "notebooks" / "glossary.ipynb"
EVERYDAY = {"count", "dying", "finalise", "guest", "host", "load", "owned", "page", "put", "share", "start", "teardown",
            "trace", "unshare", "warning", "revision", "memo", "EL2", "guard", "borrowed", "run"}
"""Terms that are in every other sentence, or common words as well: explained, but not linked."""
FORMS = {"donate": r"donat(?:e[sd]?|ing|ion)", "pin": r"(?:un)?pin(?:s|ned|ning)?", "poison": r"poison(?:s|ed|ing)?",
         "reclaim": r"(?<!force-)reclaim(?:s|ed|ing)?", "reserve": r"(?:un)?reserve[sd]?",
         "stage 2": r"stage[ -]2"}
"""How a term may stand in a sentence, where it is more than the term itself or with an s."""
UNREAD = ("title", "sources")
"""Cells in which nothing is linked: a link in a title is noise, citations have names of their own."""


def terms() -> list[str]:
    """The headings of the glossary below its title."""
    return [title for level, title in headings(GLOSSARY) if level == 3]


def unlinked_first_use(path: Path, term: str) -> str:
    """The first use of a term in a chapter if it is no link to the glossary or to the box on it, else nothing."""
    form = re.compile(rf"\b{FORMS.get(term, re.escape(term) + 's?')}\b", flags=re.IGNORECASE)
    for cell in text_cells(path):
        prose = re.sub(r"```.*?```|`[^`]*`|^#+ [^\n]*$", " ", cell.source, flags=re.DOTALL | re.MULTILINE)
        plain = re.sub(r"\[[^\]]*\]\([^)]*\)", lambda link: " " * len(link[0]), prose)
        if cell.id in UNREAD or cell.id.startswith("box-"):
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
    """True for a link to a term of the glossary, or to a box."""
    return target == f"glossary.ipynb#{term.replace(' ', '-')}" or "#The-box-on-" in target


@pytest.mark.parametrize("path", CHAPTERS, ids=name_of)
def test_a_term_is_linked_where_a_chapter_first_uses_it(path: Path) -> None:
    found = {term: unlinked_first_use(path, term) for term in terms() if term not in EVERYDAY}
    assert not [f"{term} in {place}" for term, place in found.items() if place]


def test_the_terms_stand_in_the_order_of_the_alphabet_and_each_once() -> None:
    assert terms() == sorted({*terms()}, key=str.lower)


def test_every_term_is_explained_in_a_cell_of_its_name() -> None:
    explained = by_id(GLOSSARY)
    assert not [term for term in terms() if len(explained[anchor_id(term)].source.split()) < 8]


def anchor_id(term: str) -> str:
    """The id of the cell of a term."""
    return "term-" + term.lower().replace(" ", "-")


def test_what_is_called_everyday_is_in_the_glossary_and_so_is_what_has_forms() -> None:
    assert {*EVERYDAY, *FORMS} <= {*terms()}


@pytest.mark.parametrize("word", ["finalise", "finalize", "np-guest", "ordinary guest", "pVM"])
def test_both_spellings_are_found(word: str) -> None:
    assert any(word in cell.source for cell in text_cells(GLOSSARY))


@pytest.mark.parametrize(("prose", "found"), [
    ("A slot is free.", True), ("A [slot](glossary.ipynb#slot) is free; a slot is.", False), ("Slots, too.", True),
    ("Its slot; a [slot](glossary.ipynb#slot).", True), ("`slot` and nothing else", False)])
def test_a_first_use_without_a_link_is_found(tmp_path: Path, prose: str, found: bool) -> None:
    page = tmp_path / "page.ipynb"
    page.write_text(json.dumps({"cells": [{"cell_type": "markdown", "id": "a", "source": [f"## Slots\n\n{prose}"]}]}))
    assert bool(unlinked_first_use(page, "slot")) is found
