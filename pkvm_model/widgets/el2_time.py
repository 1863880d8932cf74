"""The EL2 time chart: the learner moves the number of pages and reads the values."""
from __future__ import annotations

from html import escape

from ..graphs import el2_time
from ..show.renderer import image
from ..text import count
from .static import render_box, render, render_plain_table
from .widget import Widget, compact


class El2Time(Widget):
    """The chart on the screen; its place is two numbers, the layout of the pages and the column that is read."""

    kind = "el2time"

    def __init__(self) -> None:
        """Begin at the right end, with pages side by side."""
        super().__init__(compact(el2_time.value()), f"0 {len(el2_time.PAGES) - 1}")

    @property
    def read(self) -> tuple[int, int]:
        """The distance between two pages in gfns and the number of pages, at the column that is read."""
        layout, _, at = self.place.partition(" ")
        known = layout.isdecimal() and at.isdecimal() and int(layout) < len(el2_time.LAYOUTS)
        where = (int(layout), min(int(at), len(el2_time.PAGES) - 1)) if known else (0, -1)
        return el2_time.LAYOUTS[where[0]][0], el2_time.PAGES[where[1]]

    def describe(self) -> str:
        """Return the values at the column that is read, and all values as a table."""
        apart, pages = self.read
        says = el2_time.sentence(apart, el2_time.PAGES.index(pages))
        return f"{says}\n\n{el2_time.table(apart)!r}\n\n{el2_time.NOTE}"

    def static(self) -> str:
        """Return both pictures, with their tables and the note."""
        parts = [part for apart, says in el2_time.LAYOUTS for part in layout_html(apart, says)]
        notes = [render("p", "note", escape(text)) for text in (el2_time.UNIT, el2_time.NOTE)]
        return render_box("EL2 time", "model units", *parts, *notes)

    def __repr__(self) -> str:
        """Return a short text that is the same on every machine."""
        apart, pages = self.read
        return f"El2Time(read at {count(pages, 'page')} {dict(el2_time.LAYOUTS)[apart]})"


def layout_html(apart: int, says: str) -> tuple[str, str, str]:
    """Return a heading, a chart and its table."""
    drawn = image(el2_time.svg(el2_time.picture(apart)), el2_time.alt(apart))
    return render("p", "holds", f"Pages {says}"), drawn, render_plain_table(el2_time.table(apart))
