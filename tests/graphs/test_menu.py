"""The free host: what it may call, and what is foreseen of a call."""

from typing import Any

import pytest

from pkvm_model.explore.machines import every_call
from pkvm_model.graphs.bench import StateGraph
from pkvm_model.lesson import free_host
from pkvm_model.model.revisions import MERGED, REVISIONS, UPSTREAM, V1, Revision
from pkvm_model.model.trace import parse, replay
from pkvm_model.scenes import LENT_PAGE, scene
from pkvm_model.widgets.walk import Walk
from pkvm_model.widgets.walker import pack

ONE = "__pkvm_start_teardown_vm __pkvm_finalize_teardown_vm __pkvm_host_unshare_guest"


def free(revision: Revision = V1, names: str = "", limit: int = 1) -> StateGraph:
    """Return the graph of a scene whose CPU 0 is the learner's."""
    free_scene = scene("free", "Free", revision, LENT_PAGE, (f"free {names}", ""), "Go on.")
    return StateGraph(free_scene, limit)


def foresee(revision: Revision, start: str, setup: str = "") -> str:
    """Return what is foreseen of CPU 0's first call that begins with `start`."""
    value = StateGraph(scene("free", "Free", revision, LENT_PAGE + setup, ("free", ""), "Go on."), 1).value()
    edge = next(edge for edge in value["edges"][0] if edge["line"].startswith(f"0 {start}"))
    return str(edge.get("refusal", edge)["says"])


@pytest.mark.parametrize("revision", REVISIONS.values(), ids=REVISIONS)
def test_every_call_of_any_host_can_be_made_on_a_free_cpu(revision: Revision) -> None:
    edges = [edge for edge in free(revision).value()["edges"][0] if not edge["label"].endswith("share_hyp")]
    assert len(edges) == sum(cpu == 0 for cpu, _ in every_call(revision))
    assert {edge["cpu"] for edge in edges} == {0}


def test_a_free_host_may_lend_el2_a_page_and_end_the_loan() -> None:
    names = "__pkvm_host_share_hyp __pkvm_host_unshare_hyp"
    setup = LENT_PAGE + "0 __pkvm_host_unshare_guest(0x1000, 0)"
    edges: Any = StateGraph(scene("free", "Free", V1, setup, (f"free {names}", ""), "Go on."), 10).value()["edges"]
    lend = next(edge for edge in edges[0] if edge["line"] == "0 __pkvm_host_share_hyp(g0) = 0")
    assert "0 __pkvm_host_unshare_hyp(g0) = 0" in [edge["line"] for edge in edges[lend["to"]]]


def test_a_refusal_is_foreseen_with_its_code_and_its_reason() -> None:
    says = "EL2 refuses CPU 0’s run with -EINVAL: nothing is loaded on CPU 0."
    assert foresee(V1, "__kvm_vcpu_run") == says


def test_a_refusal_that_depends_on_the_revision_names_it() -> None:
    dying = "0 __pkvm_start_teardown_vm(0x1000)"
    assert foresee(V1, "__pkvm_finalize").endswith("with -EBUSY: VM 0x1000 is not dying yet. (v1)")
    assert foresee(UPSTREAM, "__pkvm_finalize").endswith("with -EINVAL: VM 0x1000 is not dying yet. (upstream)")
    assert foresee(MERGED, "__pkvm_host_unshare_guest", dying).endswith("VM 0x1000 is dying. (merged)")


def test_a_refusal_after_a_gap_is_foreseen_too() -> None:
    edge = next(edge for edge in free().value()["edges"][0] if "init_vm" in edge["line"])
    assert (edge["kind"], edge["ret"], edge["refusal"]["ret"]) == ("step", None, "-ENOMEM")


def test_nothing_is_foreseen_of_a_call_that_succeeds() -> None:
    edge = next(edge for edge in free().value()["edges"][0] if "unshare_guest(0x1000" in edge["line"])
    assert "refusal" not in edge


def test_a_scene_may_name_the_calls_of_its_menu() -> None:
    labels = {edge["label"] for edge in free(names=ONE).value()["edges"][0]}
    assert labels == {"start", "finalise", "unshare"}


def test_an_unknown_call_is_rejected_by_name() -> None:
    with pytest.raises(ValueError, match="v1 has no call __pkvm_teardown_vm for a host that is free"):
        free(names="__pkvm_teardown_vm")


def test_every_page_that_a_call_may_touch_has_its_row_from_the_start() -> None:
    setup = "0 __pkvm_host_share_hyp(kvm0)\n0 __pkvm_host_share_hyp(hv0.0)"
    value = StateGraph(scene("bare", "Bare", V1, setup, ("free", ""), "EL2 has no VM."), 1).value()
    assert [name for name, _ in value["pages"]] == ["kvm0", "hv0.0", "vm0", "pgd0", "vc0.0", "g0"]


@pytest.mark.parametrize("revision", REVISIONS.values(), ids=REVISIONS)
def test_a_bench_of_the_free_host_stays_within_the_limit(revision: Revision) -> None:
    assert len(pack(free_host(revision).graph).encode()) <= 200_000


def test_the_way_to_every_state_replays_to_its_digest() -> None:
    value = free(names=ONE, limit=40).value()
    ways: dict[int, list[str]] = {0: []}
    waiting = [0]
    for number in waiting:
        for edge in value["edges"][number]:
            if edge["to"] is not None and edge["to"] not in ways:
                ways[edge["to"]] = [*ways[number], edge["line"]]
                waiting.append(edge["to"])
    assert len(ways) > 10
    for number, lines in ways.items():
        text = [value["header"], *value["setup"], *lines, f"state {value['states'][number]['digest']}"]
        assert replay(parse("\n".join(text))).differs == ""


def test_a_trace_and_a_link_go_beyond_what_was_shipped() -> None:
    graph = free(names=ONE)
    walk, other = Walk(graph.value(), graph.expand), Walk(graph.value(), graph.expand)
    start = ["0 __pkvm_host_unshare_guest(0x1000, 0) ...", "0 resume ...", "0 resume = 0",
             "0 __pkvm_start_teardown_vm(0x1000) = 0"]
    assert walk.follow("\n".join([*walk.trace.splitlines()[:-1], *start])) == ""
    assert replay(parse(walk.trace)).differs == ""
    assert other.open(f"#free={walk.link.partition('=')[2]}") == ""
    assert other.trace == walk.trace
