"""A packing that splits records into fields: a step then depends only on the fields that it reads.

It pays where records are large and steps read little of them, as in both families of the benchmark. The course's own
machines are no faster with it.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pkvm_model.explore.engine.packing import Packing, RecordKey, TracingTable
from pkvm_model.model.state import zeroed


class FinePacking(Packing):
    """A packing in which each field of these kinds of records is a part of its own."""

    def __init__(self, kinds: Iterable[type[Any]]) -> None:
        super().__init__()
        self.kinds = frozenset(kinds)

    def number(self, key: Any) -> int:
        """Return the number of a part; a field that was never written has the value of a zeroed record."""
        known = len(self.parts)
        part = super().number(key)
        if part == known and len(key) > 2:
            nothing = getattr(zeroed(key[0]), key[2])
            self.patterns[part], self.values[part] = {nothing: 0}, {0: nothing}
        return part

    def open(self, code: int) -> FineTable:
        """Return the table of a state, which traces the fields that are read."""
        return FineTable(self, code)

    def split(self, key: RecordKey, record: Any) -> list[tuple[Any, Any]]:
        """Return the parts of a record with their values, or those that were changed; None is a zeroed record."""
        if key[0] not in self.kinds:
            return [(key, record)]
        fields = record._changes if isinstance(record, Fields) else (record or zeroed(key[0]))._asdict()
        return [((*key, field), value) for field, value in fields.items()]

    def pack(self, table: dict[RecordKey, Any]) -> int:
        """Return the number of a state."""
        return sum(self.encode(self.number(part), value)
                   for key, record in table.items() for part, value in self.split(key, record))

    def unpack(self, code: int) -> dict[RecordKey, Any]:
        """Return the state of a number; what was never written is left out."""
        table: dict[RecordKey, Any] = {}
        for part, key in enumerate(self.keys):
            bits = code & self.masks[part]
            value = self.values[part][bits]
            if len(key) == 2 and value is not None:
                table[key] = value
            elif bits:
                name: Any = key[:2]
                table[name] = (table.get(name) or zeroed(key[0]))._replace(**{key[2]: value})  # type: ignore[misc]
        return table


class Fields:
    """A record that decodes a field when it is read; to its reader it is like any other record.

    What was decoded or changed becomes an attribute, so that Python finds it there the next time.
    """

    _table: FineTable
    _key: RecordKey
    _changes: dict[str, Any]

    def __init__(self, table: FineTable, key: RecordKey, changes: dict[str, Any]) -> None:
        self._table, self._key, self._changes = table, key, changes
        if changes:
            self.__dict__.update(changes)

    def __getattr__(self, field: str) -> Any:
        name: Any = (*self._key, field)
        value = self.__dict__[field] = self._table.read(name)
        return value

    def _replace(self, **changes: Any) -> Fields:
        return Fields(self._table, self._key, self._changes | changes)

    def __iter__(self) -> Iterator[Any]:
        return (getattr(self, field) for field in self._key[0]._fields)

    def __eq__(self, other: object) -> bool:
        return tuple(self) == tuple(other) if isinstance(other, (Fields, tuple)) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self))


class FineTable(TracingTable):
    """A tracing table whose records of some kinds are read field by field."""

    packing: FinePacking

    def get(self, key: RecordKey, default: Any = None) -> Any:
        """Return the record or value of this key."""
        if key[0] not in self.packing.kinds:
            return super().get(key, default)
        if key not in self.written:
            self[key] = Fields(self, key, {})
        value = self.written[key]
        return default if value is None else value

    def __contains__(self, key: object) -> bool:
        record = self.get(key) if isinstance(key, tuple) else None
        return record is not None and not (isinstance(record, Fields) and record == zeroed(key[0]))  # type: ignore[index]

    def __iter__(self) -> Iterator[RecordKey]:
        """Yield every key that has a record; this reads all of them."""
        names: list[Any] = [part[:2] for part in self.packing.parts]
        return iter([key for key in dict.fromkeys(names) if key in self])

    def changes(self) -> dict[int, int]:
        """Return the parts that were written, and their bits. A field is overwritten whatever it held."""
        changes: dict[int, int] = {}
        for key, record in self.written.items():
            for name, value in self.packing.split(key, record):
                part = self.packing.number(name)
                if len(name) == 2 and part not in self.bits_read:
                    self.read(name)
                changes[part] = self.packing.encode(part, value)
        return changes
