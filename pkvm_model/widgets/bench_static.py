"""The bench as HTML without scripts."""
from __future__ import annotations

from html import escape

from ..graphs.contract import RowValue
from .bench_words import VIEWS, show_answer, describe_state, describe_properties
from .front_end import read_constants
from .static import HUES, LINE, MUTED, render_box, render, render_list, render_table
from .walk import BenchWalk

RIGHTS: dict[str, str] = read_constants()["rights"]
CORNERS = {"host": "0", "hyp": "5px", "guest": "10px"}
MARK = "display:inline-block;min-width:16px;text-align:center;padding:0 5px;margin-right:7px"


def render_bench(walk: BenchWalk) -> str:
    """Return the position as a sentence, a list and a table."""
    says = render("p", "says", escape(walk.says + show_answer(walk.edge)))
    holds = describe_properties(walk)
    row = [render("p", "holds", "What holds"), render_list(holds)] if holds else []
    place = f"{walk.graph['revision']['id']} · step {len(walk.path)}"
    return render_box(walk.graph["title"], place, says, render_list(describe_state(walk)), render_pages(walk), *row)


def render_pages(walk: BenchWalk) -> str:
    """Return the ownership table."""
    pages = zip(walk.graph["pages"], walk.state["pages"], strict=True)
    rows = (render_page(name, what, row) for (name, what), row in pages)
    return render_table("Who owns every page", ["Page", "Host", "Hyp", "Guest", "Owner", "Counts", "In words"], rows)


def render_page(name: str, what: str, row: RowValue) -> str:
    """Return the row of a page: signs, owner, counts and sentence."""
    first = render("th", "cell", escape(name), render("span", "what", escape(what)), scope="row")
    cells = [render_right(view, row[view]) for view in VIEWS]
    cells += map(escape, (row["owner"], row["count"], row["says"]))
    return f"<tr>{first}{''.join(render('td', 'cell', cell) for cell in cells)}</tr>"


def render_right(view: str, letter: str) -> str:
    """Return the letter of a right in its border, and its word."""
    hue = HUES[view]
    border = {
        "O": f"background:{hue};color:#FFFFFF;border:2px solid {hue}",
        "S": f"color:{hue};border:2px solid {hue};border-right-width:11px",
        "B": f"color:{hue};border:2px solid {hue};border-right:7px double {hue}",
        "-": f"color:{MUTED};border:2px dotted {LINE}",
        "X": f"color:{hue};border:4px double {hue}",
    }[letter]
    mark = f"{MARK};border-radius:{CORNERS[view]};{border}"
    return f'<span style="white-space:nowrap"><b style="{mark}">{letter.replace("-", "–")}</b>{RIGHTS[letter]}</span>'
