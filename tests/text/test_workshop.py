"""The workshop pages agree with the course: benches, times, and the cells on the slides."""

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
    """Return beginning and end of each row of a plan, in minutes."""
    times = re.findall(pattern, rows, re.MULTILINE)
    return [(60 * int(a or 0) + int(b), 60 * int(c or 0) + int(d)) for a, b, c, d in times]


@pytest.mark.parametrize(
    ("name", "pattern", "end"),
    [
        ("ninety-minutes", r"^\| ()(\d+)–()(\d+) \|", 90),
        ("ninety-minutes", r"^## ()(\d+)–()(\d+) ", 90),
        ("half-a-day", r"^\| (\d):(\d\d)–(\d):(\d\d) \|", 210),
    ],
)
def test_a_plan_fills_its_time_without_gaps(name: str, pattern: str, end: int) -> None:
    rows = minutes((slides.LIST.parent / f"{name}.md").read_text(encoding="utf-8"), pattern)
    assert [0, *(to for _, to in rows)] == [*(since for since, _ in rows), end]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_plans_call_a_bench_by_its_title(path: Path) -> None:
    named = re.findall(r"bench\s+\*([^*]+)\*", path.read_text(encoding="utf-8"))
    titles = {scene.title for scene in scenes.SCENES.values()}
    assert {" ".join(name.split()) for name in named} <= titles


def test_the_slides_follow_the_parts_of_the_plan() -> None:
    plan = re.findall(r"^\| (\d+–\d+) \| .* \| .* \| (.+) \|$", PLAN, re.MULTILINE)
    assert list(dict.fromkeys(slide.part for slide in SLIDES)) == [f"{time} {name}" for time, name in plan]


def test_there_are_about_thirty_slides_for_ninety_minutes() -> None:
    assert 20 <= len(SLIDES) <= 32


@pytest.mark.parametrize("slide", SLIDES, ids=lambda slide: slide.title)
def test_each_cell_of_a_slide_exists(slide: slides.Slide) -> None:
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
def test_a_line_without_a_target_is_reported(line: str, said: str) -> None:
    with pytest.raises(CourseError, match=re.escape(said)):
        slides.format_slides(slides.parse_list(f"# List\n\n## Part\n\n### Slide\n{line}\n"))


def test_slides_show_outputs_without_sources_and_load_nothing() -> None:
    page = slides.format_slides([slide for slide in SLIDES if ("01-start-here", "cold-open") in slide.cells])
    assert "bench(COLD_OPEN)" not in page
    assert "Who owns every page</caption>" in page
    assert not re.search(r"https?://(?!www\.w3\.org/)|<link|src=|@import|url\(", page)
