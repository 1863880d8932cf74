"""What a small search costs before its first step is compared with an interpreter that does nothing."""
from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import bare
from benchmarks.bare import StartCost
from benchmarks.measure import Cost, Failed


def test_the_ratio_is_shown_with_its_goal() -> None:
    assert str(StartCost(0.012, 0.048, 90)).endswith("takes 48 ms, a bare interpreter 12 ms: 4.0 times ≤ 5")
    assert str(StartCost(0.012, 0.066, 90)).endswith(": 5.5 times > 5")


def test_both_run_in_turn_and_the_medians_count(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seconds = iter([1.0, 10.0, 9.0, 90.0, 2.0, 20.0])
    monkeypatch.setattr(bare, "run", lambda *_: (Cost(next(seconds), 0, 0), '{"states": 90}'))
    assert bare.measure_start(tmp_path, 3) == StartCost(2.0, 20.0, 90)


def test_the_command_answers(tmp_path: Path) -> None:
    assert bare.measure_start(tmp_path, 1).states == 90


def test_a_command_without_an_answer_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(bare, "ASK", ("-c", "print('no race R7')"))
    with pytest.raises(Failed, match="gave no answer: no race R7"):
        bare.measure_start(tmp_path, 1)
