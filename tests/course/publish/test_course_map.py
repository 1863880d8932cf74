"""The map of the course and the ways through it."""
from __future__ import annotations

import json
from pathlib import Path

import pytest

from pkvm_model.course.errors import CourseError
from pkvm_model.course.publish import course_map
from pkvm_model.course.publish.chapters import Chapter, read_chapter, read_chapters

LONGEST = {"One hour": 60, "Half a day": 240}
MADE = [Chapter("01-begin", "Begin", "You begin.", 25, ()),
        Chapter("09-go-on", "Go on", "You go on.", 30, ("01-begin",))]


@pytest.fixture
def two_chapters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a course of two chapters."""
    monkeypatch.setattr(course_map, "read_chapters", lambda: MADE)


def notebook(path: Path, title: str) -> Path:
    path.write_text(json.dumps({"cells": [{"source": title.splitlines(keepends=True)}]}))
    return path


def test_a_title_cell_is_read(tmp_path: Path) -> None:
    text = "# Go on\n\n**You go\non.**\n\nTime: 30 minutes. You need: [Begin](01-begin.ipynb)\nand some C."
    assert read_chapter(notebook(tmp_path / "09-go-on.ipynb", text)) == MADE[1]


def test_a_malformed_title_cell_is_named(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match=r"09-go-on\.ipynb: the first cell is not"):
        read_chapter(notebook(tmp_path / "09-go-on.ipynb", "# Go on\n\nSome day."))


@pytest.mark.usefixtures("two_chapters")
def test_the_map_shows_each_need_as_an_arrow_and_in_words() -> None:
    picture = course_map.course_map()
    assert '"01-begin" -> "09-go-on"' in picture.source
    assert "Go on, 30 minutes, needs Begin" in picture.alt


@pytest.mark.usefixtures("two_chapters")
def test_the_table_of_contents_links_to_all_chapters() -> None:
    page = course_map.contents()._repr_html_()
    assert '<a href="09-go-on.ipynb">09-go-on</a>' in page
    assert "55 minutes in all." in page


@pytest.mark.usefixtures("two_chapters")
def test_a_way_sums_the_minutes_of_its_chapters() -> None:
    assert next(iter(course_map.ways().rows)) == (
        "One hour", course_map.WAYS[0].readers, "Begin → Go on", "55")


def test_a_way_takes_no_longer_than_it_says() -> None:
    known = {each.number: each for each in read_chapters()}
    minutes = {way.name: sum(known[number].minutes for number in way.numbers.split() if number in known)
               for way in course_map.WAYS}
    assert not [name for name, most in LONGEST.items() if minutes[name] > most]


def test_the_longest_way_has_every_chapter() -> None:
    whole = next(way for way in course_map.WAYS if way.name == "The course")
    assert {each.number for each in read_chapters()} <= {*whole.numbers.split()}
