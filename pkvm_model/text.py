"""Counting things and writing sentences: the one place for both."""
from __future__ import annotations

import re
from collections.abc import Sequence

ODD = re.compile(r"\s+|[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""What a sentence of one line cannot contain: line breaks, control characters, halves of a character."""
MOST_QUOTED = 200
"""The most characters of somebody else's text that a sentence repeats."""


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


def quote_briefly(text: str, most: int = MOST_QUOTED) -> str:
    """Return somebody else's text so that a sentence can repeat it: on one line, cut short, and writable as UTF-8."""
    shown = text if len(text) <= most else f"{text[:most]}…"
    return ODD.sub(lambda odd: " " if odd[0].isspace() else "".join(f"\\u{ord(each):04x}" for each in odd[0]), shown)


def quote_error(error: BaseException) -> str:
    """Return an exception's name and message on one line, even if it cannot write its message."""
    try:
        says = quote_briefly(str(error)).strip()
    except Exception as worse:
        says = f"its message cannot be written: {type(worse).__name__}"
    return f"{type(error).__name__}: {says}" if says else type(error).__name__


def list_words(words: Sequence[str]) -> str:
    """Return words as a list in a sentence: "a", "a and b", "a, b and c"."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
