"""Makes the slides of a workshop from cells of the notebooks: one page that loads nothing, benches included.

docs/workshop/slides.md lists the cells by id, so a slide says what the course says. Without scripts the page shows the
slides one after the other, as in print.
"""
from __future__ import annotations

import html
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_notebook

from ...practice.exercises import load_exercises
from ...widgets.front_end import bundle, list_kinds
from ..errors import CourseError
from ..paths import CONTENT
from . import pages
from .chapters import NOTEBOOKS

LIST = CONTENT / "docs" / "workshop" / "slides.md"
LINE = re.compile(r"- ([\w-]+): ([\w -]+)")
LOOK = """
main{max-width:1280px;padding-bottom:90px} .slide{padding-top:12px} .slide .text_cell{font-size:24px;line-height:1.5}
.slide .text_cell,.slide .contents,.slide .output_text{max-width:none}
.slide .title{font-size:32px;line-height:1.2;margin:0 0 8px}
.slide .output_html:not(:has(.widget-here)){font-size:18px;max-width:none} .slide .text_cell code{font-size:.86em}
.slide:has(.pkvm-walk,.pkvm-finder) .title{font-size:26px;margin:0 0 4px}
.slide .widget-here{margin:6px 0 0} .slide .text_cell p{margin:6px 0} .slide blockquote{margin:6px 0;color:inherit}
.slide :is(.pkvm-quiz,.pkvm-prediction){zoom:1.5;max-width:none}
.slide :is(.pkvm-quiz,.pkvm-prediction) .verdict{min-height:62px}
.room{font-size:22px;line-height:1.35;font-weight:600;border-left:6px solid var(--link);padding-left:16px;
  margin:0 0 8px}
.slide .part{color:var(--soft);font-size:17px;font-weight:400;margin:0}
.deck main{max-width:none;padding:0 24px} .deck .slide{display:none;padding-top:8px} .deck .slide.now{display:block}
.deck .part{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.deck.all .slide.now,.overview{display:none}
.deck.all .overview{display:block;max-width:900px;margin:16px auto 70px;font-size:19px;border:0}
.overview h2{font-size:18px;margin:18px 0 2px} .overview ol{margin:0} .overview li::marker{color:var(--soft)}
.overview li a{display:inline-block;padding:2px 0}
.turns{display:none} .deck .turns{display:flex;gap:12px;align-items:center;position:fixed;bottom:0;left:0;right:0;
  padding:6px 24px;background:var(--wash);border-top:1px solid var(--rule);font-size:16px}
.turns :is(button,output){white-space:nowrap}
.turns button{font:inherit;color:var(--text);background:var(--ground);border:1px solid var(--soft);border-radius:4px;
  padding:4px 12px}
.turns output{margin-left:auto;color:var(--soft)} .title:focus{outline:none}
@media (max-width:700px){.deck main{padding:0 12px 60px} .turns span{display:none}
  .slide :is(.pkvm-quiz,.pkvm-prediction){zoom:1} .slide .text_cell{font-size:18px}}
@media print{@page{size:A4 landscape;margin:12mm} .deck .slide.slide.slide{display:block;zoom:1!important}
  .slide{break-after:page} .deck .part{position:static;width:auto;height:auto;clip-path:none}
  .turns,.deck .turns,.overview,.deck.all .overview{display:none}}
"""
SHOW = """
// In a block, since the front end uses some of these names.
{
  const slides = [...document.querySelectorAll(".slide")], page = document.documentElement;
  const links = [...document.querySelectorAll(".overview a")];
  let at = 0;

  // Widgets are drawn when their slide is first shown: a hidden picture has no size.
  function fill(slide) {
    for (const place of slide.querySelectorAll(".widget-here:not(.filled)")) {
      place.classList.add("filled");
      mountStored(place, JSON.parse(place.querySelector("script").textContent));
    }
  }

  const WALKS = ".pkvm-walk,.pkvm-finder,.pkvm-sequence";

  // The room sees a slide from afar: it is as large as the window allows. Text becomes small before it needs to
  // scroll, a widget hardly. The time of a walk grows by a row of references once there are some.
  function fit(slide) {
    const small = innerWidth < 700 ? 1 : slide.querySelector(WALKS) ? 0.94 : 0.6;
    let [low, high] = [small, innerWidth < 700 ? 1 : 2.6];
    while (high - low > 0.01) {
      const middle = (low + high) / 2;
      slide.style.zoom = middle;
      if (fits(slide)) low = middle;
      else high = middle;
    }
    slide.style.zoom = low;
  }

  const scrolls = (element) => element.scrollWidth > element.clientWidth;

  function fits(slide) {
    const bottom = document.querySelector(".turns").getBoundingClientRect().top - 4;
    const wide = [page, ...slide.querySelectorAll(".sideways,[style*='overflow-x']")].some(scrolls);
    const later = slide.querySelector(".pkvm-walk") ? 28 * slide.currentCSSZoom : 0;
    return !wide && slide.getBoundingClientRect().bottom + scrollY + later <= bottom;
  }

  function show(number) {
    at = Math.min(Math.max(number, 0), slides.length - 1);
    page.classList.remove("all");
    slides.forEach((slide, each) => slide.classList.toggle("now", each === at));
    fill(slides[at]);
    fit(slides[at]);
    const heading = slides[at].querySelector(".title");
    document.querySelector(".turns output").textContent = `${slides[at].dataset.part} · ${at + 1} of ${slides.length}`;
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

  const slideOfAddress = () => Number(/^#slide-(\\d+)$/.exec(location.hash)?.[1] ?? 1) - 1;
  const steps = { ArrowRight: 1, ArrowDown: 1, PageDown: 1, " ": 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1 };

  function inOverview(key) {
    const here = links.indexOf(document.activeElement);
    const next = { Home: 0, End: links.length - 1 }[key] ?? here + (steps[key] ?? 0);
    links[Math.min(Math.max(next, 0), links.length - 1)].focus();
  }

  // A key pressed in a widget belongs to the widget, which stops all of them; so the keys that leave a slide are
  // caught on their way in.
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
  addEventListener("hashchange", () => show(slideOfAddress()));
  addEventListener("resize", () => fit(slides[at]));
  page.classList.add("deck");
  show(slideOfAddress());
}
"""
BAR = """<footer class="turns"><button class="back">Back</button><button class="on">Next</button>
<button class="list">All slides</button><span>Arrows, space, Home, End, Escape</span><output></output></footer>"""


