"""Which invariants hold in which kernel, against which host; the model alone replays each violation."""
from __future__ import annotations

from functools import cache

import pytest

from pkvm_model.explore.check import EMPTY, HOLDS, VIOLATED, AlwaysPossible
from pkvm_model.explore.invariants import (
    ANY,
    ANY_PROTECTED,
    BY_DESIGN,
    EXPLAINED,
    HONEST,
    HOSTS,
    InvariantResult,
    check_all_invariants,
)
from pkvm_model.explore.properties import INVARIANTS
from pkvm_model.explore.traces import trace
from pkvm_model.model.revisions import REVISIONS
from pkvm_model.model.trace import parse, replay
from tests.explore.test_homecoming import has_way

FOUND = """
     | honest                  | any                         | any-protected
     | pre v1 merged upstream  | pre  v1   merged  upstream  | upstream
I0a  | .   .  .      .         | R22  R29  R29     .         | .
I0b  | .   .  .      .         | .    R7   .       .         | .
I1   | .   .  .      .         | .    .    .       .         | .
I2   | .   .  .      .         | .    .    .       .         | .
I2x  | .   .  R15    .         | R17* R17* R17*    R17*      | .
I3   | -   .  .      .         | -    .    .       .         | .
I4   | .   .  .      .         | .    R7   .       .         | .
I5   | .   .  .      .         | .    .    .       .         | .
I6   | .   .  .      .         | R18  R18  R18     .         | .
I7   | .   .  .      .         | .    .    .       .         | .
I8   | -   -  -      -         | -    -    -       -         | .
I9   | .   .  R15    .
way-home | .   .  R15    .         | R18* R18* R18*    R17*      | R17*
way-home-but | .   .  .  .         | .    .    R15     .         | .
"""
"""A dot: it holds. A dash: it applies to no state. A race: it is violated as in that race; *: by design."""


@cache
def check_table() -> dict[tuple[str, str, str], InvariantResult]:
    """Return the whole table; the searches run once."""
    return {(cell.invariant.name, cell.revision, cell.host): cell for cell in check_all_invariants()}


def parse_table() -> dict[tuple[str, str, str], str]:
    """Return the expected table, cell by cell."""
    _, kernels, *rows = [[part.split() for part in line.split("|")] for line in FOUND.strip("\n").splitlines()]
    return {(row[0][0], kernel, host): mark
            for row in rows
            for host, names, marks in zip((HONEST, ANY, ANY_PROTECTED), kernels[1:], row[1:], strict=False)
            for kernel, mark in zip(names, marks, strict=True)}


def mark(cell: InvariantResult) -> str:
    """Return a cell in the signs of the table."""
    return {HOLDS: ".", EMPTY: "-", VIOLATED: cell.race + "*" * cell.by_design}[cell.answer.verdict]


def test_the_table_of_invariants_is_as_expected() -> None:
    assert {key: mark(cell) for key, cell in check_table().items()} == parse_table()


def test_every_search_was_complete() -> None:
    assert all(not cell.report.stopped and (cell.report.complete or cell.answer.run) for cell in check_table().values())


@pytest.mark.parametrize("key", [key for key, sign in parse_table().items() if sign[0] == "R"], ids=" ".join)
def test_each_violation_has_a_run_of_the_model_that_ends_in_it(key: tuple[str, str, str]) -> None:
    cell = check_table()[key]
    assert cell.answer.run is not None
    again = replay(parse(str(trace(HOSTS[key[2]].machine(REVISIONS[key[1]]), cell.answer.run))))
    assert again.differs == ""
    if isinstance(cell.invariant, AlwaysPossible):
        assert not has_way(cell.invariant, HOSTS[key[2]].machine(REVISIONS[key[1]]), again.state.table)
        return
    before = again.steps[-2].state
    invariant = next(invariant for invariant in INVARIANTS if invariant.name == key[0])
    broken = invariant.broken(again.state) if invariant.broken else None
    assert (broken or (invariant.broken_by and invariant.broken_by(before, again.steps[-1]))) == cell.answer.reason


def test_every_violation_is_explained_by_a_race() -> None:
    explained = {*EXPLAINED, *(key for key in check_table() if key[0] in BY_DESIGN and key[2] != HONEST)}
    assert {key for key, cell in check_table().items() if cell.answer.verdict == VIOLATED} <= explained
    assert set(EXPLAINED) <= {key for key, cell in check_table().items() if cell.answer.verdict == VIOLATED}


def test_protected_vms_are_explored_in_every_kernel_that_has_them() -> None:
    assert [name for name, kernel in REVISIONS.items() if HOSTS[ANY_PROTECTED].runs_on(kernel)] == ["upstream"]
