"""`course.py bench` runs the checkout's benchmark with its options; each answer of the explorer is one line."""
from __future__ import annotations

import ast
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks import family
from benchmarks.counts import Counts
from pkvm_model.course import cli
from pkvm_model.course.dev import benchmarks
from pkvm_model.course.paths import ROOT


def test_the_options_reach_the_program_and_its_exit_status_is_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[Any]] = []

    def note(command: list[Any], **_: object) -> SimpleNamespace:
        commands.append(command[1:])
        return SimpleNamespace(returncode=7)

    monkeypatch.setattr(subprocess, "run", note)
    assert cli.run_inside(["bench", "explorer", "--rounds", "2", "--only", "H211"]) == 7
    assert cli.run_inside(["bench", "--all"]) == 7
    program = ROOT / "benchmarks" / "explorer.py"
    assert commands == [[program, "--rounds=2", "--only=H211"], [program, "--all"]]


def test_a_copy_without_benchmarks_says_so(
        monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(benchmarks, "ROOT", tmp_path)
    assert cli.run_inside(["bench"]) == 1
    assert "explorer.py is missing. Get the whole course" in capsys.readouterr().err


def test_an_answer_has_every_field_and_the_median_of_warm_starts(
        monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    seconds = iter([9.0, 5.0, 1.0, 3.0])
    monkeypatch.setattr(family, "take_time", lambda work: (work(), next(seconds)))
    monkeypatch.setattr(family, "explore", lambda question: Counts("holds", *question.sizes))
    assert family.main(["H", "184", "626", "16", "--warm", "3", "--data"]) == 0
    assert ast.literal_eval(capsys.readouterr().out) == {
        "family": "H", "sizes": (184, 626, 16), "mutant": None, "verdict": "holds", "states": 184, "transitions": 626,
        "depth": 16, "orbits": None, "seconds": 9.0, "warm_seconds": 3.0}


@pytest.mark.parametrize(("words", "why"), [
    ("H 2 2", "family H needs SLOTS VCPUS PAGES"), ("B 1 1 1 0", "each at least 1"), ("H 2 2 2 --mutant M3", "M1"),
    ("A 1", "wants a family first"), ("H 2 2 2 --warm", "--warm wants a value"), ("H 2 2 x", "each at least 1")])
def test_sizes_and_mutants_that_a_family_lacks_are_refused(
        words: str, why: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        family.parse(words.split())
    assert why in capsys.readouterr().err
