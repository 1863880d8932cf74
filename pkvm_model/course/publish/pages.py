"""Renders notebooks as HTML, with their stored widgets, and makes pages of one file each, which load nothing."""
from __future__ import annotations

import html
import json
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbconvert import HTMLExporter
from nbformat import NotebookNode
from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped]

from ...practice.quizzes import KINDS, list_asked_again, make_key
from ...widgets.front_end import list_kinds
from ...widgets.widget import MIME, MimeBundle
from ..errors import CourseError

LIGHT = "--ground:#FFFFFF;--text:#16191D;--soft:#555D68;--rule:#D5D9DF;--wash:#F4F5F7;--link:#313DD1"
DARK = "--ground:#111111;--text:#F1F3F5;--soft:#B3BAC4;--rule:#3A4048;--wash:#1C1F24;--link:#6896FF"
THEMES = f"""
:root{{color-scheme:light dark;{LIGHT}}}
@media (prefers-color-scheme:dark){{:root{{{DARK}}}}}
@media print{{:root:root{{color-scheme:light;{LIGHT}}}}}
"""
STYLE = """
body{margin:0;background:var(--ground);color:var(--text);
  font:17px/1.6 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:1200px;margin:0 auto;padding:24px 24px 80px}
h1{font-size:30px;line-height:1.2;margin:18px 0 10px} h2{font-size:22px;margin:38px 0 8px}
h3{font-size:18px;margin:28px 0 6px}
.text_cell,.output_text{max-width:46rem} .input{max-width:56rem}
.output_html:not(:has(.widget-here)){max-width:60rem;font-size:15px;margin:8px 0 20px}
p{margin:10px 0} a{color:var(--link)} a.anchor-link{display:none}
img,.output_svg svg{max-width:100%;height:auto}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,"DejaVu Sans Mono",monospace;font-size:14px}
code{overflow-wrap:anywhere} pre{line-height:1.45;margin:0;white-space:pre-wrap;overflow-wrap:anywhere}
.input pre{background:var(--wash);border-left:4px solid var(--rule);padding:9px 13px;margin:18px 0 4px}
.output_html:not(:has(.widget-here)) p{overflow-wrap:anywhere}
.output_text pre{padding:5px 17px;margin-bottom:18px}
.sideways{overflow-x:auto} .text_cell .sideways{margin:12px 0} .text_cell table{border-collapse:collapse}
.text_cell :is(th,td){padding:4px 10px;border-bottom:1px solid var(--rule);text-align:left;vertical-align:top}
.text_cell :not(pre) > code{background:var(--wash);padding:1px 4px}
@media (min-width:700px){.text_cell td code{white-space:nowrap} .output_html td code{overflow-wrap:break-word}}
.text_cell pre{background:var(--wash);padding:9px 13px;margin:12px 0}
blockquote{margin:12px 0;padding-left:14px;border-left:4px solid var(--rule);color:var(--soft)}
.widget-here{margin:14px 0 26px} .widget-here:not(:has(.pkvm-widget)){overflow-x:auto}
@media (max-width:500px){main{padding:16px 12px 60px} .text_cell :is(th,td){padding:4px 6px}}
@media print{main{padding:0} .input pre,.output_subarea{break-inside:avoid}}
"""

TO_RUN = re.compile(r"\s*Notebook kernel: \*Python 3\*[^;]*;[^.]*\.|Run a cell with \*\*Shift\+Enter\*\*[^.]*\.\s*")
"""What a notebook says about running it."""
PLUMBING = re.compile(r"(?:(?:from \S+ )?import (?:\([^)]*\)|.*)\n?|assert find_spec\(.*\n?|\n)+")
"""The lines at the head of a cell that import names or look for the kernel."""
VERSION_MARK = "@course-version@"
"""What a built site replaces by its version."""
PAGE = """<!doctype html>
<html lang="en" data-root="{root}" data-version="{version}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>{title}</title>{head}<style>{style}</style></head>
<body>{before}<main>{body}</main>{after}</body></html>
"""

