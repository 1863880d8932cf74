"""A bench reports the invariants' own verdicts on its states and steps."""

from dataclasses import replace

from pkvm_model.graphs.bench import StateGraph
from pkvm_model.scenes.start_here import COLD_OPEN
from pkvm_model.scenes.two_phases import LEFT_BEHIND, NEVER_RAN


def test_a_state_reports_what_holds_what_is_broken_and_what_is_empty() -> None:
    value = StateGraph(LEFT_BEHIND).value()
    names = [name for name, _ in value["properties"]]
    said = [dict(zip(names, state["holds"], strict=True)) for state in value["states"]]
    assert (said[0]["I3"], said[0]["I2x"]) == (None, True)
    assert said[1]["I3"] is True
    assert said[2]["I2x"] == "page g0 has 0 borrowers, but its count is 1"


def test_a_step_names_the_property_it_breaks_and_why() -> None:
    edges = [edge for out in StateGraph(COLD_OPEN).value()["edges"] for edge in out]
    panics = [edge for edge in edges if edge["kind"] == "panic"]
    assert {tuple(edge["breaks"]) for edge in panics} == {("I0a",), ("I0b",)}
    assert not any("breaks" in edge for edge in edges if edge["kind"] == "refused")


def test_properties_that_are_empty_everywhere_are_not_shown() -> None:
    assert [name for name, _ in StateGraph(NEVER_RAN).value()["properties"]] == ["I0a", "I0b"]


def test_answers_of_python_report_what_holds_too() -> None:
    graph = StateGraph(COLD_OPEN, limit=1)
    value = graph.value()
    edge = value["edges"][0][0]
    answer = graph.expand(0, edge["cpu"], edge["line"])
    assert len(answer["states"][str(answer["to"])]["holds"]) == len(value["properties"])


def test_a_scene_that_asks_for_a_prediction_does_not_give_it_away() -> None:
    shipped = StateGraph(COLD_OPEN).value()
    assert shipped["properties"] == []
    assert StateGraph(replace(COLD_OPEN, checks=True)).value()["properties"]
