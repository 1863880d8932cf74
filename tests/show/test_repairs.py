"""The table of all four kernels."""
from __future__ import annotations

import pytest

from pkvm_model.explore.outcomes import BUG, Outcome
from pkvm_model.model.revisions import REVISIONS
from pkvm_model.show.repairs import DANGERS, NEEDED, describe_danger, describe_good_run, repairs
from pkvm_model.show.table import Table


@pytest.fixture(scope="module")
def table() -> Table:
    """Return the table, made once."""
    return repairs()


def test_every_danger_and_every_good_run_is_explored_in_every_kernel(table: Table) -> None:
    assert tuple(table.heads[1:]) == tuple(REVISIONS)
    assert [len(row) for row in table.rows] == [1 + len(REVISIONS)] * (len(DANGERS) + len(NEEDED))


def test_each_repair_shows_where_it_does_its_work(table: Table) -> None:
    column = {name: [row[1 + place] for row in table.rows] for place, name in enumerate(REVISIONS)}
    assert any(said.startswith("a defect: CPU") for said in column["v1"])
    assert "never" in column["merged"]
    assert not {"never", "EL2 ends the machine"} & {*column["upstream"]}


def test_a_defect_says_what_is_wrong() -> None:
    defect = Outcome("R7", "v1", BUG, "EL2_USE_AFTER_DONATION: CPU 0 touches it")
    assert describe_danger(defect) == "a defect: CPU 0 touches it"


def test_a_good_run_that_no_order_reaches_is_never() -> None:
    assert describe_good_run(NEEDED[0], Outcome("unmap", "v1", "OK")) == "never"
