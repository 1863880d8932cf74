"""The course opens behind every door, under every Python: doctor, lab to a step on the first bench, the notebooks."""
from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from benchmarks.lab import QUIET, find_chromium
from pkvm_model.course.dev.pythons import list_pythons, newest_of_each
from tests.doors.conftest import Seed
from tests.doors.desks import DOORS, NEED_ROOT, Desk, make_desk

PYTHONS = {version: python.path for version, python in newest_of_each(list_pythons()).items()}


@pytest.fixture
def top() -> Iterator[Path]:
    """Make a folder that others may enter, and remove it: each has environments of hundreds of megabytes."""
    folder = Path(mkdtemp(prefix="pkvm-door-"))
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("version", PYTHONS)
def test_the_course_opens(version: str, door: str, top: Path, seed: Seed) -> None:
    """Doctor says so, a learner makes a step on the first bench, and the notebooks show what is stored."""
    if door in NEED_ROOT and os.geteuid():
        pytest.skip(f"the door '{door}' needs root")
    desk = make_desk(PYTHONS[version], top)
    desk.chromium = find_chromium() or pytest.skip("no Chromium on PATH")
    with DOORS[door](desk, seed(PYTHONS[version])):
        if desk.is_new:
            assert "missing environment" in " ".join(desk.run("doctor")[1].split())
        with desk.open_lab() as address, open_page(desk, address) as page:
            step_on_the_first_bench(page)
        status, text = desk.run("doctor")
        assert (status, "You can work." in text) == (0, True), text
        status, text = desk.run("test", "notebooks")
        assert status == 0, text


@contextmanager
def open_page(desk: Desk, address: str) -> Iterator[Page]:
    """Open an address in the Chromium of a desk."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=desk.chromium, args=QUIET)
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        page.set_default_timeout(180_000)
        page.goto(address)
        yield page
        browser.close()


def step_on_the_first_bench(page: Page) -> None:
    """Make the first step that the first bench offers, and see it counted."""
    bench = page.locator(".pkvm-bench").first
    expect(bench).to_be_visible(timeout=180_000)
    bench.locator(".go").first.click()
    expect(bench.locator(".counter")).to_have_text("step 1 of 1", timeout=180_000)
