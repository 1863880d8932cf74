"""A host that has some pages of the site, and a reader's browser."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext

from benchmarks.static_host import Host
from tests.browser.conftest import leaves, open_context


@pytest.fixture(scope="session")
def course_host(live_site: Path) -> Iterator[Host]:
    """A host that has some pages of the site."""
    made = Host(live_site)
    yield made
    made.stop()


@pytest.fixture
def learner(browser: Browser, course_host: Host) -> Iterator[BrowserContext]:
    """A learner's browser, as on the first visit; no page may raise an error, or ask for anything from elsewhere."""
    context, troubles = open_context(browser, base_url=course_host.address), list[str]()
    context.on("request", lambda request: troubles.append(request.url) if leaves(request.url) else None)
    context.on("weberror", lambda error: troubles.append(str(error.error)))
    yield context
    context.close()
    assert troubles == []
