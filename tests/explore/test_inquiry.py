"""Questions for the race finder: its answers are right, have the shortest runs, and come in words."""

import re
from typing import Any

import pytest

from pkvm_model.explore.catalogue import find_scenario
from pkvm_model.explore.check import HOLDS, INCOMPLETE, VIOLATED, Always, Limits
from pkvm_model.explore.inquiry import COUNT, WORDS, Inquiry
from pkvm_model.explore.machines import AnyHost, Scripts, every_call
from pkvm_model.explore.outcomes import ERR, NOT_THERE, OK, find_outcome
from pkvm_model.explore.questions import ALWAYS, POSSIBLE, SOMETIMES, STUCK, WRONG, ask
from pkvm_model.explore.races import RACES
from pkvm_model.graphs.bench import StateGraph
from pkvm_model.graphs.contract import AnyGraph
from pkvm_model.model.revisions import MERGED, PRE, REVISIONS, UPSTREAM, V1, Revision
from pkvm_model.model.state import Vm
from pkvm_model.model.trace import parse, replay
from pkvm_model.scenes.start_here import COLD_OPEN

TOLD = ("R1", "R2", "R7", "R12", "R13", "R15", "R22", "R29")
FEW = Always("few", "No VM is there.", lambda state: "a VM is there" if any(True for _ in state.all(Vm)) else "")


def answer(name: str, revision: Revision, question: str = WRONG) -> tuple[Inquiry, Any]:
    """Answer a question by a complete search; return the inquiry and the reply."""
    scenario = find_scenario(name)
    inquiry = Inquiry(scenario.machine(revision), scenario.questions)
    while inquiry.has_more(scenario.question(question)):
        inquiry.advance(scenario.question(question))
    return inquiry, inquiry.reply(scenario.question(question))


@pytest.mark.parametrize("name", TOLD)
@pytest.mark.parametrize("revision", REVISIONS.values(), ids=list(REVISIONS))
def test_a_race_goes_wrong_where_the_table_of_races_says_so(name: str, revision: Revision) -> None:
    outcome = find_outcome(RACES[name], revision).kind
    if outcome == NOT_THERE:
        with pytest.raises(ValueError, match=f"{revision.name} has no __pkvm_"):
            find_scenario(name).machine(revision)
    else:
        assert answer(name, revision)[1].verdict == (HOLDS if outcome in (OK, ERR) else VIOLATED)


def fewest(value: AnyGraph, name: str) -> int | None:
    """Return the fewest steps in a graph after which a property is broken."""
    number = [prop for prop, _ in value["properties"]].index(name)
    far, waiting = {0: 0}, [0]
    for at in waiting:
        if isinstance(value["states"][at]["holds"][number], str):
            return far[at]
        for edge in value["edges"][at]:
            if name in edge.get("breaks", ()):
                return far[at] + 1
            if edge["to"] not in far:
                far[edge["to"]] = far[at] + 1
                waiting.append(edge["to"])
    return None


@pytest.mark.parametrize(("name", "revision"), [("R7", V1), ("cold-open", V1), ("R15", MERGED), ("R3", PRE)])
def test_no_run_on_the_bench_is_shorter_than_the_finders(name: str, revision: Revision) -> None:
    scenario = find_scenario(name)
    inquiry = Inquiry(scenario.machine(revision), scenario.questions)
    value = StateGraph(inquiry.machine.scene, properties=scenario.asked_always).value()
    names = {name for name, _ in value["properties"]}
    questions = [question for question in scenario.questions if question.kind == ALWAYS and question.name in names]
    lengths = {question.name: inquiry.advance(question, seconds=60).steps for question in questions}
    assert lengths == {question.name: fewest(value, question.name) for question in questions}
    assert any(lengths.values())


def test_the_answer_is_the_first_thing_that_goes_wrong() -> None:
    _, reply = answer("R15", MERGED)
    assert (reply.steps, reply.reason.split(":")[0]) == (4, "HOST_WARN")


@pytest.mark.parametrize(("name", "revision", "question"), [
    ("R7", V1, WRONG), ("R8", V1, "neighbours"), ("any", V1, "I6")])
def test_the_finders_run_replays_to_its_traces_state(name: str, revision: Revision, question: str) -> None:
    inquiry, reply = answer(name, revision, question)
    assert replay(parse(str(reply.trace))).differs == ""
    assert reply.steps == len(reply.lines) == len(reply.cpus)
    graph: AnyGraph = StateGraph(inquiry.scene(reply.lines), limit=reply.steps + 1, runs=[reply.cpus]).value()
    at = 0
    for line in reply.lines:
        at = next(edge["to"] for edge in graph["edges"][at] if edge["line"] == line)
    assert graph["states"][at]["digest"] == reply.trace.digest


