"""The map of the course and the ways through it, from what the chapters say of themselves."""

from typing import NamedTuple

from pkvm_model.course.chapters import Chapter, chapters
from pkvm_model.show.dot import Dot
from pkvm_model.show.table import Table


class Way(NamedTuple):
    """A way through the course: for whom, and the numbers of its chapters in their order."""

    name: str
    whom: str
    numbers: str


WAYS = (
    Way("One hour", "who wants to see the hole and try it", "01 09"),
    Way("Half a day", "who wants the whole story of teardown", "01 05 07 08 09 10"),
    Way("The course", "who wants to be able to review such a patch", "01 02 03 04 05 06 07 08 09 10 11 12 13 14"),
    Way("OS student", "who knows processes and page tables, and no virtual machines", "01 02 03 04 05 07 08 09 10"),
    Way("KVM developer", "who knows the code and wants the races and the evidence", "01 05 07 09 10 13 14"),
    Way("Model-checking fan", "who wants to break and mend the model", "01 08 09 10 11"),
)


def course_map() -> Dot:
    """The picture: an arrow leads from each chapter to those that need it."""
    known = {each.name: each for each in chapters()}
    told = "; ".join(sentence(each, known) for each in known.values())
    picture = Dot(f"The map of the course, an arrow from each chapter to those that need it. {told}.", name="map")
    picture.attr(rankdir="LR")
    for each in known.values():
        picture.node(each.name, f"{each.number}  {each.title}\n{each.minutes} minutes")
        for need in each.needs:
            picture.edge(need, each.name)
    return picture


def sentence(chapter: Chapter, known: dict[str, Chapter]) -> str:
    """One chapter of the map in words."""
    needs = ", ".join(known[need].title for need in chapter.needs) or "nothing"
    return f"{chapter.title}, {chapter.minutes} minutes, needs {needs}"


def contents() -> Table:
    """Every chapter with its promise and its length."""
    rows = [(each.number, each.title, each.promise, str(each.minutes)) for each in chapters()]
    total = sum(each.minutes for each in chapters())
    return Table("Chapters", ("", "chapter", "promise", "minutes"), rows, note=f"{total} minutes in all.")


def ways() -> Table:
    """The ways through the course, with the time that each takes."""
    known = {each.number: each for each in chapters()}
    rows = []
    for way in WAYS:
        taken = [known[number] for number in way.numbers.split() if number in known]
        rows.append((way.name, f"for {way.whom}", " → ".join(each.title for each in taken), minutes(taken)))
    return Table("Ways through the course", ("way", "", "chapters", "minutes"), rows)


def minutes(taken: list[Chapter]) -> str:
    """How long these chapters take."""
    return str(sum(each.minutes for each in taken))
