"""What guards are for, which mutants a property notices, and the judge's word on a repair: returned, never raised."""
from __future__ import annotations

from collections.abc import Generator

from pkvm_model.explore.races import NO_ORPHAN, ONE_CPU
from pkvm_model.model.revisions import EBUSY, UPSTREAM, V1
from pkvm_model.model.view import Region, View
from pkvm_model.show.guards import judged, noticed, without

FINALISE = "__pkvm_finalize_teardown_vm"


def test_a_guard_has_another_worth_in_each_kernel() -> None:
    row = without(("M1",), V1, UPSTREAM).rows[0]
    assert row[1:] == ("nothing goes wrong", "a defect: CPU 1 touches page vc0.0, which EL2 no longer maps",
                       "nothing goes wrong", "refused")


def test_a_kernel_may_lack_the_guard() -> None:
    assert without(("M6",), V1).rows[0][1:] == ("does not have it", "does not have it")


def test_a_property_notices_the_guard_that_it_is_about() -> None:
    verdicts = {row[0]: row[2] for row in noticed(ONE_CPU).rows}
    assert [name for name, verdict in verdicts.items() if verdict.startswith("yes")] == ["M15"]
    assert verdicts["M1"] == "no"


def test_mutants_of_the_host_are_left_out() -> None:
    assert "M18" not in {row[0] for row in noticed(NO_ORPHAN).rows}


def test_a_good_repair_is_accepted_and_a_bad_one_refused_with_the_reason() -> None:
    repaired = V1._replace(guards={**V1.guards, "finalize_unreferenced": -EBUSY})
    assert repr(judged(repaired)).startswith("accepted: No race breaks this kernel")
    assert repr(judged(V1)).startswith("refused: The hole is open")


def test_a_function_that_raises_is_refused_without_a_traceback() -> None:
    def unfinished(view: View, handle: int) -> Generator[Region, None, object]:
        yield "L", "look the VM up"
        return nowhere_defined(view, handle)  # type: ignore[name-defined]  # noqa: F821  # what a learner forgets

    says = repr(judged(V1._replace(functions={FINALISE: unfinished})))
    assert says.startswith("refused: It does not run to its end. __pkvm_finalize_teardown_vm: NameError")


def test_a_learners_text_is_escaped() -> None:
    def odd(view: View, handle: int) -> Generator[Region, None, int]:
        yield "L", "<b>"
        raise ValueError("<script>")

    assert "&lt;script&gt;" in judged(V1._replace(functions={FINALISE: odd}))._repr_html_()