# What scrolls sideways can be scrolled by keyboard; what does not is no stop on the way.
REACH = """
const reach = new ResizeObserver((seen) => {
  for (const { target } of seen) {
    const kind = target.localName === "pre" ? "Code" : target.querySelector("svg") ? "Picture" : "Table";
    const name = target.querySelector("caption")?.textContent ?? kind;
    const asked = { tabindex: 0, role: "group", "aria-label": `${name}, scrolls sideways` };
    const scrolls = target.scrollWidth > target.clientWidth;
    for (const [attribute, value] of Object.entries(asked))
      if (scrolls) target.setAttribute(attribute, value);
      else target.removeAttribute(attribute);
  }
});
for (const place of document.querySelectorAll("[style*='overflow-x'],.sideways")) reach.observe(place);
"""


class PageParts(NamedTuple):
    """The parts of a page: title and main part, HTML around that, further styles, its module, the way to the root."""

    title: str
    body: str
    head: str = ""
    before: str = ""
    after: str = ""
    look: str = ""
    module: str = ""
    root: str = "./"


class Rendered(NamedTuple):
    """A notebook as HTML: its title, its cells, the kinds of its widgets, and the sources of its code cells."""

    title: str
    body: str
    kinds: tuple[str, ...]
    sources: tuple[str, ...]


def render_notebook(path: Path, only: str = "") -> Rendered:
    """Return the notebook in a file as HTML whose links lead to pages. Raise CourseError if it is not a notebook."""
    return render(read_notebook(path), path, only)


def render(notebook: NotebookNode, path: Path, only: str = "") -> Rendered:
    """Return a notebook, or what one cell of it shows, as HTML; `path` is where its pictures are, and its name."""
    # If a notebook has saved widget state, the exporter prefers views that only a kernel can fill.
    notebook.metadata.pop("widgets", None)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    kinds = {kind for number, cell in enumerate(code) for kind in embed_widgets(cell, number)}
    sources = tuple(cell.source for cell in code)
    hide_sources(notebook)
    hide_plumbing(notebook)
    drop_advice(notebook)
    if only:
        notebook.cells = [cell for cell in notebook.cells if cell.id == only]
        notebook.cells[0].metadata["transient"] = {"remove_source": True}
    body = link_pages(render_cells(notebook, path))
    return Rendered(find_heading(notebook, path), body, tuple(sorted(kinds & set(list_kinds()))), sources)


def read_notebook(path: Path) -> NotebookNode:
    """Return the notebook in a file. Raise CourseError if it is not one."""
    try:
        notebook: NotebookNode = nbformat.read(path, as_version=4)
        return notebook
    except (OSError, ValueError, AttributeError) as error:
        raise CourseError(f"{path} cannot be read as a notebook ({error}).") from error


def embed_widgets(cell: NotebookNode, number: int) -> list[str]:
    """Put the stored widgets of a code cell behind their static forms, and return their kinds."""
    again = iter(list_asked_again(cell.source))
    return [embed_widget(output["data"], number, next(again, "")) for output in cell.outputs
            if MIME in output.get("data", {})]


def embed_widget(data: MimeBundle, cell: int, again: str = "") -> str:
    """Put a stored widget behind its static form, and return its kind.

    The page knows the number of its code cell, the key under which the answer to a question is kept, and which question
    is asked again.
    """
    stored = data.pop(MIME)
    known = {"cell": str(cell), "again": again}
    if stored.get("kind") in KINDS:
        known["key"] = make_key(json.loads(stored["packed"])["name"], stored["packed"])
    attributes = "".join(f' data-{name}="{html.escape(value)}"' for name, value in known.items() if value)
    data["text/html"] = f'<div class="widget-here"{attributes}>{data.get("text/html", "")}{embed_json(stored)}</div>'
    return str(stored.get("kind", ""))


def embed_json(value: object, attributes: str = "") -> str:
    """Return a script element that holds a value and runs nothing."""
    text = json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")
    return f'<script type="application/json"{attributes}>{text}</script>'


