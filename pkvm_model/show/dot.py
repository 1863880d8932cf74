"""Graphviz pictures that are the same bytes everywhere, because one pinned renderer draws them and never `dot`."""

import base64
import html
import json
from collections.abc import Iterator
from typing import Any

import graphviz

# The light palette on an opaque ground: a stored picture does not know whether the page around it is dark.
INK, LINE, GROUND, HAIR = "#16191D", "#767E8A", "#FFFFFF", "#D5D9DF"
FONT = "Helvetica,Arial,sans-serif"
LOOK = (
    f'\tgraph [bgcolor="{GROUND}" color="{LINE}" fontcolor="{INK}" fontname="{FONT}" pad=0.15]\n',
    f'\tnode [color="{LINE}" fontcolor="{INK}" fontname="{FONT}" margin="0.2,0.1" shape=box style=rounded]\n',
    f'\tedge [color="{LINE}" fontcolor="{INK}" fontname="{FONT}" fontsize=12]\n',
)


class NotDrawnError(Exception):
    """Says in one line why there is no picture and what to do."""


class Dot(graphviz.Digraph):
    """A graphviz.Digraph that shows itself without `dot`, next to the words that say what it shows."""

    def __init__(self, alt: str, **options: Any) -> None:
        """Takes the words for those who cannot see the picture, then graphviz.Digraph's own options by name."""
        if not alt.strip():
            raise ValueError("a picture needs words that say what it shows (alt)")
        super().__init__(**options)
        self.alt = alt

    def _copy_kwargs(self, **options: Any) -> Any:
        # Subgraphs and copies are made from these options.
        return {**super()._copy_kwargs(), "alt": self.alt, **options}

    def __iter__(self, subgraph: bool = False) -> Iterator[str]:
        """Yields the lines of the DOT text; the look comes first, so that what the caller sets wins."""
        unstyled = not subgraph
        for line in super().__iter__(subgraph=subgraph):
            yield line
            if unstyled and line.endswith("{\n"):
                yield from LOOK
                unstyled = False

    def __repr__(self) -> str:
        """Gives the words for the picture: what a test compares and a screen reader says."""
        return f"Picture: {self.alt}"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None, **_: Any) -> dict[str, str]:
        try:
            return {"text/plain": repr(self), "text/html": image(svg(self.source), self.alt)}
        except NotDrawnError as reason:
            return {"text/plain": f"{self!r}\n({reason})\n{self.source}"}


def svg(source: str) -> str:
    """Draws DOT text as SVG with the pinned renderer."""
    return rendered(source, "svg")


def places(source: str) -> dict[str, Any]:
    """Where the pinned renderer puts everything, in pixels, for a front end that draws it in its own colours.

    `size`; `nodes`: middle, width and height by name; `edges`: by their `id`, the points of a curve, which ends in the
    tip of the arrow, and the middle of the label.
    """
    drawn = json.loads(rendered(source, "json0"))
    width, height = numbers(drawn["bb"])[2:]

    def flipped(points: str) -> list[int]:
        return [round(height - value) if at % 2 else round(value) for at, value in enumerate(numbers(points))]

    def curve(points: str) -> list[int]:
        tip, _, line = points.removeprefix("e,").partition(" ")
        return flipped(f"{line} {tip}")

    nodes = {node["name"]: [*flipped(node["pos"]), *(round(72 * float(node[side])) for side in ("width", "height"))]
             for node in drawn["objects"]}
    edges = {edge["id"]: {"curve": curve(edge["pos"]), "text": flipped(edge["lp"])} for edge in drawn["edges"]}
    return {"size": [round(width), round(height)], "nodes": nodes, "edges": edges}


def numbers(text: str) -> list[float]:
    """The numbers of a text that has commas and spaces between them."""
    return [float(number) for number in text.replace(",", " ").split()]


def rendered(source: str, form: str) -> str:
    """What the pinned renderer makes of DOT text, in one of its formats."""
    from .renderer import drawn  # noqa: PLC0415  # few cells have a picture, and loading it takes as long as a bench

    return drawn(source, form)


def image(drawing: str, alt: str) -> str:
    """Wraps SVG in an image element, which also shows in a notebook that is not trusted."""
    data = base64.b64encode(drawing.encode()).decode()
    frame = f"max-width: 100%; border: 1px solid {HAIR}; background: {GROUND}"
    return f'<img alt="{html.escape(alt)}" style="{frame}" src="data:image/svg+xml;base64,{data}">'
