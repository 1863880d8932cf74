"""A state as one whole number, and a table of records that reads such a number and notes what was asked for.

Each part of a state (a record, a CPU's place in its script) has a few bits of the number, and each value that was ever
seen there has a bit pattern; 0 is the value that nobody wrote. Parts and values are met during the search. A part that
has no pattern left gets one bit more, at the top of the number: whatever was learnt about smaller numbers stays true.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Part = tuple[Any, Any]
"""What names a part: a record's kind and name, or two words of the machine's own."""


class Packing:
    """Which bits belong to which part, and what their patterns stand for. Parts are numbered as they are met."""

    def __init__(self) -> None:
        self.parts: dict[Part, int] = {}
        self.keys: list[Part] = []
        self.masks: list[int] = []
        self.places: list[list[int]] = []
        self.patterns: list[dict[Any, int]] = []
        self.values: list[dict[int, Any]] = []
        self.width = 0
        self.age = 0

    def part(self, key: Part) -> int:
        """The number of a part; a new one has one value, which is nothing, and no bits."""
        if key not in self.parts:
            self.parts[key] = len(self.parts)
            self.keys.append(key)
            self.masks.append(0)
            self.places.append([])
            self.patterns.append({None: 0})
            self.values.append({0: None})
            self.age += 1
        return self.parts[key]

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

    def pack(self, table: dict[Part, Any]) -> int:
        """The number of a state."""
        return sum(self.pattern(self.part(key), value) for key, value in table.items())

    def unpack(self, code: int) -> dict[Part, Any]:
        """The state of a number; what nobody wrote is left out."""
        found = ((key, self.values[part][code & self.masks[part]]) for part, key in enumerate(self.keys))
        return {key: value for key, value in found if value is not None}


class Noted(dict[Part, Any]):
    """A state's table that looks its records up in a number, and notes which parts were asked for and which written.

    Whoever runs on it sees a table like any other. `asked` maps the parts to the bits that were found there, in the
    order of asking; a copy notes into the same one.
    """

    def __init__(self, packing: Packing, code: int, asked: dict[int, int] | None = None,
                 written: dict[Part, Any] | None = None) -> None:
        super().__init__()
        self.packing, self.code = packing, code
        self.asked: dict[int, int] = {} if asked is None else asked
        self.kinds: set[Any] = set()
        self.written: dict[Part, Any] = {} if written is None else written

    def get(self, key: Part, default: Any = None) -> Any:
        """The value of a part."""
        value = self.written[key] if key in self.written else self.ask(self.packing.part(key))
        return default if value is None else value

    def ask(self, part: int) -> Any:
        """The value that the number has for a part."""
        self.asked[part] = bits = self.code & self.packing.masks[part]
        return self.packing.values[part][bits]

    def __getitem__(self, key: Part) -> Any:
        return self.get(key)

    def __setitem__(self, key: Part, value: Any) -> None:
        self.written[key] = value

    def pop(self, key: Part, default: Any = None) -> Any:
        """Write nothing to a part."""
        self.written[key] = None
        return default

    def copy(self) -> Noted:
        """The same table, to be written on."""
        return Noted(self.packing, self.code, self.asked, self.written.copy())

    def __contains__(self, key: object) -> bool:
        return isinstance(key, tuple) and self.get(key) is not None

    def __iter__(self) -> Iterator[Part]:
        """Every part that is not nothing; whoever asks for all of them asks for each."""
        return iter([key for key in list(self.packing.parts) if key in self])

    def delta(self) -> int:
        """What to add to the number to get the number of the state as it is now."""
        packing, total = self.packing, 0
        for key, value in self.written.items():
            part = packing.part(key)
            if part not in self.asked:
                self.ask(part)
            total += packing.pattern(part, value) - self.asked[part]
        return total
