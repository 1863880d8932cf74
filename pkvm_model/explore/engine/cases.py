"""Predicates about each record of a kind, asked about a few records at a time.

"Each VM's count is right" reads everything that belongs to any VM. With two VMs, hardly any two states agree in all of
these values, so it would be evaluated for nearly every state. But it is a conjunction of small predicates, each about
one VM, and these are soon evaluated for everything that a VM can be. So the search keeps a table for each family of
records (`Machine.family`, if a machine has it): the memory of one VM, one guest page, one CPU. All tables together give
the answer about the whole state.

A predicate can also declare what it sees of a record: of a CPU, say, the references that it holds, but not where its
call stands. With numpy, records that look the same then count as one value. The predicate is shown nothing else, so it
cannot read more than it declares.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...model.state import State
from .packing import Packing, RecordKey, TracingTable
from .predicates import StuckPredicate, TracedPredicate
from .search import Search
from .tables import LookupTable

Ask = Callable[[State, Any], object]
"""What is asked about a record, by its name; it may be true of a record that exists, never of one that does not."""
Sight = Callable[[Any], Any]
"""What is seen of a record: a record of the same kind."""


class Each:
    """A predicate that asks about each record of a kind, one at a time; its answer is the first true one, or ''."""

    def __init__(self, *asked: tuple[type[Any], Ask], sees: Mapping[type[Any], Sight] | None = None) -> None:
        self.asked, self.sees = dict(asked), sees or {}

    def __call__(self, state: State) -> Any:
        """Return the first true answer about a record of this state."""
        answers = (ask(state, name) for kind, ask in self.asked.items() for name, _ in state.all(kind))
        return next(filter(None, answers), "")


class SeenTable(TracingTable):
    """A state's table that shows only a part of some records: what a predicate sees of them."""

    def __init__(self, packing: Packing, code: int, sees: Mapping[type[Any], Sight]) -> None:
        super().__init__(packing, code)
        self.sees = sees

    def read(self, key: RecordKey) -> Any:
        """Return what is seen of the record of this key, and trace that it was read."""
        record = super().read(key)
        if record is not None and key[0] in self.sees:
            record = self.known[key] = self.sees[key[0]](record)
        return record


class FamilyPredicate(TracedPredicate):
    """What `Each` says about the records of one family: `keys` names them."""

    def __init__(self, search: Search, each: Each) -> None:
        super().__init__(search.machine, search.packing, self.ask)
        self.asked, self.sees, self.keys = each.asked, each.sees, list[RecordKey]()

    def open(self, code: int) -> TracingTable:
        """Return the table of a state, as this predicate sees it."""
        return SeenTable(self.packing, code, self.sees)

    def ask(self, state: State) -> object:
        """Return the first true answer about a record of the family that exists."""
        there = (key for key in self.keys if key in state.table)
        return next(filter(None, (self.asked[kind](state, name) for kind, name in there)), "")

    def look(self, bits: int) -> Any:
        """Return what is seen of the parts with these bits; it is the same for all bits that look the same."""
        seen = []
        for part, (kind, _) in enumerate(self.packing.keys):
            if kind in self.sees and bits & self.packing.masks[part]:
                seen.append(self.sees[kind](self.packing.values[part][bits & self.packing.masks[part]]))
                bits &= ~self.packing.masks[part]
        return (bits, *seen) if seen else bits

    @property
    def parts(self) -> set[int]:
        """The parts that were read, and all records of the family."""
        return {*super().parts, *map(self.packing.number, self.keys)}


class PredicateTables:
    """A predicate about the states of a search, with one table, or with one for each family of records found so far."""

    def __init__(self, search: Search, whole: TracedPredicate | StuckPredicate) -> None:
        self.search, self.packing, self.whole, self.met = search, search.packing, whole, 0
        self.family: Callable[[RecordKey], Any] | None = getattr(search.machine, "family", None)
        self.each = getattr(whole, "predicate", None) if self.family else None
        self.tables: dict[Any, LookupTable] = {}
        if not isinstance(self.each, Each):
            self.each, self.tables = None, {None: LookupTable(self.packing, [whole])}

    def meet_records(self) -> None:
        """Give each record that was found since the last call to its family's table."""
        for key in self.packing.keys[self.met:]:
            if self.each and self.family and key[0] in self.each.asked:
                self.find_table(self.family(key) or key, self.each).members[0].keys.append(key)
        self.met = len(self.packing.keys)

    def find_table(self, family: Any, each: Each) -> LookupTable:
        """Return the table of a family; make it if there is none."""
        if family not in self.tables:
            self.tables[family] = LookupTable(self.packing, [FamilyPredicate(self.search, each)])
        return self.tables[family]

    def find_first(self, search: Search, level: int) -> tuple[int, object] | None:
        """Return the first state of a level with an answer, and the answer; None if no state has one."""
        self.meet_records()
        found = [search.find_first(table, level) for table in self.tables.values()]
        codes = [code for code in found if code is not None]
        first = search.choose_first(codes, level) if codes else None
        return None if first is None else (first, self.whole(first))
