"""What always has to be true, asked about each state that a bench shows and about each step that leads to it."""
from __future__ import annotations

from collections.abc import Iterable

from ..explore.check import Always
from ..explore.properties import INVARIANTS
from ..model.state import State
from ..model.steps import Step
from .contract import Holds

ASKED = tuple(one for one in INVARIANTS if one.name != "I9")
"""The last invariant is a promise about what an honest host leaves behind, not about every moment."""


def verdicts(state: State, asked: tuple[Always, ...] = ASKED) -> dict[str, Holds]:
    """What can be said of a state, by the name of the invariant."""
    return {one.name: verdict(one, state) for one in asked}


def verdict(one: Always, state: State) -> Holds:
    """What one invariant says of a state; of one about steps, a state can only say whether it is about anything."""
    reason = one.broken(state) if one.broken else ""
    return reason or (None if one.premise and not one.premise(state) else True)


def broken_by(before: State, step: Step, asked: tuple[Always, ...] = ASKED) -> dict[str, str]:
    """Which invariants a step breaks, with the reason."""
    reasons = ((one.name, one.broken_by(before, step)) for one in asked if one.broken_by)
    return {name: reason for name, reason in reasons if reason}


def spoken_of(asked: tuple[Always, ...], all_verdicts: Iterable[dict[str, Holds]],
              broken: Iterable[str]) -> list[Always]:
    """Those that say something in one of these states, or are broken by one of the steps."""
    named = set(broken)
    for found in all_verdicts:
        named |= {name for name, said in found.items() if said is not None}
    return [one for one in asked if one.name in named]
