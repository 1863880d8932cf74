"""How arrays hold the numbers of states: up to 60 bits in one word, up to 100 in two.

numpy has no whole numbers of more than 64 bits, but it has pairs: a complex number is two floats, and each is exact up
to 2^53. numpy adds pairs half by half, and compares and sorts them by the first half, then by the second. That is all
that a search needs, so a wide state is a complex number: its upper bits are the real part.
"""
from __future__ import annotations

from typing import Any

import numpy as np

from .arrays import Numbers

HALF = 50
"""How many bits each half of a pair has; a sum of two halves is still exact."""
Short = Any
"""A state's short number as it stands in an array."""


class OneWord:
    """Numbers as they are."""

    longest, size = 60, 64
    kind: np.dtype[Any] = np.dtype(np.int64)

    def put(self, number: int) -> Short:
        """Return a number as it stands in an array."""
        return number

    def take(self, short: Short) -> int:
        """Return the number that stands in an array."""
        return int(short)

    def split(self, codes: Numbers) -> tuple[Numbers, ...]:
        """Return the words of these numbers as whole numbers, the lowest first."""
        return (codes,)


class TwoWords(OneWord):
    """Numbers as pairs."""

    longest, size, kind = 2 * HALF, HALF, np.dtype(np.complex128)

    def put(self, number: int) -> Short:
        """Return a number as a pair."""
        return complex(number >> HALF, number & ((1 << HALF) - 1))

    def take(self, short: Short) -> int:
        """Return the number of a pair."""
        return int(short.real) << HALF | int(short.imag)

    def split(self, codes: Numbers) -> tuple[Numbers, ...]:
        """Return the two halves of these numbers, the lower first."""
        return codes.imag.astype(np.int64), codes.real.astype(np.int64)


ONE_WORD, TWO_WORDS = OneWord(), TwoWords()


def make_pairs(codes: Numbers) -> Numbers:
    """Return numbers of one word as pairs."""
    return (codes >> HALF) + 1j * (codes & ((1 << HALF) - 1))


def choose_words(bits: int) -> OneWord | None:
    """Return what holds numbers of so many bits, None if nothing does."""
    return next((words for words in (ONE_WORD, TWO_WORDS) if bits <= words.longest), None)
