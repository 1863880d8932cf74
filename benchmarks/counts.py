"""What a tool answers about a scenario."""
from __future__ import annotations

from typing import NamedTuple


class Counts(NamedTuple):
    """A tool's answer. `depth` is that of the breadth-first search, or for "violated" the steps of the counterexample.

    A search that stopped at a violation has explored only some states; their number differs from tool to tool.
    """

    verdict: str
    states: int
    transitions: int | None
    depth: int | None
    orbits: int | None = None
