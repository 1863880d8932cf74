"""The invariants, checked in each state that a bench shows and in each step that leads to it."""
from __future__ import annotations

from collections.abc import Iterable

from ..explore.check import Always
from ..explore.properties import INVARIANTS
from ..model.state import State
from ..model.steps import Step
from .contract import Holds

ASKED = tuple(invariant for invariant in INVARIANTS if invariant.name != "I9")
"""The last invariant is a promise about what an honest host leaves behind, not about every moment."""


def judge_state(state: State, invariants: tuple[Always, ...] = ASKED) -> dict[str, Holds]:
    """Return the verdict of each invariant on a state, by name."""
    return {invariant.name: judge_invariant(invariant, state) for invariant in invariants}


def judge_invariant(invariant: Always, state: State) -> Holds:
    """Return an invariant's verdict on a state; if it is about steps, only whether there is anything to check."""
    reason = invariant.broken(state) if invariant.broken else ""
    return reason or (None if invariant.premise and not invariant.premise(state) else True)


def find_broken(before: State, step: Step, invariants: tuple[Always, ...] = ASKED) -> dict[str, str]:
    """Return which invariants a step breaks, each with the reason."""
    reasons = ((invariant.name, invariant.broken_by(before, step)) for invariant in invariants if invariant.broken_by)
    return {name: reason for name, reason in reasons if reason}


def choose_spoken(invariants: tuple[Always, ...], judgements: Iterable[dict[str, Holds]],
                  broken: Iterable[str]) -> list[Always]:
    """Return the invariants that say something about one of these states, or that are in `broken`."""
    names = set(broken)
    for judgement in judgements:
        names |= {name for name, holds in judgement.items() if holds is not None}
    return [invariant for invariant in invariants if invariant.name in names]
