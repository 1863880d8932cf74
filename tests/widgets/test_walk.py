"""A position is read back from a trace text, as far as it fits."""

import json

import pytest

from pkvm_model.graphs.bench import StateGraph
from pkvm_model.graphs.contract import AnyGraph, AnyGrowth, StepQuestion
from pkvm_model.widgets.walk import Walk
from tests.widgets.small_graph import SCENE, TO_THE_PANIC, graph, walk_along

START = "\n".join([graph()["header"], *graph()["setup"]])
EARLY = "1 __pkvm_finalize_teardown_vm(0x1000) = -EBUSY"
LOAD = "0 __pkvm_vcpu_load(0x1000, 0) = void"
UNSHARE = "0 __pkvm_host_unshare_guest(0x1000, 0) ...\n0 resume ...\n0 resume = 0"

LOOP = {"cpu": 0, "label": "load", "line": "0 again", "to": 0, "says": "Again.", "kind": "step", "ret": "0"}


def expand(from_id: int, cpu: int, line: str) -> AnyGrowth:
    """Return an answer that leads to a state of its own."""
    learnt = {**graph()["states"][0], "digest": "learnt"}
    return {"from": from_id, "line": line, "to": 99, "states": {"99": learnt}, "edges": {"99": []}}


def test_a_walk_follows_its_own_trace() -> None:
    walk, again = Walk(graph()), Walk(graph())
    assert walk.follow(f"{START}\n{EARLY}\n{UNSHARE}") == ""
    assert again.follow(walk.trace) == ""
    assert again.state == walk.state
    assert len(again.path) == 4


def test_a_trace_of_another_bench_is_refused_with_its_line() -> None:
    walk = Walk(graph())
    assert "line 1 of the trace is not" in walk.follow("pkvm-trace 1 pre\n" + EARLY)
    assert walk.path == []


def test_another_version_and_another_bench_get_different_messages() -> None:
    walk = Walk(graph())
    says = "the trace has version 2, here version 1 is read; make it again with this course"
    assert walk.follow(START.replace("pkvm-trace 1", "pkvm-trace 2")) == says
    assert "was made for another bench" in walk.follow(START.replace("v1", "v1 slots=1", 1))


def test_a_trace_is_followed_to_the_first_line_that_does_not_fit() -> None:
    walk = Walk(graph())
    assert walk.follow(f"{START}\n{EARLY}\n{EARLY}") == f"the trace fits up to step 1; “{EARLY}” is not possible there"
    assert walk.says.startswith("EL2 refuses CPU 1’s finalise")


def test_a_trace_that_promises_another_state_is_reported() -> None:
    assert "the trace ends in state abc" in Walk(graph()).follow(f"{START}\n{EARLY}\nstate abc")


def test_answers_of_python_are_kept() -> None:
    walk = Walk(graph(), expand)
    assert walk.follow(f"{START}\n{UNSHARE}\n{LOAD}\nstate learnt") == ""
    assert walk.here == 99


def test_a_bench_without_python_says_how_to_make_one_with_it() -> None:
    with pytest.raises(LookupError, match=r"make it with bench\(scene\)"):
        Walk(graph()).follow(f"{START}\n{UNSHARE}\n{LOAD}")


def test_asking_does_not_change_the_shipped_graph() -> None:
    shipped = graph()
    Walk(shipped, expand).follow(f"{START}\n{UNSHARE}\n{LOAD}")
    assert shipped == graph()


def test_going_back_and_doing_something_else_loses_nothing() -> None:
    walk = Walk(graph())
    walk.follow(f"{START}\n{UNSHARE}")
    walk.follow(f"{START}\n{EARLY}")
    assert [branch.splitlines()[-2] for branch in walk.branches] == ["0 resume = 0", EARLY]
    assert len(walk.path) == 1


def test_a_history_of_ten_thousand_steps_is_restored() -> None:
    """Long ways of a graph without an end."""
    round_trip: AnyGraph = {**graph(), "states": graph()["states"][:1], "edges": [[LOOP]]}
    steps = [[number, 0] for number in range(10_000)]
    walk = Walk(round_trip)
    walk.recall(json.dumps({"lines": [LOOP["line"]], "steps": steps, "at": 10_000}))
    assert len(walk.path) == 10_000


def test_steps_that_do_not_fit_are_dropped_with_all_that_follow() -> None:
    walk = Walk(graph())
    walk.recall(json.dumps({"lines": [EARLY, "1 odd"], "steps": [[0, 0], [0, 1], [2, 0]], "at": 3}))
    assert (len(walk.places), walk.path) == (2, [])


def test_a_property_broken_on_the_way_stays_broken_and_names_its_step() -> None:
    walk = walk_along(*TO_THE_PANIC)
    assert [(prop.name, prop.word, prop.step) for prop in walk.properties] == [
        ("I0b", "broken", 5), ("I3", "nothing to check", 0), ("I6", "broken", 0)]
    assert walk.find_break(["I6"]) == 4


def test_a_long_line_is_not_repeated() -> None:
    walk, long = Walk(graph()), "x" * 500_000
    for misfit in (walk.follow(f"{START}\n{long}"), walk.open(f"#r7={long}"), walk.open(f"#{long}=1"),
                   walk.follow(START.replace("trace 1", f"trace {long}")), walk.follow(f"{START}\nstate {long}")):
        assert misfit
        assert len(misfit) < 400


@pytest.mark.parametrize("link", ["#r7=%", "#r7=%e2%82", "#r7=@٣", "#r7=@" + "9" * 5000, "#r7", "#", "#r7=\ud800"])
def test_a_damaged_link_is_followed_as_far_as_it_fits(link: str) -> None:
    walk = Walk(graph())
    walk.open(link)
    assert walk.path == []


def test_a_question_needs_only_lines_so_that_a_new_python_answers_it_alike() -> None:
    benches = [StateGraph(SCENE, limit=1) for _ in range(2)]
    first, second = (Walk(bench.value(), bench.expand) for bench in benches)
    taken: list[str] = []
    for _ in range(3):
        edge = first.edges[first.here][0]
        question: StepQuestion = {"after": [*taken], "cpu": edge["cpu"], "line": edge["line"]}
        answer = first.ask(question)
        first.take(edge)
        taken.append(edge["line"])
    assert second.ask(question) == answer


def test_a_question_after_lines_that_lead_nowhere_is_refused() -> None:
    with pytest.raises(LookupError, match="no step '0 fly' is possible there"):
        Walk(graph(), expand).ask({"after": ["0 fly"], "cpu": 0, "line": EARLY})
