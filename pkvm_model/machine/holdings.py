"""What EL2 records of pages, beside what the model says: compared, and written in few letters."""
from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from ..model.revisions import DESTROYING_CALLS
from ..model.state import NOPAGE, OWNED, SHARED_BORROWED, SHARED_OWNED, Cpu, Page, State, Vm

LETTERS = {OWNED: "O", SHARED_OWNED: "S", SHARED_BORROWED: "B", NOPAGE: "-"}
"""What a page can be to the host or to EL2, and its letter, in the order of the kernel's numbers."""
WRITTEN = re.compile(r"([OSB-])([OSB-])((?: (?:0|[1-9][0-9]{0,9})){2})")


class Holding(NamedTuple):
    """What is recorded of a page: what it is to the host and to EL2, the guests it is lent to, EL2's own count."""

    host: str
    hyp: str
    guests: int
    references: int

    def __str__(self) -> str:
        return f"host {self.host}, EL2 {self.hyp}, lent to {self.guests}, count {self.references}"

    def write(self) -> str:
        """Return it as two letters and two numbers, such as "SB 0 1"."""
        return f"{LETTERS[self.host]}{LETTERS[self.hyp]} {self.guests} {self.references}"


class PageRecords(NamedTuple):
    """What model and machine record of a page; `is_settled` is false if they should be the same and differ."""

    page: str
    model: Holding
    machine: Holding
    is_settled: bool = True

    def __str__(self) -> str:
        return f"page {self.page} on the machine: {self.machine}; in the model: {self.model}"


def read_holding(text: str) -> Holding:
    """Return what was written of a page. Raise ValueError for anything else."""
    if not (found := WRITTEN.fullmatch(text)):
        raise ValueError(f"{text[:30]!r} does not say whose a page is; an example is 'SB 0 1'")
    states = {letter: state for state, letter in LETTERS.items()}
    return Holding(states[found[1]], states[found[2]], *map(int, found[3].split()))


def judge_pages(read: Mapping[str, Holding], state: State, roots: Collection[str]) -> list[PageRecords]:
    """Return what was read of each page beside what the model says.

    Of the root of a stage 2, EL2 counts more than the model shows. It gives the pages of one back one by one; `roots`
    are those that there ever were.
    """
    claims = [PageRecords(name, expect(state.get(Page, name)), holding) for name, holding in read.items()]
    in_use, halfway = {vm.pgd for _, vm in state.all(Vm)}, {*roots} if is_destroying(state) else set[str]()
    return [claim._replace(is_settled=claim.page in halfway or agree(claim, claim.page in in_use)) for claim in claims]


def find_stray(pages: Iterable[PageRecords]) -> PageRecords | None:
    """Return the first page that is somebody else's on the machine, or None."""
    return next((page for page in pages if not page.is_settled), None)


def agree(claim: PageRecords, is_root: bool) -> bool:
    """Return True if model and machine record the same of a page, apart from the count of the root of a stage 2."""
    return claim.model == (claim.machine._replace(references=claim.model.references) if is_root else claim.machine)


def is_destroying(state: State) -> bool:
    """Return True while a call is under way that gives a VM's memory back."""
    flights = [cpu.flight for _, cpu in state.all(Cpu) if cpu.flight]
    return any({flight.call, flight.hypercall} & {*DESTROYING_CALLS} for flight in flights)


def expect(page: Page) -> Holding:
    """Return what EL2 would record if the model is right."""
    return Holding(page.host, page.hyp, page.host_share_guest_count, page.refcount)
