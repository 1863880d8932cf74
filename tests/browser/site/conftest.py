"""A host that has some pages of the site, and a reader's browser."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Request, WebError

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
    context = open_context(browser, base_url=course_host.address)
    with guarded(context):
        yield context
    context.close()


@contextmanager
def guarded(context: BrowserContext) -> Iterator[None]:
    """Close the pages that are opened, and fail if one has raised an error or asked for anything from elsewhere."""
    troubles = list[str]()

    def note_request(request: Request) -> None:
        if leaves(request.url):
            troubles.append(request.url)

    def note_error(error: WebError) -> None:
        troubles.append(str(error.error))

    context.on("request", note_request)
    context.on("weberror", note_error)
    yield
    for page in context.pages:
        page.close()
    context.remove_listener("request", note_request)
    context.remove_listener("weberror", note_error)
    assert troubles == []
