"""The bench as HTML without scripts: what the stage shows, with tiles, traces and lines made of borders."""
from __future__ import annotations

from html import escape

from ..graphs.contract import CardValue, HolderValue, RowValue
from .bench_words import VIEWS, choose_pages, count_unused, describe_properties, describe_state, show_answer
from .front_end import read_constants
from .static import DANGER, HUES, INK, LINE, MUTED, render, render_box, render_list, render_table
from .walk import BenchWalk

RIGHTS: dict[str, str] = read_constants()["rights"]
CORNERS = {"host": "0", "hyp": "5px", "guest": "10px"}
COLUMNS = {"HOST": "host", "HYP": "hyp", "GUEST": "guest"}
HEADS = ["Page", "Host", "EL2", "Guest", "Counts", "In words"]
TILE = "display:inline-block;min-width:46px;text-align:center;padding:0 5px;margin-right:7px"


def render_bench(walk: BenchWalk) -> str:
    """Return the position as a sentence, a list and a table."""
    says = render("p", "says", escape(walk.says + show_answer(walk.edge)))
    holds = describe_properties(walk)
    row = [render("p", "holds", "What holds"), render_list(holds)] if holds else []
    place = f"{walk.graph['revision']['id']} · step {len(walk.path)}"
    return render_box(walk.graph["title"], place, says, render_list(describe_state(walk)), render_pages(walk), *row)


def render_pages(walk: BenchWalk) -> str:
    """Return the territory: each page lies in the column of its owner."""
    before = walk.place.before
    old = walk.states[before.id] if before else walk.state
    cards = {card["vm"]: card for card in walk.state["vms"]}
    rows = [render_page(name, what, walk.state["pages"][at], old["pages"][at], cards.get(name))
            for at in choose_pages(walk) for name, what in [walk.graph["pages"][at]]]
    unused = count_unused(walk)
    return render_table("Who owns every page", HEADS, rows) + (render("p", "note", unused) if unused else "")


def render_page(name: str, what: str, row: RowValue, old: RowValue, card: CardValue | None) -> str:
    """Return the row of a page: its tiles, where it was, a line to whoever counts on it, and a sentence."""
    first = render("th", "cell", escape(name), render("span", "what", escape(what)), scope="row")
    holders = card["holders"] if card else []
    owner = VIEWS.index(COLUMNS[row["owner"]])
    cells = [render_territory(view, row[view], old[view], name) + (render_line(holders) if at > owner else "")
             for at, view in enumerate(VIEWS)]
    cells += [render_counts(row, card), escape(row["says"])]
    return f"<tr>{first}{''.join(render('td', 'cell', cell) for cell in cells)}</tr>"


def render_territory(view: str, right: str, before: str, name: str) -> str:
    """Return a right as a tile and its word; where there was one before the last step, what is left of it."""
    if right == "-":
        if before == "-":
            return f'<span style="color:{MUTED}">–</span>'
        was = "was lent" if before == "B" else "was here"
        return f'<span style="{TILE};color:{MUTED};border:2px dotted {LINE}">{was}</span>'
    hue = HUES[view]
    look = {
        "O": f"background:{hue};color:#FFFFFF;border:2px solid {hue}",
        "S": f"color:{hue};border:2px solid {hue};border-right-width:17px",
        "B": f"color:{hue};border:2px solid {hue};border-right:12px double {hue}",
        "X": f"color:{hue};border:4px double {hue}",
    }[right]
    shown = escape(name) if right in "OS" else "&nbsp;"
    tile = f'<b style="{TILE};border-radius:{CORNERS[view]};{look}">{shown}</b>'
    return f'<span style="white-space:nowrap">{tile}{RIGHTS[right]}</span>'


def render_line(holders: list[HolderValue]) -> str:
    """Return a piece of the line from a page to whoever holds a reference to it."""
    if not holders:
        return ""
    stale = any(holder["stale"] for holder in holders)
    return f'<div style="border-top:{f"4px double {DANGER}" if stale else f"2px dashed {INK}"};height:0"></div>'


def render_counts(row: RowValue, card: CardValue | None) -> str:
    """Return the counts of a page; for a VM's struct, its holders."""
    if not card or not card["count"]:
        return escape(row["count"])
    stale = any(holder["stale"] for holder in card["holders"])
    held = ", ".join(holder["says"] for holder in card["holders"])
    words = f"{'✕ ' if stale else ''}count {card['count']}: {held or 'nobody'}"
    return f'<b style="color:{DANGER if stale else INK}">{escape(words)}</b>'
