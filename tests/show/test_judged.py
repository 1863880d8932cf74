"""The judge's word on a repair: said, never raised."""

from collections.abc import Generator

from pkvm_model.model.revisions import EBUSY, V1
from pkvm_model.model.view import Region, View
from pkvm_model.show.judged import judged

FINALISE = "__pkvm_finalize_teardown_vm"


def test_a_repair_that_holds_is_accepted_and_one_that_does_not_is_refused_with_the_reason() -> None:
    repaired = V1._replace(guards={**V1.guards, "finalize_unreferenced": -EBUSY})
    assert repr(judged(repaired)).startswith("accepted: No race breaks it")
    assert repr(judged(V1)).startswith("refused: The hole is open")


def test_a_function_that_goes_wrong_is_refused_and_ends_in_no_traceback() -> None:
    def unfinished(view: View, handle: int) -> Generator[Region, None, object]:
        yield "L", "look the VM up"
        return nowhere_defined(view, handle)  # type: ignore[name-defined]  # noqa: F821  # what a learner forgets

    says = repr(judged(V1._replace(functions={FINALISE: unfinished})))
    assert says.startswith("refused: It does not run to its end. __pkvm_finalize_teardown_vm: NameError")


def test_what_a_learner_wrote_is_shown_as_text() -> None:
    def odd(view: View, handle: int) -> Generator[Region, None, int]:
        yield "L", "<b>"
        raise ValueError("<script>")

    assert "&lt;script&gt;" in judged(V1._replace(functions={FINALISE: odd}))._repr_html_()
