"""Writes the pages of the exercises."""
from __future__ import annotations

from html import escape

from nbformat.v4 import new_markdown_cell, new_notebook

from ...practice.exercises import Exercise, load_exercises
from ..publish import pages
from ..publish.chapters import NOTEBOOKS
from .frame import LivePage, Site, format_live


def write(site: Site) -> None:
    """Write the page of each exercise."""
    for exercise in load_exercises().values():
        site.write(f"exercises/{exercise.id}.html", format_exercise(exercise, python=site.python))


def format_exercise(exercise: Exercise, *, python: bool) -> str:
    """Return the page of an exercise."""
    task = new_markdown_cell(f"# {exercise.title}\n\n**{exercise.why}**\n\n{exercise.task}", id="task")
    body = pages.render_cells(new_notebook(cells=[task]), NOTEBOOKS / "exercise.ipynb")
    back = f'<nav class="sides" aria-label="Chapter"><a href="../{exercise.chapter}.html">Back to the chapter</a></nav>'
    stub = f'<div class="input"><pre>{escape(exercise.stub)}</pre></div>'
    return format_live(LivePage(exercise.title, body + stub, back, root="../"), python=python)
