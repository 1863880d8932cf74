"""Every link has a target and a telling text, and every picture a description."""
from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path

import pytest

from pkvm_model.course.paths import ROOT
from tests.text.notebook import AUTHORS, NOTEBOOKS, TEMPLATE, anchors, name_of, text_cells

PAGES = [*NOTEBOOKS, *AUTHORS]
DOCS = [*sorted((ROOT / "docs").rglob("*.md")), *sorted(ROOT.glob("*.md"))]
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)")
PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")
SAYS_NOTHING = {"here", "this", "link", "click here", "this page", "this link", "more"}
SHORTEST_ALT = 12


def links(path: Path) -> list[tuple[str, str]]:
    """Return text and target of each link in a notebook's prose."""
    prose = "\n\n".join(re.sub(r"```.*?```|`[^`]*`", "", cell.source, flags=re.DOTALL) for cell in text_cells(path))
    return [(" ".join(text.split()), target) for text, target in LINK.findall(prose)]


def is_internal(target: str) -> bool:
    """Return True if a link stays in the course."""
    return not target.startswith(("https://", "mailto:"))


def is_broken(path: Path, target: str) -> bool:
    """Return True if the page or the heading that a link names does not exist."""
    name, _, anchor = target.partition("#")
    page = (ROOT / "notebooks" if path == TEMPLATE else path.parent) / name if name else path
    return not page.is_file() or (bool(anchor) and (page.suffix != ".ipynb" or anchor not in anchors(page)))


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_no_link_of_a_notebook_is_broken(path: Path) -> None:
    assert not [target for _, target in links(path) if is_internal(target) and is_broken(path, target)]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_a_lesson_links_only_to_lessons_and_exercises_which_learners_have(path: Path) -> None:
    targets = [target for _, target in links(path) if is_internal(target)]
    had = re.compile(r"[\w-]+\.ipynb(#|$)|#|\.\./exercises/[a-z0-9-]+\.md$")
    assert not [target for target in targets if not had.match(target)]


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_the_text_of_a_link_says_where_it_leads(path: Path) -> None:
    assert not [text for text, _ in links(path) if text.lower() in SAYS_NOTHING or "://" in text]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_a_lesson_draws_its_pictures_since_learners_have_no_picture_files(path: Path) -> None:
    assert not [cell.id for cell in text_cells(path) if PICTURE.search(cell.source) or "<img" in cell.source]


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_every_picture_in_an_output_has_a_description(path: Path) -> None:
    stored = json.loads(path.read_text(encoding="utf-8"))["cells"]
    shown = "".join("".join(output.get("data", {}).get("text/html", ""))
                    for cell in stored for output in cell.get("outputs", []))
    images = re.findall(r"<img [^>]*>", shown)
    alts = [unescape(alt[1]) if (alt := re.search(r'alt="([^"]*)"', image)) else "" for image in images]
    assert not [image[:80] for image, alt in zip(images, alts, strict=True) if len(alt) < SHORTEST_ALT]


@pytest.mark.parametrize("path", DOCS, ids=name_of)
def test_no_link_or_picture_of_a_document_is_missing(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    pairs = LINK.findall(text) + PICTURE.findall(text)
    targets = [target.partition("#")[0] for _, target in pairs if is_internal(target)]
    assert not [target for target in targets if target and not (path.parent / target).exists()]
    assert not [target for alt, target in PICTURE.findall(text) if len(alt) < SHORTEST_ALT]


FIGURES = sorted((ROOT / "figures").glob("*.svg"))


@pytest.mark.parametrize("path", FIGURES, ids=name_of)
def test_a_figure_has_a_background_and_a_title(path: Path) -> None:
    drawing = path.read_text(encoding="utf-8")
    assert re.search(r"<svg [^>]*>\s*<title>[^<]{12,}</title>", drawing)
    assert 'fill="#FFFFFF"' in drawing or 'fill="#ffffff"' in drawing


@pytest.mark.parametrize("path", sorted((ROOT / "figures").iterdir()), ids=name_of)
def test_every_figure_is_used(path: Path) -> None:
    assert any(path.name in page.read_text(encoding="utf-8") for page in DOCS)
