"""Writes the landing page: what the course is, a bench to step at once, the chapters and the ways through them."""
from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from ...practice.exercises import load_exercises
from ...text import count
from ..publish import pages
from ..publish.chapters import NOTEBOOKS, Chapter, read_chapters
from ..publish.course_map import WAYS, Route, course_map, state_lengths
from ..publish.figures import draw
from .chapters import format_exercise, list_exercises
from .frame import COURSE_TITLE, YOUR_WORK, LivePage, Site, format_live

BENCH = ("01-start-here", "cold-open")
"""The notebook and the cell of the bench that the page shows."""
LEAD = ("How Linux’s protected KVM takes a virtual machine apart, and how a patch that split one hypercall in two "
        "opened a hole. You step the hypercalls yourself, see who owns every page, and schedule the CPUs until "
        "something breaks.")
TRY = ("CPU 1 destroys a virtual machine while CPU 0 ends a loan of memory. Click CPU 1, CPU 0, CPU 1, CPU 0, and read "
       "the sentence above the buttons after each click.")
HERE = ("Read, step, and do the exercises on these pages. There is nothing to install. Python comes along when you "
        "first ask for something that is not stored here, and runs in your browser; nothing you do leaves it.")
AT_HOME = ("In a clone of the course’s repository, one command makes an environment and opens the same chapters as "
           "notebooks, in a copy of your own:")
ALSO = (
    ("course-map.html", "The course map", "what each chapter needs, and your progress"),
    ("glossary.html", "Glossary", "every word of the course, explained once"),
    ("before-and-after.html", "Before and after", "the same questions before the course and after it"),
    ("what-the-model-leaves-out.html", "What the model leaves out", "and why"),
    ("somewhere-else.html", "Somewhere else", "the same mistake in other systems"),
    ("slides.html", "Slides", "for a class, with the benches"),
    ("summary.html", "Summary", "two sheets to print"),
    ("lab/index.html", "Notebooks", "the chapters with free cells, in your browser"))
"""The other pages, as far as this site has them: file, name, what it is for."""


def write(site: Site) -> None:
    """Write the landing page, which links to what has been written before."""
    shown = pages.render_notebook(NOTEBOOKS / f"{BENCH[0]}.ipynb", only=BENCH[1])
    also = [(name, title, words) for name, title, words in ALSO if (site.folder / name).is_file()]
    chapters = read_chapters()
    body = "".join([format_hero(chapters), format_try(shown.body), format_chapters(chapters), format_doors(),
                    YOUR_WORK, format_also(also)])
    page = LivePage(COURSE_TITLE, body, format_top(also[:2]), ("bench",), shown.sources, sheets=("landing",),
                    look=format_filters(chapters))
    site.write("index.html", format_live(page, python=site.python))


def format_top(also: Sequence[tuple[str, str, str]]) -> str:
    """Return the links in the bar."""
    links = "".join(f' <a href="{name}">{title}</a>' for name, title, _ in also)
    return f'<nav class="sides" aria-label="Pages"><a href="#chapters">Chapters</a>{links}</nav>'


def format_hero(chapters: Sequence[Chapter]) -> str:
    """Return what the course is, and the first doors; marks.js lets them lead to where the reader was."""
    hours = round(int(state_lengths(chapters)[1]) / 60)
    facts = (f"{len(chapters)} chapters · {len(load_exercises())} exercises · about {hours} hours in all, or one hour "
             "for the hole · nothing to install")
    return (f'<div class="hero"><h1>{COURSE_TITLE}</h1><p class="lead">{LEAD}</p>'
            f'<p class="doors"><a class="door first" href="{chapters[0].name}.html">Start with chapter 1</a>'
            f'<a class="door" href="#chapters">Choose a way</a><span id="go-on"></span></p>'
            f'<p class="site-facts">{facts}</p></div>')


def format_try(body: str) -> str:
    """Return the bench to try."""
    return f'<section class="landing-part"><h2>Try it: four clicks</h2><p>{TRY}</p>{body}</section>'


