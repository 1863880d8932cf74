"""A browser that is killed at any moment has a whole course afterwards, and every line that it had kept.

`course.py bench kills` does the same two hundred times.
"""
from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from benchmarks.kills import DEEDS, Reader, Trial, Versions
from benchmarks.lab import QUIET, find_chromium
from benchmarks.static_host import Host


@pytest.fixture
def trial(browser: Browser, site: Path, tmp_path: Path) -> Iterator[Trial]:
    """A reader who has the whole course on the device."""
    folder = shutil.copytree(site, tmp_path / "site")
    host = Host(folder)
    options = {"executable_path": find_chromium(), "args": QUIET}
    yield Trial(Reader((browser.browser_type, options), tmp_path / "profile", host), Versions(folder), seed=1)
    host.stop()


def test_a_kill_leaves_one_whole_version_and_every_line(trial: Trial) -> None:
    for deed in DEEDS:
        trial.strike(deed)
    assert trial.faults == []
    assert len(trial.lines) >= 2
