"""The map: states as boxes, steps as arrows between them, and where the learner stands; the bench's logic behind it."""

from html import escape

from ..show.dot import NotDrawnError, image, svg
from ..show.drawing import picture, told
from .bench import Bench
from .bench_words import answer, lines_of, properties_of
from .map_words import ALL_SHOWN, HEAD, box_row, boxes_shown, describe_map
from .static import box, element, listed, table
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
        says = element("p", "says", escape(walk.says + answer(walk.edge)))
        place = f"{walk.graph['revision']['id']} · step {len(walk.path)}"
        parts = [says, drawn(walk), listed([*lines_of(walk), *properties_of(walk)]), state_table(walk)]
        return box(walk.graph["title"], place, *parts)

    def __repr__(self) -> str:
        """Short, and the same on every machine."""
        return super().__repr__().replace("Bench(", "Map(", 1)


def drawn(walk: Walk) -> str:
    """The picture, where all of it is shown and there is somebody to draw it."""
    drawing, here = walk.graph["drawing"], walk.state["box"]
    if len(drawing["boxes"]) > ALL_SHOWN:
        return ""
    alt = f"{walk.graph['title']}. {told(drawing) if len(drawing['arrows']) < FEW else 'The table says the same'}."
    try:
        return element("p", "list", image(svg(picture(alt, drawing, here).source), alt))
    except NotDrawnError as reason:
        return listed([str(reason)])


def state_table(walk: Walk) -> str:
    """The states and what leads on from them."""
    rows = (box_row(walk, number) for number in boxes_shown(walk))
    return table("The states of the map", [name.capitalize() for name in HEAD], map(row_html, rows))


def row_html(row: list[str]) -> str:
    """A state as a row of a table."""
    cells = (element("td", "cell", escape(cell)) for cell in row[1:])
    return f"<tr>{element('th', 'cell', escape(row[0]), scope='row')}{''.join(cells)}</tr>"
