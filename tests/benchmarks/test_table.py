"""The table compares like with like, and a wrong count makes the run fail."""
from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path

import pytest

from benchmarks import explorer, ours, scenarios, table
from benchmarks.counts import Counts
from benchmarks.measure import Cost, Failed, run
from benchmarks.peers import COUNTS, Tool
from benchmarks.scenarios import SCENARIOS
from benchmarks.table import Ratio, Row, Sample

H211 = SCENARIOS["H211"]


def tool(kind: str, says: Counts = H211.expected, name: str = "") -> Tool:
    """Return a tool that only prints this answer."""
    program = f"print({json.dumps(says._asdict() | {'warm_seconds': 0.25})!r})"
    return Tool(name or kind, kind, lambda scenario, folder: [[sys.executable, "-S", "-c", program]],
                ours.read_ours, lambda scenario: True, COUNTS | {"depth"})


def row(kind: str, seconds: float, cpu: float, mib: float, warm: float | None = None) -> Row:
    """Return a row with one run."""
    return Row(H211, tool(kind), (Sample(Cost(seconds, cpu, mib), H211.expected, warm),))


def values(found: list[Ratio]) -> dict[str, float]:
    """Return ratios by name."""
    return {ratio.name: ratio.value for ratio in found}


def test_a_ratio_is_the_cost_of_the_cheapest_setting_divided_by_ours() -> None:
    mine = row("ours", 0.5, 0.25, 10, warm=0.1)
    others = [row("SPIN", 4, 1, 500), row("SPIN", 3, 2, 50), row("TLC", 20, 30, 900), row("rumur", 2, 1, 9)]
    assert values(table.ratios(mine, others)) == pytest.approx(
        {"SPIN/cold": 6, "SPIN/warm": 30, "SPIN/cpu": 4, "TLC/cold": 40,
         "TLC/warm": 200, "rumur/cold": 4})


def test_memory_is_compared_only_where_there_is_a_goal_for_it() -> None:
    mine, spin = row("ours", 1, 1, 10), row("SPIN", 20, 20, 60)
    large = dataclasses.replace(mine, scenario=SCENARIOS["H422"])
    assert "SPIN/MiB" not in values(table.ratios(mine, [spin]))
    assert values(table.ratios(large, [spin]))["SPIN/MiB"] == 6


def test_there_is_no_ratio_to_an_absent_peer() -> None:
    assert set(values(table.ratios(row("ours", 1, 1, 1), [row("TLC", 2, 2, 2)]))) == {"TLC/cold"}


def test_a_ratio_is_shown_with_its_goal_and_whether_it_reaches_it() -> None:
    said = table.format_row(row("ours", 0.5, 0.25, 10, warm=0.1), [row("SPIN", 2.5, 1, 50), row("TLC", 20, 30, 900)])
    assert said.splitlines()[1:] == ["    SPIN ÷ ours: cold 5.00 < 6, warm 25 ≥ 10, cpu 4.00",
                                     "    TLC ÷ ours: cold 40 ≥ 20, warm 200 ≥ 10"]


def own_row(name: str, states: int, seconds: float, tool_name: str = "ours, numpy") -> Row:
    """Return a row of an own machine."""
    says = Counts("holds", states, 1, 1)
    return Row(scenarios.own(name, states), tool("ours", says, tool_name), (Sample(Cost(seconds, 1, 1), says),))


def test_the_goal_for_a_larger_own_machine_is_a_number_of_states_a_second() -> None:
    assert "goal: states/s 500,000 < 1,000,000" in table.format_row(own_row("two-pages", 2_000_000, 4), [])
    assert "goal: states/s 4,000,000 ≥ 1,000,000" in table.format_row(own_row("two-pages", 2_000_000, 0.5), [])
    assert "goal" not in table.format_row(own_row("any", 20_000, 4), [])
    assert "goal" not in table.format_row(own_row("two-pages", 2_000_000, 4, "ours"), [])


