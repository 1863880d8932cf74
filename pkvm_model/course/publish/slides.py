"""Makes the slides of a workshop out of cells of the notebooks: one page that asks for nothing, benches included.

docs/workshop/slides.md lists the cells by id, so a slide says what the course says. Without scripts the page is one
slide after the other, as it is in print.
"""

import html
import re
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbformat.v4 import new_markdown_cell, new_notebook

from ...practice.exercises import load_exercises
from ...widgets.front_end import kinds
from ..errors import CourseError
from ..paths import ROOT
from . import pages
from .pages import Notebook

LIST = ROOT / "docs" / "workshop" / "slides.md"
NOTEBOOKS = ROOT / "notebooks"
LINE = re.compile(r"- ([\w-]+): ([\w -]+)")
LOOK = """
main{max-width:1280px;padding-bottom:90px} .slide{padding-top:12px} .slide .text_cell{font-size:24px;line-height:1.5}
.slide .text_cell,.slide .contents{max-width:none} .slide .title{font-size:38px;line-height:1.2;margin:6px 0 14px}
.slide .output_html:not(:has(.widget-here)){font-size:18px;max-width:none} .slide .text_cell code{font-size:.86em}
.slide .pkvm-quiz{zoom:1.5}
.room{font-size:26px;font-weight:600;border-left:6px solid var(--link);padding-left:16px}
.slide .part{color:var(--soft);font-size:17px;font-weight:400;margin:0}
.deck .slide{display:none} .deck .slide.now{display:block} .deck.all .slide.now,.overview{display:none}
.deck.all .overview{display:block;max-width:900px;margin:0 auto;font-size:19px;border:0}
.overview h2{font-size:18px;margin:18px 0 2px} .overview ol{margin:0} .overview li::marker{color:var(--soft)}
.bar{display:none} .deck .bar{display:flex;gap:12px;align-items:center;position:fixed;bottom:0;left:0;right:0;
  padding:8px 24px;background:var(--wash);border-top:1px solid var(--rule);font-size:16px}
.bar :is(button,output){white-space:nowrap}
.bar button{font:inherit;color:var(--text);background:var(--ground);border:1px solid var(--soft);border-radius:4px;
  padding:4px 12px}
.bar output{margin-left:auto;color:var(--soft)} .title:focus{outline:none}
@media print{@page{size:A4 landscape;margin:12mm} .deck .slide.slide.slide{display:block} .slide{break-after:page}
  .bar,.deck .bar,.overview,.deck.all .overview{display:none}}
"""
SHOW = """
// A block of its own: the front end has names like these.
{
  const slides = [...document.querySelectorAll(".slide")], page = document.documentElement;
  const links = [...document.querySelectorAll(".overview a")];
  let at = 0;

  // What is stored on a slide is drawn when it is first shown: a picture that nobody sees has no size.
  function fill(slide) {
    for (const place of slide.querySelectorAll(".widget-here:not(.filled)")) {
      place.classList.add("filled");
      mountStored(place, JSON.parse(place.querySelector("script").textContent));
    }
  }

  function show(number) {
    at = Math.min(Math.max(number, 0), slides.length - 1);
    page.classList.remove("all");
    slides.forEach((slide, each) => slide.classList.toggle("now", each === at));
    fill(slides[at]);
    const heading = slides[at].querySelector(".title");
    document.querySelector(".bar output").textContent = `${slides[at].dataset.part} · ${at + 1} of ${slides.length}`;
    document.title = `${at + 1}. ${heading.textContent}`;
    history.replaceState(null, "", `#slide-${at + 1}`);
    heading.focus({ preventScroll: true });
    scrollTo(0, 0);
  }

  function overview() {
    page.classList.toggle("all");
    if (page.classList.contains("all")) links[at].focus();
    else show(at);
  }

  const asked = () => Number(/^#slide-(\\d+)$/.exec(location.hash)?.[1] ?? 1) - 1;
  const steps = { ArrowRight: 1, ArrowDown: 1, PageDown: 1, " ": 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1 };

  function inOverview(key) {
    const here = links.indexOf(document.activeElement);
    const next = { Home: 0, End: links.length - 1 }[key] ?? here + (steps[key] ?? 0);
    links[Math.min(Math.max(next, 0), links.length - 1)].focus();
  }

  // A key that is pressed in a widget belongs to the widget, which lets none of them out; so those that lead on from
  // there are heard on their way in.
  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const inside = target.closest(".widget-here"), control = target.closest("button,input,select,textarea,summary");
    const known = key in steps || key === "Home" || key === "End" || key === "Escape";
    if (!known || (inside && !/^(Page|Escape)/.test(key)) || (control && key === " ")) return;
    event.preventDefault();
    if (inside && key === "Escape") slides[at].querySelector(".title").focus();
    else if (key === "Escape") overview();
    else if (page.classList.contains("all")) inOverview(key);
    else show(key === "Home" ? 0 : key === "End" ? slides.length - 1 : at + steps[key]);
  }, true);
  document.querySelector(".back").addEventListener("click", () => show(at - 1));
  document.querySelector(".on").addEventListener("click", () => show(at + 1));
  document.querySelector(".list").addEventListener("click", overview);
  addEventListener("hashchange", () => show(asked()));
  page.classList.add("deck");
  show(asked());
}
"""
BAR = """<footer class="bar"><button class="back">Back</button><button class="on">Next</button>
<button class="list">All slides</button><span>Arrows, space, Home, End, Escape</span><output></output></footer>"""


