"""What the search needs to know of a model."""
from __future__ import annotations

from typing import Any, Protocol

from ...model.state import State
from .packing import Part

Records = dict[Part, Any]
"""A state as a search keeps it: records by kind and name."""


class Machine(Protocol):
    """What the explorer needs to know of a model."""

    @property
    def actions(self) -> tuple[Any, ...]:
        """Everything that somebody can do, in the order in which it is tried."""

    def first(self) -> Records:
        """The state to begin with."""

    def act(self, action: Any, records: Records) -> tuple[Any, Any] | None:
        """The records after an action and what came of it; None if it cannot be done."""

    def state(self, records: Records) -> State:
        """The state as a property sees it."""

    def unfinished(self, records: Records) -> bool:
        """True while somebody still has something to do."""
