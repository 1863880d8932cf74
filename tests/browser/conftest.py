"""A headless Chromium, and a JupyterLab with its own settings, data and notebooks."""
from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import nbformat
import pytest

from benchmarks.lab import QUIET, find_chromium, running_lab
from pkvm_model.course.publish.pages import export
from tests.browser.in_lab import OPEN_NEXT, Address, Open
from tests.browser.notebooks import stored_notebooks
from tests.patience import PATIENCE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

THROWN_AWAY = re.compile(r"((Per comm-target subshell creation failed: )?Error: )?"
                         r"Canceled future for (create|delete)_subshell_request message before replies were done")
"""What JupyterLab itself raises when a notebook is closed or its kernel ends before it has a subshell for comms."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start the Chromium of this machine; skip the test if there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    playwright.expect.set_options(timeout=1000 * PATIENCE)
    program = find_chromium()
    if program is None:
        pytest.skip("no Chromium on PATH, so nothing was clicked")
    with playwright.sync_playwright() as driver:
        clicked = driver.chromium.launch(executable_path=program, args=QUIET)
        yield clicked
        clicked.close()


def open_context(browser: Browser, **settings: Any) -> BrowserContext:
    """Open a browser as if for the first time."""
    context = browser.new_context(**{"viewport": {"width": 1400, "height": 1000}} | settings)
    context.set_default_timeout(1000 * PATIENCE)
    return context


@contextmanager
def watched(context: BrowserContext) -> Iterator[Page]:
    """Open a page, and fail at the end if it loaded anything from outside this machine or raised an error."""
    outside, raised = [], []
    page = context.new_page()
    page.on("request", lambda request: outside.append(request.url) if leaves(request.url) else None)
    page.on("pageerror", lambda error: raised.append(str(error)) if not THROWN_AWAY.fullmatch(str(error)) else None)
    try:
        yield page
    finally:
        page.close()
    assert outside == []
    assert raised == []


@pytest.fixture(scope="session")
def without_network(browser: Browser) -> BrowserContext:
    """Open a browser without a network; pages share it, which makes them cheap, and keep nothing in it."""
    return open_context(browser, offline=True)


@pytest.fixture
def offline(without_network: BrowserContext) -> Iterator[Page]:
    """Open a page without a network."""
    with watched(without_network) as page:
        yield page


@pytest.fixture(scope="session")
def lab_page(browser: Browser, lab: str) -> Iterator[Page]:
    """Open a page for JupyterLab; all tests share it, since the first load takes seconds."""
    with watched(open_context(browser, base_url=lab)) as page:
        yield page


@pytest.fixture
def notebook(lab_page: Page) -> Open:
    """Return a function that opens a notebook in JupyterLab, or continues with it if it is open."""

    def opened(name: str, fragment: str = "") -> Page:
        if fragment or name not in lab_page.url:
            lab_page.goto(f"/lab/tree/{name}?reset{fragment}")
            lab_page.wait_for_selector(".jp-Notebook .jp-Cell")
        return lab_page

    return opened


@pytest.fixture
def lesson(notebook: Open, lab_page: Page) -> Open:
    """Return a function that opens a lesson in place of the open notebook, without loading JupyterLab again."""

    def opened(name: str) -> Page:
        if "/lab/tree/" not in lab_page.url:
            return notebook(name)
        lab_page.evaluate(OPEN_NEXT, name)
        lab_page.wait_for_selector(".jp-Notebook .jp-Cell")
        assert lab_page.evaluate("window.jupyterapp.shell.currentWidget.context.path") == name
        return lab_page

    return opened


def leaves(address: str) -> bool:
    """Return True if an address is outside this machine."""
    return not address.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "file:", "data:", "blob:", "about:"))


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a JupyterLab on copies of the notebooks and return its address."""
    folder = tmp_path_factory.mktemp("lab")
    for name, notebook in stored_notebooks().items():
        nbformat.write(notebook, folder / name)
    with running_lab(folder) as address:
        yield address


@pytest.fixture(scope="session")
def page_of(tmp_path_factory: pytest.TempPathFactory) -> Address:
    """Return a function that exports a notebook, once, and returns the address of its page."""

    @cache
    def made(name: str) -> str:
        folder = tmp_path_factory.mktemp("pages")
        notebook, page = folder / name, folder / "page.html"
        nbformat.write(stored_notebooks()[name], notebook)
        page.write_text(export(notebook), encoding="utf-8")
        return page.as_uri()

    return made
