"""The table compares like with like, and a wrong count makes the run fail."""
from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from benchmarks import explorer, table
from benchmarks.counts import Counts
from benchmarks.measure import Cost, Failed, run
from benchmarks.peers import COUNTS, Tool
from benchmarks.scenarios import SCENARIOS
from benchmarks.table import Row, Sample

H211 = SCENARIOS["H211"]


def tool(kind: str, says: Counts = H211.expected, name: str = "") -> Tool:
    """Return a tool that only prints this answer."""
    program = f"print({json.dumps(says._asdict() | {'warm_seconds': 0.25})!r})"
    return Tool(name or kind, kind, lambda scenario, folder: [[sys.executable, "-S", "-c", program]],
                explorer.read_ours, lambda scenario: True, COUNTS | {"depth"})


def row(kind: str, seconds: float, cpu: float, mib: float, warm: float | None = None) -> Row:
    """Return a row with one run."""
    return Row(H211, tool(kind), (Sample(Cost(seconds, cpu, mib), H211.expected, warm),))


def test_a_ratio_is_the_cost_of_the_fastest_setting_divided_by_ours() -> None:
    ours = row("ours", 0.5, 0.25, 10, warm=0.1)
    others = [row("SPIN", 4, 1, 500), row("SPIN", 3, 2, 50), row("TLC", 20, 30, 900)]
    assert table.ratios(ours, others) == pytest.approx(
        {"SPIN/cold": 6, "TLC/cold": 40, "SPIN/warm": 30, "SPIN/cpu": 8, "SPIN/MiB": 5})


def test_there_is_no_ratio_to_an_absent_peer() -> None:
    assert set(table.ratios(row("ours", 1, 1, 1), [row("TLC", 2, 2, 2)])) == {"TLC/cold"}


def test_a_ratio_is_shown_with_its_goal_and_whether_it_reaches_it() -> None:
    line = table.format_row(row("ours", 0.5, 0.25, 10, warm=0.1), [row("SPIN", 2.5, 1, 50), row("TLC", 20, 30, 900)])
    assert "5.00 < 6 " in line
    assert "40 ≥ 20" in line
    assert "25 ≥ 10" in line


def test_sizes_too_large_for_the_peers_are_compared_with_spin_at_a_million_states() -> None:
    million, thousand = (Row(SCENARIOS[name], tool(kind)) for name, kind in (("H323", "SPIN"), ("H211", "SPIN")))
    assert table.peers_of(SCENARIOS["H522"], [million, thousand, Row(SCENARIOS["H323"], tool("TLC"))]) == [million]
    assert table.peers_of(H211, [million, thousand]) == [thousand]


def test_figures_are_medians_of_the_rounds() -> None:
    samples = tuple(Sample(Cost(seconds, 2 * seconds, 10), H211.expected) for seconds in (9.0, 1.0, 2.0))
    assert Row(H211, tool("SPIN"), samples).figures == {"cold": 2, "cpu": 4, "MiB": 10}


@pytest.mark.parametrize("kind", ["SPIN", "TLC", "ours"])
def test_a_wrong_count_from_any_tool_fails_the_run_and_is_named(
        kind: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    tools = [tool(each, H211.expected._replace(states=183) if each == kind else H211.expected)
             for each in ("SPIN", "TLC", "ours")]
    monkeypatch.setattr(explorer, "SCRATCH", tmp_path)
    monkeypatch.setattr(explorer, "find_tools", lambda: (tools, {}))
    assert explorer.main(["--only", "H211", "--rounds", "1"]) == 1
    said = capsys.readouterr()
    assert "WRONG: states 183 instead of 184" in said.out
    assert said.err == f"bench: H211, {kind}: states 183 instead of 184\n"


def test_right_counts_pass_and_every_run_is_in_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(explorer, "SCRATCH", tmp_path)
    monkeypatch.setattr(explorer, "find_tools", lambda: ([tool("SPIN"), tool("ours")], {"TLC": "no network"}))
    assert explorer.main(["--only", "H211", "--rounds", "2", f"--json={tmp_path / 'runs.json'}"]) == 0
    written = json.loads((tmp_path / "runs.json").read_text(encoding="utf-8"))
    assert written["absent"] == {"TLC": "no network"}
    assert [len(each["runs"]) for each in written["rows"]] == [2, 2]
    assert written["rows"][1]["runs"][0]["warm"] == 0.25


def test_an_installed_tool_that_does_not_answer_fails_the_run(
        monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    broken = Tool("broken", "SPIN", lambda scenario, folder: [["no-such-program"]], explorer.read_ours,
                  lambda scenario: True)
    monkeypatch.setattr(explorer, "SCRATCH", tmp_path)
    monkeypatch.setattr(explorer, "find_tools", lambda: ([broken], {}))
    assert explorer.main(["--only", "H211"]) == 1
    assert "no-such-program does not start" in capsys.readouterr().err


def test_a_tool_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="stopped after"):
        run([[sys.executable, "-S", "-c", "while True: pass"]], tmp_path, limit=0.2)
