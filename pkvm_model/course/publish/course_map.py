"""The map of the course and the ways through it, from what the chapters say of themselves."""

from collections.abc import Sequence
from typing import NamedTuple

from ...show.dot import Dot
from ...show.table import Table
from .chapters import Chapter, chapters


class Way(NamedTuple):
    """A way through the course: for whom, and the numbers of its chapters in their order."""

    name: str
    whom: str
    numbers: str


WAYS = (
    Way("One hour", "those who want to see the hole and try it", "01 09"),
    Way("Half a day", "those who want the whole story of teardown", "01 05 07 08 09 10"),
    Way("The course", "those who want to be able to review such a patch", "01 02 03 04 05 06 07 08 09 10 11 12 13 14"),
    Way("OS student", "those who know page tables, and no virtual machines", "01 02 03 04 05 07 08 09 10"),
    Way("KVM developer", "those who know the code, and want the races and the evidence", "01 05 07 09 10 13 14"),
    Way("Model-checking fan", "those who want to break and mend the model", "01 08 09 10 11"),
)


def course_map() -> Dot:
    """The picture: an arrow leads from each chapter to those that need it."""
    known = {each.name: each for each in chapters()}
    told = "; ".join(sentence(each, known) for each in known.values())
    picture = Dot(f"The map of the course, an arrow from each chapter to those that need it. {told}.", name="map")
    picture.attr(rankdir="LR")
    for each in known.values():
        picture.node(each.name, f"  {each.number}  {each.title}  \n{each.minutes} minutes")
        for need in each.needs:
            picture.edge(need, each.name)
    return picture


def sentence(chapter: Chapter, known: dict[str, Chapter]) -> str:
    """One chapter of the map in words."""
    needs = ", ".join(known[need].title for need in chapter.needs) or "nothing"
    return f"{chapter.title}, {chapter.minutes} minutes, needs {needs}"


class Contents(Table):
    """A table whose first cell is the name of a notebook, shown as a link to it."""

    def html_row(self, row: Sequence[str]) -> str:
        """One row with its link."""
        return super().html_row(row).replace(row[0], f'<a href="{row[0]}.ipynb">{row[0]}</a>', 1)


def contents() -> Contents:
    """Every chapter with its promise and its length."""
    rows = [(each.name, each.title, each.promise, str(each.minutes)) for each in chapters()]
    total = sum(each.minutes for each in chapters())
    return Contents("Chapters", ("notebook", "chapter", "promise", "minutes"), rows, note=f"{total} minutes in all.")


def ways() -> Table:
    """The ways through the course, with the time that each takes."""
    known = {each.number: each for each in chapters()}
    rows = []
    for way in WAYS:
        taken = [known[number] for number in way.numbers.split() if number in known]
        rows.append((way.name, way.whom, " → ".join(each.title for each in taken), minutes(taken)))
    return Table("Ways through the course", ("way", "for", "chapters", "minutes"), rows)


def minutes(taken: list[Chapter]) -> str:
    """How long these chapters take."""
    return str(sum(each.minutes for each in taken))
