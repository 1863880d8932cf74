"""Writes the notebooks as pages: the chapters, and those beside them."""
from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from pathlib import Path

from ...practice.exercises import Exercise, load_exercises
from ..errors import CourseError
from ..publish import pages
from ..publish.chapters import NOTEBOOKS
from .frame import YOUR_WORK, LivePage, Site, format_live


def write(site: Site) -> None:
    """Write the pages of all notebooks. Raise CourseError if there are none."""
    paths = sorted(NOTEBOOKS.glob("*.ipynb"))
    if not paths:
        raise CourseError(f"there are no notebooks in {NOTEBOOKS}; get the whole course again.")
    for path in paths:
        site.write(f"{path.stem}.html", format_notebook(path, python=site.python))


def format_notebook(path: Path, *, python: bool) -> str:
    """Return the page of a notebook. Raise CourseError if it is not one."""
    shown = pages.render_notebook(path)
    before, after = find_neighbours(path.stem)
    ways = format_ways(before, after, list_exercises(path.stem)) + (format_notebook_link(path.name) if python else "")
    is_map = "progress" in shown.kinds
    body = shown.body + (YOUR_WORK if is_map else "") + format_foot(after)
    page = LivePage(shown.title, body, ways, shown.kinds, shown.sources)
    return format_live(page, python=python)


def find_neighbours(name: str) -> tuple[Path | None, Path | None]:
    """Return the chapters before and after one; none where there is none, or for a notebook that is no chapter."""
    chapters = sorted(NOTEBOOKS.glob("[0-9][0-9]-*.ipynb"))
    at = next((at for at, path in enumerate(chapters) if path.stem == name), None)
    if at is None:
        return None, None
    return chapters[at - 1] if at else None, chapters[at + 1] if at + 1 < len(chapters) else None


def list_exercises(name: str) -> list[Exercise]:
    """Return the exercises of a chapter, those on its main road first."""
    return [exercise for exercise in load_exercises().values() if exercise.chapter == name]


def format_ways(before: Path | None, after: Path | None, exercises: Iterable[Exercise]) -> str:
    """Return the ways on from a chapter: the chapters beside it, and its exercises."""
    sides = format_side(before, "prev") + format_side(after, "next")
    items = "".join(format_exercise(exercise) for exercise in exercises)
    menu = f'<details class="menu"><summary>Exercises</summary><ul>{items}</ul></details>' if items else ""
    return (f'<nav class="sides" aria-label="Chapters">{sides}</nav>' if sides else "") + menu


def format_notebook_link(file: str, root: str = "./") -> str:
    """Return the link that opens a page's notebook in JupyterLite, for cells of one's own."""
    return f'<a href="{root}lab/index.html?path={file}">Open as a notebook</a>'


def format_side(path: Path | None, side: str) -> str:
    """Return a link to the chapter before or after; '' if there is none."""
    if path is None:
        return ""
    title, word = escape(read_title(path)), {"prev": "Before", "next": "Next"}[side]
    return (f'<a rel="{side}" href="{path.stem}.html" aria-label="{word}: {title}">'
            f'<span class="number">{path.stem[:2]}</span> <span class="title">{title}</span></a>')


def format_exercise(exercise: Exercise) -> str:
    """Return an exercise as an item of the menu."""
    more = " · more practice" if exercise.road == "more" else ""
    return (f'<li><a href="exercises/{exercise.id}.html">{escape(exercise.title)}</a> '
            f'<span class="site-facts">{exercise.minutes} min{more}</span></li>')


def format_foot(after: Path | None) -> str:
    """Return the way to the next chapter, at the end of the page."""
    if after is None:
        return ""
    return (f'<nav class="site-foot" aria-label="Next chapter"><a href="{after.stem}.html">'
            f"Next: {escape(read_title(after))}</a></nav>")


def read_title(path: Path) -> str:
    """Return the title of a notebook."""
    return re.sub(r"[*_`]", "", pages.find_heading(pages.read_notebook(path), path))
