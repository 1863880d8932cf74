"""A line of text with a check code at its end, so that a teacher sees whether the whole line arrived."""
from __future__ import annotations

import hashlib


def sign(text: str) -> str:
    """Append the check code to a line: the first six digits of its SHA-256."""
    return f"{text} | code {hashlib.sha256(text.encode()).hexdigest()[:6]}"


def is_intact(line: str) -> bool:
    """Return True if a line has its own check code; extra spaces, which mail likes to add, do not count."""
    plain = " ".join(line.split())
    return sign(plain.rpartition(" | code ")[0]) == plain
