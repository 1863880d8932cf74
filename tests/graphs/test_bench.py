"""The graph that a bench ships, checked against the model it was built from."""

import json
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from pkvm_model.explore.mutants import mutate
from pkvm_model.explore.properties import INVARIANTS
from pkvm_model.explore.races import RACES
from pkvm_model.graphs.bench import StateGraph
from pkvm_model.graphs.contract import AnyGraph
from pkvm_model.graphs.parts import encode_row
from pkvm_model.graphs.reach import LATE
from pkvm_model.lesson import bench
from pkvm_model.model.revisions import PRE, UPSTREAM, V1, Revision
from pkvm_model.model.trace import parse, replay
from pkvm_model.scenes import SCENES, scene
from pkvm_model.scenes.protected_guests import TAKE_HOME
from pkvm_model.scenes.scene import DETAILS
from pkvm_model.scenes.start_here import COLD_OPEN
from pkvm_model.scenes.two_phases import TWO_PHASES
from pkvm_model.scenes.who_owns_this_page import USABLE_BY_NOBODY
from pkvm_model.show.story import play
from pkvm_model.widgets.walk import Walk
from pkvm_model.widgets.walker import fit_graph, pack

COLD_OPEN_WITH_CHECKS = replace(COLD_OPEN, checks=True)


def ways(value: AnyGraph) -> dict[int, list[str]]:
    """Return a shortest path to each state of a graph, as the lines of its edges."""
    paths: dict[int, list[str]] = {value["start"]: []}
    waiting = [value["start"]]
    for number in waiting:
        for edge in value["edges"][number]:
            if edge["to"] is not None and edge["to"] not in paths:
                paths[edge["to"]] = [*paths[number], edge["line"]]
                waiting.append(edge["to"])
    return paths


@cache
def ship(name: str) -> AnyGraph:
    """Return the graph of a scene; it is made once."""
    return StateGraph(SCENES[name]).value()


OF_A_KERNEL = sorted(name for name, each in SCENES.items() if not each.revision.functions)
"""The scenes of real kernels; a trace cannot name a rewritten function."""


@pytest.mark.parametrize("name", OF_A_KERNEL)
def test_the_path_to_every_state_replays_to_its_digest(name: str) -> None:
    value = ship(name)
    for number, lines in ways(value).items():
        text = [value["header"], *value["setup"], *lines, f"state {value['states'][number]['digest']}"]
        assert replay(parse("\n".join(text))).differs == ""


def test_every_state_can_be_reached() -> None:
    value = StateGraph(TWO_PHASES).value()
    assert sorted(ways(value)) == list(range(len(value["states"])))


def test_a_card_has_as_many_holders_as_references() -> None:
    cards = [card for name in SCENES for state in ship(name)["states"] for card in state["vms"]]
    assert all(len(card["holders"]) == card["count"] for card in cards)
    assert any(card["count"] for card in cards)


def test_expanding_an_edge_returns_a_state_of_the_larger_graph() -> None:
    small, large = StateGraph(COLD_OPEN, limit=2), StateGraph(COLD_OPEN)
    edge = next(edge for out in small.value()["edges"] for edge in out if edge["to"] is None)
    answer = small.expand(0, edge["cpu"], edge["line"]) if edge in small.value()["edges"][0] else small.expand(
        1, edge["cpu"], edge["line"])
    digests = {state["digest"] for state in large.value()["states"]}
    assert answer["states"][str(answer["to"])]["digest"] in digests


def test_an_impossible_step_is_rejected() -> None:
    with pytest.raises(LookupError, match="CPU 0 cannot take the step 'no such step' from here"):
        StateGraph(COLD_OPEN).expand(0, 0, "no such step")


def test_a_state_has_the_same_number_in_whatever_order_it_is_asked_for() -> None:
    graphs = [StateGraph(TWO_PHASES, limit=3) for _ in range(2)]
    known = [{*graph.nodes} for graph in graphs]
    steps = [(number, edge["cpu"], edge["line"]) for number in range(3) for edge in graphs[0].edges[number]]
    for graph, order in zip(graphs, (steps, steps[::-1]), strict=True):
        for step in order:
            graph.expand(*step)
    assert graphs[0].nodes == graphs[1].nodes
    late = {*graphs[0].nodes} - known[0]
    assert late
    assert all(LATE <= number < 2 ** 53 for number in late)


def test_two_graphs_of_one_scene_are_identical_byte_for_byte() -> None:
    assert json.dumps(StateGraph(COLD_OPEN).value()) == json.dumps(StateGraph(COLD_OPEN).value())


def test_the_end_names_the_cpu_that_ended_the_machine() -> None:
    ends = {state["end"]["says"] for state in StateGraph(COLD_OPEN).value()["states"] if state["end"]}
    assert ends == {"The machine ends: CPU 1 warns at EL2: VM 0x1000 is still in use.",
                    "The machine ends: CPU 0 touches page vm0, which EL2 no longer maps."}


def test_a_graph_over_the_limit_ships_only_the_nearest_states() -> None:
    graph = StateGraph(TWO_PHASES)
    value = fit_graph(graph, 20_000)
    assert len(pack(value).encode()) <= 20_000
    beyond = [(number, edge) for number, out in enumerate(value["edges"]) for edge in out if edge["to"] is None]
    walk = Walk(value, graph.expand)
    walk.learn(beyond[0][0], beyond[0][1]["cpu"], beyond[0][1]["line"])
    assert len(walk.states) == len(value["states"]) + 1


@pytest.mark.parametrize("name", sorted(name for name, scene in SCENES.items() if not scene.free))
def test_every_bench_with_scripts_ships_all_of_its_graph(name: str) -> None:
    assert len(bench(SCENES[name]).graph["states"]) == len(StateGraph(SCENES[name]).nodes)


