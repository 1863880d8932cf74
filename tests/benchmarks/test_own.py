"""The course's own machines: the explorer and a search without any memory count the same."""
from __future__ import annotations

import ast
from pathlib import Path

import pytest

from benchmarks import ours, own
from benchmarks.counts import Counts
from benchmarks.explorer import parse
from benchmarks.machines import MACHINES
from benchmarks.peers import peers
from benchmarks.plain import count_plainly
from benchmarks.scenarios import MAIN, OWN, SCENARIOS


@pytest.mark.parametrize("name", ["H211", "B1112"])
def test_a_search_without_any_memory_counts_what_is_known(name: str) -> None:
    case = SCENARIOS[name]
    assert count_plainly(MACHINES[case.family](case.sizes)) == case.expected._replace(orbits=None)


@pytest.mark.parametrize("revision", ["pre", "v1", "merged", "upstream"])
def test_both_searches_count_the_same_with_an_honest_host(
        revision: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = []
    for options in ([], ["--asked"], ["--plain"]):
        assert own.main(["honest", revision, *options]) == 0
        found.append(ours.read_ours(capsys.readouterr().out))
    assert found[0] == found[1] == found[2]
    assert found[0].states > 100


def test_an_answer_says_which_host_and_which_kernel(capsys: pytest.CaptureFixture[str]) -> None:
    own.main(["honest"])
    said = ast.literal_eval(capsys.readouterr().out)
    assert (said["host"], said["revision"], said["verdict"]) == ("honest", "upstream", "holds")


@pytest.mark.parametrize("words", [["nobody"], ["any", "mainline"], []])
def test_an_unknown_host_or_kernel_is_refused(words: list[str]) -> None:
    with pytest.raises(SystemExit):
        own.main(words)


def test_the_own_machines_have_the_counts_that_the_course_has_stored() -> None:
    assert SCENARIOS["two-pages"].expected == Counts("holds", 131_136, 338_088, 63)
    assert {name for name, case in SCENARIOS.items() if case.family == OWN} <= own.OWN_HOSTS.keys()


def test_what_takes_long_is_not_in_the_main_table() -> None:
    assert set(MAIN) < SCENARIOS.keys() - {"H522", "two-vms"}
    assert tuple(case.name for case in parse([]).only) == MAIN


def test_each_own_machine_has_its_tools_and_no_peer() -> None:
    tools = [*peers(Path(), True, True), *ours.ours(Path()), *ours.own_machines(Path())]
    assert [tool.name for tool in tools if tool.suits(SCENARIOS["any"])] == [
        "without any memory", "ours", "ours, numpy", "ours, numpy, symmetry", "... all invariants"]
    assert [tool.name for tool in tools if tool.suits(SCENARIOS["two-vms"])] == [
        "ours, numpy", "ours, numpy, symmetry", "... all invariants"]
    assert {tool.kind for tool in tools if tool.suits(SCENARIOS["H322"])} == {"SPIN", "TLC", "rumur", "ours"}
