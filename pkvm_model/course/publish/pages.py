"""Writes notebooks as HTML pages of one file each, whose widgets work with no kernel and no network."""

import argparse
import html
import json
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
from nbconvert import HTMLExporter
from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped]

from ...widgets.front_end import front_end, kinds
from ...widgets.widget import MIME
from ..errors import CourseError
from ..paths import ROOT

Notebook = Any  # nbformat gives dictionaries whose keys are attributes as well
DEFAULT = "_site"

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
nav{font-size:15px;color:var(--soft);border-bottom:1px solid var(--rule);padding-bottom:8px;margin-bottom:20px}
h1{font-size:30px;line-height:1.2;margin:18px 0 10px} h2{font-size:22px;margin:38px 0 8px}
h3{font-size:18px;margin:28px 0 6px}
.text_cell,.input,.output_text,.contents{max-width:46rem}
.output_html:not(:has(.widget-here)){max-width:60rem;font-size:15px;margin:8px 0 20px}
p{margin:10px 0} a{color:var(--link)} a.anchor-link{display:none}
img,.output_svg svg{max-width:100%;height:auto}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,"DejaVu Sans Mono",monospace;font-size:14px}
pre{line-height:1.45;margin:0;overflow-x:auto}
.input pre{background:var(--wash);border-left:4px solid var(--rule);padding:9px 13px;margin:18px 0 4px}
.output_text pre{padding:5px 17px;margin-bottom:18px;white-space:pre-wrap;overflow-wrap:anywhere}
.text_cell table{border-collapse:collapse;margin:12px 0}
.text_cell :is(th,td){padding:4px 10px;border-bottom:1px solid var(--rule);text-align:left;vertical-align:top}
.text_cell :not(pre) > code{background:var(--wash);padding:1px 4px}
td code{overflow-wrap:anywhere} .text_cell td code{white-space:nowrap}
.text_cell pre{background:var(--wash);padding:9px 13px;margin:12px 0}
blockquote{margin:12px 0;padding-left:14px;border-left:4px solid var(--rule);color:var(--soft)}
.widget-here{margin:14px 0 26px} .contents li{margin:14px 0} .contents p{margin:0;color:var(--soft)}
@media print{main{padding:0} nav{display:none} .input pre,.output_subarea{break-inside:avoid}}
"""

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>{title}</title><style>{style}</style></head>
<body><main>{body}</main>{script}</body></html>
"""

# An inline module may export; what is stored in each place is drawn over the static table, which stays if that fails.
START = """
for (const place of document.querySelectorAll(".widget-here")) {
  try {
    mountStored(place, JSON.parse(place.querySelector("script").textContent));
  } catch (error) {
    console.error(error);
  }
}
"""


def export(path: Path | str) -> str:
    """One notebook as one HTML page that asks for nothing."""
    path = Path(path)
    notebook = read(path)
    # With saved widget state the exporter would prefer views that only a kernel can fill.
    notebook.metadata.pop("widgets", None)
    held = [prepare(output.get("data", {})) for cell in notebook.cells for output in cell.get("outputs", [])]
    leave_out_hidden(notebook)
    body = local_links('<nav><a href="index.html">All lessons</a></nav>' + rendered(notebook, path))
    return page(heading(notebook, path), body, sorted(set(held) & set(kinds())))


def read(path: Path) -> Notebook:
    """A notebook, or one sentence on why it is none."""
    try:
        return nbformat.read(path, as_version=4)
    except (OSError, ValueError, AttributeError) as error:
        raise CourseError(f"{path} cannot be read as a notebook ({error}).") from error


def prepare(data: dict[str, Any]) -> str:
    """Puts a stored widget behind its static form; returns its kind, or nothing where there was none."""
    stored = data.pop(MIME, None)
    if stored is None:
        return ""
    packed = json.dumps(stored, ensure_ascii=False).replace("<", "\\u003c")
    held = f'<script type="application/json">{packed}</script>'
    data["text/html"] = f'<div class="widget-here">{data.get("text/html", "")}{held}</div>'
    return str(stored.get("kind", ""))


def leave_out_hidden(notebook: Notebook) -> None:
    """Cells whose source JupyterLab hides, such as a quiz with its answers, show only their output."""
    for cell in notebook.cells:
        if cell.metadata.get("jupyter", {}).get("source_hidden"):
            cell.metadata["transient"] = {"remove_source": True}


