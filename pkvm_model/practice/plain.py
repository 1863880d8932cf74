"""Values that leave the process in which learners' code runs: plain ones and the model's records, as JSON and back.

Nothing else gets out, so whatever an object of a learner's does when it is compared, printed or hashed, it does there.
"""
from __future__ import annotations

import contextlib
import reprlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

from ..model.state import KINDS, Event, Flight, Key, Mapped, Reference, Refusal, Value

RECORDS: dict[str, Any] = {kind.__name__: kind for kind in (*KINDS, Flight, Mapped, Reference, Refusal, Event)}
COLLECTIONS: dict[str, Any] = {kind.__name__: kind for kind in (tuple, list, set, frozenset)}
MOST_ITEMS, DEEPEST, LARGEST = 10_000, 20, 1 << 4_000
"""Limits of what is plain: the items of a collection, collections in one another, the absolute value of a number."""
MOST_TEXT = 1_000_000
"""The characters of a text that is plain."""
SHOWN, SENTENCE, DETAILS = 60, 300, 4_000
"""Characters shown of a value, of an exception's message, and of a traceback."""


class NotPlain(TypeError):  # noqa: N818  # it says what the value is
    """A value is no plain value; the message describes it."""


class Malformed(ValueError):  # noqa: N818  # it says what the data is
    """The data are not what `encode` returns."""


class Opaque:
    """What is known of a value that is not plain: how it looks, and if it counts as true."""

    def __init__(self, text: str, is_true: bool = True) -> None:
        self.text, self.is_true = text, is_true

    def __repr__(self) -> str:
        return self.text

    def __bool__(self) -> bool:
        return self.is_true


def encode(value: Any, depth: int = 0) -> Any:
    """Return a plain value or a record as JSON values. Raise NotPlain for anything else."""
    kind = type(value)
    if value is None or kind is bool or kind is float:
        return value
    if (kind is int and -LARGEST < value < LARGEST) or (kind is str and len(value) <= MOST_TEXT):
        return value
    if value is ...:
        return ["..."]
    if callable(value) or kind is ModuleType:  # a local variable of a call: two of the same name are the same
        return clean(f"<{kind.__name__} {getattr(value, '__name__', '')}>", SHOWN)
    if RECORDS.get(kind.__name__) is kind and depth < DEEPEST:
        return [kind.__name__, *[encode(item, depth + 1) for item in value]]
    if (COLLECTIONS.get(kind.__name__) is kind or kind is dict) and len(value) <= MOST_ITEMS and depth < DEEPEST:
        items = [part for pair in value.items() for part in pair] if kind is dict else value
        return [kind.__name__, *[encode(item, depth + 1) for item in items]]
    raise NotPlain(describe_value(value))


def decode(data: Any) -> Any:
    """Return the value that `encode` has made JSON of. Raise Malformed if the data are anything else."""
    if isinstance(data, str):
        return replace_surrogates(data)
    if not isinstance(data, list):
        if isinstance(data, dict):
            raise Malformed("an object")
        return data
    name, *items = data or [""]
    if name == "..." and not items:
        return ...
    values = [decode(item) for item in items]
    try:
        if name == "dict":
            return dict(zip(values[::2], values[1::2], strict=True))
        return COLLECTIONS[name](values) if name in COLLECTIONS else RECORDS[name](*values)
    except (KeyError, TypeError, ValueError):
        raise Malformed(f"no {name!r:.60}") from None


def encode_key(key: Key) -> list[Any]:
    """Return a record's key as JSON values."""
    return [key[0].__name__, key[1]]


def decode_key(data: Any) -> Key:
    """Return the key that `encode_key` has made JSON of. Raise Malformed if the data are anything else."""
    if isinstance(data, list) and len(data) == 2 and isinstance(data[1], str | int | None):
        for kind in KINDS:
            if kind.__name__ == data[0]:
                key: Any = kind, data[1]  # the name is None where a call follows a null pointer
                return key  # type: ignore[no-any-return]
    raise Malformed("no key")


def encode_any(value: Any) -> Any:
    """Return a value as JSON values: a function, or what is known of a value that is not plain, as an object."""
    if callable(value):
        return {"function": describe_value(value)}
    try:
        return encode(value)
    except NotPlain as error:
        return {"opaque": str(error), "true": is_true(value)}


def decode_any(data: Any, make_function: Callable[[str], Any]) -> Value:
    """Return the value that `encode_any` has made JSON of, a function from how it looks. Raise Malformed."""
    if not isinstance(data, dict):
        return decode(data)
    if "function" in data:
        return make_function(clean(str(data["function"]), SHOWN))
    return Opaque(clean(str(data.get("opaque")), SHOWN), data.get("true") is True)


def simplify(value: Any) -> Any:
    """Return a plain value or a function as it is, and what is known of anything else."""
    return decode_any(encode_any(value), lambda _: value)


def is_true(value: Any) -> bool:
    """Return True if a value counts as true; one that raises when it is asked does not."""
    with contextlib.suppress(Exception):
        return bool(value)
    return False


class ShortForm(reprlib.Repr):
    """Python's short form of a value, where a number of too many digits raises, as it does before Python 3.14."""

    def repr_int(self, x: int, level: int) -> str:
        """Return the short form of a number. Raise ValueError if Python refuses to write it."""
        repr(x)
        return super().repr_int(x, level)


def describe_value(value: Any) -> str:
    """Return how a value looks, cut short, even if it raises when it is asked."""
    try:
        return clean(ShortForm().repr(value), SHOWN)
    except Exception as error:
        return clean(f"something of type {type(value).__name__} that raises {type(error).__name__}", SHOWN)


def describe_exception(error: BaseException) -> str:
    """Return an exception's name and message, cut short, even if the message cannot be had."""
    try:
        text = str(error)
    except BaseException as second:
        text = f"its message raises {type(second).__name__}"
    return clean(f"{type(error).__name__}: {text[:2 * SENTENCE]}".rstrip(": "), SENTENCE)


def clean(text: str, longest: int) -> str:
    """Return the beginning of a text in one line, with control characters and surrogates escaped."""
    shown = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text[:longest + 1])
    return shown if len(shown) <= longest else f"{shown[:longest]}..."


def replace_surrogates(text: str) -> str:
    """Return a text without lone surrogates, which could be neither printed nor kept."""
    return text.encode("utf-8", "replace").decode()