def hide_sources(notebook: NotebookNode) -> None:
    """Show only the output of a cell whose source JupyterLab hides; a claim keeps its check, folded below."""
    for cell in notebook.cells:
        if cell.metadata.get("jupyter", {}).get("source_hidden"):
            cell.metadata["transient"] = {"remove_source": True}
            if "claim(" in cell.source:
                cell.outputs.append(fold_source(cell.source))


def hide_plumbing(notebook: NotebookNode) -> None:
    """Leave out the lines at the head of a cell that only let it run; nothing stays of a cell that has no others."""
    for cell in notebook.cells:
        if cell.cell_type == "code" and (plumbing := PLUMBING.match(cell.source)):
            cell.source = cell.source[plumbing.end():]
            if not cell.source:
                cell.metadata["transient"] = {"remove_source": True}


def drop_advice(notebook: NotebookNode) -> None:
    """Leave out what only those need who run the notebook."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = TO_RUN.sub("", cell.source)


def fold_source(source: str) -> NotebookNode:
    """Return an output that shows the source of a cell when it is opened."""
    text = f"<details><summary>How this was checked</summary><pre>{html.escape(source)}</pre></details>"
    output: NotebookNode = nbformat.v4.new_output("display_data", {"text/html": text})
    return output


def render_cells(notebook: NotebookNode, path: Path) -> str:
    """Return the cells as HTML, by nbconvert's plain template, which adds no styles and no scripts."""
    body, _ = make_exporter().from_notebook_node(notebook, {"metadata": {"path": str(path.parent)}})
    return mend_folds(mend_tables(str(body)))


def mend_folds(body: str) -> str:
    """Let a fold reach to the end of its cell: nbconvert, which embeds pictures, closes it behind its summary."""
    return re.sub(r"(<details><summary>[^<]*</summary>\n)</details>\n(.*?\n)(?=</div>)", r"\1\2</details>\n", body,
                  flags=re.DOTALL)


def mend_tables(body: str) -> str:
    """Let wide tables of the text scroll, and make an empty head, as above the names of the rows, a plain cell."""
    scrolling = re.sub(r"<table>\n<thead>.*?</table>", r'<div class="sideways">\g<0></div>', body, flags=re.DOTALL)
    return re.sub(r"<th( [^>]*)?></th>", "<td></td>", scrolling)


@cache
def make_exporter() -> HTMLExporter:
    """Return the exporter; it compiles its templates once, which takes as long as some pages."""
    plain = {"template_name": "basic", "exclude_input_prompt": True, "exclude_output_prompt": True}
    return HTMLExporter(embed_images=True, **plain)


def link_pages(body: str) -> str:
    """Turn links between notebooks and to exercises into links between pages."""
    exercises = re.sub(r'href="\.\./exercises/([\w-]+)\.md"', r'href="exercises/\1.html"', body)
    return re.sub(r'href="([\w./-]+)\.ipynb(#[^"]*)?"', r'href="\1.html\2"', exercises)


def find_heading(notebook: NotebookNode, path: Path) -> str:
    """Return the first heading of a notebook, or its file name."""
    heading = re.search(r"^# (.+)$", join_prose(notebook), flags=re.MULTILINE)
    return heading[1].strip() if heading else path.stem


def join_prose(notebook: NotebookNode) -> str:
    """Return the text of all markdown cells."""
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def format_page(page: PageParts) -> str:
    """Return a whole page."""
    scripts = [page.module, REACH if re.search(r'overflow-x|class="sideways"', page.body) else ""]
    modules = "".join(f'\n<script type="module">\n{script}</script>\n' for script in scripts if script)
    return PAGE.format(root=page.root, version=VERSION_MARK, title=html.escape(page.title), head=page.head,
                       style=THEMES + STYLE + colour_code() + page.look, before=page.before, body=page.body,
                       after=page.after + modules)


def colour_code() -> str:
    """Return the styles of highlighted code, for both themes."""
    light = HtmlFormatter(style="xcode").get_style_defs(".highlight")
    dark = HtmlFormatter(style="github-dark").get_style_defs(".highlight")
    plain = ".highlight{background:none}"
    return f"{light}\n@media screen and (prefers-color-scheme:dark){{{dark}}}\n{plain}"
