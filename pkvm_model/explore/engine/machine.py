"""What the search needs to know of a model."""
from __future__ import annotations

from typing import Any, Protocol

from ...model.state import State
from .packing import RecordKey

BEGUN = "begun"
"""The kind of the parts that say how many calls of its script each CPU has begun."""
Records = dict[RecordKey, Any]
"""A state as the search keeps it: records by kind and name."""


class Machine(Protocol):
    """A model that the explorer can search."""

    @property
    def actions(self) -> tuple[Any, ...]:
        """Everything that can be done, in the order in which it is tried."""

    def initial(self) -> Records:
        """Return the initial state."""

    def step(self, action: Any, records: Records) -> tuple[Any, Any] | None:
        """Return the records after an action and a label for the step; None if the action is not possible."""

    def view(self, records: Records) -> State:
        """Return the state as a property sees it."""

    def is_unfinished(self, records: Records) -> bool:
        """Return True while somebody still has something to do."""