def test_no_limit_cuts_a_requested_run_short() -> None:
    run = (1,) * 5
    whole = StateGraph(RACES["R6"].scene(V1), limit=len(run) + 1, runs=[run]).value()
    at: int | None = 0
    for cpu in run:
        assert at is not None
        at = next(edge["to"] for edge in whole["edges"][at] if edge["cpu"] == cpu)
    assert at == len(whole["states"]) - 1


@pytest.mark.parametrize("kernel", [PRE, V1, UPSTREAM], ids=lambda kernel: kernel.name)
def test_two_calls_that_destroy_one_vm_end_the_machine(kernel: Revision) -> None:
    value = StateGraph(RACES["R6"].scene(mutate(kernel, "M5")), limit=400).value()
    ends = " ".join(state["end"]["says"] for state in value["states"] if state["end"])
    assert "page pgd0 is not EL2's to give" in ends
    assert "touches page vm0" in ends


def test_a_graph_reports_only_the_properties_it_is_given() -> None:
    only = tuple(invariant for invariant in INVARIANTS if invariant.name == "I3")
    value = StateGraph(COLD_OPEN_WITH_CHECKS, properties=only).value()
    assert [name for name, _ in value["properties"]] == ["I3"]
    assert not any("breaks" in edge for out in value["edges"] for edge in out)


def test_a_vm_that_was_gone_before_the_first_step_keeps_its_handle() -> None:
    value = StateGraph(RACES["R9"].scene(UPSTREAM)).value()
    gone = [card for state in value["states"] for card in state["vms"] if card["vm"] == "vm0"]
    assert {(card["word"], card["handle"]) for card in gone} == {("freed", "0x1000")}


@pytest.mark.parametrize(("cpus", "shown"), [((), ("-", "-", "O")), ((0,), ("O", "-", "-")), ((1,), ("-", "-", "-"))])
def test_a_donated_page_is_the_guests_then_the_hosts_or_nobodys(cpus: tuple[int, ...], shown: tuple[str, ...]) -> None:
    page = encode_row(play(USABLE_BY_NOBODY, *cpus).state, "g0")
    assert (page["host"], page["hyp"], page["guest"]) == shown
    assert (page["says"] == "Nobody can use it.") == (shown == ("-", "-", "-"))
    assert page["owner"] == ("HOST" if shown[0] == "O" else "GUEST")


def test_a_bug_is_not_called_a_warning() -> None:
    twice = "0 __pkvm_host_share_hyp(kvm0)\n0 __pkvm_init_vm(kvm0, 0x1000, 1, vm0, pgd0)"
    again = ("__pkvm_init_vm(kvm0, 0x1000, 1, vm0, pgd0) whole", "")
    end: Any = StateGraph(scene("twice", "Twice", PRE, twice, again, "Refused once.")).value()["states"][-1]["end"]
    assert end["title"] == "EL2 BUG: the machine ends"
    assert end["says"] == "The machine ends: CPU 0 meets a BUG at EL2: page pgd0 counts 1, not 0."


def test_a_vm_with_a_forgotten_handle_is_named_after_the_hosts_struct() -> None:
    cards = StateGraph(SCENES["stayed-away"]).value()["states"][0]["vms"]
    assert [card["handle"] for card in cards] == ["of kvm0"]


def test_a_whole_call_is_one_box_and_its_lane_says_so() -> None:
    value = ship("cold-open")
    lanes = [state["lanes"][1] for state in value["states"]]
    whole = [lane for lane in lanes if lane.get("whole")]
    assert {lane["short"] for lane in whole} == {"start", "finalise"}
    assert [region["says"] for region in whole[0]["regions"]] == ["check and mark the VM dying"]
    after_start = value["edges"][0][1]["to"]
    assert value["states"][after_start]["lanes"][1]["regions"] == [
        {"locks": "", "says": "the whole call", "when": "next"}]
    assert not any(state["lanes"][0].get("whole") for state in value["states"])


def test_a_machine_that_ends_within_a_whole_call_leaves_no_regions_of_it() -> None:
    value = ship("cold-open")
    ended = [state for state in value["states"] if state["end"] and "CPU 1" in state["end"]["says"]]
    assert ended
    assert all(state["lanes"][1]["whole"] and not state["lanes"][1]["regions"] for state in ended)


def test_only_a_scene_that_hides_something_ships_what_it_shows() -> None:
    assert ship("cold-open")["shows"] == ["vm0", "g0", "g1"]
    assert "shows" not in ship("two-phases")


@pytest.mark.parametrize("name", sorted(name for name, each in SCENES.items() if each.shows))
def test_no_sentence_is_about_what_a_scene_leaves_out(name: str) -> None:
    value, shown = ship(name), set(SCENES[name].shows)
    hidden = [page for page, _ in value["pages"] if page not in shown]
    lanes = [lane for state in value["states"] for lane in state["lanes"]]
    said = {edge["says"] for out in value["edges"] for edge in out}
    said |= {text for lane in lanes for text in [*lane["keeps"], *(region["says"] for region in lane["regions"])]}
    assert [(page, text) for page in hidden for text in said if page in text.replace(",", " ").split()] == []


def test_a_scene_shows_pages_that_exist_and_details_that_a_bench_can_leave_out() -> None:
    pages = {page for name in SCENES for page, _ in ship(name)["pages"]}
    assert {shown for each in SCENES.values() for shown in each.shows} - pages <= set(DETAILS)


def test_a_page_that_a_guest_lends_to_the_host_is_still_the_guests() -> None:
    row = encode_row(TAKE_HOME.start(), "g1")
    assert (row["owner"], row["host"], row["guest"]) == ("GUEST", "B", "S")
