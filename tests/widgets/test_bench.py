"""What a bench stores in a notebook, and how Python moves it and reads its position."""

import json

import pytest

from pkvm_model.graphs.contract import AnyGrowth
from pkvm_model.widgets import Bench
from pkvm_model.widgets.walk import Walk
from pkvm_model.widgets.walker import SHARED, pack
from pkvm_model.widgets.widget import MIME
from tests.widgets.listening import listen
from tests.widgets.small_graph import TO_THE_PANIC, graph, walk_along

VIEW = "application/vnd.jupyter.widget-view+json"
EARLY = "1 __pkvm_finalize_teardown_vm(0x1000) = -EBUSY"


@pytest.fixture
def bench() -> Bench:
    """Return a bench."""
    return Bench(graph(), broken)


def broken(from_id: int, cpu: int, line: str) -> AnyGrowth:
    """Fail to expand the graph."""
    raise KeyError("page x9")


def stored(bench: Bench) -> str:
    """Return what a notebook stores of a bench: everything except the live view."""
    data, metadata = bench._repr_mimebundle_()
    assert data.pop(VIEW)
    return json.dumps([data, metadata])


def test_the_repr_is_short_and_has_no_address(bench: Bench) -> None:
    assert repr(bench) == "Bench('r7', v1, 26 states, at step 0)"


def test_two_benches_on_one_graph_are_stored_identically() -> None:
    assert stored(Bench(graph())) == stored(Bench(graph()))


def test_text_table_and_graph_are_stored(bench: Bench) -> None:
    data = json.loads(stored(bench))[0]
    assert set(data) == {"text/plain", "text/html", MIME}
    assert data["text/plain"] == f"{bench!r}\n{bench.describe()}"
    assert data[MIME] == {"v": 3, "kind": "bench", "packed": pack(graph()), "place": bench.place}


def test_a_packed_graph_holds_each_part_once_and_loses_nothing() -> None:
    packed = json.loads(pack(graph()))
    parts = packed.pop("parts")
    for state in packed["states"]:
        state["holds"] = parts[state["holds"]]
        state.update({kind: [parts[number] for number in state[kind]] for kind in SHARED if kind in state})
    packed["edges"] = [[parts[number] | {"to": to} for number, to in out] for out in packed["edges"]]
    assert packed == graph()
    assert len({json.dumps(part) for part in parts}) == len(parts)


def test_goto_opens_a_trace_in_every_view(bench: Bench) -> None:
    start, sent = bench.trace.splitlines()[:-1], listen(bench)
    bench.goto("\n".join([*start, EARLY]))
    assert bench.at == 1
    assert sent == [{"place": bench.place}]


def test_goto_stops_at_the_first_line_that_does_not_fit(bench: Bench) -> None:
    start = bench.trace.splitlines()[:-1]
    with pytest.raises(ValueError, match="The bench is at step 1: the trace fits up to step 1"):
        bench.goto("\n".join([*start, EARLY, EARLY]))
    assert bench.at == 1


def test_python_reads_the_learners_position(bench: Bench) -> None:
    bench.place = json.dumps({"lines": [EARLY], "steps": [[0, 0]], "at": 1})
    assert (bench.at, bench.digest) == (1, walk_along(1).state["digest"])
    assert bench.state["lanes"][1]["short"] == "start"


def test_an_error_in_a_step_is_shown_to_the_learner(bench: Bench) -> None:
    reply = bench.reply({"id": "5", "ask": {"after": [], "cpu": 0, "line": "0 x"}})
    assert reply == {"error": "Python could not compute this (KeyError: 'page x9').", "id": "5"}


def test_a_message_without_a_question_gets_an_error(bench: Bench) -> None:
    assert "KeyError" in bench.reply({"ask": {}})["error"]


def test_python_reads_all_branches(bench: Bench) -> None:
    walk = Walk(graph())
    for line in ("0 __pkvm_host_unshare_guest(0x1000, 0) ...", EARLY):
        walk.follow("\n".join([*bench.trace.splitlines()[:-1], line]))
    bench.place = walk.history
    assert bench.branches == walk.branches
    assert bench.at == 1


def test_python_reads_broken_properties(bench: Bench) -> None:
    assert bench.broken == {}
    bench.goto(walk_along(*TO_THE_PANIC).trace)
    assert bench.broken == {"I0b": "EL2_USE_AFTER_DONATION: CPU 0 touches page vm0, which EL2 no longer maps",
                            "I6": "page vm0 is the host's alone, but its count is not 0"}


def test_a_trace_and_a_link_lead_to_the_same_place(bench: Bench) -> None:
    bench.goto(walk_along(*TO_THE_PANIC).trace)
    link, digest = bench.link, bench.digest
    bench.goto(f"https://course.example/07.html{link}")
    assert (bench.digest, bench.at) == (digest, 5)
    bench.goto(link.replace("@5", "@2"))
    assert (bench.at, len(bench.branches)) == (2, 1)


def test_a_link_of_another_bench_is_refused(bench: Bench) -> None:
    with pytest.raises(ValueError, match="the link is for the bench “r8”, this one is “r7”"):
        bench.goto("#r8=@0")


def test_a_link_opens_as_far_as_it_fits(bench: Bench) -> None:
    with pytest.raises(ValueError, match="is at step 1: the trace fits up to step 1; “1 odd” is not possible"):
        bench.goto(f"#r7={EARLY.replace(' ', '+')};1+odd@2")
    assert bench.at == 1


def test_a_text_of_a_million_characters_is_refused_at_once() -> None:
    shown = Bench(graph())
    with pytest.raises(ValueError, match=r"This text has 1,000,001 characters; at most 1,000,000 are read here\."):
        shown.goto("x" * 1_000_001)
