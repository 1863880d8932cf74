"""Find the states about which a property must still be asked, with numpy."""
from __future__ import annotations

import numpy as np

from .arrays import Numbers
from .fields import Fields
from .places import SPARSE, Digits, Index, Projection, TooManyPlaces
from .tables import LookupTable

DENSE = 1 << 22
"""Up to this many places, an array says what was asked; more places are kept in order and searched."""


class Unanswered:
    """The states for which a table of predicates had no answer, by their places in the values that it reads."""

    def __init__(self, table: LookupTable, fields: Fields) -> None:
        self.table, self.fields = table, fields
        self.projection, self.index = Projection(fields, DENSE, getattr(table.members[0], "look", int)), Index()

    def refresh(self) -> bool:
        """Take in new bits and values; forget what was asked if places have moved."""
        moved = self.projection.refresh(0, self.table.refresh())
        if moved:
            self.index = Index()
            self.index.extend(self.projection.ends[0])
            self.projection.ends = [0, SPARSE]
        return moved

    def find_first(self, codes: Numbers) -> int | None:
        """Return the first state for which the table has an answer, as the packing writes it."""
        try:
            return self.find_by_places(codes)
        except TooManyPlaces:
            return self.ask(codes)

    def find_by_places(self, codes: Numbers) -> int | None:
        """Return the first state with an answer; of those that agree in what is read, one is asked."""
        self.refresh()
        while len(codes):
            places = self.projection(Digits(self.fields, codes))
            new = np.flatnonzero(self.index.find(places) == 0)
            codes = codes[new]
            places, first = np.unique(places[new], return_index=True)
            found = self.ask(codes[first])
            if found is not None or not self.refresh():
                if found is None:
                    self.index.enter(places, np.ones(len(places), np.int32))
                return found
        return None

    def ask(self, codes: Numbers) -> int | None:
        """Return the first of these states for which the table has an answer."""
        mask = self.table.mask
        long = sorted(map(self.fields.lengthen, codes.tolist()), key=lambda code: code & mask)
        return next((code for code in long if self.table(code)), None)