def format_chapters(chapters: Sequence[Chapter]) -> str:
    """Return all chapters, and the ways through them; the style sheet shows those of the way that is chosen."""
    choices = "".join(format_way(number, name) for number, name in enumerate(["All chapters", *(w.name for w in WAYS)]))
    whom = "".join(format_readers(number, way, chapters) for number, way in enumerate(WAYS, start=1))
    cards = "".join(map(format_chapter, chapters))
    svg = draw(course_map()).partition("?>")[2].partition(">")[2].strip()
    picture = (f'<details class="landing-map"><summary>What each chapter builds on, as a picture</summary>'
               f'<div class="sideways output_svg">{svg}</div></details>')
    return (f'<section class="landing-part" id="chapters"><h2>The chapters</h2>'
            f'<fieldset class="ways"><legend>Ways through the course</legend>{choices}</fieldset>{whom}'
            f'<ul class="chapters">{cards}</ul>{picture}</section>')


def format_way(number: int, name: str) -> str:
    """Return one way to choose."""
    checked = "" if number else " checked"
    return f'<label><input type="radio" name="way" id="way-{number}"{checked}>{escape(name)}</label>'


def format_readers(number: int, way: Route, chapters: Sequence[Chapter]) -> str:
    """Return for whom a way is, and how long it takes."""
    alone, with_exercises = state_lengths(list_chapters(way, chapters))
    return (f'<p class="for-whom way-{number}">For {escape(way.readers)}: {alone} minutes, {with_exercises} with the '
            "exercises of the main road.</p>")


def list_chapters(way: Route, chapters: Sequence[Chapter]) -> list[Chapter]:
    """Return the chapters of a way."""
    return [chapter for chapter in chapters if chapter.number in way.numbers.split()]


def format_filters(chapters: Sequence[Chapter]) -> str:
    """Return the style rules that show only the chapters of the way that is chosen."""
    rules = []
    for number, way in enumerate(WAYS, start=1):
        chosen = f".landing-part:has(#way-{number}:checked)"
        others = [chapter.name for chapter in chapters if chapter not in list_chapters(way, chapters)]
        hidden = ",".join(f"#ch-{name}" for name in others)
        rules.append(f"{chosen} .way-{number}{{display:block}}")
        rules += [f"{chosen} :is({hidden}){{display:none}}"] if others else []
    return "\n".join(rules)


def format_chapter(chapter: Chapter) -> str:
    """Return the card of a chapter."""
    exercises = list_exercises(chapter.name)
    items = "".join(map(format_exercise, exercises))
    facts = f"{chapter.minutes} minutes, {count(len(exercises), 'exercise')}"
    fold = f"<details><summary>{facts}</summary><ul>{items}</ul></details>"
    promise = re.sub(r"[*_`]", "", chapter.promise)
    return (f'<li id="ch-{chapter.name}"><h3><span class="number">{chapter.number}</span> '
            f'<a href="{chapter.name}.html">{escape(chapter.title)}</a></h3><p>{escape(promise)}</p>'
            f'<div class="site-facts">{fold}</div></li>')


def format_doors() -> str:
    """Return both ways into the course."""
    here = f"<div><h3>In your browser</h3><p>{HERE}</p></div>"
    at_home = f"<h3>In JupyterLab, on your own machine</h3><p>{AT_HOME}</p><pre>python3 course.py lab</pre>"
    return (f'<section class="landing-part"><h2>Two ways in</h2><div class="two-doors">{here}<div>{at_home}</div></div>'
            "</section>")


def format_also(also: Sequence[tuple[str, str, str]]) -> str:
    """Return the other pages."""
    items = "".join(f'<li><a href="{name}">{title}</a><span>{words}</span></li>' for name, title, words in also)
    return f'<section class="landing-part"><h2>Also here</h2><ul class="also">{items}</ul></section>'
