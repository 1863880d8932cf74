"""The workshop pages agree with the course: benches, times, and the cells on the slides."""

import re
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from pkvm_model import scenes
from pkvm_model.course.errors import CourseError
from pkvm_model.course.publish import pages, slides
from pkvm_model.course.publish.chapters import NOTEBOOKS
from pkvm_model.course.publish.minutes import measure_part
from pkvm_model.practice.checks.review_the_patch import FINDINGS
from pkvm_model.practice.effort import time_prose
from pkvm_model.practice.exercises import load_exercises
from tests.browser.test_slides import LABEL, TEXT

FOLDER = slides.LIST.parent
PAGES = sorted(FOLDER.glob("*.md"))
SLIDES = slides.parse_list(slides.read_list(slides.LIST))
LENGTHS = {"ninety-minutes": [90], "half-a-day": [210], "two-lessons": [50, 50]}
"""The minutes of each table of each plan."""
TIMES = re.compile(r"(?:(\d):)?(\d+)–(?:(\d):)?(\d+)")
"""From when to when a row is, in minutes or in hours and minutes."""
HEADING = re.compile(r"^## (.+?) \((\d+) minutes\)$|^## (\d+)–(\d+) (.+)$", re.MULTILINE)
AT_HOME = re.compile(r"\(\.\./\.\./notebooks/([\w-]+)\.ipynb\), (\d+) minutes")


class Row(NamedTuple):
    """A row of a plan."""

    since: int
    to: int
    what: str
    part: str
    exercise: str
    stated: int

    @property
    def minutes(self) -> int:
        """How long it is."""
        return self.to - self.since


def read_rows(text: str) -> list[Row]:
    """Return the rows of all tables of a plan, in order."""
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("|")]
    return [read_row(times, *row) for row in cells if (times := TIMES.fullmatch(row.pop(0)))]


def read_row(times: re.Match[str], what: str, _: str, part: str, exercise: str) -> Row:
    """Return a row of a plan."""
    a, b, c, d = (int(number or 0) for number in times.groups())
    name, _, stated = exercise.partition(", ")
    return Row(60 * a + b, 60 * c + d, what, part, name, int(stated or 0))


def read_plan(name: str) -> str:
    """Return the text of a plan."""
    return (FOLDER / f"{name}.md").read_text(encoding="utf-8")


PLANS = {name: read_rows(read_plan(name)) for name in LENGTHS}
ROWS = [row for rows in PLANS.values() for row in rows]


def find_faults(rows: list[Row], lengths: list[int]) -> list[str]:
    """Return where the clock of a plan is wrong: a gap, an end too early or too late, a row too short."""
    ends = [row.to for row, after in zip(rows, [*rows[1:], rows[0]], strict=True) if after.since == 0]
    gaps = [row.what for row, after in pairwise(rows) if after.since not in (0, row.to)]
    short = [f"{row.what}: {row.minutes} minutes, {measure(row):.1f} needed" for row in rows
             if measure(row) > row.minutes]
    return [*gaps, *short, *([] if ends == lengths else [f"ends at {ends}"])]


def measure(row: Row) -> float:
    """Return the minutes that a row's slides and exercise need, by the rates of the course."""
    shown = [slide for slide in SLIDES if slide.part == row.part]
    cells = [slides.find_cell(source, name) for slide in shown for source, name in slide.cells
             if source not in ("exercise", slides.TEXT)]
    said = " ".join([line for slide in shown for line in slide.room])
    exercise = load_exercises()[row.exercise].minutes if row.exercise else 0
    return measure_part(cells) + time_prose(said) + exercise


@pytest.mark.parametrize("name", LENGTHS)
def test_the_clock_of_a_plan_has_no_gap_and_room_for_what_it_holds(name: str) -> None:
    assert find_faults(PLANS[name], LENGTHS[name]) == []


@pytest.mark.parametrize(("since", "to", "said"), [
    (39, 50, "The hole: 11 minutes, 18."), (40, 58, "before"), (39, 59, "ends at [59]")])
