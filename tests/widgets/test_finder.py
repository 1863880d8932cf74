"""The race finder without a screen: what it ships, what it answers, where it stands, and what Python reads back."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pkvm_model.__main__ import main
from pkvm_model.explore.check import Always
from pkvm_model.graphs.contract import StepQuestion
from pkvm_model.lesson import find, schedule
from pkvm_model.model.revisions import MERGED, PRE, UPSTREAM, V1
from pkvm_model.model.state import State, Vm
from pkvm_model.model.trace import parse, replay
from pkvm_model.widgets.finder import Finder
from pkvm_model.widgets.finder_session import FinderPlace
from pkvm_model.widgets.walk import BenchWalk, Walk
from pkvm_model.widgets.walker import MOST_BYTES

R7_BY_HAND = [0, *[1] * 14, 0]


@pytest.fixture(scope="module")
def finder() -> Finder:
    """Return a finder of R7 on all kernels."""
    return find("R7")


@pytest.fixture
def r7(finder: Finder) -> Finder:
    """Return the same finder, before anybody has used it."""
    finder.place = FinderPlace(("R7", "v1", "wrong")).text
    return finder


def take_steps(finder: Finder, cpus: list[int], **more: Any) -> list[str]:
    """Step these CPUs on the finder's bench, as its front end reports it."""
    walk, history = finder._here().bench, Walk(finder._here().bench.graph)
    for cpu in cpus:
        history.take(next(edge for edge in walk.edges[history.here] if edge["cpu"] == cpu))
    finder.place = replace(FinderPlace(finder.chosen), bench=history.history, **more).text
    return [edge["line"] for edge, _ in history.path]


def ask_about(finder: Finder, *case: str) -> Finder:
    """Put the finder into the place after a learner's question about a case."""
    finder.place = FinderPlace(case, asked=("/".join(case),)).text
    return finder


def test_a_finder_ships_all_answers_and_benches_with_their_runs(r7: Finder) -> None:
    shipped = json.loads(r7.packed)
    cases = shipped["subjects"][0]["cases"]
    assert [case["name"] for case in cases] == ["pre", "v1", "merged", "upstream"]
    assert shipped["start"] == ["R7", "v1", "wrong"]
    for case in cases:
        [[_, packed]], names = case["benches"], {question["name"] for question in shipped["questions"]}
        assert set(case["found"]) == names
        bench = r7._session.cases["R7", case["name"]].benches[()]
        assert len(packed["states"]) == len(bench.graph["states"])
        for lines in filter(None, (answer["lines"] for answer in case["answers"])):
            walk = Walk(bench.graph)
            assert walk.open(f"#{bench.graph['name']}={';'.join(lines)}".replace(" ", "+")) == ""
            assert len(walk.path) == len(lines)


@pytest.mark.parametrize("names", [(), ("any",)], ids=str)
def test_a_finder_fits_into_a_notebook(names: tuple[str, ...]) -> None:
    assert len(find(*names).packed.encode()) < 1.1 * MOST_BYTES


def test_two_finders_ship_the_same_text(finder: Finder) -> None:
    assert find("R7").packed == finder.packed


def test_a_kernel_without_a_call_says_so_instead_of_an_answer() -> None:
    finder = find("cold-open")
    case = json.loads(finder.packed)["subjects"][0]["cases"][0]
    assert case["missing"] == "pre has no __pkvm_start_teardown_vm, so these scripts cannot run there."
    ask_about(finder, "cold-open", "pre", "wrong")
    assert finder.found is None
    assert "Pre has no __pkvm_start_teardown_vm" in finder.describe()
    with pytest.raises(LookupError, match="pre has no"):
        _ = finder.trace


