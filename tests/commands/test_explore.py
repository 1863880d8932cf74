"""The command explore: what it prints, its JSON, its exit status."""
from __future__ import annotations

import json
from typing import Any

import pytest

from pkvm_model.__main__ import main
from pkvm_model.explore import races
from pkvm_model.model.trace import parse, replay

FIELDS = ["name", "revision", "mutant", "property", "verdict", "outcome", "premise", "states", "transitions", "depth",
          "seconds", "complete", "trace", "reason"]


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


def test_a_search_that_was_cut_says_that_not_all_was_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explore", "I3", "--states", "100"]) == 3
    assert "the search is incomplete" in capsys.readouterr().out


def test_the_list_names_every_race_invariant_and_mutant(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explore", "--list"]) == 0
    words = {line.split()[0] for line in capsys.readouterr().out.splitlines()}
    assert {*races.RACES, "I0a", "I9", "M1", "M18"} <= words


@pytest.mark.parametrize(("words", "says"), [
    (("R99",), "there is no 'R99' to explore; see --list"),
    ((), "say what to explore; --list names it"),
    (("R7", "--without", "magic"), "revision v1 has no guard 'magic'"),
    (("I9",), "I9 is not checked for v1 with the host any; try --host honest"),
    (("I3", "--host", "any-protected"), "I3 is not checked for v1 with the host any-protected; try --host honest"),
    (("R7", "--revision", "pre", "--mutant", "M6"), "M6"),
], ids=lambda value: " ".join(value) if isinstance(value, tuple) else None)
def test_what_cannot_be_explored_is_said_in_one_line(capsys: pytest.CaptureFixture[str], words: tuple[str, ...],
                                                     says: str) -> None:
    assert main(["explore", *words]) == 2
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1
