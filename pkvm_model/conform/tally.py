"""The count of a comparison: how much was compared, which fields differ, and the first disagreement in full."""
from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from ..schema import JSON


@dataclass(frozen=True)
class Disagreement:
    """One field of one step in which the model and a file differ.

    `beside` is what else the file says about the step (function, page, lock regions); `trace` leads to it.
    """

    line: int
    sequence: str
    where: str
    call: str
    field: str
    model: Any
    recorded: Any
    beside: JSON = dataclasses.field(default_factory=dict)
    trace: str = ""


@dataclass
class Tally:
    """The result of a comparison.

    `unreached` counts steps that were not compared because the model's machine had ended before them; `others` counts
    the rows of a recording whose call is not modelled, by name.
    """

    sequences: int = 0
    steps: int = 0
    probes: int = 0
    rows: int = 0
    unreached: int = 0
    fields: Counter[str] = dataclasses.field(default_factory=Counter)
    others: Counter[str] = dataclasses.field(default_factory=Counter)
    first: Disagreement | None = None

    @property
    def disagreements(self) -> int:
        """The number of fields that differ, over all steps."""
        return sum(self.fields.values())

    def add(self, other: Tally) -> None:
        """Add the tally of another file."""
        for name in ("sequences", "steps", "probes", "rows", "unreached"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.fields += other.fields
        self.others += other.others
        self.first = self.first or other.first

    def note(self, disagreement: Disagreement, trace: Callable[[], str]) -> None:
        """Count a disagreement; keep the first one, with its trace."""
        self.fields[disagreement.field] += 1
        if self.first is None:
            self.first = dataclasses.replace(disagreement, trace=trace())

    def to_json(self) -> JSON:
        """Return all of it as JSON values."""
        counts = {name: getattr(self, name) for name in ("sequences", "steps", "probes", "rows", "unreached")}
        return counts | {"disagreements": self.disagreements, "fields": dict(self.fields), "others": dict(self.others),
                         "first": self.first and asdict(self.first)}


Tick = Callable[[Tally], None]
"""A function that is called now and then with the count so far."""
