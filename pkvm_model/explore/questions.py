"""Questions in words, each with the properties that answer it."""
from __future__ import annotations

from typing import NamedTuple

from .check import Always, AlwaysPossible, Property, Sometimes, Stuck
from .properties import INVARIANTS

WRONG, ALWAYS, SOMETIMES, POSSIBLE, STUCK = "wrong", "always", "sometimes", "possible", "stuck"
"""The kinds of questions."""
ENDS = INVARIANTS[:2]
"""EL2 does not end itself, and uses only memory that is its own."""
MOMENTS = INVARIANTS[:-1]
"""What can be asked about every moment; the last invariant is about what an honest host leaves behind."""
CAN_IT = "Can this go wrong?"


class Question(NamedTuple):
    """A question in words, and the properties that answer it: whichever is violated or reached first does."""

    name: str
    kind: str
    says: str
    properties: tuple[Property, ...]

    @property
    def broken_by(self) -> tuple[str, ...]:
        """The names of the properties that a learner can break by hand on a bench."""
        return tuple(prop.name for prop in self.properties if isinstance(prop, Always))


def ask(prop: Property) -> Question:
    """Return a property as a question."""
    if isinstance(prop, Stuck):
        return Question(STUCK, STUCK, "Can a script wait for ever?", (prop,))
    kind = (SOMETIMES if isinstance(prop, Sometimes) else POSSIBLE if isinstance(prop, AlwaysPossible) else ALWAYS)
    return Question(prop.name, kind, prop.says, (prop,))


def ask_if_wrong(*properties: Property) -> Question:
    """Return the question whether anything goes wrong: EL2 ends itself, uses lost memory, or breaks one of these."""
    return Question(WRONG, WRONG, CAN_IT, (*ENDS, *properties))
