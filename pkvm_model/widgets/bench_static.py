"""The bench as HTML without scripts."""

from html import escape

from .bench_words import VIEWS, answer, lines_of, properties_of
from .static import HUES, LINE, MUTED, box, element, listed, table
from .walk import State, Walk

RIGHTS = {"O": "owned", "S": "shared-owned", "B": "shared-borrowed", "-": "no access", "X": "poison"}
CORNERS = {"host": "0", "hyp": "5px", "guest": "10px"}
MARK = "display:inline-block;min-width:16px;text-align:center;padding:0 5px;margin-right:7px"


def bench_html(walk: Walk) -> str:
    """The position as a sentence, a list and a table."""
    says = element("p", "says", escape(walk.says + answer(walk.edge)))
    holds = properties_of(walk)
    row = [element("p", "holds", "What holds"), listed(holds)] if holds else []
    place = f"{walk.graph['revision']['id']} · step {len(walk.path)}"
    return box(walk.graph["title"], place, says, listed(lines_of(walk)), page_table(walk), *row)


def page_table(walk: Walk) -> str:
    """The ownership table."""
    pages = zip(walk.graph["pages"], walk.state["pages"], strict=True)
    rows = (page_row(name, what, row) for (name, what), row in pages)
    return table("Who owns every page", ["Page", "Host", "Hyp", "Guest", "Owner", "Counts", "In words"], rows)


def page_row(name: str, what: str, row: State) -> str:
    """One page: its signs, owner, counts and sentence."""
    first = element("th", "cell", escape(name), element("span", "what", escape(what)), scope="row")
    cells = [right(view, row[view]) for view in VIEWS]
    cells += [escape(row[key]) for key in ("owner", "count", "says")]
    return f"<tr>{first}{''.join(element('td', 'cell', cell) for cell in cells)}</tr>"


def right(view: str, letter: str) -> str:
    """Letter and border of a right, and its word."""
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