def test_python_reads_the_answer_and_its_run(r7: Finder) -> None:
    ask_about(r7, "R7", "v1", "wrong")
    assert (r7.found.verdict, r7.found.steps) == ("violated", 16)
    assert replay(parse(str(r7.found.trace))).differs == ""
    assert repr(r7) == "Finder('R7', v1, wrong: violated after 16 steps)"
    r7.place = FinderPlace(("R7", "v1", "wrong"), ("R7/v1/I3",)).text
    assert r7.found is None
    assert repr(r7) == "Finder('R7', v1, wrong: not asked)"


def test_the_words_are_a_sentence_and_a_table_of_answers(r7: Finder) -> None:
    lines = ask_about(r7, "R7", "merged", "I8").describe().splitlines()
    assert lines[0].startswith("Finalise while a call holds the VM (merged). Does it always hold? Nobody else ")
    assert "Empty: it is about a kind of state that never occurs here" in lines[0]
    wrong = next(line for line in lines if line.startswith("wrong"))
    assert "violated after 16 steps" in wrong
    assert "All answers</caption>" in r7.static()
    assert "violated after 16 steps" in r7.static()


def test_the_sentence_explains_what_going_wrong_means(r7: Finder) -> None:
    assert r7.describe().splitlines()[0] == (
        "Finalise while a call holds the VM (v1). Can this go wrong? It does if one of these is broken: EL2 never "
        "panics. EL2 never touches memory that it has given back. The host logs no warning. Not asked yet.")


def test_the_way_home_is_answered_without_a_kernel_in_text_and_in_html() -> None:
    finder = ask_about(find("R15"), "R15", "merged", "way-home")
    shipped = json.loads(finder.packed)
    kinds = {question["name"]: question["kind"] for question in shipped["questions"]}
    assert (kinds["way-home"], kinds["way-home-but"]) == ("possible", "possible")
    case = next(case for case in shipped["subjects"][0]["cases"] if case["name"] == "merged")
    answer = case["answers"][case["found"]["way-home"]]
    assert (answer["verdict"], len(answer["lines"]), answer["more"]) == ("violated", 1, False)
    said = finder.describe().splitlines()[0]
    assert "(merged). Is it always possible? Whatever has happened, an honest host can still get everything" in said
    assert "No: after 1 step it is lost. No shorter run loses it. Whatever an honest host does now, page g0" in said
    assert "Is it always possible?" in finder.static()
    row = next(line for line in finder.describe().splitlines() if line.startswith("way-home "))
    assert re.split(r"  +", row)[-4:] == ["cannot run there", "holds", "violated after 1 step", "holds"]


def test_the_run_that_loses_the_way_home_opens_on_the_bench() -> None:
    finder = ask_about(find("R15", questions=["way-home"]), "R15", "merged", "way-home")
    assert repr(finder) == "Finder('R15', merged, way-home: violated after 1 step)"
    finder.goto(str(finder.found.trace))
    assert (finder.at, finder.digest) == (1, finder.found.trace.digest)


def test_the_way_home_from_any_host_is_searched_in_slices() -> None:
    finder, case = find("any", revisions=UPSTREAM), ["any", "upstream", "way-home-but"]
    answer: Any = finder.answer
    first = answer({"case": case, "go": True})
    assert (first["more"], first["verdict"], first["lines"]) == (True, "incomplete", None)
    assert first["says"].startswith("Not known yet: an honest host can still do it after any run of at most ")
    begun = int(first["looked"].split()[0].replace(",", ""))
    # On a busy machine a slice can be too short for one more step.
    later = (answer({"case": case, "go": True})["looked"] for _ in range(100))
    assert any(int(looked.split()[0].replace(",", "")) > begun for looked in later)


def test_several_races_share_a_table_of_whether_they_go_wrong() -> None:
    rows = find("R2", "R5", revisions=(PRE, V1)).describe().splitlines()[2:]
    assert [row.split()[0] for row in rows] == ["scripts", "R2", "R5"]
    assert rows[2].endswith("holds")
    assert "cannot run there" in rows[2]


