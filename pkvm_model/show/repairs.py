"""The table of all four kernels: what comes of the races that the repairs are about, and what is still possible."""
from __future__ import annotations

from ..explore.fixes import GOOD_RUNS
from ..explore.races import BUG, EL2_PANIC, ERR, HOST_WARN, NOT_THERE, OK, RACES, Cell, Race, cell
from ..model.revisions import REVISIONS
from .table import Table

DANGERS = tuple(RACES[name] for name in ("R2", "R29", "R7", "R22"))
NEEDED = tuple(run for run in GOOD_RUNS if run.id in ("unmap", "home", "end"))
"""The good runs that every kernel with ordinary VMs should have; a page comes home in each."""
WORDS = {OK: "nothing goes wrong", ERR: "refused", HOST_WARN: "a warning of the host",
         EL2_PANIC: "EL2 ends the machine", NOT_THERE: "has no such calls"}
NOTE = "In pre, finalise stands for the one call that is the whole teardown."


def repairs() -> Table:
    """Every danger and every good run in every kernel; each cell is searched for."""
    rows = [(sentence(race.title), *(danger(cell(race, kernel)) for kernel in REVISIONS.values())) for race in DANGERS]
    rows += [(sentence(run.title), *(goodness(run, cell(run, kernel)) for kernel in REVISIONS.values()))
             for run in NEEDED]
    return Table("Four kernels, all orders", ("what", *REVISIONS), rows, NOTE)


def sentence(text: str) -> str:
    """A title with a capital and a full stop."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def danger(found: Cell) -> str:
    """The worst that comes of a race, in words."""
    reason = found.reason.partition(": ")[2] if found.reason.startswith("EL2_") else found.reason
    return f"a defect: {reason}" if found.outcome == BUG else WORDS[found.outcome]


def goodness(run: Race, found: Cell) -> str:
    """Whether a good run exists, in words."""
    if found.outcome == NOT_THERE:
        return WORDS[NOT_THERE]
    return "possible" if run.id in found.shown else "never"
