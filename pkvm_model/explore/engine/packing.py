"""A state as one whole number, and a table of records that reads such a number and traces what is read.

Each part of a state (a record, a CPU's place in its script) has a few bits of the number, and each value that was seen
there has a bit pattern; 0 stands for a part that was never written. Parts and values are met during the search. A part
that runs out of patterns gets one more bit, at the top of the number: everything recorded about smaller numbers stays
true, since the new bit is 0 in all of them.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

RecordKey = tuple[Any, Any]
"""What names a part: a record's kind and name, or two words of the machine's own."""
Rename = Callable[[RecordKey, Any], tuple[RecordKey, Any]]
"""Returns what a part and its value are called once names have changed."""


class Packing:
    """Which bits belong to which part, and what their patterns stand for.

    Parts are numbered in the order in which they first occur.

    `age` grows when a part is met or gets a bit, and when somebody reads a part for the first time.
    """

    def __init__(self) -> None:
        self.parts: dict[RecordKey, int] = {}
        self.keys: list[RecordKey] = []
        self.masks: list[int] = []
        self.places: list[list[int]] = []
        self.patterns: list[dict[Any, int]] = []
        self.values: list[dict[int, Any]] = []
        self.width = 0
        self.age = 0

    def number(self, key: RecordKey) -> int:
        """Return the number of a part; a new part has no bits and one value, which is None."""
        part = self.parts.get(key)
        if part is None:
            part = self.parts[key] = len(self.parts)
            self.keys.append(key)
            self.masks.append(0)
            self.places.append([])
            self.patterns.append({None: 0})
            self.values.append({0: None})
            self.age += 1
        return part

    def encode(self, part: int, value: Any) -> int:
        """Return the bits that stand for a value of a part."""
        bits = self.patterns[part].get(value)  # one look-up: a call under way takes long to hash
        return self.add_pattern(part, value) if bits is None else bits

    def add_pattern(self, part: int, value: Any) -> int:
        """Give a new value of a part the next pattern."""
        number = len(self.patterns[part])
        if number >> len(self.places[part]):
            self.widen(part)
        bits = sum(1 << place for bit, place in enumerate(self.places[part]) if number >> bit & 1)
        self.patterns[part][value], self.values[part][bits] = bits, value
        return bits

    def widen(self, part: int) -> None:
        """Give a part the next free bit."""
        self.places[part].append(self.width)
        self.masks[part] |= 1 << self.width
        self.width += 1
        self.age += 1

    def mask(self, parts: Iterable[int]) -> int:
        """Return the bits of these parts."""
        return sum([self.masks[part] for part in parts])

    def add(self, parts: set[int], more: Iterable[int]) -> None:
        """Add parts to those that a reader has read."""
        if not parts.issuperset(more):
            parts.update(more)
            self.age += 1

    def open(self, code: int) -> TracingTable:
        """Return the table of a state, which traces what is read."""
        return TracingTable(self, code)

    def pack(self, table: dict[RecordKey, Any]) -> int:
        """Return the number of a state."""
        return sum(self.encode(self.number(key), record) for key, record in table.items())

    def unpack(self, code: int) -> dict[RecordKey, Any]:
        """Return the state of a number; parts that were never written are left out."""
        values = ((key, self.values[part][code & self.masks[part]]) for part, key in enumerate(self.keys))
        return {key: value for key, value in values if value is not None}


class TracingTable(dict[RecordKey, Any]):
    """A state's table that decodes its records from a number, and traces which parts are read and which are written.

    The code that runs on it sees an ordinary table. `bits_read` maps parts to the bits that were found there,
    in the order of reading; a copy adds to the same mapping. `written` has the records that were written since, `known`
    those and the ones that were read.
    """

    def __init__(self, packing: Packing, code: int) -> None:
        self.packing, self.code = packing, code
        self.bits_read: dict[int, int] = {}
        self.kinds: set[Any] = set()
        self.written: dict[RecordKey, Any] = {}
        self.known: dict[RecordKey, Any] = {}

    def get(self, key: RecordKey, default: Any = None) -> Any:
        """Return the record or value of this key."""
        value = self.known[key] if key in self.known else self.read(key)
        return default if value is None else value

    def read(self, key: RecordKey) -> Any:
        """Return the value that the number has for a part, and trace it."""
        packing = self.packing
        part = packing.parts.get(key)
        if part is None:
            part = packing.number(key)
        self.bits_read[part] = bits = self.code & packing.masks[part]
        value = self.known[key] = packing.values[part][bits]
        return value

    def __getitem__(self, key: RecordKey) -> Any:
        return self.get(key)

    def __setitem__(self, key: RecordKey, value: Any) -> None:
        self.written[key] = self.known[key] = value

    def pop(self, key: RecordKey, default: Any = None) -> Any:
        """Write None to a key, and return the default."""
        self[key] = None
        return default

    def copy(self) -> TracingTable:
        """Return the same table, to be written on."""
        copied = type(self)(self.packing, self.code)
        copied.bits_read, copied.written, copied.known = self.bits_read, self.written.copy(), self.known.copy()
        return copied

    def __contains__(self, key: object) -> bool:
        return isinstance(key, tuple) and self.get(key) is not None

    def __iter__(self) -> Iterator[RecordKey]:
        """Yield every key that has a record; this reads all of them."""
        return iter([key for key in list(self.packing.parts) if key in self])

    def changes(self) -> dict[int, int]:
        """Return the parts that were written, and the bits that they have now.

        Overwriting an unread record counts as reading it: what the step changes depends on what was there.
        """
        changes: dict[int, int] = {}
        for key, record in self.written.items():
            part = self.packing.number(key)
            if part not in self.bits_read:
                self.bits_read[part] = self.code & self.packing.masks[part]
            changes[part] = self.packing.encode(part, record)
        return changes
