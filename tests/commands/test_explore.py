"""The command explore: what it prints, its JSON, its exit status."""
from __future__ import annotations

import json
import re
from typing import Any

import pytest

from pkvm_model.__main__ import main
from pkvm_model.explore import races
from pkvm_model.model.trace import parse, replay

FIELDS = ["name", "revision", "mutant", "question", "property", "verdict", "outcome", "premise", "states",
          "transitions", "depth", "seconds", "complete", "trace", "reason", "explained", "reduced"]
LOST = "whatever an honest host does now, page g0 still counts as lent to a guest"


def explore(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    """Exit status and JSON of one exploration."""
    status = main(["explore", *words, "--json"])
    return status, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(("words", "status", "verdict", "outcome"), [
    (("R7",), 1, "violated", "BUG"),
    (("R7", "--revision", "merged"), 0, "holds", "OK"),
    (("R7", "--revision", "upstream"), 0, "holds", "ERR"),
    (("R7", "--revision", "pre"), 1, "violated", "EL2_PANIC"),
    (("R7", "--revision", "upstream", "--without", "finalize_unreferenced"), 1, "violated", "EL2_PANIC"),
    (("R1", "--mutant", "M1"), 1, "violated", "BUG"),
    (("R15", "--revision", "merged"), 1, "violated", "BUG"),
    (("R9", "--revision", "pre"), 1, "empty", "n/a"),
    (("R24",), 3, "incomplete", "not explored"),
    (("I9", "--host", "honest"), 0, "holds", "OK"),
    (("I9", "--host", "honest", "--revision", "merged"), 1, "violated", "BUG"),
    (("I3", "--host", "honest", "--revision", "pre"), 1, "empty", "OK"),
    (("I3", "--states", "100"), 3, "incomplete", "OK"),
    (("cold-open",), 1, "violated", "BUG"),
    (("way-home", "--host", "honest"), 0, "holds", "OK"),
    (("way-home", "--host", "honest", "--revision", "merged"), 1, "violated", "LOST"),
    (("way-home", "--host", "honest", "--states", "3"), 3, "incomplete", "OK"),
    (("way-home-but", "--host", "any", "--revision", "merged"), 1, "violated", "LOST"),
    (("R15", "--ask", "way-home"), 0, "holds", "OK"),
    (("R15", "--ask", "way-home", "--revision", "merged"), 1, "violated", "LOST"),
    (("R15", "--ask", "way-home", "--states", "1"), 3, "incomplete", "OK"),
    (("cold-open", "--ask", "way-home"), 1, "violated", "LOST"),
    (("cold-open", "--ask", "way-home-but"), 0, "holds", "OK"),
    (("cold-open", "--ask", "I3"), 0, "holds", "OK"),
    (("cold-open", "--ask", "I0b"), 1, "violated", "BUG"),
    (("R7", "--ask", "stuck"), 0, "holds", "OK"),
    (("R7", "--ask", "wrong", "--revision", "pre"), 1, "violated", "EL2_PANIC"),
    (("R1", "--ask", "loaded", "--mutant", "M1"), 0, "example", "OK"),
    (("R1", "--ask", "loaded"), 1, "never", "OK"),
    (("honest", "--ask", "way-home-but"), 0, "holds", "OK"),
    (("any", "--ask", "wrong"), 1, "violated", "EL2_PANIC"),
    (("R7", "--ask", "wrong", "--reduced"), 1, "violated", "BUG"),
    (("R7", "--ask", "wrong", "--reduced", "--revision", "upstream"), 0, "holds", "OK"),
], ids=lambda value: " ".join(value) if isinstance(value, tuple) else None)
def test_verdict_outcome_and_status(capsys: pytest.CaptureFixture[str], words: tuple[str, ...], status: int,
                                    verdict: str, outcome: str) -> None:
    code, found = explore(capsys, *words)
    assert (code, found["verdict"], found["outcome"]) == (status, verdict, outcome)
    assert list(found) == FIELDS


def test_the_trace_of_a_violation_replays(capsys: pytest.CaptureFixture[str]) -> None:
    _, found = explore(capsys, "R7")
    again = replay(parse(found["trace"]))
    assert again.differs == ""
    assert again.state.end is not None
    assert again.state.end.kind == "EL2_USE_AFTER_DONATION"


def test_an_answer_about_the_way_home_says_who_continues_and_what_is_lost(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explore", "R15", "--ask", "way-home", "--revision", "merged"]) == 1
    question, answer, looked, *trace = capsys.readouterr().out.splitlines()
    assert question.startswith("R15, way-home, in merged: Whatever has happened, an honest host can still get")
    assert answer == f"violated, LOST: {LOST}"
    assert looked.startswith("2 states, 1 transitions")
    assert looked.endswith("; that is enough")
    assert replay(parse("\n".join(trace))).differs == ""


def test_a_violation_by_design_names_its_race(capsys: pytest.CaptureFixture[str]) -> None:
    _, found = explore(capsys, "way-home", "--host", "any", "--revision", "merged")
    assert found["explained"] == "R18, by design"
    _, found = explore(capsys, "way-home", "--host", "honest", "--revision", "merged")
    assert (found["explained"], found["reason"]) == ("R15", LOST)
    _, found = explore(capsys, "way-home", "--host", "honest", "--revision", "merged", "--mutant", "M1")
    assert found["explained"] == ""


def test_the_json_of_a_question_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    _, found = explore(capsys, "cold-open", "--ask", "I3")
    assert (found["name"], found["question"], found["property"]) == (
        "cold-open", "I3", "A dying VM has no vCPU loaded.")


def test_a_reduced_search_says_in_how_many_states_one_step_was_taken_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explore", "R7", "--ask", "wrong", "--revision", "upstream", "--reduced"]) == 0
    looked = capsys.readouterr().out.splitlines()[-1]
    assert re.match(r"\d+ states \(\d+ with one step taken alone\), ", looked)


def test_a_search_that_was_cut_says_that_not_all_was_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explore", "I3", "--states", "100"]) == 3
    assert "the search is incomplete" in capsys.readouterr().out


def test_the_list_names_every_race_invariant_and_mutant(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explore", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    words = {line.split()[0] for line in lines}
    assert {*races.RACES, "I0a", "I9", "way-home", "way-home-but", "any", "honest", "cold-open", "M1", "M18"} <= words
    asked = {line.partition("--ask ")[2].partition(":")[0] for line in lines if "--ask " in line}
    assert {"wrong", "stuck", "neighbours"} <= asked


@pytest.mark.parametrize(("words", "says"), [
    (("R99",), "there is no 'R99' to explore; see --list"),
    ((), "say what to explore; --list names it"),
    (("R7", "--reduced"), "--reduced goes with a question; add --ask wrong"),
    (("R7", "--without", "magic"), "revision v1 has no guard 'magic'"),
    (("I9",), "I9 is not checked for v1 with the host any; try --host honest"),
    (("I3", "--host", "any-protected"), "I3 is not checked for v1 with the host any-protected; try --host honest"),
    (("R7", "--revision", "pre", "--mutant", "M6"), "M6"),
    (("way-home", "--host", "any-protected"), "way-home is not checked for v1 with the host any-protected; try --host"),
    (("cold-open", "--ask", "I3", "--revision", "pre"),
     "pre has no __pkvm_start_teardown_vm, so cold-open cannot run there; try --revision v1 or merged or upstream"),
    (("R15", "--ask", "home-way"), "R15 has no question 'home-way'; it has wrong, "),
    (("R24", "--ask", "wrong"), "R24 is described but not explored"),
    (("I3", "--ask", "wrong"), "I3 is a question itself; leave out --ask"),
    (("any",), "say what to ask about the host any: --ask wrong, or another question; see --list"),
    (("any-protected", "--ask", "wrong"), "v1 has no __pkvm_host_donate_guest, so any-protected cannot run there; try"),
], ids=lambda value: " ".join(value) if isinstance(value, tuple) else None)
def test_an_impossible_question_is_refused_in_one_line(capsys: pytest.CaptureFixture[str], words: tuple[str, ...],
                                                       says: str) -> None:
    assert main(["explore", *words]) == 2
    errors = capsys.readouterr().err
    assert says in errors
    assert errors.count("\n") == 1
