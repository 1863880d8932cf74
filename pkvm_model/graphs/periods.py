"""Values along a run: each one that stays the same for a while is one period."""
from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class Period(NamedTuple, Generic[T]):
    """A value that stays the same from after one region up to another one."""

    first: int
    last: int
    value: T


def periods(values: Iterable[T], first: int = 0) -> list[Period[T]]:
    """Return equal values that follow each other as one period each; the first value stands at `first`."""
    joined, at = [], first
    for value, group in groupby(values):
        size = len(list(group))
        joined.append(Period(at, at + size - 1, value))
        at += size
    return joined
