"""The bench as HTML without scripts, for places that run none: notebooks not trusted yet, previews, exports.

Such places know no theme and keep little but tables and inline styles. So this is the light palette on an opaque
ground, and what a page sign says with a pattern is said here with a border, a letter and a word.
"""

import html

from pkvm_model.widgets.walk import State, Walk
from pkvm_model.widgets.words import VIEWS, answer, lines_of, properties_of

RIGHTS = {"O": "owned", "S": "shared-owned", "B": "shared-borrowed", "-": "no access", "X": "poison"}
INK, MUTED, LINE, HAIR = "#16191D", "#555D68", "#767E8A", "#D5D9DF"
HUES = {"host": "#313DD1", "hyp": "#B94C00", "guest": "#0B7C62"}
CORNERS = {"host": "0", "hyp": "5px", "guest": "10px"}

FONT = "font:14px system-ui,sans-serif"
CELL = f"background:#FFFFFF;color:{INK};text-align:left;padding:4px 9px;font-size:13px;border:0;"
CELL += f"border-bottom:1px solid {HAIR}"
STYLES = {
    "box": f"background:#FFFFFF;color:{INK};border:1px solid {LINE};padding:10px 14px;max-width:1000px;{FONT}",
    "head": f"color:{MUTED};margin:0",
    "title": f"color:{INK}",
    "says": f"color:{INK};font-size:17px;font-weight:600;margin:2px 0 8px",
    "list": "margin:0 0 10px;padding-left:20px",
    "item": f"color:{INK};margin:2px 0",
    "table": "border-collapse:collapse;margin:0;background:#FFFFFF",
    "caption": f"color:{INK};text-align:left;font-weight:700;padding:0 0 4px;caption-side:top",
    "holds": f"color:{INK};font-weight:700;margin:12px 0 0",
    "column": f"{CELL};color:{MUTED};border-bottom:2px solid {LINE}",
    "cell": CELL,
    "what": f"color:{MUTED};font-weight:400;margin-left:7px",
    "note": f"color:{MUTED};font-size:13px;margin:8px 0 0",
}
MARK = "display:inline-block;min-width:16px;text-align:center;padding:0 5px;margin-right:7px"


def element(tag: str, style: str, *kids: str, scope: str = "") -> str:
    """One HTML element in one of the styles; the kids are HTML already."""
    attribute = f' scope="{scope}"' if scope else ""
    return f'<{tag}{attribute} style="{STYLES[style]}">{"".join(kids)}</{tag}>'


def static_html(walk: Walk) -> str:
    """The position as a sentence, a list and a table."""
    says = element("p", "says", html.escape(walk.says + answer(walk.edge)))
    items = "".join(element("li", "item", html.escape(line)) for line in lines_of(walk))
    note = element("p", "note", "Open this notebook in JupyterLab to step through it.")
    holds = "".join(element("li", "item", html.escape(line)) for line in properties_of(walk))
    row = [element("p", "holds", "What holds"), element("ul", "list", holds)] if holds else []
    parts = [says, element("ul", "list", items), table(walk), *row, note]
    return element("div", "box", head(walk), *parts)


def head(walk: Walk) -> str:
    """Title, revision and step."""
    title = element("b", "title", html.escape(walk.graph["title"]))
    revision = html.escape(walk.graph["revision"]["id"])
    return element("p", "head", f"{title} · {revision} · step {len(walk.path)}")


def table(walk: Walk) -> str:
    """The ownership table with caption and heads."""
    names = ["Page", "Host", "Hyp", "Guest", "Owner", "Counts", "In words"]
    columns = "".join(element("th", "column", name, scope="col") for name in names)
    pages = zip(walk.graph["pages"], walk.state["pages"], strict=True)
    rows = "".join(page_row(name, what, row) for (name, what), row in pages)
    caption = element("caption", "caption", "Who owns every page")
    return element("table", "table", caption, f"<thead><tr>{columns}</tr></thead><tbody>{rows}</tbody>")


def page_row(name: str, what: str, row: State) -> str:
    """One page: its signs, owner, counts and sentence."""
    first = element("th", "cell", html.escape(name), element("span", "what", html.escape(what)), scope="row")
    cells = [right(view, row[view]) for view in VIEWS]
    cells += [html.escape(row[key]) for key in ("owner", "count", "says")]
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
