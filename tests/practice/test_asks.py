"""A check runs the model: with a kernel that behaves differently, the solution no longer passes."""
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


def refuse_page(view: View, page: str, gfn: int, nr: int, prot: str, topup: int) -> Hypercall:
    """Refuse to lend any page."""
    yield "", f"refuse page {page}"
    return -EPERM


def lend_anything(view: View, page: str) -> Hypercall:
    """Lend EL2 whatever the host names."""
    yield "", f"lend page {page}"
    return 0


def find_no_page(view: View, handle: int, gfn: int, nr: int) -> Hypercall:
    """Refuse an unshare, but not because the VM is gone."""
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
    ("wrong-cpu", "WRONG_CPU", PRE._replace(functions={"__pkvm_host_share_guest": refuse_page})),
    ("lived-to-see", "STILL_LOADED", PRE.without("teardown_unreferenced")),
    ("done-but-counted", "STILL_UNSHARING", PRE.without("teardown_unreferenced")),
    ("pair-goes-home", "PAIR", FORGETS_VCPUS),
    ("missing-line", "MISSING_LINE", V1),
    ("harmless-guard", "LOST_MEMO", UPSTREAM),
    ("old-memories", "OLD_MEMORIES", V1),
    ("lost-or-leaked", "PAGE_LEFT", mutate(UPSTREAM, "M12")),
    ("lent-and-left", "LENT_AND_LEFT", UPSTREAM._replace(functions={"__pkvm_host_share_hyp": lend_anything})),
    ("sixteen-bits", "ODD_HANDLE", UPSTREAM._replace(handle_bits=32)),
    ("one-number-off", "NO_ONE_IMAGE", PRE._replace(functions={"__pkvm_host_unshare_guest": find_no_page}))]
"""The exercise, the bench that its check plays, and a kernel with another outcome."""
CARELESS = [
    ("what-a-row-never-shows", "LENDS_TWICE"), ("what-a-row-never-shows", "FORGETS_PINS"),
    ("publish-last", "PUBLISHES_SECOND"), ("publish-last", "FILLS_LAST"),
    ("question-and-note", "VCPU_EARLY"), ("two-questions", "VCPU_EARLY"),
    ("all-home", "FORGETS_A_PIN"), ("all-home", "FORGETS_VCPUS")]
"""The exercise, and the faulty kernel that its check needs; a kernel without the fault replaces it."""

SEES_NOTHING: Any = lambda *_: ""  # noqa: E731  # replaces any property
AS_IT_IS: Any = lambda kernel, _: kernel  # noqa: E731  # replaces `mutate`
PARTS: list[tuple[str, str, Any]] = [
    ("both-get-in", "mutate", AS_IT_IS), ("points-back", "mutate", AS_IT_IS),
    ("old-memories", "describe_stale_run", SEES_NOTHING), ("three-questions", "find_lost_memory_use", SEES_NOTHING),
    ("three-questions", "EXCESS_COUNT", SEES_NOTHING),
    ("harmless-guard", "GUARD", "load_not_dying"),
    ("tell-them-apart", "V1", UPSTREAM), ("order-of-two", "V1", UPSTREAM), ("which-one-mends", "V1", UPSTREAM)]
"""The exercise, a part of the model that its check uses, and what replaces it."""


def is_passed(name: str) -> bool:
    """Return True if an exercise's solution passes; False also if the model's answer is not an option."""
    with contextlib.suppress(ExerciseError):
        return judge_here(name, find_exercise(name).solution).passed
    return False


@pytest.mark.parametrize(("name", "bench", "kernel"), BENCHES)
def test_the_solution_is_wrong_on_a_bench_with_another_kernel(name: str, bench: str, kernel: Revision,
                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    checks = import_module(find_check(find_exercise(name)).__module__)
    monkeypatch.setattr(checks, bench, replace(getattr(checks, bench), revision=kernel))
    assert not is_passed(name)


@pytest.mark.parametrize(("name", "kernel"), CARELESS)
def test_the_solution_is_wrong_if_the_faulty_kernel_is_not_faulty(name: str, kernel: str,
                                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    checks = import_module(find_check(find_exercise(name)).__module__)
    assert is_passed(name)
    monkeypatch.setattr(checks, kernel, PRE)
    assert not is_passed(name)


@pytest.mark.parametrize(("name", "part", "replacement"), PARTS)
def test_the_solution_is_wrong_with_another_part_of_the_model(name: str, part: str, replacement: object,
                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    checks = import_module(find_check(find_exercise(name)).__module__)
    assert is_passed(name)
    monkeypatch.setattr(checks, part, replacement)
    assert not is_passed(name)


def test_a_reclaim_is_tried_with_a_finalise_that_checks_references(monkeypatch: pytest.MonkeyPatch) -> None:
    careless = UPSTREAM.without("finalize_unreferenced")
    trials = [(replace(bench, revision=careless), expected, sentence)
              for bench, expected, sentence in protected_guests.TRIALS]
    assert is_passed("hold-the-dying")
    monkeypatch.setattr(protected_guests, "TRIALS", trials)
    assert not is_passed("hold-the-dying")
