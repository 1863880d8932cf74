"""A check asks the model: in a kernel that answers otherwise, the solution passes no longer."""
from __future__ import annotations

import contextlib
from dataclasses import replace
from importlib import import_module
from typing import Any

import pytest

from pkvm_model.explore.mutants import mutate
from pkvm_model.model.revisions import ENOENT, EPERM, PRE, UPSTREAM, V1, Revision
from pkvm_model.model.view import Hypercall, View
from pkvm_model.practice.checks import find_check, protected_guests
from pkvm_model.practice.exercises import ExerciseError, find_exercise
from pkvm_model.practice.sandbox import judge_here
from pkvm_model.scenes.one_shot import FORGETS_VCPUS
from pkvm_model.scenes.who_owns_this_page import LENDS_TWICE


def refuses(view: View, page: str, gfn: int, nr: int, prot: str, topup: int) -> Hypercall:
    """A call that lends no page to anybody."""
    yield "", f"refuse page {page}"
    return -EPERM


def lends_anything(view: View, page: str) -> Hypercall:
    """A call that lends EL2 whatever the host names."""
    yield "", f"lend page {page}"
    return 0


def finds_nothing(view: View, handle: int, gfn: int, nr: int) -> Hypercall:
    """An unshare that does not say that the VM is gone."""
    yield "", f"look for gfn {gfn:#x}"
    return -ENOENT


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
    ("missing-line", "MISSING_LINE", V1),
    ("harmless-guard", "LOST_MEMO", UPSTREAM),
    ("old-memories", "OLD_MEMORIES", V1),
    ("lost-or-leaked", "PAGE_LEFT", mutate(UPSTREAM, "M12")),
    ("lent-and-left", "LENT_AND_LEFT", UPSTREAM._replace(functions={"__pkvm_host_share_hyp": lends_anything})),
    ("sixteen-bits", "ODD_HANDLE", UPSTREAM._replace(handle_bits=32)),
    ("one-number-off", "NO_ONE_IMAGE", PRE._replace(functions={"__pkvm_host_unshare_guest": finds_nothing}))]
"""The exercise, the bench that its check plays, and a kernel in which that comes out otherwise."""
CARELESS = [
    ("what-a-row-never-shows", "LENDS_TWICE"), ("what-a-row-never-shows", "FORGETS_PINS"),
    ("publish-last", "PUBLISHES_SECOND"), ("publish-last", "FILLS_LAST"),
    ("question-and-note", "VCPU_EARLY"), ("two-questions", "VCPU_EARLY"),
    ("all-home", "FORGETS_A_PIN"), ("all-home", "FORGETS_VCPUS")]
"""The exercise, and the kernel with something wrong that its check needs; the kernel that is right takes its place."""

SEES_NOTHING: Any = lambda *_: ""  # noqa: E731  # in the place of any property
AS_IT_IS: Any = lambda kernel, _: kernel  # noqa: E731  # in the place of `mutate`
PARTS: list[tuple[str, str, Any]] = [
    ("both-get-in", "mutate", AS_IT_IS), ("points-back", "mutate", AS_IT_IS),
    ("old-memories", "describe_stale_run", SEES_NOTHING), ("three-questions", "touches_lost_memory", SEES_NOTHING),
    ("three-questions", "counted_too_high", SEES_NOTHING),
    ("harmless-guard", "GUARD", "load_not_dying"),
    ("tell-them-apart", "V1", UPSTREAM), ("order-of-two", "V1", UPSTREAM), ("which-one-mends", "V1", UPSTREAM)]
"""The exercise, and a part of the model that its check asks, with something else in its place."""


def passes(name: str) -> bool:
    """True if an exercise's solution passes; a check that finds no option for what the model does passes nothing."""
    with contextlib.suppress(ExerciseError):
        return judge_here(name, find_exercise(name).solution).passed
    return False


@pytest.mark.parametrize(("name", "bench", "kernel"), BENCHES)
def test_on_a_bench_of_another_kernel_the_solution_is_wrong(name: str, bench: str, kernel: Revision,
                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    checks = import_module(find_check(find_exercise(name)).__module__)
    monkeypatch.setattr(checks, bench, replace(getattr(checks, bench), revision=kernel))
    assert not passes(name)


@pytest.mark.parametrize(("name", "kernel"), CARELESS)
def test_what_is_to_be_caught_is_not_found_in_a_kernel_that_is_right(name: str, kernel: str,
                                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    checks = import_module(find_check(find_exercise(name)).__module__)
    assert passes(name)
    monkeypatch.setattr(checks, kernel, PRE)
    assert not passes(name)


@pytest.mark.parametrize(("name", "part", "instead"), PARTS)
def test_with_another_part_of_the_model_the_solution_is_wrong(name: str, part: str, instead: object,
                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    checks = import_module(find_check(find_exercise(name)).__module__)
    assert passes(name)
    monkeypatch.setattr(checks, part, instead)
    assert not passes(name)


def test_a_reclaim_is_tried_beside_a_finalise_that_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    careless = UPSTREAM.without("finalize_unreferenced")
    trials = [(replace(bench, revision=careless), asked, says) for bench, asked, says in protected_guests.TRIALS]
    assert passes("hold-the-dying")
    monkeypatch.setattr(protected_guests, "TRIALS", trials)
    assert not passes("hold-the-dying")
