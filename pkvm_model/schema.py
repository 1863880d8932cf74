"""Check JSON values from outside: small schemas that combine, and one line about the first value that does not fit.

    POINT = record({"x": number(0, 9), "y": number(0, 9)}, optional={"label": text(20)})
    POINT.check({"x": 3, "y": -1}, "point")     # SchemaError: point.y must be a number from 0 to 9, not -1

`accepts` answers yes or no and is fast; only a value that does not fit is searched a second time for the place. The
values are those of `json.loads`: a bool is not a number here, and 0 is not False.
"""
from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .text import count

LONGEST = 50
"""How many characters of a value an error message shows."""


class SchemaError(ValueError):
    """A value does not fit its schema; the message says where and why, in one line."""


class Schema:
    """What a JSON value may be.

    `expected` completes the sentence "it must be ..."; `accepts` is the test. Use it as it is for a condition of your
    own: `Schema("an even number", lambda value: type(value) is int and value % 2 == 0)`.
    """

    def __init__(self, expected: str, accepts: Callable[[Any], bool]) -> None:
        self.expected, self.accepts = expected, accepts

    def check(self, value: Any, path: str) -> None:
        """Raise SchemaError unless the value fits; `path` is what the message calls the value."""
        if not self.accepts(value):
            raise SchemaError(next(self.faults(value, path), f"{path} must be {self.expected}, not {shorten(value)}"))

    def faults(self, value: Any, path: str) -> Iterator[str]:
        """Yield what is wrong inside the value; nothing if the value as a whole is not of this kind."""
        yield from ()

    def where(self, condition: Callable[[Any], bool], expected: str) -> Schema:
        """Return a schema for those values that also meet a condition."""
        return Narrowed(self, condition, expected)


class Narrowed(Schema):
    """A schema with one more condition; the condition only sees values that fit the schema."""

    def __init__(self, whole: Schema, condition: Callable[[Any], bool], expected: str) -> None:
        super().__init__(expected, lambda value: whole.accepts(value) and condition(value))
        self.whole = whole

    def faults(self, value: Any, path: str) -> Iterator[str]:
        """Yield what is wrong with the value apart from the condition."""
        yield from find_faults(self.whole, value, path)


class Record(Schema):
    """An object with required and optional fields, and no others."""

    def __init__(self, required: Mapping[str, Schema], optional: Mapping[str, Schema]) -> None:
        self.required, self.fields = required, {**required, **optional}
        self.tests = {name: schema.accepts for name, schema in self.fields.items()}
        super().__init__("an object", self.fits)

    def fits(self, value: Any) -> bool:
        """Return True if the value is an object, no field is missing or unknown, and every field fits."""
        if type(value) is not dict or not value.keys() >= self.required.keys():
            return False
        return all(name in self.tests and self.tests[name](field) for name, field in value.items())

    def faults(self, value: Any, path: str) -> Iterator[str]:
        """Yield unknown fields, missing fields, then fields that do not fit."""
        if type(value) is not dict:
            return
        yield from (f"{path} has an unknown field {shorten(name)}" for name in value if name not in self.fields)
        yield from (f"{path} has no field {name!r}" for name in self.required if name not in value)
        for name, field in value.items():
            yield from find_faults(self.fields[name], field, f"{path}.{name}")


class ListOf(Schema):
    """A list whose items all fit one schema, or a list with a schema for each place."""

    def __init__(self, items: Callable[[int], Schema], lengths: range, expected: str) -> None:
        self.items, self.lengths = items, lengths
        super().__init__(expected, self.fits)

    def fits(self, value: Any) -> bool:
        """Return True if the value is a list of a permitted length and every item fits."""
        return type(value) is list and len(value) in self.lengths and all(
            self.items(number).accepts(item) for number, item in enumerate(value))

    def faults(self, value: Any, path: str) -> Iterator[str]:
        """Yield items that do not fit."""
        if type(value) is list and len(value) in self.lengths:
            for number, item in enumerate(value):
                yield from find_faults(self.items(number), item, f"{path}[{number}]")


