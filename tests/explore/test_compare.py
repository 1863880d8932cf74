"""Two kernels on the same scripts."""
from __future__ import annotations

import pytest

from pkvm_model.explore.compare import compare_all_ends, find_first_difference, run_side_by_side
from pkvm_model.explore.invariants import HONEST, HOSTS
from pkvm_model.model.revisions import MERGED, PRE, REVISIONS, UPSTREAM, V1, Revision
from pkvm_model.model.state import SHARED_OWNED, Page
from pkvm_model.scenes import LENT_PAGE, Scene, scene

LIVES = {name: HOSTS[HONEST].machine(kernel).scene for name, kernel in REVISIONS.items()}


def teardown(kernel: Revision) -> Scene:
    """Return a scene in which one CPU starts the teardown and then unshares."""
    script = "__pkvm_start_teardown_vm(0x1000) whole\n__pkvm_host_unshare_guest(0x1000, 0) whole"
    return scene("two", "Start, then unshare", kernel, LENT_PAGE, (script, ""), "A VM with a page.")


def test_the_first_difference_is_where_a_refusal_leaves_the_page() -> None:
    pairs = run_side_by_side(teardown(V1), teardown(MERGED), (0, 0))
    assert find_first_difference(pairs) == 1
    assert set(pairs[1].differs) >= {"ret", "slots", "pages"}
    assert (pairs[1].first.ret, pairs[1].second.ret) == (0, -22)


def test_kernels_that_behave_alike_have_no_difference() -> None:
    pairs = run_side_by_side(teardown(V1), teardown(UPSTREAM), (0, 0))
    assert find_first_difference(pairs) is None


def test_a_cpu_with_nothing_left_waits() -> None:
    pairs = run_side_by_side(teardown(V1), teardown(UPSTREAM), (0, 0, 1, 0))
    assert [pair.first is None for pair in pairs] == [False, False, True, True]


@pytest.mark.parametrize("kernel", ["v1", "upstream"])
def test_every_run_of_the_split_ends_where_the_one_shot_does(kernel: str) -> None:
    assert compare_all_ends(LIVES["pre"], LIVES[kernel]).same


def test_a_run_shows_that_merged_ends_differently() -> None:
    ends = compare_all_ends(LIVES["pre"], LIVES["merged"])
    assert not ends.same
    last = run_side_by_side(LIVES["v1"], LIVES["merged"], ends.second_only[0])[-1]
    assert last.second.state.get(Page, "g0").host == SHARED_OWNED
    assert "pages" in last.differs


def test_pre_ends_the_same_as_itself() -> None:
    assert compare_all_ends(LIVES["pre"], HOSTS[HONEST].machine(PRE).scene).same
