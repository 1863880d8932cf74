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

JSON = dict[str, Any]
"""A JSON object of a form that a schema checks or a page of `docs/` describes, such as a state, a line of evidence, a
hand-in or a notebook's cell. What Python and the front end exchange has types instead: `graphs/contract.py`.
"""
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
        """Yield what is wrong inside the value, apart from the condition."""
        yield from self.whole.faults(value, path)


class Either(Schema):
    """A choice of schemas."""

    def __init__(self, schemas: tuple[Schema, ...]) -> None:
        self.schemas, self.tests = schemas, [schema.accepts for schema in schemas]
        super().__init__(join_words([schema.expected for schema in schemas]), self.fits)

    def fits(self, value: Any) -> bool:
        """Return True if the value fits one of the schemas."""
        for test in self.tests:  # noqa: SIM110  # faster than a generator
            if test(value):
                return True
        return False

    def faults(self, value: Any, path: str) -> Iterator[str]:
        """Yield what is wrong inside a value that is of the kind of one of the schemas."""
        for schema in self.schemas:
            yield from schema.faults(value, path)


class RecordSchema(Schema):
    """An object with required and optional fields; `others` says whether it may have any other fields."""

    def __init__(self, required: Mapping[str, Schema], optional: Mapping[str, Schema], others: bool) -> None:
        self.required, self.fields, self.others = required, {**required, **optional}, others
        self.tests = {name: schema.accepts for name, schema in self.fields.items()}
        super().__init__("an object", self.fits)

    def fits(self, value: Any) -> bool:
        """Return True if the value is an object, no field is missing or unknown, and every field fits."""
        if type(value) is not dict or not value.keys() >= self.required.keys():
            return False
        for name, field in value.items():
            test = self.tests.get(name)
            if not (test(field) if test else self.others):
                return False
        return True

    def faults(self, value: Any, path: str) -> Iterator[str]:
        """Yield unknown fields, missing fields, then fields that do not fit."""
        if type(value) is not dict:
            return
        if not self.others:
            yield from (f"{path} has an unknown field {shorten(name)}" for name in value if name not in self.fields)
        yield from (f"{path} has no field {name!r}" for name in self.required if name not in value)
        for name in self.fields:
            if name in value:
                yield from find_faults(self.fields[name], value[name], f"{path}.{name}")


class ListOf(Schema):
    """A list whose items all fit one schema."""

    def __init__(self, item: Schema, lengths: range, expected: str) -> None:
        self.item, self.lengths = item, lengths
        super().__init__(expected, self.fits)

    def fits(self, value: Any) -> bool:
        """Return True if the value is a list of a permitted length and every item fits."""
        return type(value) is list and len(value) in self.lengths and all(map(self.item.accepts, value))

    def faults(self, value: Any, path: str) -> Iterator[str]:
        """Yield items that do not fit."""
        if type(value) is list and len(value) in self.lengths:
            for position, item in enumerate(value):
                yield from find_faults(self.item, item, f"{path}[{position}]")


class TupleOf(Schema):
    """A list with a schema for each place; the last `optional` places may be missing."""

    def __init__(self, items: tuple[Schema, ...], optional: int) -> None:
        self.items, self.lengths = items, range(len(items) - optional, len(items) + 1)
        super().__init__(f"a list of {span(len(items) - optional, len(items), 'item')}", self.fits)

    def fits(self, value: Any) -> bool:
        """Return True if the value is a list of a permitted length and every item fits the schema of its place."""
        if type(value) is not list or len(value) not in self.lengths:
            return False
        for schema, item in zip(self.items, value, strict=False):  # noqa: SIM110  # faster than a generator
            if not schema.accepts(item):
                return False
        return True

    def faults(self, value: Any, path: str) -> Iterator[str]:
        """Yield items that do not fit."""
        if type(value) is list and len(value) in self.lengths:
            for position, (schema, item) in enumerate(zip(self.items, value, strict=False)):
                yield from find_faults(schema, item, f"{path}[{position}]")


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


def record(required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None, *,
           others: bool = False) -> Schema:
    """Return the schema of an object with these fields, and no others unless `others` is true."""
    return RecordSchema(required, optional or {}, others)


def map_of(values: Schema, names: Schema | None = None) -> Schema:
    """Return the schema of an object that maps names, any by default, to values."""
    return MapOf(names or Schema("a text", lambda name: True), values)


def list_of(item: Schema, most: int = 10**9, least: int = 0) -> Schema:
    """Return the schema of a list with `least` to `most` items."""
    expected = "a list" if most == 10**9 else f"a list of {span(least, most, 'item')}"
    return ListOf(item, range(least, most + 1), expected)


def tuple_of(*items: Schema, optional: int = 0) -> Schema:
    """Return the schema of a list with one item for each of these schemas; the last `optional` may be missing."""
    return TupleOf(items, optional)


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
    known = {type(value): tuple(other for other in values if type(other) is type(value)) for value in values}
    return Schema(join_words([show(value) for value in values]), lambda value: value in known.get(type(value), ()))


def either(*schemas: Schema) -> Schema:
    """Return the schema of a value that fits one of these."""
    return Either(schemas)


def join_words(words: list[str]) -> str:
    """Return alternatives as a phrase: "a, b or c"."""
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def show(value: str | int | bool | None) -> str:
    """Return a value as JSON writes it, but a text without quotes."""
    return value if isinstance(value, str) else json.dumps(value)


ANY = Schema("a value", lambda value: True)
NULL, BOOL = one_of(None), Schema("true or false", lambda value: type(value) is bool)
ANY_LIST, ANY_OBJECT = list_of(ANY), map_of(ANY)
