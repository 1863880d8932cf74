"""The kernel releases that recordings may come from: the revision of each, and the numbers of its calls."""
from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

RECORDINGS = Path(__file__).parents[1] / "data" / "recordings"
KERNELS = {"6.19": "pre", "7.0": "pre", "7.1": "upstream", "7.2": "upstream", "7.3": "upstream"}
"""The revision that each kernel release is an example of, for the releases that this version of the course replays."""


def release_of(kernel: str) -> str:
    """Return the release without its last number: "6.19" for "6.19.14"."""
    return ".".join(kernel.split(".")[:2])


@cache
def call_numbers(kernel: str) -> dict[str, int]:
    """Return the numbers of the modelled calls in a released kernel; they are no interface, each release has its own.

    Raise KeyError for a kernel whose table was not read.
    """
    data: Any = json.loads((RECORDINGS.parent / "call-numbers.json").read_text(encoding="utf-8"))
    return dict(data["kernels"][kernel])


def call_with(kernel: str, number: int) -> str | None:
    """Return the call that a number names in a released kernel, or None."""
    return next((name for name, known in call_numbers(kernel).items() if known == number), None)
