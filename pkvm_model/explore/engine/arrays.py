"""Arrays of states' numbers, with numpy: gather the bits of a mask, sort and drop duplicates."""
from __future__ import annotations

from typing import Any

import numpy as np

CHUNK = 11
"""Bits of a number that are gathered at a time."""
Numbers = Any
"""An array of whole numbers with 64 bits."""


def split_mask(mask: int) -> list[tuple[int, Numbers]]:
    """Return the place of each chunk with bits of the mask, and a table from its value to those bits moved together."""
    chunks, below = list[tuple[int, Numbers]](), 0
    for shift in range(0, mask.bit_length(), CHUNK):
        bits = [bit for bit in range(CHUNK) if mask >> shift + bit & 1]
        values = np.arange(1 << CHUNK)
        spread = np.zeros_like(values)
        for number, bit in enumerate(bits, below):
            spread += (values >> bit & 1) << number
        if bits:
            chunks.append((shift, spread))
        below += len(bits)
    return chunks


def gather_bits(codes: Numbers, chunks: list[tuple[int, Numbers]]) -> Numbers:
    """Return the masked bits of each number, moved together."""
    gathered = np.zeros(len(codes), np.int64)
    for shift, spread in chunks:
        gathered += spread[(codes >> shift) & ((1 << CHUNK) - 1)]
    return gathered


def sort_unique(arrays: list[Numbers]) -> Numbers:
    """Return all of these numbers, sorted, each once."""
    if not arrays:
        return np.zeros(0, np.int64)
    numbers = np.concatenate(arrays)
    numbers.sort()
    return numbers[np.concatenate(([True], numbers[1:] != numbers[:-1]))] if len(numbers) else numbers
