"""Family B as numbered steps, thread by thread, for languages in which a thread is a program counter."""
from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple


class NumberedStep(NamedTuple):
    """A step: what it does, with which vCPU or page, and how many steps further its call ends."""

    what: str
    argument: int
    to_end: int


def list_programs(runners: int, destroyers: int, rounds: int, pages: int) -> Iterator[list[NumberedStep]]:
    """Yield the steps of each thread."""
    start, finalize = call(["may start", "start", "unlock"]), call(["may finalize", "remove", "unlock", "free"])
    for idx in range(runners):
        yield call(["may load", "load", "unlock", "run", "lock", "put", "unlock"], idx) * rounds
    reclaims = [step for page in range(pages)
                for step in call(["get", "let go", "reclaim", "lock", "drop", "unlock"], page)]
    for _ in range(destroyers):
        yield start + reclaims + finalize
    yield start + finalize


def call(steps: list[str], argument: int = 0) -> list[NumberedStep]:
    """Return the steps of a call, which begins with the lock."""
    whole = ["lock", *steps]
    return [NumberedStep(step, argument, len(whole) - position) for position, step in enumerate(whole)]