class MapOf(Schema):
    """An object from names of one kind to values of one kind."""

    def __init__(self, names: Schema, values: Schema) -> None:
        self.names, self.values = names, values
        super().__init__("an object", self.fits)

    def fits(self, value: Any) -> bool:
        """Return True if the value is an object and every name and every value fits."""
        return type(value) is dict and all(map(self.names.accepts, value)) and all(
            map(self.values.accepts, value.values()))

    def faults(self, value: Any, path: str) -> Iterator[str]:
        """Yield names that do not fit, then values that do not fit."""
        if type(value) is dict:
            yield from (f"a name in {path} must be {self.names.expected}, not {shorten(name)}"
                        for name in value if not self.names.accepts(name))
            for name, item in value.items():
                yield from find_faults(self.values, item, f"{path}[{shorten(name)}]")


def find_faults(schema: Schema, value: Any, path: str) -> Iterator[str]:
    """Yield what is wrong with a value, the innermost place first; nothing if it fits."""
    try:
        schema.check(value, path)
    except SchemaError as error:
        yield str(error)


def shorten(value: Any) -> str:
    """Return the beginning of a value as Python writes it."""
    text = repr(value)
    return text if len(text) <= LONGEST else text[:LONGEST] + "..."


def record(required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> Schema:
    """Return the schema of an object with these fields and no others."""
    return Record(required, optional or {})


def map_of(values: Schema, names: Schema | None = None) -> Schema:
    """Return the schema of an object that maps names, any by default, to values."""
    return MapOf(names or Schema("a text", lambda name: True), values)


def list_of(item: Schema, most: int = 10**9, least: int = 0) -> Schema:
    """Return the schema of a list with `least` to `most` items."""
    expected = "a list" if most == 10**9 else f"a list of {span(least, most, 'item')}"
    return ListOf(lambda number: item, range(least, most + 1), expected)


def tuple_of(*items: Schema, optional: int = 0) -> Schema:
    """Return the schema of a list with one item for each of these schemas; the last `optional` may be missing."""
    least, most = len(items) - optional, len(items)
    return ListOf(items.__getitem__, range(least, most + 1), f"a list of {span(least, most, 'item')}")


def number(low: int, high: int) -> Schema:
    """Return the schema of a whole number from `low` to `high`."""
    return Schema(f"a number from {low} to {high}", lambda value: type(value) is int and low <= value <= high)


def text(most: int, least: int = 0) -> Schema:
    """Return the schema of a text of `least` to `most` characters."""
    return Schema(f"a text of {span(least, most, 'character')}",
                  lambda value: type(value) is str and least <= len(value) <= most)


def span(least: int, most: int, noun: str) -> str:
    """Return how many things there may be: "2 items", "at most 20 items", "1 to 9 items"."""
    return ("" if least == most else f"{least} to " if least else "at most ") + count(most, noun)


def one_of(*values: str | int | bool | None) -> Schema:
    """Return the schema of a value that is one of these, and of the same type."""
    known = {(type(value), value) for value in values}
    return Schema(join_words([show(value) for value in values]),
                  lambda value: type(value).__hash__ is not None and (type(value), value) in known)


def either(*schemas: Schema) -> Schema:
    """Return the schema of a value that fits one of these."""
    tests = [schema.accepts for schema in schemas]
    return Schema(join_words([schema.expected for schema in schemas]),
                  lambda value: any(test(value) for test in tests))


def join_words(words: list[str]) -> str:
    """Return alternatives as a phrase: "a, b or c"."""
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def show(value: str | int | bool | None) -> str:
    """Return a value as JSON writes it, but a text without quotes."""
    return value if isinstance(value, str) else json.dumps(value)


ANY = Schema("a value", lambda value: True)
NULL, BOOL = one_of(None), Schema("true or false", lambda value: type(value) is bool)
ANY_LIST, ANY_OBJECT = list_of(ANY), map_of(ANY)
