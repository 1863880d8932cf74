"""The map: states as boxes, steps as arrows, and the learner's place. It shares the logic of the bench."""
from __future__ import annotations

from html import escape

from ..graphs.drawing import describe_arrows, picture
from ..show.renderer import NotDrawnError, image, svg
from .bench import Bench
from .bench_words import show_answer, describe_state, describe_properties
from .map_words import MOST_BOXES, HEAD, make_box_row, choose_boxes, describe_map
from .static import render_box, render, render_list, render_table
from .walk import BenchWalk

FEW = 30
"""A picture with fewer arrows is also described in words."""


class Map(Bench):
    """A map of a graph that has a drawing; Python uses it like a bench."""

    kind = "map"

    def describe(self) -> str:
        """Return the state shown, and a table of all states, or of those near the path."""
        return describe_map(self._walked())

    def static(self) -> str:
        """Return the state shown, the picture if it is complete, and the table."""
        walk = self._walked()
        says = render("p", "says", escape(walk.says + show_answer(walk.edge)))
        place = f"{walk.graph['revision']['id']} · step {len(walk.path)}"
        lines = render_list([*describe_state(walk), *describe_properties(walk)])
        return render_box(walk.graph["title"], place, says, render_drawing(walk), lines, render_states(walk))

    def __repr__(self) -> str:
        """Return a short text that is the same on every machine."""
        return super().__repr__().replace("Bench(", "Map(", 1)


def render_drawing(walk: BenchWalk) -> str:
    """Return the picture if the map is small enough and the renderer is installed."""
    drawing, here = walk.graph["drawing"], walk.state["box"]
    if len(drawing["boxes"]) > MOST_BOXES:
        return ""
    words = describe_arrows(drawing) if len(drawing["arrows"]) < FEW else "The table says the same"
    alt = f"{walk.graph['title']}. {words}."
    try:
        return render("p", "list", image(svg(picture(alt, drawing, here).source), alt))
    except NotDrawnError as reason:
        return render_list([str(reason)])


def render_states(walk: BenchWalk) -> str:
    """Return the table of states and their steps."""
    rows = (make_box_row(walk, number) for number in choose_boxes(walk))
    return render_table("The states of the map", [name.capitalize() for name in HEAD], map(render_row, rows))


def render_row(row: list[str]) -> str:
    """Return a state as a table row."""
    cells = (render("td", "cell", escape(cell)) for cell in row[1:])
    return f"<tr>{render('th', 'cell', escape(row[0]), scope='row')}{''.join(cells)}</tr>"
