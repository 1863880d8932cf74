"""Counting things and writing sentences: the one place for both."""
from __future__ import annotations

from collections.abc import Sequence


def count(number: int, noun: str) -> str:
    """Return a number of things in words: "1 step", "2,000 steps"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def capitalise(sentence: str) -> str:
    """Return the sentence with a capital at its beginning; the rest stays as it is."""
    return sentence[:1].upper() + sentence[1:]


def make_sentence(text: str) -> str:
    """Return the text with a full stop, and with a capital unless it begins with a name such as vCPU."""
    begin = capitalise(text) if text.partition(" ")[0].islower() else text
    return f"{begin.rstrip('.')}." if text else ""


def list_words(words: Sequence[str]) -> str:
    """Return words as a list in a sentence: "a", "a and b", "a, b and c"."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
