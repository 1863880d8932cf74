"""What guards are for, and which mutants a property notices."""
from __future__ import annotations

from pkvm_model.explore.races import NO_ORPHAN, ONE_CPU
from pkvm_model.model.revisions import UPSTREAM, V1
from pkvm_model.show.guards import noticed, without


def test_a_guard_is_worth_something_else_in_each_kernel() -> None:
    row = without(("M1",), V1, UPSTREAM).rows[0]
    assert row[1:] == ("nothing goes wrong", "a defect: CPU 1 touches page vc0.0, which EL2 no longer maps",
                       "nothing goes wrong", "refused")


def test_a_kernel_may_not_have_what_is_taken_away() -> None:
    assert without(("M6",), V1).rows[0][1:] == ("does not have it", "does not have it")


def test_a_property_notices_the_guard_that_it_is_about() -> None:
    found = {row[0]: row[2] for row in noticed(ONE_CPU).rows}
    assert [name for name, said in found.items() if said.startswith("yes")] == ["M15"]
    assert found["M1"] == "no"


def test_the_hosts_habits_are_not_asked_about() -> None:
    assert "M18" not in {row[0] for row in noticed(NO_ORPHAN).rows}
