"""Makes the slides of a workshop from cells of the notebooks: one page that loads nothing, benches included.

docs/workshop/slides.md lists the cells by id, so a slide says what the course says; a teacher's own list may leave
slides out and add text. Without scripts the page shows the slides one after the other, as in print.
"""
from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_notebook

import pkvm_model

from ...practice.exercises import Exercise, load_exercises
from ...widgets.front_end import bundle, list_kinds
from ..errors import CourseError
from ..paths import CONTENT
from . import pages
from .chapters import NOTEBOOKS

LIST = CONTENT / "docs" / "workshop" / "slides.md"
LINE = re.compile(r"- ([\w-]+): ([\w -]+)")
MARKED = re.compile("[-*+#>]")
"""How a line of a list begins that is not text."""
ENTRY = re.compile(r"^def .*", re.MULTILINE | re.DOTALL)
"""The functions of an exercise's cell, without what it imports."""
LICENCE = (f"Taking a virtual machine apart, pkvm-course {pkvm_model.__version__}, by the authors of this course. "
           "Text and pictures: CC BY 4.0. Code: MIT.")
TEXT = "text"
"""What stands for a notebook where a list has text of its own."""
END = "</section>"
CHANGED = " Slides chosen or changed by your teacher."
"""CC BY 4.0 asks for a note of what was changed."""
LOOK, SHOW = (Path(__file__).with_name(name).read_text(encoding="utf-8") for name in ("deck.css", "deck.js"))
BAR = """<footer class="turns"><button class="back">Back</button><button class="on">Next</button>
<button class="list">All slides</button><span>pkvm-course, CC BY 4.0</span><output></output></footer>"""


class Slide(NamedTuple):
    """A slide: its part, its title, the lines for the room, and its cells, each a notebook and an id."""

    part: str
    title: str
    room: tuple[str, ...] = ()
    cells: tuple[tuple[str, str], ...] = ()


def write(folder: Path, listed: Path = LIST, head: str = "") -> None:
    """Write the slides of a list into a folder of pages. Raise CourseError if it cannot be read.

    `head` is what the folder's pages have in their heads.
    """
    licence = LICENCE if listed == LIST else LICENCE + CHANGED
    (folder / "slides.html").write_text(
        format_slides(parse_list(read_list(listed)), licence, head), encoding="utf-8")


def read_list(path: Path) -> str:
    """Return the text of a list. Raise CourseError if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise CourseError(f"{path} cannot be read as a list of slides ({error}).") from error


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
        elif slides and (cells := parse_cells(line)):
            slides[-1] = slides[-1]._replace(cells=join_text(slides[-1].cells + cells))
        else:
            raise CourseError(f"The list of slides is wrong: {line!r} is neither a part, a slide, a cell nor text.")
    return slides


def parse_cells(line: str) -> tuple[tuple[str, str], ...]:
    """Return the cells that a line names, the line itself if it is text, nothing if it is neither."""
    if named := LINE.fullmatch(line):
        return tuple((named[1], name) for name in named[2].split())
    return () if MARKED.match(line) else ((TEXT, line),)


def join_text(cells: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Return cells with the last two made one if both are text, so that a list may go over several lines."""
    match cells:
        case (*first, ("text", above), ("text", below)):
            return (*first, (TEXT, f"{above}\n\n{below}"))
    return cells


def format_slides(slides: Sequence[Slide], licence: str = LICENCE, head: str = "") -> str:
    """Return all slides as one page."""
    sections = [format_slide(number, slide, find_cells(slide)) for number, slide in enumerate(slides, start=1)]
    body = "".join(text for text, _ in sections).replace(END, f'<p class="licence">{html.escape(licence)}</p>{END}')
    families = sorted({kind for _, widgets in sections for kind in widgets} & set(list_kinds()))
    module = f"{bundle(*families)}{SHOW}"
    whole = pages.link_pages(body) + format_overview(slides)
    return pages.format_page(pages.PageParts("Slides", whole, head, after=BAR, look=LOOK, module=module))


def find_cells(slide: Slide) -> list[NotebookNode]:
    """Return the cells of a slide. Raise CourseError if one of them does not exist."""
    return [make_cell(source, name) for source, name in slide.cells]


def make_cell(source: str, name: str) -> NotebookNode:
    """Return a cell of a notebook, one with an exercise, or one with a text. Raise CourseError if it does not exist."""
    if source == TEXT:
        text: NotebookNode = new_markdown_cell(name, id=f"{TEXT}-{crc32(name.encode())}")
        return text
    return make_exercise_cell(name) if source == "exercise" else find_cell(source, name)


def find_cell(source: str, name: str) -> NotebookNode:
    """Return a cell of a notebook by its id, without its heading. Raise CourseError if there is no such cell.

    A link inside the notebook leads to it from outside.
    """
    notebook = pages.read_notebook(NOTEBOOKS / f"{source}.ipynb")
    cell: NotebookNode | None = next((cell for cell in notebook.cells if cell.id == name), None)
    if cell is None:
        raise CourseError(f"The list of slides is wrong: there is no cell {name} in {source}.ipynb.")
    if cell.cell_type == "markdown":
        cell.source = re.sub(r"\A#+ .*\n+", "", cell.source).replace("](#", f"]({source}.ipynb#")
    else:
        cell.metadata["transient"] = {"remove_source": True}
    return cell


def make_exercise_cell(name: str) -> NotebookNode:
    """Return a cell with an exercise. Raise CourseError if there is no such exercise."""
    if name not in load_exercises():
        raise CourseError(f"The list of slides is wrong: there is no exercise {name}.")
    exercise = load_exercises()[name]
    parts = [exercise.task, *list_options(exercise), *show_code(exercise),
             f'<p class="where">Exercise <b>{name}</b>, {exercise.minutes} minutes</p>']
    cell: NotebookNode = new_markdown_cell("\n\n".join(parts), id=name)
    return cell


def list_options(exercise: Exercise) -> Iterator[str]:
    """Yield the options of each question with numbers, for a vote."""
    for question, options in exercise.options.items():
        lines = "\n".join(f"{number}. `{option}`" for number, option in enumerate(options, start=1))
        yield lines if len(exercise.options) == 1 else f"**{question}**\n\n{lines}"


def show_code(exercise: Exercise) -> Iterator[str]:
    """Yield the functions that an exercise asks to change."""
    for code in ENTRY.findall(exercise.stub):
        yield f"```python\n{code.strip()}\n```"


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
    return f'<section class="slide" id="slide-{number}" data-part="{part}">{head}{room}{body}{END}', widgets


def format_overview(slides: Sequence[Slide]) -> str:
    """Return the list of all slides, by part."""
    parts: dict[str, list[str]] = {}
    for number, slide in enumerate(slides, start=1):
        link = f'<li value="{number}"><a href="#slide-{number}">{html.escape(slide.title)}</a></li>'
        parts.setdefault(slide.part, []).append(link)
    lists = "".join(f"<h2>{html.escape(part)}</h2><ol>{''.join(items)}</ol>" for part, items in parts.items())
    return f'<nav class="overview" aria-label="All slides"><h1>All slides</h1>{lists}</nav>'
