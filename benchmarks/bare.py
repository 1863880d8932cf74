"""What a small search costs before its first step: the whole command beside an interpreter that does nothing."""
from __future__ import annotations

import json
import sys
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.measure import Failed, run
from benchmarks.ours import our_variables

ASK = ("-m", "pkvm_model", "explore", "R7", "--revision", "v1", "--json")
GOAL = 60 / 12


class StartCost(NamedTuple):
    """The median seconds of an interpreter that does nothing, and of a command that answers; and its states."""

    bare: float
    command: float
    states: int

    def __str__(self) -> str:
        ratio = self.command / self.bare
        return (f"start: explore R7 ({self.states} states) takes {self.command * 1000:.0f} ms, a bare interpreter "
                f"{self.bare * 1000:.0f} ms: {ratio:.1f} times {'≤' if ratio <= GOAL else '>'} {GOAL:.0f}")


def measure_start(folder: Path, rounds: int = 9) -> StartCost:
    """Run both in turn. Raise Failed if the command gives no answer."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for words, found in zip((("-c", "pass"), ASK), seconds, strict=True):
            cost, said = run([[sys.executable, *words]], folder, 60, our_variables())
            found.append(cost.seconds)
    try:
        return StartCost(median(seconds[0]), median(seconds[1]), json.loads(said)["states"])
    except (ValueError, KeyError):
        raise Failed(f"explore R7 --json gave no answer: {said[:80]}") from None
