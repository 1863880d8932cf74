"""A graph of boxes and named arrows: as places for a front end that draws it in its own colours, and as a picture."""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ..show.renderer import GROUND, INK, NotDrawnError, lay_out
from .contract import ArrowValue, BoxValue, DrawingValue

if TYPE_CHECKING:
    from ..show.dot import Dot

HEIGHT, SIGN, LETTER, ARROW_LETTER = 36, 26, 8.4, 7.6
"""Pixels: the height of a box, a sign with the gap after it, and a wide letter in a box and at an arrow."""
ENDS = "machine ends"
"""The sign of a box that nothing leads on from."""


class Box(NamedTuple):
    """A box: the text in it, the signs before the text (words of a VM's life, or ENDS), and a full description.

    `broken` names the properties that do not hold there.
    """

    text: str
    signs: tuple[str, ...]
    says: str
    broken: tuple[str, ...] = ()

    def value(self) -> BoxValue:
        """Return the box as JSON values, without its place."""
        return {"text": self.text, "signs": list(self.signs), "says": self.says, "broken": list(self.broken)}


class Arrow(NamedTuple):
    """An arrow between two boxes, given by number, with the short name of its call or the names of several calls.

    `cpu` is set where it matters who calls; `only` names the one of two kernels that has the arrow, `broken` the
    properties that the step breaks.
    """

    start: int
    to: int
    label: str
    cpu: int | None = None
    only: str = ""
    broken: tuple[str, ...] = ()

    def value(self) -> ArrowValue:
        """Return the arrow as JSON values, without its place; what is usual is left out."""
        value: ArrowValue = {"start": self.start, "to": self.to, "label": self.label}
        if self.cpu is not None:
            value["cpu"] = self.cpu
        if self.only:
            value["only"] = self.only
        if self.broken:
            value["broken"] = list(self.broken)
        return value


def draw_graph(boxes: Sequence[Box], arrows: Sequence[Arrow]) -> DrawingValue:
    """Return boxes and arrows as JSON values with their places, or with the reason why they have none."""
    drawing: DrawingValue = {"boxes": [box.value() for box in boxes], "arrows": [arrow.value() for arrow in arrows]}
    try:
        layout = lay_out(picture("places", drawing).source)
    except NotDrawnError as reason:
        return {**drawing, "missing": str(reason)}
    placed: list[BoxValue] = [{**box, "place": layout["nodes"][str(number)]}
                              for number, box in enumerate(drawing["boxes"])]
    curved: list[ArrowValue] = [{**arrow, **layout["edges"][str(number)]}
                                for number, arrow in enumerate(drawing["arrows"])]
    return {"size": layout["size"], "boxes": placed, "arrows": curved}


def picture(alt: str, drawing: DrawingValue, here: int | None = None) -> Dot:
    """Return the drawing as a picture with words; the box number `here` is filled. Raise NotDrawnError."""
    dot = begin_picture(alt, name="states", graph_attr={"nodesep": "0.3", "ranksep": "0.5"},
                        node_attr={"fixedsize": "true", "height": f"{HEIGHT / 72}"})
    for number, box in enumerate(drawing["boxes"]):
        shape = {"shape": "octagon"} if ENDS in box["signs"] else {}
        fill = {"style": "rounded,filled", "fillcolor": INK, "fontcolor": GROUND} if number == here else {}
        dot.node(str(number), box_text(box), width=f"{box_width(box) / 72:.3f}", **shape, **fill)
    for number, arrow in enumerate(drawing["arrows"]):
        look = {"style": "dashed"} if "only" in arrow else {}
        dot.edge(str(arrow["start"]), str(arrow["to"]), label=padded_text(arrow), id=str(number), **look)
    return dot


def begin_picture(alt: str, **options: Any) -> Dot:
    """Return an empty picture with these words and graphviz.Digraph's own options.

    Raise NotDrawnError if the package graphviz is missing.
    """
    try:
        from ..show.dot import Dot  # noqa: PLC0415  # few cells have a picture, and a page's Python has no graphviz
    except ImportError as error:
        raise NotDrawnError("not drawn, the package graphviz is missing: pip install graphviz") from error
    return Dot(alt, **options)


def arrow_text(arrow: ArrowValue) -> str:
    """Return the text at an arrow."""
    who = f"{arrow['cpu']} " if "cpu" in arrow else ""
    only = f" ({arrow['only']} only)" if "only" in arrow else ""
    return f"{who}{arrow['label']}{only}{f' ({broken_names(arrow)} broken)' if 'broken' in arrow else ''}"


def broken_names(part: BoxValue | ArrowValue) -> str:
    """Return the names of the properties that are broken in a box or by an arrow."""
    return ", ".join(part["broken"])


def padded_text(arrow: ArrowValue) -> str:
    """Return an arrow's text between blanks: a front end draws it larger, and puts signs next to it."""
    text, signs = arrow_text(arrow), 2 if "broken" in arrow else 1
    blanks = " " * round((ARROW_LETTER * len(text) + SIGN * signs + 10 - 5.8 * len(text)) / 3.34 / 2)
    return f"{blanks}{text}{blanks}"


def describe_arrows(drawing: DrawingValue) -> str:
    """Return all arrows in words."""
    names = [box["text"] for box in drawing["boxes"]]
    return "; ".join(f"{arrow_text(arrow)}: {names[arrow['start']]} to {names[arrow['to']]}"
                     for arrow in drawing["arrows"])


def box_text(box: BoxValue) -> str:
    """Return the text of a box, with the names of what does not hold there."""
    return f"{box['text']} ({broken_names(box)} broken)" if box["broken"] else box["text"]


def box_width(box: BoxValue) -> float:
    """Return the width of a box in pixels, with room for its signs."""
    return 18 + SIGN * (len(box["signs"]) + bool(box["broken"])) + LETTER * len(box_text(box))
