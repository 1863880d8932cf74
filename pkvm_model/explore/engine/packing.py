"""A state as one whole number, and a table of records that reads such a number and notes what was asked for.

Each part of a state (a record, a CPU's place in its script) has a few bits of the number, and each value that was ever
seen there has a bit pattern; 0 is the value that nobody wrote. Parts and values are met during the search. A part that
has no pattern left gets one bit more, at the top of the number: whatever was learnt about smaller numbers stays true.
A machine may want some kinds of records finer: each field is then a part of its own.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ...model.state import zeroed

Part = tuple[Any, ...]
"""What names a part: a record's kind and name, or two words of the machine's own; and the field if that is a part."""
Key = tuple[Any, Any]
"""What names a record."""


class Packing:
    """Which bits belong to which part, and what their patterns stand for. Parts are numbered as they are met.

    `age` grows when a part is met or gets a bit, and when somebody asks for a part for the first time.
    """

    def __init__(self, finer: Iterable[type[Any]] = ()) -> None:
        self.finer = frozenset(finer)
        self.parts: dict[Part, int] = {}
        self.keys: list[Part] = []
        self.masks: list[int] = []
        self.places: list[list[int]] = []
        self.patterns: list[dict[Any, int]] = []
        self.values: list[dict[int, Any]] = []
        self.width = 0
        self.age = 0

    def part(self, key: Part) -> int:
        """The number of a part; a new one has one value, which is nothing (or what a zeroed field holds), no bits."""
        number = self.parts.get(key)
        if number is None:
            nothing = getattr(zeroed(key[0]), key[2]) if len(key) > 2 else None
            number = self.parts[key] = len(self.parts)
            self.keys.append(key)
            self.masks.append(0)
            self.places.append([])
            self.patterns.append({nothing: 0})
            self.values.append({0: nothing})
            self.age += 1
        return number

    def pattern(self, part: int, value: Any) -> int:
        """The bits that stand for a value of a part."""
        patterns = self.patterns[part]
        if value not in patterns:
            if len(patterns) >> len(self.places[part]):
                self.widen(part)
            number = len(patterns)
            patterns[value] = sum(1 << place for bit, place in enumerate(self.places[part]) if number >> bit & 1)
            self.values[part][patterns[value]] = value
        return patterns[value]

    def widen(self, part: int) -> None:
        """Give a part the next free bit."""
        self.places[part].append(self.width)
        self.masks[part] |= 1 << self.width
        self.width += 1
        self.age += 1

    def mask(self, parts: Iterable[int]) -> int:
        """The bits of these parts."""
        return sum([self.masks[part] for part in parts])

    def add(self, parts: set[int], asked: Iterable[int]) -> None:
        """Note that whoever has asked for `parts` so far asks for these."""
        if not parts.issuperset(asked):
            parts.update(asked)
            self.age += 1

    def pack(self, table: dict[Key, Any]) -> int:
        """The number of a state."""
        return sum(self.pattern(self.part(part), value)
                   for key, record in table.items() for part, value in self.taken_apart(key, record))

    def taken_apart(self, key: Key, record: Any) -> list[tuple[Part, Any]]:
        """The parts of a record with their values, or those that were changed; None is a record that is zeroed."""
        if key[0] not in self.finer:
            return [(key, record)]
        fields = record._changes if isinstance(record, Fields) else (record or zeroed(key[0]))._asdict()
        return [((*key, field), value) for field, value in fields.items()]

    def unpack(self, code: int) -> dict[Key, Any]:
        """The state of a number; what nobody wrote is left out."""
        table: dict[Key, Any] = {}
        for part, key in enumerate(self.keys):
            bits = code & self.masks[part]
            value = self.values[part][bits]
            if len(key) == 2 and value is not None:
                table[key] = value
            elif bits:
                table[key[:2]] = (table.get(key[:2]) or zeroed(key[0]))._replace(**{key[2]: value})
        return table


class Fields:
    """A record that looks up a field when somebody asks for it; to its reader it is like any other record.

    What was looked up or changed becomes an attribute, so that Python finds it there the next time.
    """

    _table: Noted
    _key: Key
    _changes: dict[str, Any]

    def __init__(self, table: Noted, key: Key, changes: dict[str, Any]) -> None:
        self._table, self._key, self._changes = table, key, changes
        if changes:
            self.__dict__.update(changes)

    def __getattr__(self, field: str) -> Any:
        kind, name = self._key
        value = self.__dict__[field] = self._table.ask((kind, name, field))
        return value

    def _replace(self, **changes: Any) -> Fields:
        return Fields(self._table, self._key, self._changes | changes)

    def __iter__(self) -> Iterator[Any]:
        return (getattr(self, field) for field in self._key[0]._fields)

    def __eq__(self, other: object) -> bool:
        return tuple(self) == tuple(other) if isinstance(other, (Fields, tuple)) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self))


class Noted(dict[Key, Any]):
    """A state's table that looks its records up in a number, and notes which parts were asked for and which written.

    Whoever runs on it sees a table like any other. `asked` maps the parts to the bits that were found there, in the
    order of asking; a copy notes into the same one. `written` has the records that were written since.
    """

    def __init__(self, packing: Packing, code: int, asked: dict[int, int] | None = None,
                 written: dict[Key, Any] | None = None) -> None:
        self.packing, self.code = packing, code
        self.asked: dict[int, int] = {} if asked is None else asked
        self.kinds: set[Any] = set()
        self.written: dict[Key, Any] = {} if written is None else written

    def get(self, key: Key, default: Any = None) -> Any:
        """The record or value of this key."""
        value = self.written.get(key, self)
        if value is self:
            if key[0] in self.packing.finer:
                value = self.written[key] = Fields(self, key, {})
            else:
                value = self.ask(key)
        return default if value is None else value

    def ask(self, key: Part) -> Any:
        """The value that the number has for a part."""
        packing = self.packing
        part = packing.parts.get(key)
        if part is None:
            part = packing.part(key)
        self.asked[part] = bits = self.code & packing.masks[part]
        return packing.values[part][bits]

    def __getitem__(self, key: Key) -> Any:
        return self.get(key)

    def __setitem__(self, key: Key, value: Any) -> None:
        self.written[key] = value

    def pop(self, key: Key, default: Any = None) -> Any:
        """Write nothing to a key."""
        self.written[key] = None
        return default

    def copy(self) -> Noted:
        """The same table, to be written on."""
        return Noted(self.packing, self.code, self.asked, self.written.copy())

    def __contains__(self, key: object) -> bool:
        record = self.get(key) if isinstance(key, tuple) else None
        return record is not None and not (isinstance(record, Fields) and record == zeroed(key[0]))  # type: ignore[index]

    def __iter__(self) -> Iterator[Key]:
        """Every key that is not nothing; whoever asks for all of them asks for each."""
        return iter([key for key in dict.fromkeys(part[:2] for part in self.packing.parts) if key in self])

    def changes(self) -> dict[int, int]:
        """The parts that were written, and the bits that they have now.

        Whoever overwrites a record that it has not read is taken to have read it: what it does depends on what was
        there. A field is overwritten whatever it held.
        """
        found: dict[int, int] = {}
        for key, record in self.written.items():
            for name, value in self.packing.taken_apart(key, record):
                part = self.packing.part(name)
                if len(name) == 2 and part not in self.asked:
                    self.ask(name)
                found[part] = self.packing.pattern(part, value)
        return found
