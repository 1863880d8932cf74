"""Prose has no numbers of its own: a number that the model knows belongs in a claim, which is checked.

Allowed are names that contain a number, versions, dates, and numbers that the section's fold of sources repeats beside
their source, as in "2^18 steps: (recorded: scenario n3 of 7.3.4)". "One" is ignored, since it is also a pronoun.
"""
from __future__ import annotations

import re
from pathlib import Path

import pytest

from pkvm_model.scenes import SCENES
from tests.text.notebook import EVIDENCE, NOTEBOOKS, TEMPLATE, Cell, headings, name_of, sections

NUMBER = re.compile(r"""
    \d+ | \b(?:zero|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty)\b
    | \b(?:dozen|hundred|thousand|million)s?\b
    """, flags=re.VERBOSE | re.IGNORECASE)
MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
NAMES = re.compile(rf"""
    \b(?: EL[0-3] | v[1-9] | [RMI]\d+[a-z]? | [np]\d+ | x[0-9]      # floors, versions of the patch, races, recordings
    | v?CPU\ \d | gfn\ \d | slot\ \d | (?:S|s)tage[ -]2 | [Ll]evel\ \d | 0x[0-9a-f]+ )\b
    | (?:Linux\ )?\b\d\.\d+(?:\.\d+)?\b                             # releases
    | \b(?:\d{{1,2}}\ )?(?:{MONTHS})\ 20\d\d\b
    | \b(?:the|these|those|between)\ (?:two|three)\b                # points back at what was just listed
    | arm64\b | ^\s*\d+\.\ | ^\#+\ .* | Time:\ \d+\ minutes | about\ \w+\ hours | Python\ 3  # items, headings, lengths
    | ^-\ \[.*\].*:\ [a-z ]+,\ \d+\ minutes\.$                       # an exercise's title, kind and length
    """, flags=re.VERBOSE | re.MULTILINE)
TITLES = [*(headings(path)[0][1] for path in NOTEBOOKS), *(scene.title for scene in SCENES.values())]
PHRASES = {
    "four clicks": "the opening scene by its short name; claim-calm and claim-end of Start here count them",
    "two ways to close it": "the title of a chapter",
    "two promises": "what the comment in the patch says; Two phases lists both",
}
"""Other phrases with a number, and why each is allowed. Keep the list short."""
WITHOUT_RULE = {"sources"}
"""Cells that only have citations."""


def bare(cell: Cell) -> str:
    """Return a cell's prose without code, addresses and names, which may have numbers."""
    text = re.sub(r"```.*?```|(?<=\])\([^)]*\)|<!--.*?-->", " ", cell.source, flags=re.DOTALL)
    text = re.sub(r"`[^`]*[^`\d\s][^`]*`", " ", text)
    for phrase in (*TITLES, *PHRASES):
        text = re.sub(re.escape(phrase).replace(r"\ ", r"\s+"), " ", text, flags=re.IGNORECASE)
    return NAMES.sub(" ", text)


def numbers(cell: Cell, sources: str = "") -> list[str]:
    """Return the numbers in a cell that neither the cell nor the sources of its section back."""
    if cell.id in WITHOUT_RULE or cell.is_fold or EVIDENCE.search(cell.source):
        return []
    backed = {number.lower() for number in NUMBER.findall(EVIDENCE.sub("", sources))}
    return [number for number in NUMBER.findall(bare(cell)) if number.lower() not in backed]


def find_unbacked(section: tuple[Cell, ...]) -> list[str]:
    """Return the cells of a section with the numbers that nothing backs."""
    sources = "".join(cell.source for cell in section if cell.is_fold)
    return [f"{cell.id}: {', '.join(unbacked)}" for cell in section if cell.is_text
            and (unbacked := numbers(cell, sources))]


@pytest.mark.parametrize("path", [*NOTEBOOKS, TEMPLATE], ids=name_of)
def test_prose_has_no_number_without_a_claim_or_a_source(path: Path) -> None:
    assert not [unbacked for section in sections(path) for unbacked in find_unbacked(section)]


@pytest.mark.parametrize("prose", ["It takes 300 calls.", "Three pages come home.", "There are `300` of them."])
def test_a_number_in_prose_is_detected(prose: str) -> None:
    assert numbers(Cell("a", True, prose), "- 200 calls: (read: `mmu.c:walk`, 300 lines)")


def test_a_number_beside_its_source_is_backed() -> None:
    assert not numbers(Cell("a", True, "It takes 300 calls."), "- 300 calls: (read: `mmu.c:walk`, pre)")


@pytest.mark.parametrize("prose", ["CPU 1 at EL2 meets R7 on 0x1000.", "On 5 January 2026, before 7.1, in stage 2.",
                                   "It takes 300 (read: `mmu.c:walk`, pre).", "1. first\n2. second", "One by one."])
def test_names_dates_releases_and_sources_may_have_numbers(prose: str) -> None:
    assert not numbers(Cell("a", True, prose))
