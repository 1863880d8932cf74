"""A headless Chromium and a JupyterLab of our own, with settings, data and notebooks in folders of their own."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import nbformat
import pytest

from benchmarks.lab import QUIET, chromium, running_lab
from pkvm_model.course.publish.pages import export
from tests.browser.in_lab import OPEN_NEXT, Address, Open
from tests.browser.notebooks import stored_notebooks

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The Chromium found on this machine."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    program = chromium()
    if program is None:
        pytest.skip("no Chromium on PATH, so nothing was clicked")
    with playwright.sync_playwright() as driver:
        clicked = driver.chromium.launch(executable_path=program, args=QUIET)
        yield clicked
        clicked.close()


@contextmanager
def watched(browser: Browser, **settings: Any) -> Iterator[Page]:
    """A page; at the end it may not have asked for anything outside this machine, nor have raised."""
    outside, raised = [], []
    context = browser.new_context(**{"viewport": {"width": 1400, "height": 1000}} | settings)
    page = context.new_page()
    page.on("request", lambda request: outside.append(request.url) if leaves(request.url) else None)
    page.on("pageerror", lambda error: raised.append(str(error)))
    yield page
    context.close()
    assert outside == []
    assert raised == []


@pytest.fixture
def offline(browser: Browser) -> Iterator[Page]:
    """A page without any network."""
    with watched(browser, offline=True) as page:
        yield page


@pytest.fixture(scope="session")
def lab_page(browser: Browser, lab: str) -> Iterator[Page]:
    """A page for JupyterLab; one for all tests, since it takes seconds to load for the first time."""
    with watched(browser, base_url=lab) as page:
        yield page


@pytest.fixture
def notebook(lab_page: Page) -> Open:
    """Opens a notebook in JupyterLab, or goes on with it where it is open already."""

    def opened(name: str, fragment: str = "") -> Page:
        if fragment or name not in lab_page.url:
            lab_page.goto(f"/lab/tree/{name}?reset{fragment}")
            lab_page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
        return lab_page

    return opened


@pytest.fixture
def lesson(notebook: Open, lab_page: Page) -> Open:
    """Opens a lesson in JupyterLab where that is loaded already, in the place of what is open."""

    def opened(name: str) -> Page:
        if "/lab/tree/" not in lab_page.url:
            return notebook(name)
        lab_page.evaluate(OPEN_NEXT, name)
        lab_page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
        assert lab_page.evaluate("window.jupyterapp.shell.currentWidget.context.path") == name
        return lab_page

    return opened


def leaves(address: str) -> bool:
    """Whether an address is outside this machine."""
    return not address.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "file:", "data:", "blob:", "about:"))


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a JupyterLab on copies of the notebooks."""
    folder = tmp_path_factory.mktemp("lab")
    for name, notebook in stored_notebooks().items():
        nbformat.write(notebook, folder / name)
    with running_lab(folder) as address:
        yield address


@pytest.fixture(scope="session")
def page_of(tmp_path_factory: pytest.TempPathFactory) -> Address:
    """The address of the page of a notebook; each is exported once."""

    @cache
    def made(name: str) -> str:
        folder = tmp_path_factory.mktemp("pages")
        notebook, page = folder / name, folder / "page.html"
        nbformat.write(stored_notebooks()[name], notebook)
        page.write_text(export(notebook), encoding="utf-8")
        return page.as_uri()

    return made
