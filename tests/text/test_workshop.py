"""What is said to those who teach agrees with the course: links, benches, times, and the cells on the slides."""

import re
from pathlib import Path

import pytest

from pkvm_model import scenes
from pkvm_model.course.errors import CourseError
from pkvm_model.course.paths import ROOT
from pkvm_model.course.publish import slides

PAGES = sorted((ROOT / "docs" / "workshop").glob("*.md"))
PLAN = (ROOT / "docs" / "workshop" / "ninety-minutes.md").read_text(encoding="utf-8")
SLIDES = slides.parse_list(slides.LIST.read_text(encoding="utf-8"))


def minutes(rows: str, pattern: str) -> list[tuple[int, int]]:
    """Beginning and end of each row of a plan, in minutes."""
    found = re.findall(pattern, rows, re.MULTILINE)
    return [(60 * int(a or 0) + int(b), 60 * int(c or 0) + int(d)) for a, b, c, d in found]


@pytest.mark.parametrize(
    ("name", "pattern", "end"),
    [
        ("ninety-minutes", r"^\| ()(\d+)–()(\d+) \|", 90),
        ("ninety-minutes", r"^## ()(\d+)–()(\d+) ", 90),
        ("half-a-day", r"^\| (\d):(\d\d)–(\d):(\d\d) \|", 210),
    ],
)
def test_a_plan_fills_its_time_without_a_gap(name: str, pattern: str, end: int) -> None:
    rows = minutes((slides.LIST.parent / f"{name}.md").read_text(encoding="utf-8"), pattern)
    assert [0, *(to for _, to in rows)] == [*(since for since, _ in rows), end]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_bench_is_called_by_its_title(path: Path) -> None:
    named = re.findall(r"bench\s+\*([^*]+)\*", path.read_text(encoding="utf-8"))
    titles = {scene.title for scene in scenes.SCENES.values()}
    assert {" ".join(name.split()) for name in named} <= titles


def test_the_slides_have_the_parts_of_the_plan() -> None:
    plan = re.findall(r"^\| (\d+–\d+) \| .* \| .* \| (.+) \|$", PLAN, re.MULTILINE)
    assert list(dict.fromkeys(slide.part for slide in SLIDES)) == [f"{time} {name}" for time, name in plan]


def test_a_class_of_ninety_minutes_sees_some_thirty_slides() -> None:
    assert 20 <= len(SLIDES) <= 32


@pytest.mark.parametrize("slide", SLIDES, ids=lambda slide: slide.title)
def test_each_cell_of_a_slide_is_there(slide: slides.Slide) -> None:
    assert len(slides.find_cells(slide)) == len(slide.cells)
    assert slide.cells or slide.room


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("- 01-start-here: no-such-cell", "there is no cell no-such-cell in 01-start-here.ipynb"),
        ("- 99-nowhere: title", "99-nowhere.ipynb cannot be read"),
        ("- exercise: no-such-one", "there is no exercise no-such-one"),
        ("something else", "'something else' is not a part"),
    ],
)
def test_a_line_that_leads_nowhere_is_named(line: str, said: str) -> None:
    with pytest.raises(CourseError, match=re.escape(said)):
        slides.format_slides(slides.parse_list(f"# List\n\n## Part\n\n### Slide\n{line}\n"))


def test_the_slides_show_outputs_and_no_sources_and_ask_for_nothing() -> None:
    made = slides.format_slides([slide for slide in SLIDES if ("01-start-here", "cold-open") in slide.cells])
    assert "bench(COLD_OPEN)" not in made
    assert "Who owns every page</caption>" in made
    assert not re.search(r"https?://(?!www\.w3\.org/)|<link|src=|@import|url\(", made)
