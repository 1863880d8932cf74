"""A headless Chromium, and a JupyterLab with its own settings, data and notebooks."""
from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import nbformat
import pytest

from benchmarks.lab import QUIET, find_chromium, running_lab
from pkvm_model.course.site.chapters import format_notebook
from tests.browser.in_lab import OPEN_NEXT, Address, Open
from tests.browser.notebooks import STORED, stored_notebook
from tests.patience import PATIENCE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

DRAWN = "() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))"
"""Waits until what the last change, of a window's size too, has set off is drawn."""
VIEWPORT: Any = {"width": 1400, "height": 1000}
THROWN_AWAY = re.compile(r"((Per comm-target subshell creation failed: )?Error: )?"
                         r"Canceled future for (create|delete)_subshell_request message before replies were done"
                         r"|(Error: )?Disposed")
"""What JupyterLab itself raises when a notebook is closed, or its kernel ends, before it has a subshell for comms.

*Disposed* is a notebook that is closed before it is saved or has its kernel (jupyterlab issues 5787 and 7862); the
course's front end raises nothing of that name.
"""


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
    context = browser.new_context(**{"viewport": VIEWPORT} | settings)
    context.set_default_timeout(1000 * PATIENCE)
    return context


class Trouble:
    """What a page must not do: it loads something from outside this machine, or raises an error."""

    def __init__(self, page: Page) -> None:
        """Take notice from now on."""
        self.outside, self.raised = list[str](), list[str]()
        page.on("request", lambda request: self.outside.append(request.url) if leaves(request.url) else None)
        page.on("pageerror", lambda error: self.note(str(error)))

    def note(self, error: str) -> None:
        """Keep an error that JupyterLab does not throw away."""
        if not THROWN_AWAY.fullmatch(error):
            self.raised.append(error)

    def check(self) -> None:
        """Fail if there was any since the last time."""
        outside, raised = self.outside.copy(), self.raised.copy()
        self.outside.clear()
        self.raised.clear()
        assert outside == []
        assert raised == []


FORGET = """async () => {
  sessionStorage.clear();
  localStorage.clear();
  const deleted = (asked) => new Promise((done, broken) => { asked.onsuccess = done; asked.onerror = broken; });
  for (const { name } of await indexedDB.databases()) await deleted(indexedDB.deleteDatabase(name));
  const buckets = navigator.storageBuckets;
  for (const name of (await buckets?.keys()) ?? []) await buckets.delete(name);
}"""
"""Forgets all that a page has stored in the browser."""


class Window(NamedTuple):
    """A page in which tests open theirs, one after the other: a new one costs more than most of these tests do."""

    page: Page
    trouble: Trouble
    empty: str

    def clear(self) -> None:
        """Close what a test has opened, and forget what it left behind: stored places, size, colours, the mouse."""
        self.page.goto(self.empty)
        self.page.evaluate(FORGET)
        self.page.set_viewport_size(VIEWPORT)
        self.page.emulate_media(media="null", color_scheme="light", reduced_motion="no-preference",
                                forced_colors="none")
        self.page.mouse.move(0, 0)


@contextmanager
def watched(context: BrowserContext) -> Iterator[Page]:
    """Open a page, and fail at the end if it loaded anything from outside this machine or raised an error."""
    page = context.new_page()
    trouble = Trouble(page)
    try:
        yield page
    finally:
        page.close()
    trouble.check()


@contextmanager
def timed_page(browser: Browser, address: str) -> Iterator[Page]:
    """Open an address without a network, with a clock that stands still until the test moves it."""
    context = open_context(browser, offline=True)
    with watched(context) as page:
        page.clock.install(time=0)
        page.goto(address)
        page.clock.pause_at(3_600_000)
        yield page
    context.close()


@pytest.fixture(scope="session")
def without_network(browser: Browser) -> BrowserContext:
    """Open a browser without a network; pages share it, which makes them cheap, and keep nothing in it."""
    return open_context(browser, offline=True)


@pytest.fixture(scope="session")
def window(without_network: BrowserContext, tmp_path_factory: pytest.TempPathFactory) -> Window:
    """Open the page that tests share."""
    empty = tmp_path_factory.mktemp("empty") / "empty.html"
    empty.write_text("<!doctype html><title>Nothing</title>", encoding="utf-8")
    page = without_network.new_page()
    return Window(page, Trouble(page), empty.as_uri())


@pytest.fixture
def offline(window: Window) -> Iterator[Page]:
    """Open a page without a network, as if for the first time."""
    window.clear()
    yield window.page
    window.page.goto(window.empty)  # which may raise the last errors of what was open
    window.trouble.check()


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
            if "/lab/" in lab_page.url:
                lab_page.evaluate("sessionStorage.clear()")  # or a bench goes on where an earlier test left it
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
    for name in STORED:
        nbformat.write(stored_notebook(name), folder / name)
    with running_lab(folder) as address:
        yield address


@pytest.fixture(scope="session")
def page_of(tmp_path_factory: pytest.TempPathFactory) -> Address:
    """Return a function that exports a notebook, once, and returns the address of its page."""

    @cache
    def made(name: str) -> str:
        folder = tmp_path_factory.mktemp("pages")
        notebook, page = folder / name, folder / "page.html"
        nbformat.write(stored_notebook(name), notebook)
        page.write_text(format_notebook(notebook, python=False), encoding="utf-8")
        return page.as_uri()

    return made
