"""The table of all four kernels: the outcomes of the races that the repairs are about, and what stays possible."""
from __future__ import annotations

from ..explore.trials import GOOD_RUNS
from ..explore.outcomes import BUG, EL2_PANIC, ERR, NOT_THERE, OK, Outcome, find_outcome
from ..explore.races import RACES
from ..explore.scenario import HOST_WARN, Scenario
from ..model.revisions import REVISIONS
from ..text import make_sentence
from .table import Table

DANGERS = tuple(RACES[name] for name in ("R2", "R29", "R7", "R22"))
NEEDED = tuple(run for run in GOOD_RUNS if run.name in ("unmap", "home", "end"))
"""The good runs that every kernel with ordinary VMs should have; a page comes home in each."""
WORDS = {OK: "nothing goes wrong", ERR: "refused", HOST_WARN: "a host warning",
         EL2_PANIC: "EL2 ends the machine", NOT_THERE: "has no such calls"}
NOTE = "In pre, finalise stands for the one call that is the whole teardown."


def repairs() -> Table:
    """Return the table of every danger and every good run in every kernel; each cell is explored."""
    kernels = REVISIONS.values()
    rows = [(make_sentence(race.title), *(describe_danger(find_outcome(race, kernel)) for kernel in kernels))
            for race in DANGERS]
    rows += [(make_sentence(run.title), *(describe_good_run(run, find_outcome(run, kernel)) for kernel in kernels))
             for run in NEEDED]
    return Table("Four kernels, all orders", ("what", *REVISIONS), rows, NOTE)


def describe_danger(outcome: Outcome) -> str:
    """Describe the worst outcome of a race."""
    reason = outcome.reason.partition(": ")[2] if outcome.reason.startswith("EL2_") else outcome.reason
    return f"a defect: {reason}" if outcome.kind == BUG else WORDS[outcome.kind]


def describe_good_run(run: Scenario, outcome: Outcome) -> str:
    """Return whether a good run exists, in words."""
    if outcome.kind == NOT_THERE:
        return WORDS[NOT_THERE]
    return "possible" if run.name in outcome.reached else "never"
