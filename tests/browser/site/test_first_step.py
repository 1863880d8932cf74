"""Below any path, and without a server, a page steps its benches before it has fetched anything besides itself."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from benchmarks.static_host import Host
from tests.browser.conftest import Trouble, open_context
from tests.browser.screen import Screen

FIRST = ("index.html", "01-start-here.html")
CLICKS = (1, 0, 1, 0)
END = "step 4 of 4"


@pytest.fixture(scope="module")
def host(site: Path) -> Iterator[Host]:
    """A host of the whole site, below a path."""
    made = Host(site)
    yield made
    made.stop()


@pytest.fixture
def reader(browser: Browser, host: Host) -> Iterator[BrowserContext]:
    """A reader's browser, as on the first visit."""
    context = open_context(browser, base_url=host.address)
    yield context
    context.close()


@pytest.fixture
def page(reader: BrowserContext) -> Iterator[Page]:
    """A page that asks no other host, and raises nothing."""
    page = reader.new_page()
    trouble = Trouble(page)
    yield page
    trouble.check()


def only_the_page(route: Route) -> None:
    """Let a page itself come, and nothing that it asks for."""
    if route.request.is_navigation_request():
        route.continue_()
    else:
        route.abort()


@pytest.mark.parametrize("name", FIRST)
def test_the_first_bench_steps_with_nothing_but_the_page(page: Page, name: str) -> None:
    page.route("**/*", only_the_page)
    page.goto(name)
    for cpu in CLICKS:
        Screen(page).step(cpu)
    Screen(page).counts(END)


def test_the_site_works_below_a_path(page: Page, host: Host) -> None:
    page.goto("index.html")
    page.get_by_role("link", name="Start with chapter 1").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Start here")
    page.locator(".site-bar [rel=next]").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Who owns this page?")
    page.locator(".site-bar summary").click()
    page.locator(".site-bar .menu a").first.click()
    expect(page.locator(".site-bar .sides a")).to_have_attribute("href", "../02-who-owns-this-page.html")
    page.locator(".site-bar .home").click()
    page.wait_for_url(f"{host.address}index.html")


@pytest.mark.parametrize("width", [360, 420, 1300])
@pytest.mark.parametrize("name", ["08-you-are-the-scheduler", "10-two-ways-to-close-it"])
def test_the_menu_of_exercises_is_within_the_page(page: Page, name: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 740})
    page.goto(f"{name}.html")
    page.locator(".site-bar summary").click()
    box = page.locator(".site-bar .menu ul").bounding_box()
    assert box
    assert 0 <= box["x"] <= box["x"] + box["width"] <= width
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_menu_of_exercises_closes_on_escape_and_on_a_press_elsewhere(page: Page) -> None:
    page.goto("08-you-are-the-scheduler.html")
    summary, first = page.locator(".site-bar summary"), page.locator(".site-bar .menu a").first
    summary.click()
    first.focus()
    page.keyboard.press("Escape")
    expect(first).to_be_hidden()
    expect(summary).to_be_focused()
    summary.click()
    page.locator(".site-bar .menu ul").click(position={"x": 4, "y": 4})
    expect(first).to_be_visible()
    page.mouse.click(5, 700)
    expect(first).to_be_hidden()
    summary.click()
    expect(first).to_be_visible()


@pytest.mark.parametrize("name", FIRST)
def test_a_page_from_disk_steps(offline: Page, site: Path, name: str) -> None:
    offline.goto((site / name).as_uri())
    for cpu in CLICKS:
        Screen(offline).step(cpu)
    Screen(offline).counts(END)


def test_a_way_shows_its_chapters_and_for_whom_it_is(page: Page) -> None:
    page.goto("index.html")
    expect(page.locator(".chapters > li:visible")).to_have_count(14)
    page.get_by_label("One hour").check()
    expect(page.locator(".chapters > li:visible h3")).to_have_text(["01 Start here", "09 The hole in the patch"])
    expect(page.locator(".for-whom:visible")).to_contain_text("For those who want to see the hole and try it: ")
    page.get_by_label("All chapters").check()
    expect(page.locator(".chapters > li:visible")).to_have_count(14)
    expect(page.locator(".for-whom:visible")).to_have_count(0)
