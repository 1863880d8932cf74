"""The map: states as boxes, steps as arrows between them, and where the learner stands; the bench's logic behind it."""
from __future__ import annotations

from html import escape

from ..graphs.drawing import describe_arrows, picture
from ..show.dot import NotDrawnError, image, svg
from .bench import Bench
from .bench_words import show_answer, describe_state, describe_properties
from .map_words import MOST_BOXES, HEAD, make_box_row, choose_boxes, describe_map
from .static import render_box, render, render_list, render_table
from .walk import Walk

FEW = 30
"""So many arrows are told in words beside the picture."""


class Map(Bench):
    """A map of a graph that has a drawing; it is walked, asked and read back like a bench."""

    kind = "map"

    def describe(self) -> str:
        """The state shown, and a table of all states, or of those near the way."""
        return describe_map(self._here())

    def static(self) -> str:
        """The state shown, the picture where all of it is shown, and the table."""
        walk = self._here()
        says = render("p", "says", escape(walk.says + show_answer(walk.edge)))
        place = f"{walk.graph['revision']['id']} · step {len(walk.path)}"
        lines = render_list([*describe_state(walk), *describe_properties(walk)])
        return render_box(walk.graph["title"], place, says, render_drawing(walk), lines, render_states(walk))

    def __repr__(self) -> str:
        """Short, and the same on every machine."""
        return super().__repr__().replace("Bench(", "Map(", 1)


def render_drawing(walk: Walk) -> str:
    """The picture, where all of it is shown and there is somebody to draw it."""
    drawing, here = walk.graph["drawing"], walk.state["box"]
    if len(drawing["boxes"]) > MOST_BOXES:
        return ""
    words = describe_arrows(drawing) if len(drawing["arrows"]) < FEW else "The table says the same"
    alt = f"{walk.graph['title']}. {words}."
    try:
        return render("p", "list", image(svg(picture(alt, drawing, here).source), alt))
    except NotDrawnError as reason:
        return render_list([str(reason)])


def render_states(walk: Walk) -> str:
    """The states and what leads on from them."""
    rows = (make_box_row(walk, number) for number in choose_boxes(walk))
    return render_table("The states of the map", [name.capitalize() for name in HEAD], map(render_row, rows))


def render_row(row: list[str]) -> str:
    """A state as a row of a table."""
    cells = (render("td", "cell", escape(cell)) for cell in row[1:])
    return f"<tr>{render('th', 'cell', escape(row[0]), scope='row')}{''.join(cells)}</tr>"