def test_a_slice_of_a_search_reports_its_progress_and_the_next_slice_continues() -> None:
    scenario = find_scenario("any")
    inquiry, question = Inquiry(scenario.machine(UPSTREAM), scenario.questions), scenario.question("I3")
    first = inquiry.advance(question, seconds=0)
    assert (first.verdict, first.steps, inquiry.has_more(question)) == (INCOMPLETE, None, True)
    assert re.fullmatch(r"[\d,]+ states found, [\d,]+ of them not checked yet\.", first.looked)
    assert first.states - first.waiting <= COUNT
    later = [inquiry.advance(question, seconds=0) for _ in range(20)][-1]
    assert later.states > first.states


def test_the_report_on_short_runs_is_true_at_every_moment_of_a_search() -> None:
    inquiry, reports = Inquiry(find_scenario("R7").machine(V1), find_scenario("R7").questions), []
    while inquiry.has_more(inquiry.questions[0]):
        reports.append(inquiry.reply(inquiry.questions[0]).says)
        inquiry.exploration.advance(1)
    assert reports[0] == "Not known yet: no run of at most 0 steps goes wrong."
    assert reports[-1] == "Not known yet: no run of at most 15 steps goes wrong."
    assert inquiry.reply(inquiry.questions[0]).steps == 16


def test_one_search_answers_every_question_about_its_machine() -> None:
    inquiry, _ = answer("R7", MERGED)
    assert [inquiry.has_more(question) for question in inquiry.questions] == [False] * len(inquiry.questions)
    verdicts = {question.name: inquiry.reply(question).verdict for question in inquiry.questions}
    assert (verdicts["I3"], verdicts["I8"], verdicts["stuck"]) == ("holds", "empty", "holds")


def test_a_search_that_reaches_its_limit_stops_and_says_so() -> None:
    inquiry = Inquiry(AnyHost(V1, every_call(V1)), find_scenario("any").questions)
    reply = inquiry.advance(inquiry.questions[-1], seconds=60, limits=Limits(states=50))
    assert not inquiry.has_more(inquiry.questions[-1])
    assert reply.looked.endswith("not checked yet. It stopped at the limit of 50 states.")


def test_a_learners_property_is_answered_like_any_other() -> None:
    scenario = find_scenario(COLD_OPEN).asking(WRONG, FEW)
    assert [question.name for question in scenario.questions] == [WRONG, "few"]
    inquiry = Inquiry(scenario.machine(V1), scenario.questions)
    assert inquiry.advance(scenario.question("few")).words.startswith("Violated: it is broken after 0 steps")


@pytest.mark.parametrize(("revision", "words"), [
    (MERGED, "No: after 1 step it is lost. No shorter run loses it. Whatever an honest host does now, page g0 still "
             "counts as lent to a guest. 2 states found, 1 of them not checked yet."),
    (V1, "Yes: from every state, an honest host that takes over can still do it. 25 states checked: that is all of "
         "them.")])
def test_the_way_home_is_answered_with_who_continues_and_what_is_lost(revision: Revision, words: str) -> None:
    scenario = find_scenario("R15").asking("way-home")
    inquiry = Inquiry(scenario.machine(revision), scenario.questions)
    assert inquiry.advance(scenario.questions[0], seconds=60).words == words


def test_a_search_for_the_way_home_reports_its_progress() -> None:
    scenario = find_scenario("any").asking("way-home-but")
    inquiry, question = Inquiry(scenario.machine(UPSTREAM), scenario.questions), scenario.questions[0]
    reply = inquiry.advance(question, seconds=0)
    assert (reply.verdict, reply.steps, inquiry.has_more(question)) == (INCOMPLETE, None, True)
    assert re.match(r"Not known yet: an honest host can still do it after any run of at most \d+ steps?\. ",
                    reply.words)
    while len(inquiry.exploration.search.levels) < 4:
        inquiry.exploration.advance(1)
    assert inquiry.reply(question).says.endswith("at most 3 steps.")


def test_every_verdict_on_every_kind_of_question_has_a_sentence() -> None:
    kinds = {WRONG: 3, ALWAYS: 4, SOMETIMES: 3, POSSIBLE: 3, STUCK: 3}
    assert {kind: sum(other == kind for other, _ in WORDS) for kind in kinds} == kinds
    assert max(len(sentence.split()) for sentence in WORDS.values()) <= 20


@pytest.mark.parametrize(("asked", "words"), [
    ("R24", "R24 is described but not explored"),
    ("R99", "there is nothing to explore called 'R99'; try R7, any, any-protected, or a scene's name")])
def test_a_name_that_cannot_be_explored_is_refused_in_one_sentence(asked: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        find_scenario(asked)


def test_the_refusal_of_an_unknown_question_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match="R7 has no question 'I77'; it has wrong, I0a"):
        find_scenario("R7").asking("I77")


def test_a_kernel_without_protected_vms_is_refused_for_a_protected_scenario() -> None:
    with pytest.raises(ValueError, match="v1 has no protected VMs"):
        find_scenario("any-protected").machine(V1)


def test_scripts_can_run_on_a_kernel_without_a_guard() -> None:
    machine = find_scenario("R1").machine(V1.without("load_not_dying"))
    assert isinstance(machine, Scripts)
    inquiry = Inquiry(machine, (ask(RACES["R1"].goals[0]),))
    assert inquiry.advance(inquiry.questions[0]).verdict == "example"