class Slide(NamedTuple):
    """A slide: its part, its title, the lines for the room, and its cells, each a notebook and an id."""

    part: str
    title: str
    room: tuple[str, ...] = ()
    cells: tuple[tuple[str, str], ...] = ()


def write(folder: Path) -> None:
    """Write the slides into a folder of pages."""
    slides = parse_list(LIST.read_text(encoding="utf-8"))
    (folder / "slides.html").write_text(format_slides(slides), encoding="utf-8")


def parse_list(text: str) -> list[Slide]:
    """Return the slides in a list. Raise CourseError for a line of no known kind."""
    slides: list[Slide] = []
    part = ""
    _, *lines = re.split(r"\n(?=## )", text, maxsplit=1)
    for line in filter(None, "\n".join(lines).splitlines()):
        if line.startswith("## "):
            part = line[3:]
        elif line.startswith("### "):
            slides.append(Slide(part, line[4:]))
        elif slides and line.startswith("> "):
            slides[-1] = slides[-1]._replace(room=(*slides[-1].room, line[2:]))
        elif slides and (cells := LINE.fullmatch(line)):
            more = tuple((cells[1], name) for name in cells[2].split())
            slides[-1] = slides[-1]._replace(cells=slides[-1].cells + more)
        else:
            raise CourseError(f"slides.md: {line!r} is not a part, a slide, cells, or a line for the room.")
    return slides


def format_slides(slides: Sequence[Slide]) -> str:
    """Return all slides as one page."""
    sections = [format_slide(number, slide, find_cells(slide)) for number, slide in enumerate(slides, start=1)]
    body = "".join(text for text, _ in sections)
    families = sorted({kind for _, widgets in sections for kind in widgets} & set(list_kinds()))
    module = f"{bundle(*families)}{SHOW}"
    whole = pages.link_pages(body) + format_overview(slides)
    return pages.format_page(pages.PageParts("Slides", whole, after=BAR, look=LOOK, module=module))


def find_cells(slide: Slide) -> list[NotebookNode]:
    """Return the cells of a slide. Raise CourseError if one of them does not exist."""
    return [make_exercise_cell(name) if source == "exercise" else find_cell(source, name)
            for source, name in slide.cells]


def find_cell(source: str, name: str) -> NotebookNode:
    """Return a cell of a notebook by its id, without its heading. Raise CourseError if there is no such cell.

    A link inside the notebook leads to it from outside.
    """
    notebook = pages.read_notebook(NOTEBOOKS / f"{source}.ipynb")
    cell: NotebookNode | None = next((cell for cell in notebook.cells if cell.id == name), None)
    if cell is None:
        raise CourseError(f"slides.md: there is no cell {name} in {source}.ipynb.")
    if cell.cell_type == "markdown":
        cell.source = re.sub(r"\A#+ .*\n+", "", cell.source).replace("](#", f"]({source}.ipynb#")
    else:
        cell.metadata["transient"] = {"remove_source": True}
    return cell


def make_exercise_cell(name: str) -> NotebookNode:
    """Return a cell with the task of an exercise and its options. Raise CourseError if there is no such exercise."""
    if name not in load_exercises():
        raise CourseError(f"slides.md: there is no exercise {name}.")
    exercise = load_exercises()[name]
    options = [f"- `{option}`" for options in exercise.options.values() for option in options]
    cell: NotebookNode = new_markdown_cell("\n".join([exercise.task, "", *options]), id=name)
    return cell


def format_slide(number: int, slide: Slide, cells: list[NotebookNode]) -> tuple[str, list[str]]:
    """Return a slide as HTML, and the kinds of the widgets on it."""
    code = [cell for cell in cells if cell.cell_type == "code"]
    widgets = [kind for at, cell in enumerate(code) for kind in pages.embed_widgets(cell, at)]
    notebook = nbformat.from_dict(new_notebook(cells=cells))
    room = "".join(f'<p class="room">{html.escape(line)}</p>' for line in slide.room)
    body = pages.render_cells(notebook, NOTEBOOKS / "slides.ipynb") if cells else ""
    # h1 and h2, since a widget's own headings are h3.
    part, title = html.escape(slide.part), html.escape(slide.title)
    head = f'<h1 class="part">{part}</h1><h2 class="title" tabindex="-1">{title}</h2>'
    return f'<section class="slide" id="slide-{number}" data-part="{part}">{head}{room}{body}</section>', widgets


def format_overview(slides: Sequence[Slide]) -> str:
    """Return the list of all slides, by part."""
    parts: dict[str, list[str]] = {}
    for number, slide in enumerate(slides, start=1):
        link = f'<li value="{number}"><a href="#slide-{number}">{html.escape(slide.title)}</a></li>'
        parts.setdefault(slide.part, []).append(link)
    lists = "".join(f"<h2>{html.escape(part)}</h2><ol>{''.join(items)}</ol>" for part, items in parts.items())
    return f'<nav class="overview" aria-label="All slides"><h1>All slides</h1>{lists}</nav>'