def test_own_machines_have_no_peer() -> None:
    million = Row(SCENARIOS["H323"], tool("SPIN"))
    assert table.peers_of(own_row("two-vms", 30_000_000, 1).scenario, [million]) == []


def test_the_end_counts_the_goals_and_names_those_that_are_missed() -> None:
    rows = [row("SPIN", 3.25, 1, 10), row("ours", 0.5, 0.25, 10, warm=0.1), own_row("two-pages", 2_000_000, 4)]
    assert list(table.summary(rows)) == [
        "Goals reached: 2 of 3; missed:", "  two-pages, ours, numpy: states/s 500,000 < 1,000,000"]
    assert list(table.summary(rows[:2])) == ["Goals reached: 2 of 2."]


def test_sizes_too_large_for_the_peers_are_compared_with_spin_at_a_million_states() -> None:
    million, thousand = (Row(SCENARIOS[name], tool(kind)) for name, kind in (("H323", "SPIN"), ("H211", "SPIN")))
    assert table.peers_of(SCENARIOS["H522"], [million, thousand, Row(SCENARIOS["H323"], tool("TLC"))]) == [million]
    assert table.peers_of(H211, [million, thousand]) == [thousand]


def test_figures_are_medians_of_the_rounds() -> None:
    samples = tuple(Sample(Cost(seconds, 2 * seconds, 10), H211.expected) for seconds in (9.0, 1.0, 2.0))
    assert Row(H211, tool("SPIN"), samples).figures == {"cold": 2, "cpu": 4, "MiB": 10, "states/s": 92}


@pytest.mark.parametrize("kind", ["SPIN", "TLC", "ours"])
def test_a_wrong_count_from_any_tool_fails_the_run_and_is_named(
        kind: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    tools = [tool(each, H211.expected._replace(states=183) if each == kind else H211.expected)
             for each in ("SPIN", "TLC", "ours")]
    monkeypatch.setattr(explorer, "SCRATCH", tmp_path)
    monkeypatch.setattr(explorer, "find_tools", lambda: (tools, {}, ""))
    assert explorer.main(["--only", "H211", "--rounds", "1"]) == 1
    said = capsys.readouterr()
    assert "WRONG: states 183 instead of 184" in said.out
    assert said.err == f"bench: H211, {kind}: states 183 instead of 184\n"


def test_right_counts_pass_and_every_run_is_in_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(explorer, "SCRATCH", tmp_path)
    monkeypatch.setattr(explorer, "find_tools", lambda: ([tool("SPIN"), tool("ours")], {"TLC": "no network"}, "SPIN 6"))
    assert explorer.main(["--only", "H211", "--rounds", "2", f"--json={tmp_path / 'runs.json'}"]) == 0
    written = json.loads((tmp_path / "runs.json").read_text(encoding="utf-8"))
    assert written["absent"] == {"TLC": "no network"}
    assert written["surroundings"][0] == "versions: SPIN 6"
    assert written["rows"][1]["ratios"]["SPIN/cold"][1] == 6
    assert [len(each["runs"]) for each in written["rows"]] == [2, 2]
    assert written["rows"][1]["runs"][0]["warm"] == 0.25


def test_a_tool_for_the_counts_alone_runs_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(explorer, "SCRATCH", tmp_path)
    once = dataclasses.replace(tool("plain"), once=True)
    rows = explorer.measure_tools(H211, [once, tool("SPIN")], 3)
    assert [len(each.samples) for each in rows] == [1, 3]


def test_an_installed_tool_that_does_not_answer_fails_the_run(
        monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    broken = Tool("broken", "SPIN", lambda scenario, folder: [["no-such-program"]], ours.read_ours,
                  lambda scenario: True)
    monkeypatch.setattr(explorer, "SCRATCH", tmp_path)
    monkeypatch.setattr(explorer, "find_tools", lambda: ([broken], {}, ""))
    assert explorer.main(["--only", "H211"]) == 1
    assert "no-such-program does not start" in capsys.readouterr().err


def test_a_tool_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="stopped after"):
        run([[sys.executable, "-S", "-c", "while True: pass"]], tmp_path, limit=0.2)