def test_a_wrong_clock_is_found(since: int, to: int, said: str) -> None:
    hole = Row(since, to, "The hole", "The hole", "find-the-hole", 15)
    faults = find_faults([Row(0, 39, "before", "", "", 0), hole], [58])
    assert any(said in fault for fault in faults), faults


@pytest.mark.parametrize("row", [row for row in ROWS if row.exercise], ids=lambda row: row.exercise)
def test_a_plan_states_the_minutes_that_the_exercise_states(row: Row) -> None:
    assert row.stated == load_exercises()[row.exercise].minutes


@pytest.mark.parametrize("name", LENGTHS)
def test_the_sections_of_a_plan_state_the_minutes_of_its_rows(name: str) -> None:
    rows = {row.what: row for row in PLANS[name]}
    for what, long, since, to, title in HEADING.findall(read_plan(name)):
        if what:
            assert rows[what].minutes == int(long), what
        else:
            assert any((row.since, row.to) == (int(since), int(to)) for row in rows.values()), title


@pytest.mark.parametrize(("chapter", "stated"), [pair for name in LENGTHS for pair in AT_HOME.findall(read_plan(name))])
def test_a_chapter_to_read_at_home_takes_what_it_says_itself(chapter: str, stated: str) -> None:
    title = pages.read_notebook(NOTEBOOKS / f"{chapter}.ipynb").cells[0].source
    assert f"Time: {stated} minutes." in title


def test_the_slides_follow_the_parts_of_the_ninety_minutes_and_serve_the_other_plans() -> None:
    parts = list(dict.fromkeys(slide.part for slide in SLIDES))
    assert [row.part for row in PLANS["ninety-minutes"]] == parts
    assert {row.part for row in ROWS} - {""} <= {*parts}


def test_a_part_of_the_slides_has_the_exercises_of_its_row() -> None:
    for part in {row.part for row in ROWS} - {""}:
        asked = {row.exercise for row in ROWS if row.part == part} - {""}
        shown = {name for slide in SLIDES if slide.part == part for source, name in slide.cells if source == "exercise"}
        assert shown <= asked, part


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_plans_call_a_bench_by_its_title(path: Path) -> None:
    named = re.findall(r"bench\s+\*([^*]+)\*", path.read_text(encoding="utf-8"))
    titles = {scene.title for scene in scenes.SCENES.values()}
    assert {" ".join(name.split()) for name in named} <= titles


def test_there_are_at_most_forty_slides_for_ninety_minutes() -> None:
    assert 20 <= len(SLIDES) <= 40


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
        ("* 01-start-here: title", "'* 01-start-here: title' is neither a part"),
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


def test_the_rubric_lists_the_findings_of_the_check_and_questions_from_the_exercise() -> None:
    rows = re.findall(r"^\| ([^|*]+) \| [^|]+ \| ([^|]+\?) \|$", read_plan("rubric"), re.MULTILINE)
    assert [finding for finding, _ in rows] == [finding for finding, _ in FINDINGS]
    exercise = load_exercises()["three-questions"]
    texts = exercise.solution + "".join(wrong.code for wrong in exercise.wrong)
    assert [question for _, question in rows if question not in texts] == []


def test_the_points_of_the_rubric_add_up() -> None:
    rows = re.findall(r"^\| \*\*", read_plan("rubric"), re.MULTILINE)
    assert 2 * len(rows) == 10
    assert "ten in all" in read_plan("rubric")


def test_the_minutes_of_a_video_call_are_those_of_the_plan() -> None:
    moved = re.findall(r"\*([^*]+)\*", read_plan("remote").partition("have three: ")[2].partition(".")[0])
    assert len(moved) == 3
    assert {*moved} <= {row.what for row in PLANS["ninety-minutes"]}


def test_the_page_on_access_states_the_sizes_that_the_slides_are_tested_for() -> None:
    page = " ".join(read_plan("accessibility").split())
    assert "at least a thirtieth of the height of the picture, and marks in a drawing a fortieth" in page
    assert (Fraction(TEXT, 720), Fraction(LABEL, 720)) == (Fraction(1, 30), Fraction(1, 40))