def test_a_search_proceeds_in_slices_and_its_run_opens_on_a_bench() -> None:
    finder, case = find("any", revisions=V1), ["any", "v1", "I0b"]
    answer: Any = finder.answer
    first = answer({"case": case, "go": True})
    assert answer({"case": case, "go": False}) == first
    assert (first["more"], first["verdict"], first["lines"]) == (True, "incomplete", None)
    while (found := answer({"case": case, "go": True}))["more"]:
        assert found["lines"] is None
    assert found == answer({"case": case, "go": False})
    graph = json.loads(answer({"case": case, "run": found["lines"], "bench": True})["packed"])
    assert [name for name, _ in graph["properties"]][:2] == ["I0a", "I0b"]
    finder.place = FinderPlace(tuple(case), ("/".join(case),), tuple(found["lines"])).text
    finder.goto(str(finder.found.trace))
    assert (finder.at, finder.digest) == (len(found["lines"]), finder.found.trace.digest)


def way_to(walk: BenchWalk, wanted: int) -> list[str]:
    """Return the lines of a way from the start to a state."""
    ways: dict[int, list[str]] = {walk.graph["start"]: []}
    waiting = [*ways]
    for at in waiting:
        for edge in walk.edges.get(at, ()):
            if edge["to"] is not None and edge["to"] not in ways:
                ways[edge["to"]] = [*ways[at], edge["line"]]
                waiting.append(edge["to"])
    return ways[wanted]


def test_a_bench_asks_for_unknown_steps() -> None:
    finder = schedule("R7")
    finder._session.case.benches.clear()
    bench = finder._session.case.open_bench(most=30_000)
    shipped = len(bench.states)
    assert (bench.follow(str(finder._session.case.get_answer("wrong").trace)), len(bench.states)) == ("", shipped)
    at, far = next((at, edge) for at, out in bench.edges.items() for edge in out if edge["to"] is None)
    after = way_to(bench, at)
    step: StepQuestion = {"after": after, "cpu": far["cpu"], "line": far["line"]}
    answer: Any = finder.answer({"case": list(finder.chosen), "run": [], "step": step})
    assert set(answer["states"]) == {str(answer["to"])}


def test_a_run_by_hand_that_breaks_a_property_counts(r7: Finder) -> None:
    assert (r7.by_hand, r7.steps_by_hand) == (None, None)
    lines = take_steps(r7, R7_BY_HAND)
    take_steps(r7, R7_BY_HAND, hand=tuple(lines))
    assert r7.steps_by_hand == 16
    assert replay(parse(str(r7.by_hand))).differs == ""
    assert r7.at == 16


@pytest.mark.parametrize("cpus", [[0, 1], [1, 1], []], ids=str)
def test_a_run_by_hand_that_breaks_nothing_does_not_count(r7: Finder, cpus: list[int]) -> None:
    lines = take_steps(r7, cpus)
    take_steps(r7, cpus, hand=tuple(lines))
    assert (r7.by_hand, r7.steps_by_hand) == (None, None)


def test_the_scheduler_hides_the_answer_until_asked() -> None:
    game = schedule("cold-open", "I0b")
    text = game.describe() + game.static() + repr(game)
    assert "Break this: EL2 never touches memory that it has given back. Not broken by hand yet." in text
    assert not any(word in text for word in ("Shortest", "violated", "shorter", "steps"))
    assert repr(game) == "Scheduler('cold-open', v1, I0b: not broken yet)"
    assert "Who owns every page</caption>" in game.static()


def test_the_scheduler_finally_shows_both_numbers_of_steps() -> None:
    game = schedule("cold-open", "I0b")
    lines = take_steps(game, [1, 0, 1, 0])
    take_steps(game, [1, 0, 1, 0], hand=tuple(lines), asked=("/".join(game.chosen),))
    assert "You: 4 steps. Shortest: 4 steps." in game.describe()
    assert (game.steps_by_hand, game.found.steps) == (4, 4)
    assert repr(game) == "Scheduler('cold-open', v1, I0b: broken in 4 steps)"


