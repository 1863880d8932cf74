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
    assert 20 <= len(SLIDES) <= 38


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
        ("* 01-start-here: title", "'* 01-start-here: title' is not a part"),
    ],
)
def test_a_line_without_a_target_is_reported(line: str, said: str) -> None:
    with pytest.raises(CourseError, match=re.escape(said)):
        slides.format_slides(slides.parse_list(f"# List\n\n## Part\n\n### Slide\n{line}\n"))


POINTS = re.compile(r"\bbelow\b|\bfollowing\b|\b[Hh]ere (?:is|are)\b|:$", re.IGNORECASE)
"""Words that point at what comes next on a slide."""
POINTS_BACK = re.compile(r"\babove\b|\b(?:this|the) (?:table|timeline|picture|chart)\b", re.IGNORECASE)
POINTS_AT_BENCH = re.compile(r"\b(?:step|another|next) (?:the )?bench\b", re.IGNORECASE)
SPOKEN_OF_BEFORE = re.compile(r"(?:That|Those|It|They|He|And|But)\b")
"""How a text begins that goes on from what a slide does not show."""
SHOWS = re.compile(r"[|]|```|<svg|- |1\. ")
"""How a block begins that is more than words."""


def list_blocks(slide: slides.Slide) -> list[str]:
    """Return what a slide shows, from top to bottom: each text, table, list, code and output."""
    cells = slides.find_cells(slide)
    return [*slide.room, *(block for cell in cells for block in (
        cell.source.split("\n\n") if cell.cell_type == "markdown" else ["| output"]))]


def find_pointers(slide: slides.Slide) -> list[str]:
    """Return the texts of a slide that point at something that is not on it."""
    blocks = list_blocks(slide)
    shown = [bool(SHOWS.match(block)) for block in blocks]
    has_notebook = "| output" in blocks or any(source == "exercise" for source, _ in slide.cells)
    return [block for at, block in enumerate(blocks) if not shown[at] and (
        (POINTS.search(block) and not any(shown[at:])) or (POINTS_BACK.search(block) and not any(shown))
        or (POINTS_AT_BENCH.search(block) and not has_notebook) or (at == 0 and SPOKEN_OF_BEFORE.match(block)))]


@pytest.mark.parametrize("slide", SLIDES, ids=lambda slide: slide.title)
def test_what_a_slide_points_at_is_on_it(slide: slides.Slide) -> None:
    assert find_pointers(slide) == []


@pytest.mark.parametrize("text", ["Below is v1's finalise.", "These are the calls:", "Here is the run.",
                                  "Step the bench.", "This table has four columns.", "That makes two promises."])
def test_a_slide_that_points_at_nothing_is_found(text: str) -> None:
    assert find_pointers(slides.Slide("", "", cells=((slides.TEXT, text),))) == [text]


def test_an_exercise_that_says_below_shows_its_code_on_its_slide() -> None:
    task, *shown = slides.make_exercise_cell("close-the-hole").source.split("\n\n")
    assert task.startswith("Below is")
    assert "def __pkvm_finalize_teardown_vm(view, handle):" in "".join(shown)


def test_the_options_of_a_vote_have_numbers_on_its_slide() -> None:
    assert "1. `0`\n2. `-ENOENT`\n3. `-EBUSY`\n4. `nothing" in slides.make_exercise_cell("lived-to-see").source


def test_a_list_of_ones_own_leaves_slides_out_and_adds_text(tmp_path: Path) -> None:
    mine = tmp_path / "mine.md"
    mine.write_text("# Mine\n\n## Part\n\n### Only\nOur room is 3.14.\n1. one\n2. two\n", encoding="utf-8")
    slides.write(tmp_path, mine)
    page = (tmp_path / "slides.html").read_text(encoding="utf-8")
    assert page.count('<section class="slide"') == 1
    assert "Our room is 3.14." in page
    assert page.count("<li>") == 2
    assert "chosen or changed by your teacher" in page


def test_each_slide_names_the_licence_and_whose_it_is() -> None:
    page = slides.format_slides(SLIDES[:2])
    assert page.count("by the authors of this course. Text and pictures: CC BY 4.0. Code: MIT.") == 2
    assert "your teacher" not in page


def test_slides_show_outputs_without_sources_and_load_nothing() -> None:
    page = slides.format_slides([slide for slide in SLIDES if ("01-start-here", "cold-open") in slide.cells])
    assert "bench(COLD_OPEN)" not in page
    assert "Who owns every page</caption>" in page
    assert not re.search(r"https?://(?!www\.w3\.org/)|<link|src=|@import|url\(", page)
