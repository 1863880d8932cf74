"""Two kernels side by side, checked against the model and against the explorer's own comparison."""
from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from pkvm_model.explore.compare import find_first_difference, run_side_by_side
from pkvm_model.explore.invariants import HONEST, HOSTS
from pkvm_model.graphs.contract import AnyGraph
from pkvm_model.graphs.pairs import PARTS, PairGraph, merge, split
from pkvm_model.model.revisions import MERGED, PRE, REVISIONS, UPSTREAM, V1
from pkvm_model.model.trace import parse, replay
from pkvm_model.model.view import ModelError
from pkvm_model.scenes import LENT_PAGE, scene
from pkvm_model.scenes.scene import Scene
from pkvm_model.scenes.start_here import COLD_OPEN
from pkvm_model.scenes.two_phases import TWO_FLAGS, TWO_PHASES

RACE = (1, 0, 1, 0, 0)


def walk_run(value: AnyGraph, run: Iterable[int]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the edges that these CPUs take from the start, and the pair of states after them."""
    at, edges = 0, []
    for cpu in run:
        edges.append(next(edge for edge in value["edges"][at] if edge["cpu"] == cpu))
        at = edges[-1]["to"]
    return edges, value["states"][at]


def runs(value: AnyGraph) -> dict[int, tuple[int, ...]]:
    """Return the CPUs of a shortest run to each pair of states."""
    shortest: dict[int, tuple[int, ...]] = {0: ()}
    waiting = [0]
    for number in waiting:
        for edge in value["edges"][number]:
            if edge["to"] not in shortest:
                shortest[edge["to"]] = (*shortest[number], edge["cpu"])
                waiting.append(edge["to"])
    return shortest


@pytest.mark.parametrize("shown", [COLD_OPEN, TWO_PHASES, TWO_FLAGS], ids=lambda shown: shown.name)
def test_every_run_differs_where_the_explorer_says(shown: Scene) -> None:
    graph = PairGraph(shown, V1, UPSTREAM)
    value = graph.value()
    assert graph.complete
    for run in runs(value).values():
        edges, _ = walk_run(value, run)
        expected = run_side_by_side(*graph.scenes, run)
        assert [edge["differs"] for edge in edges] == [[PARTS[part] for part in pair.differs] for pair in expected]
        here = next((number for number, edge in enumerate(edges) if edge["differs"]), None)
        assert here == find_first_difference(expected)


def test_the_trace_of_a_pair_splits_into_two_traces_that_replay() -> None:
    value: Any = PairGraph(COLD_OPEN, V1, UPSTREAM).value()
    for run in runs(value).values():
        edges, state = walk_run(value, run)
        text = [value["header"], *value["setup"], *(edge["line"] for edge in edges), f"state {state['digest']}"]
        first, second = (replay(parse(side)) for side in split("\n".join(text)))
        assert (first.differs, second.differs) == ("", "")
        assert (first.trace.revision.name, second.trace.revision.name) == ("v1", "upstream")


def test_equal_lines_of_both_sides_stand_once() -> None:
    assert merge("0 resume ...", "0 resume ...") == "0 resume ..."
    assert (merge("a", "b"), merge("a", "-")) == ("a | b", "a | -")
    same = "pkvm-trace 1 v1\n0 resume ...\nstate 3f0c9a1b77de"
    assert split(same) == (same, same)


def test_a_step_says_what_each_side_did() -> None:
    edges, state = walk_run(PairGraph(COLD_OPEN, V1, UPSTREAM).value(), RACE)
    assert edges[2]["says"] == (
        "v1: CPU 1’s finalise destroys VM 0x1000 and gives its pages back while CPU 0’s unshare still holds a "
        "reference. upstream: EL2 refuses CPU 1’s finalise with -EINVAL: VM 0x1000 is still in use.")
    assert edges[4]["sides"][0] is None
    assert state["ends"][0] == "CPU 0 touches page vm0, which EL2 no longer maps."


def test_what_differs_is_named_with_the_value_of_each_side() -> None:
    _, state = walk_run(PairGraph(COLD_OPEN, V1, UPSTREAM).value(), RACE)
    cells = {(cell["name"], cell["part"]): cell["values"] for cell in state["cells"]}
    assert cells["slot 0", ""] == ["free", "dying"]
    assert cells["VM 0x1000", "count"] == ["1 (CPU 0 · unshare)", "0 (nobody)"]
    assert cells["page vm0", "owner"] == ["HOST", "HYP"]
    assert cells["VM 0x1000", "vCPU 0"] == ["", "idle"]
    assert ("page g0", "guest") not in cells


def test_nothing_differs_where_an_onlooker_sees_no_difference() -> None:
    _, state = walk_run(PairGraph(COLD_OPEN, V1, UPSTREAM).value(), RACE[:2])
    assert (state["differs"], state["cells"]) == ([], [])


def test_a_vm_that_neither_side_has_is_left_out() -> None:
    value: Any = PairGraph(HOSTS[HONEST].machine(PRE).scene, PRE, MERGED).value()
    _, state = walk_run(value, value["runs"]["alone"][1])
    assert {cell["name"] for cell in state["cells"]} == {"page g0"}


def test_a_cpu_without_a_step_says_why() -> None:
    value: Any = PairGraph(COLD_OPEN, V1, UPSTREAM).value()
    assert walk_run(value, RACE[:4])[1]["next"] == [["the machine has ended", "unshare continues"],
                                                    ["the machine has ended", "nothing left to do"]]
    assert value["states"][0]["next"] == [["unshare begins"] * 2, ["start, the whole call"] * 2]


def test_every_run_of_the_split_ends_where_one_of_the_one_shot_does_except_in_merged() -> None:
    life = HOSTS[HONEST].machine(PRE).scene
    same: Any = PairGraph(life, PRE, V1).value()["runs"]
    assert same["says"] == "Every end of pre is also an end of v1, and vice versa: 1 end in all."
    other: Any = PairGraph(life, PRE, MERGED).value()["runs"]
    assert other["says"] == "Some ends occur in only one kernel: 1 end in both, 1 end only in merged."
    assert other["alone"][0] is None


def test_a_run_shown_for_one_kernel_ends_where_the_other_never_does() -> None:
    value: Any = PairGraph(COLD_OPEN, V1, UPSTREAM).value()
    edges, state = walk_run(value, value["runs"]["alone"][0])
    assert edges[-1]["sides"][0]["kind"] == "panic"
    assert state["ends"][0]


def test_too_many_pairs_are_not_compared_unless_asked() -> None:
    graph = PairGraph(COLD_OPEN, V1, UPSTREAM, limit=5)
    assert graph.value()["runs"] is None
    assert graph.all_runs() == PairGraph(COLD_OPEN, V1, UPSTREAM).all_runs()


def test_a_mutant_has_a_name_of_its_own() -> None:
    value: Any = PairGraph(COLD_OPEN, UPSTREAM, UPSTREAM.without("finalize_unreferenced")).value()
    assert [revision["id"] for revision in value["revisions"]] == ["upstream", "upstream without finalize_unreferenced"]
    assert value["name"] == "cold-open-upstream-upstream-without-finalize_unreferenced"


def test_a_kernel_that_lacks_a_call_of_the_script_is_rejected() -> None:
    with pytest.raises(ModelError, match="revision pre has no call __pkvm_start_teardown_vm"):
        PairGraph(COLD_OPEN, PRE, V1)


def test_a_scene_with_a_free_cpu_is_rejected() -> None:
    with pytest.raises(ValueError, match="needs a script for each CPU"):
        PairGraph(scene("free", "Free", V1, LENT_PAGE, ("free", ""), "Anything."), V1, UPSTREAM)


@pytest.mark.parametrize("name", sorted(REVISIONS))
def test_a_kernel_does_not_differ_from_itself(name: str) -> None:
    value: Any = PairGraph(HOSTS[HONEST].machine(PRE).scene, REVISIONS[name], REVISIONS[name]).value()
    assert not any(state["differs"] for state in value["states"])
