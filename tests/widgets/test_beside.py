"""Side by side from Python: steps, the learner's position, and the forms as text and as static HTML."""

import re
from typing import Any

import pytest

from pkvm_model.graphs.pairs import PairGraph
from pkvm_model.lesson import side_by_side
from pkvm_model.model.revisions import UPSTREAM, V1
from pkvm_model.model.trace import parse, replay
from pkvm_model.scenes.start_here import COLD_OPEN
from pkvm_model.widgets.beside import SideBySide
from pkvm_model.widgets.widget import MIME
from tests.widgets.listening import listen

RACE = (1, 0, 1, 0, 0)


@pytest.fixture
def pair() -> SideBySide:
    """Return the race of the cold open at its start."""
    return side_by_side(COLD_OPEN, V1, UPSTREAM)


def test_the_repr_is_short_and_stable(pair: SideBySide) -> None:
    assert repr(pair) == "SideBySide('cold-open-v1-upstream', 26 pairs of states, at step 0)"


def test_python_reads_both_traces_and_the_first_difference(pair: SideBySide) -> None:
    assert (pair.at, pair.first_difference) == (0, None)
    pair.step(RACE)
    assert (pair.at, pair.first_difference) == (5, 3)
    ends = [replay(parse(trace)) for trace in pair.traces]
    assert [end.differs for end in ends] == ["", ""]
    assert [len(end.steps) for end in ends] == [9, 10]


def test_a_step_reaches_every_view(pair: SideBySide) -> None:
    sent = listen(pair)
    pair.step((1,))
    assert sent == [{"place": pair.place}]


def test_stepping_an_idle_cpu_is_refused(pair: SideBySide) -> None:
    with pytest.raises(ValueError, match="After step 5 CPU 1 has nothing to do in either kernel"):
        pair.step((*RACE, 1))


def test_a_trace_and_a_link_lead_to_the_same_step(pair: SideBySide) -> None:
    pair.step(RACE)
    trace, link, digest = pair.trace, pair.link, pair.digest
    for text in (trace, f"https://course.example/09.html{link}"):
        again = side_by_side(COLD_OPEN, V1, UPSTREAM)
        again.goto(text)
        assert (again.digest, again.at) == (digest, 5)


def test_a_trace_of_other_kernels_is_refused_with_its_line(pair: SideBySide) -> None:
    other = side_by_side(COLD_OPEN, V1, V1.without("finalize_dying"))
    with pytest.raises(ValueError, match="line 1 of the trace is not"):
        pair.goto(other.trace)


def test_equal_steps_share_a_line_and_the_first_difference_is_marked(pair: SideBySide) -> None:
    pair.step(RACE)
    lines = pair.describe().splitlines()
    assert lines[1] == "step 1, CPU 1 start: CPU 1’s start marks VM 0x1000 as dying; from now on no vCPU can be loaded."
    assert lines[3] == "step 3, CPU 1 finalise * first difference:"
    assert lines[5] == "    upstream: EL2 refuses CPU 1’s finalise with -EINVAL: VM 0x1000 is still in use. -> -EINVAL"
    assert lines[10] == "    v1: not reached"
    assert "page vm0 owner          HOST                 HYP" in lines
    assert lines[-1].startswith("Some ends occur in only one kernel")


def test_the_description_says_that_nothing_differs(pair: SideBySide) -> None:
    assert "At this step an observer sees no difference." in pair.describe()


def test_the_form_without_scripts_is_complete(pair: SideBySide) -> None:
    pair.step(RACE)
    page = pair.static()
    assert not re.search(r"<script|<svg|aria-|role=|data-", page)
    assert "3 CPU 1 finalise<b" in page
    assert page.count("first difference") == 1
    assert "not reached" in page


def test_before_the_first_step_the_form_without_scripts_shows_a_shortest_difference(pair: SideBySide) -> None:
    page = pair.static()
    assert "The shortest way to a difference</caption>" in page
    assert page.count("<tr>") == 3
    assert "2 CPU 1 start<b" in page
    assert "· step 0" in page
    assert pair.at == 0


def test_two_widgets_store_the_same_bytes() -> None:
    first, second = (side_by_side(COLD_OPEN, V1, UPSTREAM, RACE)._repr_mimebundle_()[0] for _ in range(2))
    assert [first[mime] for mime in (MIME, "text/html", "text/plain")] == [
        second[mime] for mime in (MIME, "text/html", "text/plain")]


def test_a_front_end_asks_for_a_step_or_for_all_ends(pair: SideBySide) -> None:
    graph = PairGraph(COLD_OPEN, V1, UPSTREAM)
    edge: Any = pair.graph["edges"][0][0]
    answer: Any = pair.answer({"after": [], "cpu": edge["cpu"], "line": edge["line"]})
    assert answer["states"][str(answer["to"])]["digest"] == pair.graph["states"][edge["to"]]["digest"]
    assert pair.answer({"runs": True}) == graph.all_runs()
