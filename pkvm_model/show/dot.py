"""A Graphviz picture that the pinned renderer draws, never `dot`, next to the words that describe it."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import graphviz

from .renderer import GROUND, INK, LINE, NotDrawnError, image, svg

FONT = "Helvetica,Arial,sans-serif"
LOOK = (f'\tgraph [bgcolor="{GROUND}" color="{LINE}" fontcolor="{INK}" fontname="{FONT}" pad=0.15]\n',
        f'\tnode [color="{LINE}" fontcolor="{INK}" fontname="{FONT}" margin="0.2,0.1" shape=box style=rounded]\n',
        f'\tedge [color="{LINE}" fontcolor="{INK}" fontname="{FONT}" fontsize=12]\n')


class Dot(graphviz.Digraph):
    """A graphviz.Digraph that shows itself without `dot`, next to the words that describe it."""

    def __init__(self, alt: str, **options: Any) -> None:
        """Take the words for those who cannot see the picture, then graphviz.Digraph's own options by name."""
        if not alt.strip():
            raise ValueError("a picture needs words that say what it shows (alt)")
        super().__init__(**options)
        self.alt = alt

    def _copy_kwargs(self, **options: Any) -> Any:
        # Subgraphs and copies are made from these options.
        return {**super()._copy_kwargs(), "alt": self.alt, **options}

    def __iter__(self, subgraph: bool = False) -> Iterator[str]:
        """Yield the lines of the DOT text; the look comes first, so that what the caller sets wins."""
        unstyled = not subgraph
        for line in super().__iter__(subgraph=subgraph):
            yield line
            if unstyled and line.endswith("{\n"):
                yield from LOOK
                unstyled = False

    def __repr__(self) -> str:
        """Return the words for the picture: what a test compares and a screen reader says."""
        return f"Picture: {self.alt}"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None, **_: Any) -> dict[str, str]:
        try:
            return {"text/plain": repr(self), "text/html": image(svg(self.source), self.alt)}
        except NotDrawnError as reason:
            return {"text/plain": f"{self!r}\n({reason})\n{self.source}"}
