"""The states of a scene as a map."""
from __future__ import annotations

import pytest

from pkvm_model.explore.races import RACES
from pkvm_model.graphs.drawing import ENDS, arrow_text
from pkvm_model.graphs.map import StateMap
from pkvm_model.model.revisions import V1
from pkvm_model.scenes import SCENES
from pkvm_model.scenes.start_here import COLD_OPEN
from pkvm_model.scenes.two_phases import LEFT_BEHIND, TWO_PHASES
from pkvm_model.widgets.walker import fit_graph, pack


@pytest.mark.parametrize("name", sorted(SCENES))
def test_each_step_between_shipped_states_has_its_arrow(name: str) -> None:
    value = StateMap(SCENES[name]).value()
    steps = [(number, edge["to"], edge["label"], edge["cpu"]) for number, out in enumerate(value["edges"])
             for edge in out if edge["to"] is not None]
    drawn = [(arrow["start"], arrow["to"], arrow["label"], arrow["cpu"]) for arrow in value["drawing"]["arrows"]]
    assert drawn == steps
    assert len(value["drawing"]["boxes"]) == len(value["states"])


def test_a_box_describes_its_state() -> None:
    boxes = StateMap(COLD_OPEN).value()["drawing"]["boxes"]
    assert boxes[0]["says"] == "state 0: VM 0x1000 live, counts 0; CPU 0 unshare is next; CPU 1 start is next"
    assert (boxes[4]["signs"], boxes[4]["text"]) == ([ENDS], "4 machine ends")
    assert boxes[4]["says"].endswith("warns at EL2: VM 0x1000 is still in use.")


def test_a_state_is_marked_with_the_properties_broken_there() -> None:
    assert [box["broken"] for box in StateMap(LEFT_BEHIND).value()["drawing"]["boxes"]] == [[], [], ["I2x"]]


def test_an_arrow_is_marked_if_its_step_breaks_something_and_the_machine_goes_on() -> None:
    value = StateMap(RACES["R7"].scene(V1)).value()
    marked = [arrow for arrow in value["drawing"]["arrows"] if "broken" in arrow]
    steps = [step for out in value["edges"] for step in out if "EL2_STALE_PUT" in step["line"]]
    assert [arrow["broken"] for arrow in marked] == [["I0b"]] * len(steps)
    assert steps
    assert arrow_text(marked[0]) == "0 unshare (I0b broken)"


def test_a_scene_that_asks_for_a_prediction_marks_only_the_ends() -> None:
    assert not any(box["broken"] for box in StateMap(COLD_OPEN).value()["drawing"]["boxes"])


def test_only_shipped_states_are_drawn() -> None:
    graph = StateMap(TWO_PHASES)
    value = fit_graph(graph, 30_000)
    known = len(value["states"])
    assert len(pack(value).encode()) <= 30_000
    assert len(value["drawing"]["boxes"]) == known
    number, edge = next((number, edge) for number, out in enumerate(value["edges"])
                        for edge in out if edge["to"] is None)
    answer = graph.expand(number, edge["cpu"], edge["line"])
    assert answer["states"][str(answer["to"])]["box"] is None
