"""Without a network, after one visit, Python still starts in a page, and answers are checked."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from benchmarks.static_host import Host
from pkvm_model.practice.exercises import find_exercise
from tests.browser.conftest import open_context
from tests.browser.site.exercise_site import RUN, Solving
from tests.browser.site.test_offline import KEPT


@pytest.fixture(scope="module")
def reader(browser: Browser, kept_site: Path) -> Iterator[BrowserContext]:
    """A reader who has visited a part of the course once, and has no network since."""
    host = Host(kept_site)
    context = open_context(browser, base_url=host.address)
    page = context.new_page()
    page.goto("index.html")
    expect(page.locator(".on-device")).to_have_text(KEPT)
    page.close()
    host.stop()
    yield context
    context.close()


def test_an_answer_is_checked(reader: BrowserContext) -> None:
    solving = Solving(reader, RUN)
    solving.editor.fill(find_exercise(RUN).solution)
    solving.press("Check")
    expect(solving.page.locator(".card-here")).to_contain_text("Passed. Broken in 6 steps; no run is shorter.")
    solving.page.close()