def rendered(notebook: Notebook, path: Path) -> str:
    """The cells through nbconvert's plain template, which brings neither styles nor scripts."""
    body, _ = exporter().from_notebook_node(notebook, {"metadata": {"path": str(path.parent)}})
    return str(body)


@cache
def exporter() -> HTMLExporter:
    """The exporter; it compiles its templates once, which takes as long as some pages."""
    plain = {"template_name": "basic", "exclude_input_prompt": True, "exclude_output_prompt": True}
    return HTMLExporter(embed_images=True, **plain)


def local_links(body: str) -> str:
    """Links between notebooks become links between pages; exercises have none, they are checked in JupyterLab."""
    without = re.sub(r'<a href="\.\./exercises/[\w-]+\.md">(.*?)</a>', r"\1", body)
    return re.sub(r'href="([\w./-]+)\.ipynb(#[^"]*)?"', r'href="\1.html\2"', without)


def heading(notebook: Notebook, path: Path) -> str:
    """The first heading of a notebook, or its file name."""
    found = re.search(r"^# (.+)$", prose(notebook), flags=re.MULTILINE)
    return found[1].strip() if found else path.stem


def promise(notebook: Notebook) -> str:
    """The first line of prose after the heading."""
    found = re.search(r"^# .+\n+([^#\s|>-].*)$", prose(notebook), flags=re.MULTILINE)
    return re.sub(r"[*_`]", "", found[1]).strip() if found else ""


def prose(notebook: Notebook) -> str:
    """All text cells in one."""
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def page(title: str, body: str, families: list[str], start: str = START, look: str = "", after: str = "") -> str:
    """A whole page; a module is in it that has the families whose widgets it holds.

    `start` is what the module does with what is stored, `look` are further styles, `after` follows the body.
    """
    script = f'\n<script type="module">\n{front_end(*families)}{start}</script>\n' if families else ""
    style = THEMES + STYLE + colours() + look
    return PAGE.format(title=html.escape(title), style=style, body=body, script=after + script)


def colours() -> str:
    """The colours of code, for both themes."""
    light = HtmlFormatter(style="xcode").get_style_defs(".highlight")
    dark = HtmlFormatter(style="github-dark").get_style_defs(".highlight")
    plain = ".highlight{background:none}"
    return f"{light}\n@media screen and (prefers-color-scheme:dark){{{dark}}}\n{plain}"


def contents(lessons: list[tuple[str, str, str]]) -> str:
    """The page that lists the lessons."""
    items = "".join(
        f'<li><a href="{html.escape(name)}">{html.escape(title)}</a><p>{html.escape(says)}</p></li>'
        for name, title, says in lessons
    )
    more = '<p>For a class: <a href="slides.html">slides</a>, <a href="summary.html">a summary to print</a>.</p>'
    return page("Lessons", f'<div class="contents"><h1>Lessons</h1><ol>{items}</ol>{more}</div>', families=[])


def main(argv: list[str] | None = None) -> int:
    """Writes every notebook and a list of them into a folder."""
    parser = argparse.ArgumentParser(prog="course.py pages", description=__doc__)
    parser.add_argument("-o", "--output", default=DEFAULT, metavar="DIR", help=f"where to (default: {DEFAULT})")
    folder = Path(parser.parse_args(argv).output)
    paths = sorted((ROOT / "notebooks").glob("*.ipynb"))
    if not paths:
        raise CourseError(f"there are no notebooks in {ROOT / 'notebooks'}; get the whole course again.")
    write_all(paths, folder)
    print(f"{len(paths)} pages: open {folder / 'index.html'}")
    return 0


def write_all(paths: list[Path], folder: Path) -> None:
    """Writes the pages of some notebooks, and their list."""
    lessons = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in paths:
            notebook, name = read(path), f"{path.stem}.html"
            (folder / name).write_text(export(path), encoding="utf-8")
            lessons.append((name, heading(notebook, path), promise(notebook)))
        (folder / "index.html").write_text(contents(lessons), encoding="utf-8")
    except OSError as error:
        raise CourseError(f"cannot write the pages into {folder} ({error.strerror}); name another with -o.") from error


if __name__ == "__main__":
    sys.exit(main())