class Slide(NamedTuple):
    """A slide: its part, its title, the lines for the room, and what it shows: a notebook and a cell each."""

    part: str
    title: str
    room: tuple[str, ...] = ()
    shown: tuple[tuple[str, str], ...] = ()


def write(folder: Path) -> None:
    """Writes the slides into a folder of pages."""
    (folder / "slides.html").write_text(deck(listed(LIST.read_text(encoding="utf-8"))), encoding="utf-8")


def listed(text: str) -> list[Slide]:
    """Reads the list. Raises CourseError for a line that is none of its kinds."""
    found: list[Slide] = []
    part = ""
    _, *lines = re.split(r"\n(?=## )", text, maxsplit=1)
    for line in filter(None, "\n".join(lines).splitlines()):
        if line.startswith("## "):
            part = line[3:]
        elif line.startswith("### "):
            found.append(Slide(part, line[4:]))
        elif found and line.startswith("> "):
            found[-1] = found[-1]._replace(room=(*found[-1].room, line[2:]))
        elif found and (cells := LINE.fullmatch(line)):
            more = tuple((cells[1], name) for name in cells[2].split())
            found[-1] = found[-1]._replace(shown=found[-1].shown + more)
        else:
            raise CourseError(f"slides.md: {line!r} is no part, no slide, no cells and no line for the room.")
    return found


def deck(slides: list[Slide]) -> str:
    """All slides as one page."""
    drawn = [section(slide, cells(slide)) for slide in slides]
    body = "".join(text for text, _ in drawn)
    families = sorted({kind for _, held in drawn for kind in held} & set(kinds()))
    return pages.page("Slides", pages.local_links(body) + overview(slides), families, SHOW, LOOK, after=BAR)


def cells(slide: Slide) -> list[Notebook]:
    """The cells of a slide. Raises CourseError for one that there is not."""
    return [exercise(name) if source == "exercise" else cell(source, name) for source, name in slide.shown]


def cell(source: str, name: str) -> Notebook:
    """A cell of a notebook by its id, without its heading, since the slide has one."""
    notebook = pages.read(NOTEBOOKS / f"{source}.ipynb")
    found = next((each for each in notebook.cells if each.id == name), None)
    if found is None:
        raise CourseError(f"slides.md: there is no cell {name} in {source}.ipynb.")
    if found.cell_type == "markdown":
        found.source = re.sub(r"\A#+ .*\n+", "", found.source)
    else:
        found.metadata["transient"] = {"remove_source": True}
    return found


def exercise(name: str) -> Notebook:
    """What an exercise asks, and what can be chosen."""
    if name not in load_exercises():
        raise CourseError(f"slides.md: there is no exercise {name}.")
    one = load_exercises()[name]
    options = [f"- `{value}`" for values in one.options.values() for value in values]
    return new_markdown_cell("\n".join([one.task, "", *options]))


def section(slide: Slide, shown: list[Notebook]) -> tuple[str, list[str]]:
    """A slide as HTML, and the kinds of the widgets on it."""
    held = [pages.prepare(output.get("data", {})) for each in shown for output in each.get("outputs", [])]
    notebook = nbformat.from_dict(new_notebook(cells=shown))
    room = "".join(f'<p class="room">{html.escape(line)}</p>' for line in slide.room)
    body = pages.rendered(notebook, NOTEBOOKS / "slides.ipynb") if shown else ""
    # A widget's own headings are those of the third rank.
    part, title = html.escape(slide.part), html.escape(slide.title)
    head = f'<h1 class="part">{part}</h1><h2 class="title" tabindex="-1">{title}</h2>'
    return f'<section class="slide" data-part="{part}">{head}{room}{body}</section>', held


def overview(slides: list[Slide]) -> str:
    """The list of all slides, by part."""
    parts: dict[str, list[str]] = {}
    for number, slide in enumerate(slides, start=1):
        link = f'<li value="{number}"><a href="#slide-{number}">{html.escape(slide.title)}</a></li>'
        parts.setdefault(slide.part, []).append(link)
    lists = "".join(f"<h2>{html.escape(part)}</h2><ol>{''.join(items)}</ol>" for part, items in parts.items())
    return f'<nav class="overview" aria-label="All slides"><h1>All slides</h1>{lists}</nav>'
