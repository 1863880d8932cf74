"""Names to show to a class: nobody can compute them without the teacher's secret, and they stay the same with it."""
from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from collections.abc import Sequence

from ..errors import CourseError

LETTERS = "BCDFGHJKLMNPQRSTVWXZ23456789"
"""No vowels, so that no words come out, and nothing that looks like something else."""
SHORTEST, LONGEST, SHORTEST_SECRET = 4, 30, 8


def choose_pseudonyms(learners: Sequence[tuple[str, str]], secret: str) -> list[str]:
    """Return a name for each learner, who has a name and marks that tell namesakes apart; all names differ.

    Raise CourseError for a secret that can be guessed.
    """
    if len(secret) < SHORTEST_SECRET:
        raise CourseError(f"the secret needs {SHORTEST_SECRET} characters or more, or somebody guesses who is who.")
    namesakes = Counter(name for name, _ in learners)
    codes = [make_code(name if namesakes[name] == 1 else f"{name}|{marks}", secret) for name, marks in learners]
    length = next((n for n in range(SHORTEST, LONGEST) if len({code[:n] for code in codes}) == len(codes)), LONGEST)
    return [f"learner {code[:length]}" for code in codes]


def make_code(key: str, secret: str) -> str:
    """Return the letters that stand for a learner."""
    number = int.from_bytes(hmac.digest(secret.encode(), key.encode(errors="surrogateescape"), hashlib.sha256))
    return "".join(LETTERS[number // len(LETTERS)**place % len(LETTERS)] for place in range(LONGEST))
