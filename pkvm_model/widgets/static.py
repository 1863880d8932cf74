"""HTML without scripts, for places that run none: untrusted notebooks, previews, exports.

Such places know no theme and keep little but tables and inline styles. So this is the light palette on an opaque
ground, and what a sign says with a pattern is said here with a border, a letter and a word.
"""
from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

from ..show.table import Table

INK, MUTED, LINE, HAIR = "#16191D", "#555D68", "#767E8A", "#D5D9DF"
DANGER = "#7E0A61"
HUES = {"host": "#313DD1", "hyp": "#B94C00", "guest": "#0B7C62"}

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
THEMED = {"#FFFFFF": "bg", INK: "ink", MUTED: "muted", LINE: "line", HAIR: "hair", DANGER: "danger",
          **{hue: name for name, hue in HUES.items()}}
"""The names that the colours have in the sheet of the live widgets (widget.css), which knows the theme."""

ANY_THEMED = "|".join(THEMED)
BORDER = re.compile(rf"(border(?:-right)?:[^;\"]*) (?:{ANY_THEMED})")


def render(tag: str, style: str, *kids: str, scope: str = "") -> str:
    """Return an HTML element in one of the styles; its children are HTML."""
    attribute = f' scope="{scope}"' if scope else ""
    return f'<{tag}{attribute} style="{STYLES[style]}">{"".join(kids)}</{tag}>'


def render_box(title: str, place: str, *parts: str) -> str:
    """Return a whole form: title, place, parts in HTML, and where to find the live widget."""
    head = render("p", "head", render("b", "title", escape(title)), f" · {escape(place)}")
    return render("div", "box", head, *parts, render("p", "note", "Open this notebook in JupyterLab to use it."))


def follow_theme(form: str) -> str:
    """Return a form that is no widget's in the colours of the theme, where the sheet of the live widgets is.

    A notebook that is not trusted keeps no such colour, but borders that name none: these have that of the text.
    """
    bordered = BORDER.sub(r"\1;\g<0>", form)
    themed = re.sub(ANY_THEMED, lambda colour: f"var(--{THEMED[colour[0]]},{colour[0]})", bordered)
    return themed.replace("<div", '<div class="pkvm-widget"', 1)


def render_note(text: str) -> str:
    """Return a sentence that stands above a form, '' for none."""
    return render("p", "box", escape(text)) if text else ""


def render_list(lines: Iterable[str]) -> str:
    """Return a list of lines of text."""
    return render("ul", "list", *(render("li", "item", escape(line)) for line in lines))


def render_table(caption: str, columns: Iterable[str], rows: Iterable[str]) -> str:
    """Return a table with caption and heads; its rows are HTML."""
    heads = "".join(render("th", "column", escape(name), scope="col") for name in columns)
    body = f"<thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody>"
    return render("table", "table", render("caption", "caption", escape(caption)), body)


def render_plain_table(words: Table) -> str:
    """Return a table of words with its note."""
    note = render("p", "note", escape(words.note)) if words.note else ""
    return render_table(words.caption, words.heads, map(render_plain_row, words.rows)) + note


def render_plain_row(cells: Sequence[str]) -> str:
    """Return a row of words; the first cell is its head."""
    head, *rest = map(escape, cells)
    return f"<tr>{render('th', 'cell', head, scope='row')}{''.join(render('td', 'cell', cell) for cell in rest)}</tr>"


def render_words(text: str) -> str:
    """Return plain text, for a widget that needs no other form."""
    return render("pre", "box", escape(text))
