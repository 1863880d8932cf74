"""Writes the pages of the exercises: the notebook that learners get, but with an editor in place of its last cell."""
from __future__ import annotations

import json
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import cast

import nbformat
from nbformat import NotebookNode

from ...practice import judge
from ...practice.exercises import Exercise, load_exercises
from ...practice.notebook import LEVELS, ROADS, make_code_cell, make_markdown_cell
from ...practice.progress_report import read_title
from ...practice.submit import ProgressNote, Submission
from ...practice.verdict import Verdict
from ...schema import JSON
from ...widgets.exercise import NOT_YET, OPEN, PASSED, SOLVED, Card
from ..publish import pages
from ..publish.chapters import NOTEBOOKS
from .benches import run_cell
from .chapters import list_exercises
from .frame import YOUR_WORK, LivePage, Site, format_live, share_script

MAIN = "solving.js"
SECONDS = 20.0
"""How long an answer may compute in a browser, its check included: there both run in one Python, which is about four
times as slow as the one on a computer. The slowest solution takes 4.5 s of it, all others less than one second."""
AGAIN = "Change your answer and check it again."
TASK = "The task"
"""The heading of the task and its bench."""
PLACE = """<section class="answering pkvm-widget" aria-labelledby="your-answer"><h2 id="your-answer">Your answer</h2>
<div class="writing"><textarea aria-label="Your answer" autocomplete="off" autocapitalize="off"
 spellcheck="false" rows="{rows}" readonly>{stub}</textarea></div></section>
<div class="card-here"></div>
"""
"""Where an answer is written, and where its card appears."""


def write(site: Site) -> None:
    """Write the page of each exercise."""
    write_pages(site, load_exercises().values())


def write_pages(site: Site, chosen: Iterable[Exercise]) -> None:
    """Write the pages of some exercises, and the script that they share."""
    made = {exercise.id: make_page(exercise) for exercise in chosen}
    script = share_script(site, {kind for page in made.values() for kind in page.kinds}, MAIN)
    for name, page in made.items():
        site.write(f"exercises/{name}.html", format_live(page._replace(script=script), python=site.python))


def make_page(exercise: Exercise) -> LivePage:
    """Return the page of an exercise."""
    shown = pages.render(make_page_notebook(exercise), NOTEBOOKS / f"{exercise.id}.ipynb")
    place = PLACE.format(stub=escape(exercise.stub), rows=exercise.stub.count("\n") + 6)
    known = pages.embed_json(describe(exercise), ' id="exercise"')
    body = shown.body + place + YOUR_WORK + format_foot(exercise) + known
    kinds = tuple({*shown.kinds, Card.kind})
    return LivePage(shown.title, body, format_ways(exercise), kinds, shown.sources, ("solving",), MAIN, "../")


def make_page_notebook(exercise: Exercise) -> NotebookNode:
    """Return the notebook of an exercise without the cell to edit, with what its bench shows."""
    cells = [make_markdown_cell("title", write_heading(exercise)),
             make_markdown_cell("task", f"## {TASK}\n\n{exercise.task}")]
    if exercise.bench:
        cells.append(make_code_cell("bench", exercise.bench) | {"outputs": run_cell(exercise.bench)})
    whole = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return cast(NotebookNode, nbformat.reads(json.dumps(whole), as_version=4))


def write_heading(exercise: Exercise) -> str:
    """Return the head of the page: the title, why the exercise matters, and what it takes."""
    return (f"# {exercise.title}\n\n**{exercise.why}**\n\n{exercise.kind.capitalize()}. {exercise.minutes} minutes, "
            f"{LEVELS[exercise.difficulty]}. It belongs to "
            f"[chapter {int(exercise.chapter[:2])}](../{exercise.chapter}.html){ROADS[exercise.road]}.")


def format_ways(exercise: Exercise) -> str:
    """Return the way back to the chapter."""
    title = escape(read_title(exercise.chapter))
    return (f'<nav class="sides" aria-label="Chapter"><a href="../{exercise.chapter}.html" '
            f'aria-label="Back to chapter {exercise.chapter[:2]}: {title}"><span class="number">'
            f'{exercise.chapter[:2]}</span> <span class="title">{title}</span></a></nav>')


def format_foot(exercise: Exercise) -> str:
    """Return the way to what comes next, at the end of the page, and from the main road that to more practice."""
    following = describe_following(exercise)
    more = [each for each in list_exercises(exercise.chapter) if each.road == "more"] * (exercise.road == "main")
    links = ", ".join(f'<a href="{each.id}.html">{escape(each.title)}</a>' for each in more)
    return (f'<nav class="site-foot" aria-label="Next exercise"><a href="{following["file"]}">{following["way"]}: '
            f'{escape(following["title"])}</a>'
            + (f'<p class="site-facts">More practice in this chapter: {links}</p>' if links else "") + "</nav>")


def describe(exercise: Exercise) -> JSON:
    """Return what the page knows about its exercise: what a card needs, hints and solution among it."""
    card = json.loads(make_card(exercise).packed) | {"facts": []}
    words = {"passed": PASSED, "notYet": NOT_YET, "open": OPEN, "solved": SOLVED, "again": AGAIN,
             "left": [judge.CANNOT_STOP]}
    return {"id": exercise.id, "stub": exercise.stub, "hints": list(exercise.hints),
            "options": {name: list(values) for name, values in exercise.options.items()}, "card": card, "words": words,
            # A browser measures no CPU time, and devices differ: what takes long is first only said.
            "usual": judge.SECONDS, "seconds": SECONDS,
            "solution": {"code": exercise.solution, "explained": exercise.explanation},
            "following": describe_following(exercise)}


def make_card(exercise: Exercise) -> Card:
    """Return the card of an exercise that nobody has tried."""
    verdict = Verdict(passed=False, sentence="", tried=False)
    return Card(Submission(exercise, verdict, ProgressNote(exercise.id, Path("/"))))


def describe_following(exercise: Exercise) -> dict[str, str]:
    """Return what comes after an exercise: words on a card and at the foot, the title of the page, its file."""
    card = make_card(exercise)
    following, road = card.submission.next_exercise, card.road
    if following is None:
        return {"words": f"That was the last exercise{road}. This shows what you have done:", "way": "Next",
                "title": "The course map", "file": "../course-map.html"}
    if following.chapter == exercise.chapter:
        way = "Next, more practice" if following.road == "more" else "Next"
        return {"words": f"{way}:", "way": way, "title": following.title, "file": f"{following.id}.html"}
    return {"words": f"That was this chapter's last exercise{road}. Next is the chapter", "way": "Next chapter",
            "title": read_title(following.chapter), "file": f"../{following.chapter}.html"}
