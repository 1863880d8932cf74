"""The report on measured clicks, and what measures them without a browser; the clicking itself is not tested here."""

import sys
from types import ModuleType

import pytest

from benchmarks import clicks, lab, start, visits


def test_one_time_in_twenty_may_be_above_the_percentile() -> None:
    assert clicks.find_p95([float(number) for number in range(100)]) == 95
    assert clicks.find_p95([7.0]) == 7


def test_the_last_line_has_every_median_and_percentile(capsys: pytest.CaptureFixture[str]) -> None:
    clicks.report([clicks.Measured("known step", [1.0, 2.0, 9.0], 10, 25), clicks.Measured("asked", [50.0], 60, 120)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "clicks (median/p95 in ms): known step 2.0/9.0; asked 50.0/50.0"
    assert lines[1].split() == ["known", "step", "2.0", "9.0", "10", "25", "3", "times"]


@pytest.mark.parametrize("command", [clicks, start, visits])
def test_each_command_says_that_a_browser_is_missing(command: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "BROWSERS", ("no-such-browser",))
    with pytest.raises(SystemExit, match="there is no Chromium on PATH"):
        command.main([])


@pytest.mark.parametrize("command", [clicks, start, visits])
def test_each_command_says_that_playwright_is_missing(command: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "find_chromium", lambda: "chromium")
    monkeypatch.setitem(sys.modules, "playwright.sync_api", None)
    with pytest.raises(SystemExit, match="Playwright is not installed"):
        command.main([])