@pytest.mark.parametrize(("finder", "words"), [
    (lambda: schedule("R7", "stuck"), "stuck of R7 cannot be broken by hand; ask with find"),
    (lambda: schedule("R15", "way-home"), "way-home of R15 cannot be broken by hand: no single step shows that "
                                          "something is lost for ever; ask with find"),
    (lambda: schedule("any"), "wrong of any cannot be broken by hand"),
    (lambda: schedule("cold-open", "wrong", PRE), "pre has no __pkvm_start_teardown_vm")])
def test_a_question_that_cannot_be_broken_by_hand_is_refused(finder: Callable[[], Finder], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        finder()


def test_a_learners_own_property_can_be_asked_and_broken() -> None:
    def dying(state: State) -> str:
        return "one is" if any(vm.is_dying for _, vm in state.all(Vm)) else ""

    mine = Always("mine", "No VM is dying.", dying)
    game = schedule("cold-open", mine)
    lines = take_steps(game, [1])
    take_steps(game, [1], hand=tuple(lines))
    assert game.steps_by_hand == 1


def test_trace_and_link_of_a_race_open_the_same_place_and_the_command_ends_there(
        r7: Finder, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ask_about(r7, "R7", "v1", "wrong")
    r7.goto(str(r7.found.trace))
    link, digest = r7.link, r7.digest
    assert (r7.at, digest) == (16, r7.found.trace.digest)
    assert link.startswith("#find-R7=R7/v1/wrong/0+__pkvm_host_unshare_guest(0x1000,+0)+...;1+")
    other = find("R7")
    other.goto(f"http://localhost:8888/lab/tree/x.ipynb{link}")
    assert (other.chosen, other.at, other.digest) == (("R7", "v1", "wrong"), 16, digest)
    assert other.trace == str(r7.found.trace) == r7.trace
    (tmp_path / "race.txt").write_text(other.trace)
    assert main(["replay", str(tmp_path / "race.txt")]) == 0
    assert capsys.readouterr().out.endswith(f"ends in state {digest}\n")


def test_a_trace_opens_on_its_kernel(r7: Finder) -> None:
    trace = find("R7", revisions=MERGED)
    take_steps(trace, [0, 1])
    r7.goto(trace.trace)
    assert (r7.chosen, r7.at) == (("R7", "merged", "wrong"), 2)


def test_a_trace_opens_on_the_race_that_fits_all_of_it() -> None:
    source = schedule("R7")
    take_steps(source, [0, 1])
    both = find("R6", "R7", revisions=V1)
    both.goto(source.trace)
    assert (both.chosen[0], both.at) == ("R7", 2)


def test_an_opened_run_does_not_count_as_by_hand(r7: Finder) -> None:
    ask_about(r7, "R7", "v1", "wrong")
    r7.goto(str(r7.found.trace))
    assert json.loads(r7.place)["shown"] is True
    assert r7.steps_by_hand is None


def test_a_foreign_link_or_trace_is_refused_and_a_fitting_part_opens(r7: Finder) -> None:
    with pytest.raises(ValueError, match="the link is for “find-R9” and R9/v1/wrong, which is not here"):
        r7.goto("#find-R9=R9/v1/wrong/@0")
    with pytest.raises(ValueError, match="the link is for “schedule-R7”"):
        r7.goto(schedule("R7").link)
    with pytest.raises(ValueError, match="made for other scripts or another kernel"):
        r7.goto(schedule("R2").trace)
    ask_about(r7, "R7", "v1", "wrong")
    lines = str(r7.found.trace).splitlines()
    with pytest.raises(ValueError, match="The bench is at step 2: the trace fits up to step 2"):
        r7.goto("\n".join([*lines[:9], "0 resume = 0", *lines[10:]]))
    assert r7.at == 2
