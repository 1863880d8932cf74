"""The map of the course and the ways through it, from the title cells of the chapters."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import NamedTuple

from ...practice.effort import round_up
from ...practice.exercises import load_exercises
from ...show.dot import Dot
from ...show.table import Table
from .chapters import Chapter, read_chapters


class Route(NamedTuple):
    """A way through the course: its readers, and the numbers of its chapters, in order."""

    name: str
    readers: str
    numbers: str


WAYS = (
    Route("One hour", "those who want to see the hole and try it", "01 09"),
    Route("Half a day", "those who want the whole story of teardown", "01 05 07 08 09 10"),
    Route("The course", "those who want to be able to review such a patch",
          "01 02 03 04 05 06 07 08 09 10 11 12 13 14"),
    Route("OS student", "those who know page tables, but not virtual machines", "01 02 03 04 05 07 08 09 10"),
    Route("KVM developer", "those who know the code, and want the races and the evidence", "01 05 07 09 10 13 14"),
    Route("Model-checking fan", "those who want to break and mend the model", "01 08 09 10 11"))
LENGTHS = ("minutes", "with exercises")


def course_map() -> Dot:
    """Return the picture: an arrow leads from each chapter to those that need it."""
    known = {chapter.name: chapter for chapter in read_chapters()}
    words = "; ".join(describe_chapter(chapter, known) for chapter in known.values())
    picture = Dot(f"The map of the course, an arrow from each chapter to those that need it. {words}.", name="map")
    picture.attr(rankdir="LR")
    for chapter in known.values():
        picture.node(chapter.name, f"  {chapter.number}  {chapter.title}  ")
        for need in chapter.needs:
            picture.edge(need, chapter.name)
    return picture


def describe_chapter(chapter: Chapter, known: Mapping[str, Chapter]) -> str:
    """Describe a chapter of the map in words."""
    needs = ", ".join(known[need].title for need in chapter.needs) or "nothing"
    return f"{chapter.title} needs {needs}"


@dataclass(frozen=True)
class Contents(Table):
    """A table whose first cell is a chapter, shown as a link to its notebook; `files` has the names of these."""

    files: Mapping[str, str] = field(default_factory=dict)

    def render_row(self, row: Sequence[str]) -> str:
        """Return one row with its link."""
        shown = escape(row[0])
        return super().render_row(row).replace(shown, f'<a href="{self.files[row[0]]}.ipynb">{shown}</a>', 1)


def contents() -> Contents:
    """Return the table of all chapters, with their promises and lengths."""
    chapters = read_chapters()
    names = {f"{chapter.number} {chapter.title}": chapter for chapter in chapters}
    rows = [(name, chapter.promise, *state_lengths([chapter]), say_sides(chapter)) for name, chapter in names.items()]
    alone, with_exercises = state_lengths(chapters)
    note = (f"{alone} minutes in all, {with_exercises} with the exercises of the main road. Each number is rounded up. "
            "Side roads and more exercises come on top.")
    return Contents("Chapters", ("chapter", "promise", *LENGTHS, "side roads"), rows, note=note,
                    files={name: chapter.name for name, chapter in names.items()})


def ways() -> Table:
    """Return the table of the ways through the course, with the time that each takes."""
    known = {chapter.number: chapter for chapter in read_chapters()}
    rows = []
    for way in WAYS:
        chapters = [known[number] for number in way.numbers.split() if number in known]
        titles = " → ".join(chapter.title for chapter in chapters)
        rows.append((way.name, way.readers, titles, *state_lengths(chapters)))
    return Table("Ways through the course", ("way", "for", "chapters", *LENGTHS), rows)


def state_lengths(chapters: Sequence[Chapter]) -> tuple[str, str]:
    """Return the minutes that chapters take on the main road, without and with its exercises."""
    alone = sum(chapter.length.road for chapter in chapters)
    return str(round_up(alone)), str(round_up(alone + measure_exercises(chapters)))


def measure_exercises(chapters: Iterable[Chapter]) -> float:
    """Return the minutes that the exercises on the main road of chapters take."""
    names = {chapter.name for chapter in chapters}
    return sum(each.effort for each in load_exercises().values() if each.road == "main" and each.chapter in names)


def say_sides(chapter: Chapter) -> str:
    """Return the minutes of a chapter's side roads, nothing if it has none."""
    return str(round_up(sum(chapter.length.sides.values()))) if chapter.length.sides else ""
