"""Arrays of states' numbers, with numpy: sort them, drop duplicates, look for them, let them grow."""
from __future__ import annotations

from typing import Any

import numpy as np

Numbers = Any
"""An array of whole numbers with 64 bits, or of pairs that stand for wider ones (words.py)."""


def sort_unique(arrays: list[Numbers]) -> Numbers:
    """Return all of these numbers, sorted, each once."""
    if not arrays:
        return np.zeros(0, np.int64)
    numbers = np.concatenate(arrays)
    numbers.sort()
    return numbers[np.concatenate(([True], numbers[1:] != numbers[:-1]))] if len(numbers) else numbers


def find_in(known: Numbers, numbers: Numbers) -> tuple[Numbers, Numbers]:
    """Return where each number belongs among sorted ones, and whether it is there."""
    if not len(known):
        return np.zeros(len(numbers), np.int64), np.zeros(len(numbers), bool)
    at: Numbers = np.searchsorted(known, numbers)
    at[at == len(known)] = 0
    return at, known[at] == numbers


class GrowingArray:
    """An array that grows at its end."""

    def __init__(self, kind: Any = np.int64) -> None:
        self.room, self.length = np.zeros(1 << 10, kind), 0

    def extend(self, numbers: Numbers) -> None:
        """Add these at the end. The room doubles, so the cost of a number stays constant on average."""
        end = self.length + len(numbers)
        if end > len(self.room):
            self.room = np.concatenate((self.room, np.zeros(max(end, len(self.room)), self.room.dtype)))
        self.room[self.length:end] = numbers
        self.length = end


class SortedSet:
    """Numbers in a few sorted arrays, each at least twice as long as the next.

    So adding numbers does not sort all of them again.
    """

    def __init__(self) -> None:
        self.runs: list[Numbers] = []

    def __len__(self) -> int:
        return sum(map(len, self.runs))

    @property
    def nbytes(self) -> int:
        """The number of bytes of the numbers."""
        return sum(run.nbytes for run in self.runs)

    def add(self, numbers: Numbers) -> None:
        """Add sorted numbers that are not in the set."""
        self.runs.append(numbers)
        while len(self.runs) > 1 and len(self.runs[-2]) < 2 * len(self.runs[-1]):
            merged = np.concatenate((self.runs.pop(-2), self.runs.pop()))
            merged.sort(kind="stable")
            self.runs.append(merged)

    def drop_known(self, numbers: Numbers) -> Numbers:
        """Return those of these numbers that are not in the set."""
        for run in self.runs:
            numbers = numbers[~find_in(run, numbers)[1]]
        return numbers
