"""A graph of boxes and named arrows: as places for a front end that draws it in its own colours, and as a picture."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from .dot import GROUND, INK, Dot, NotDrawnError, lay_out

HEIGHT, SIGN, LETTER, ARROW_LETTER = 36, 26, 8.4, 7.6
"""Pixels: of a box, of a sign with the gap after it, and of a letter, widely measured, in a box and at an arrow."""
ENDS = "machine ends"
"""The sign of a box in which nothing can be done any more."""

Drawing = dict[str, Any]


class Box(NamedTuple):
    """A box: the text in it, the signs before the text (words of a VM's life, or ENDS), and all of it in words.

    `broken` names what does not hold there.
    """

    text: str
    signs: tuple[str, ...]
    says: str
    broken: tuple[str, ...] = ()


class Arrow(NamedTuple):
    """An arrow from box to box, by their numbers, with the call's short name, or those of several calls.

    `cpu` is there where it matters who calls; `only` names the one of two kernels that has it, `broken` what the step
    breaks.
    """

    start: int
    to: int
    label: str
    cpu: int | None = None
    only: str = ""
    broken: tuple[str, ...] = ()


def drawing(boxes: Sequence[Box], arrows: Sequence[Arrow]) -> Drawing:
    """Boxes and arrows as JSON values with their places, or with the reason why there are none."""
    plain = values(boxes, arrows)
    try:
        where = lay_out(picture("places", plain).source)
    except NotDrawnError as reason:
        return plain | {"missing": str(reason)}
    put = [box | {"place": where["nodes"][str(number)]} for number, box in enumerate(plain["boxes"])]
    led = [arrow | where["edges"][str(number)] for number, arrow in enumerate(plain["arrows"])]
    return {"size": where["size"], "boxes": put, "arrows": led}


def values(boxes: Sequence[Box], arrows: Sequence[Arrow]) -> Drawing:
    """Boxes and arrows as JSON values; what is usual is left out."""
    return {"boxes": [box._asdict() | {"signs": list(box.signs), "broken": list(box.broken)} for box in boxes],
            "arrows": [{key: value for key, value in arrow._asdict().items() if value not in (None, "", ())}
                       for arrow in arrows]}


def picture(alt: str, drawn: Drawing, here: int | None = None) -> Dot:
    """The same as a picture with words; the box `here` is filled."""
    dot = Dot(alt, name="states", graph_attr={"nodesep": "0.3", "ranksep": "0.5"},
              node_attr={"fixedsize": "true", "height": f"{HEIGHT / 72}"})
    for number, box in enumerate(drawn["boxes"]):
        shape = {"shape": "octagon"} if ENDS in box["signs"] else {}
        lit = {"style": "rounded,filled", "fillcolor": INK, "fontcolor": GROUND} if number == here else {}
        dot.node(str(number), written(box), width=f"{width(box) / 72:.3f}", **shape, **lit)
    for number, arrow in enumerate(drawn["arrows"]):
        look = {"style": "dashed"} if "only" in arrow else {}
        dot.edge(str(arrow["start"]), str(arrow["to"]), label=roomy(arrow), id=str(number), **look)
    return dot


def arrow_text(arrow: Drawing) -> str:
    """What is written at an arrow."""
    who = f"{arrow['cpu']} " if "cpu" in arrow else ""
    only = f" ({arrow['only']} only)" if "only" in arrow else ""
    return f"{who}{arrow['label']}{only}{f' ({listed(arrow)} broken)' if 'broken' in arrow else ''}"


def listed(part: Drawing) -> str:
    """What a box or an arrow has broken, by name."""
    return ", ".join(part["broken"])


def roomy(arrow: Drawing) -> str:
    """The text of an arrow with blanks around it: a front end draws it larger, and puts signs beside it."""
    text, signs = arrow_text(arrow), 2 if "broken" in arrow else 1
    blanks = " " * round((ARROW_LETTER * len(text) + SIGN * signs + 10 - 5.8 * len(text)) / 3.34 / 2)
    return f"{blanks}{text}{blanks}"


def told(drawn: Drawing) -> str:
    """All arrows in words."""
    names = [box["text"] for box in drawn["boxes"]]
    lines = (f"{arrow_text(arrow)}: {names[arrow['start']]} to {names[arrow['to']]}" for arrow in drawn["arrows"])
    return "; ".join(lines)


def written(box: Drawing) -> str:
    """The text of a box, with what does not hold there."""
    return f"{box['text']} ({listed(box)} broken)" if box["broken"] else str(box["text"])


def width(box: Drawing) -> float:
    """How wide a box is: it has room for its signs, too."""
    return 18 + SIGN * (len(box["signs"]) + bool(box["broken"])) + LETTER * len(written(box))
