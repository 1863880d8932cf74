"""Phrases about what is lost for good."""
from __future__ import annotations

from ..text import list_words


def describe_loss(loss: dict[str, str]) -> str:
    """Return a phrase about what can never come home again."""
    phrases = [*loss.values()]
    rest = [*loss][2:]
    more = [f"{name_rest(rest)} {'is' if len(rest) == 1 else 'are'} lost"] if rest else []
    return f"whatever an honest host does now, {list_words([*phrases[:2], *more])}"


def name_rest(names: list[str]) -> str:
    """Return how many more things are lost, and that they are pages if all of them are."""
    if not all(name.startswith("page ") for name in names):
        return f"{len(names)} more"
    return f"{len(names)} more page{'' if len(names) == 1 else 's'}"
