"""A check asks the model: in a kernel that answers otherwise, the solution passes no longer."""
from __future__ import annotations

import contextlib
from dataclasses import replace
from importlib import import_module

import pytest

from pkvm_model.practice.inside import check_of, judge
from pkvm_model.practice.text import ExerciseError, exercise
from pkvm_model.revisions import EPERM, PRE, UPSTREAM, V1, Revision
from pkvm_model.scenes.one_shot import FORGETS_VCPUS
from pkvm_model.scenes.who_owns_this_page import LENDS_TWICE
from pkvm_model.view import Hypercall, View


def refuses(view: View, page: str, gfn: int, nr: int, prot: str, topup: int) -> Hypercall:
    """A call that lends no page to anybody."""
    yield "", f"refuse page {page}"
    return -EPERM


BENCHES = [
    ("count-the-users", "TWO_AT_ONCE", V1.without("start_unreferenced")),
    ("make-it-notice", "LOAD_OR_START", V1.without("start_unreferenced")),
    ("both-end-the-machine", "COLD_OPEN", V1.without("start_unreferenced")),
    ("lent-twice", "TWO_GUESTS", LENDS_TWICE),
    ("for-a-moment", "REFUSED_ROOT", UPSTREAM),
    ("unknown-unshare", "UNKNOWN_UNSHARE", PRE),
    ("looks-like-a-pin", "LOOKS_PINNED", UPSTREAM),
    ("broken-promise", "PROMISE_GONE", UPSTREAM),
    ("silent-load", "DYING", V1.without("load_not_dying")),
    ("wrong-cpu", "WRONG_CPU", PRE._replace(functions={"__pkvm_host_share_guest": refuses})),
    ("lived-to-see", "STILL_LOADED", PRE.without("teardown_unreferenced")),
    ("done-but-counted", "STILL_UNSHARING", PRE.without("teardown_unreferenced")),
    ("pair-goes-home", "PAIR", FORGETS_VCPUS),
    ("missing-line", "MISSING_LINE", V1)]
"""The exercise, the bench that its check plays, and a kernel in which that comes out otherwise."""
CARELESS = [
    ("what-a-row-never-shows", "LENDS_TWICE"), ("what-a-row-never-shows", "FORGETS_PINS"),
    ("publish-last", "PUBLISHES_SECOND"), ("publish-last", "FILLS_LAST"),
    ("question-and-note", "VCPU_EARLY"), ("two-questions", "VCPU_EARLY"),
    ("all-home", "FORGETS_A_PIN"), ("all-home", "FORGETS_VCPUS")]
"""The exercise, and the kernel with something wrong that its check needs; the kernel that is right takes its place."""


def passes(name: str) -> bool:
    """True if an exercise's solution passes; a check that finds no option for what the model does passes nothing."""
    with contextlib.suppress(ExerciseError):
        return judge(name, exercise(name).solution).passed
    return False


@pytest.mark.parametrize(("name", "bench", "kernel"), BENCHES)
def test_on_a_bench_of_another_kernel_the_solution_is_wrong(name: str, bench: str, kernel: Revision,
                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    checks = import_module(check_of(exercise(name)).__module__)
    monkeypatch.setattr(checks, bench, replace(getattr(checks, bench), revision=kernel))
    assert not passes(name)


@pytest.mark.parametrize(("name", "kernel"), CARELESS)
def test_what_is_to_be_caught_is_not_found_in_a_kernel_that_is_right(name: str, kernel: str,
                                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    checks = import_module(check_of(exercise(name)).__module__)
    assert passes(name)
    monkeypatch.setattr(checks, kernel, PRE)
    assert not passes(name)
