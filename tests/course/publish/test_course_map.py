"""The map of the course and the ways through it."""
from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from pkvm_model.course.errors import CourseError
from pkvm_model.course.publish import course_map
from pkvm_model.course.publish.chapters import NOTEBOOKS, Chapter, read_chapter, read_chapters
from pkvm_model.course.publish.minutes import Length

MOST_HOURS = 7
LONGEST = {"One hour": 60, "Half a day": 240}
MADE = [Chapter("01-begin", "Begin", "You begin.", 25, (), Length(21, {})),
        Chapter("09-go-on", "Go on", "You go on.", 30, ("01-begin",), Length(30, {"Away": 3, "Farther": 4}))]
EXERCISES = [SimpleNamespace(chapter="01-begin", road="main", effort=3),
             SimpleNamespace(chapter="09-go-on", road="main", effort=8),
             SimpleNamespace(chapter="09-go-on", road="more", effort=50)]
HOURS = ("", "one", "two", "three", "four", "five", "six", "seven")


@pytest.fixture
def two_chapters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a course of two chapters."""
    monkeypatch.setattr(course_map, "read_chapters", lambda: MADE)
    monkeypatch.setattr(course_map, "load_exercises", lambda: dict(enumerate(EXERCISES)))


def notebook(path: Path, title: str) -> Path:
    cell = {"cell_type": "markdown", "id": "title", "source": title.splitlines(keepends=True)}
    path.write_text(json.dumps({"cells": [cell]}))
    return path


def test_a_title_cell_is_read(tmp_path: Path) -> None:
    text = "# Go on\n\n**You go\non.**\n\nTime: 30 minutes. You need: [Begin](01-begin.ipynb)\nand some C."
    assert read_chapter(notebook(tmp_path / "09-go-on.ipynb", text))[:5] == MADE[1][:5]


def test_a_malformed_title_cell_is_named(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match=r"09-go-on\.ipynb: the first cell is not"):
        read_chapter(notebook(tmp_path / "09-go-on.ipynb", "# Go on\n\nSome day."))


@pytest.mark.usefixtures("two_chapters")
def test_the_map_shows_each_need_as_an_arrow_and_in_words() -> None:
    picture = course_map.course_map()
    assert '"01-begin" -> "09-go-on"' in picture.source
    assert "Go on needs Begin" in picture.alt


@pytest.mark.usefixtures("two_chapters")
def test_the_table_of_contents_links_to_all_chapters() -> None:
    page = course_map.contents()._repr_html_()
    assert '<a href="09-go-on.ipynb">09 Go on</a>' in page
    assert "55 minutes in all, 65 with the exercises of the main road." in page


@pytest.mark.usefixtures("two_chapters")
def test_a_chapter_is_listed_with_its_exercises_and_its_side_roads_apart() -> None:
    assert [row[2:] for row in course_map.contents().rows] == [("25", "25", ""), ("30", "40", "10")]


@pytest.mark.usefixtures("two_chapters")
def test_a_way_sums_the_minutes_of_its_chapters() -> None:
    assert next(iter(course_map.ways().rows)) == (
        "One hour", course_map.WAYS[0].readers, "Begin → Go on", "55", "65")


def measure_way(name: str) -> tuple[int, int]:
    """Return the minutes of a way, without and with exercises."""
    row = next(row for row in course_map.ways().rows if row[0] == name)
    return int(row[3]), int(row[4])


@pytest.mark.parametrize("name", LONGEST)
def test_a_way_takes_no_longer_than_its_name_says(name: str) -> None:
    assert measure_way(name)[0] <= LONGEST[name]


def test_the_course_takes_seven_hours_with_exercises_and_its_first_page_says_so() -> None:
    minutes = measure_way("The course")[1]
    first = json.loads((NOTEBOOKS / "01-start-here.ipynb").read_text(encoding="utf-8"))["cells"][1]["source"]
    assert minutes <= MOST_HOURS * 60
    assert f"about {HOURS[round(minutes / 60)]} hours, with exercises" in " ".join("".join(first).split())


def test_the_longest_way_has_every_chapter() -> None:
    whole = next(way for way in course_map.WAYS if way.name == "The course")
    assert {each.number for each in read_chapters()} <= {*whole.numbers.split()}
