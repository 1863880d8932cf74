"""The course stays on the device: whole, of one version, and changed only when the reader says so."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from benchmarks.static_host import BELOW, Host, hang_up, send_other
from tests.browser.conftest import leaves, open_context
from tests.browser.site.small_course import PAGES, version_on, write_course
from tests.patience import wait_until

KEPT = "The whole course is on this device."
FAILS = """async (reason) => {
  const { serviceWorker } = navigator, registration = await serviceWorker.ready;
  if (!globalThis.reasons) {
    globalThis.reasons = [];
    serviceWorker.addEventListener("message", ({ data }) => reasons.push(data.course.failed));
  }
  if (reasons.includes(reason) || registration.installing) return !registration.installing;
  await registration.update().catch(() => {});
}"""
COMES = """async () => {
  const registration = await navigator.serviceWorker.ready;
  if (!registration.waiting && !registration.installing) await registration.update().catch(() => {});
  return Boolean(document.querySelector(".newer-course"));
}"""
IS_ACTIVATED = "navigator.serviceWorker.ready.then(({ active }) => active.state === 'activated')"
FETCH_ALL = "(names) => Promise.all(names.map((name) => fetch(name).then((answer) => answer.text())))"
COUNT_LOOKS = """globalThis.looks = 0;
const { update } = ServiceWorkerRegistration.prototype;
ServiceWorkerRegistration.prototype.update = function () { looks += 1; return update.call(this); };"""
METERED = "Object.defineProperty(Navigator.prototype, 'connection', { value: { saveData: true } });"
Course = dict[str, Any]


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    """A host that has the first version."""
    made = Host(write_course(tmp_path / "site", "first"))
    yield made
    made.stop()


@pytest.fixture
def reader(browser: Browser, host: Host) -> Iterator[BrowserContext]:
    """A reader's browser, as on the first visit."""
    context, outside = open_context(browser, base_url=host.address), list[str]()
    context.on("request", lambda request: outside.append(request.url) if leaves(request.url) else None)
    yield context
    context.close()
    assert outside == []


def visit(reader: BrowserContext, name: str = "index.html") -> Page:
    """Open a page of the course in a new tab."""
    page = reader.new_page()
    page.goto(name)
    return page


def keep(reader: BrowserContext) -> Page:
    """Visit the course until all of it is on the device.

    The service worker begins with removing what no version needs; later that would be what a newer one has fetched.
    """
    page = visit(reader)
    expect(page.locator(".on-device")).to_have_text(KEPT)
    wait_until(lambda: page.evaluate(IS_ACTIVATED))
    return page


def versions(page: Page) -> set[str]:
    """Return the versions of all pages, as this page gets them now."""
    return {version_on(text) for text in page.evaluate(FETCH_ALL, [f"{BELOW}{name}.html" for name in PAGES])}


def offer(page: Page) -> Any:
    """Return the bar that offers a newer course."""
    return page.locator(".newer-course")


def update(host: Host, page: Page) -> None:
    """Put the second version on the host, and visit the course again."""
    write_course(host.folder, "second")
    host.asked.clear()
    visit_again(page)


def visit_again(page: Page) -> None:
    """Load a page anew, and wait until it offers the newer course.

    A look for it that the browser began before the host was changed may answer the page's look, too; so look again.
    """
    page.reload()
    wait_until(lambda: page.evaluate(COMES))


def look_for_update(page: Page, reason: str) -> None:
    """Look for a newer course from an open page until fetching it has failed for this reason."""
    wait_until(lambda: page.evaluate(FAILS, reason))


def test_a_host_tells_two_versions_apart_however_soon_the_second_comes(tmp_path: Path) -> None:
    written = [int((write_course(tmp_path / "site", version) / "sw.js").stat().st_mtime) for version in ("1", "2", "3")]
    assert written == sorted(set(written))


def test_after_one_visit_every_page_opens_without_a_network(reader: BrowserContext, host: Host) -> None:
    page = keep(reader)
    host.stop()
    for name in PAGES:
        page.goto(f"{name}.html")
        assert page.title() == name
    page.goto("one.html?from=mail#part")
    assert page.evaluate("document.title + location.hash") == "one#part"
    page.goto("./")
    assert page.title() == "index"
    host.start()


def test_a_folder_is_its_index_page_with_and_without_a_slash(reader: BrowserContext, host: Host) -> None:
    page = keep(reader)
    host.stop()
    for name in ("extra/index.html", "extra/", "extra"):
        page.goto(f"{name}?x=1#here")
        assert page.title() == "extra/index"
        assert page.evaluate("location.href").startswith(f"{host.address}extra/")
        assert page.evaluate("location.search + location.hash") == "?x=1#here"
    host.start()


def test_a_page_that_does_not_exist_is_not_found(reader: BrowserContext) -> None:
    page = keep(reader)
    answer = page.goto("no-such-page.html")
    assert answer is not None
    assert answer.status == 404


def test_every_visit_after_the_first_looks_for_a_newer_course(reader: BrowserContext) -> None:
    """Chromium itself waits until hardly any request is under way, and a busy machine may miss that moment."""
    reader.add_init_script(COUNT_LOOKS)
    page = keep(reader)
    assert page.evaluate("looks") == 0
    page.reload()
    page.wait_for_function("looks === 1")


def test_a_newer_course_waits_until_the_reader_wants_it(reader: BrowserContext, host: Host) -> None:
    page = keep(reader)
    update(host, page)
    expect(offer(page)).to_be_visible()
    offer(page).get_by_role("button", name="Later").click()
    expect(offer(page)).to_have_count(0)
    page.goto("one.html")
    expect(page.locator(".on-device")).to_have_text(KEPT)
    expect(offer(page)).to_have_count(0)
    assert versions(page) == {"first"}
    page.close()  # without a page, a browser puts the newer service worker in the place of the older one
    page = visit(reader)
    expect(offer(page)).to_be_visible()
    assert versions(page) == {"first"}
    offer(page).get_by_role("button", name="Use it now").click()
    expect(page.locator("h1")).to_have_text("index, second")
    host.stop()
    assert versions(page) == {"second"}
    host.start()


def test_all_tabs_follow_once_they_have_nothing_under_way(reader: BrowserContext, host: Host) -> None:
    page, busy = keep(reader), keep(reader)
    busy.evaluate("beforeUpdate.add(() => new Promise((resolve) => (globalThis.finish = resolve)))")
    update(host, page)
    expect(offer(busy)).to_be_visible()
    offer(page).get_by_role("button", name="Use it now").click()
    expect(page.locator("h1")).to_have_text("index, second")
    busy.wait_for_function("Boolean(globalThis.finish)")
    expect(busy.locator("h1")).to_have_text("index, first")
    busy.evaluate("finish()")
    expect(busy.locator("h1")).to_have_text("index, second")


def test_what_is_the_same_in_both_versions_is_not_fetched_again(reader: BrowserContext, host: Host) -> None:
    page = keep(reader)
    update(host, page)
    expect(offer(page)).to_be_visible()
    assert "one.html" in host.asked
    assert not [name for name in host.asked if name.startswith("same")]


@pytest.mark.parametrize("fault", [hang_up, send_other])
def test_a_version_that_cannot_be_fetched_whole_leaves_the_old_one(reader: BrowserContext, host: Host,
                                                                   fault: Any) -> None:
    page = keep(reader)
    host.answers["three.html"] = fault
    write_course(host.folder, "second")
    look_for_update(page, "server" if fault is send_other else "network")
    assert versions(page) == {"first"}
    host.answers.clear()
    host.asked.clear()
    visit_again(page)
    expect(offer(page)).to_be_visible()
    assert "one.html" not in host.asked  # the fetch went on where it had stopped
    offer(page).get_by_role("button", name="Use it now").click()
    expect(page.locator("h1")).to_have_text("index, second")
    assert versions(page) == {"second"}


@pytest.mark.parametrize(("fault", "words"), [(hang_up, "the network ended"), (send_other, "the server is changing")])
def test_a_first_visit_says_why_the_course_is_not_on_the_device(reader: BrowserContext, host: Host, fault: Any,
                                                                words: str) -> None:
    host.answers["three.html"] = fault
    page = visit(reader)
    expect(page.locator(".on-device")).to_contain_text(words)
    host.answers.clear()
    page.goto("one.html")
    expect(page.locator(".on-device")).to_have_text(KEPT)


def test_a_full_device_is_said_and_the_older_course_goes_on(reader: BrowserContext, host: Host) -> None:
    page = keep(reader)
    limits = reader.new_cdp_session(page)
    limits.send("Storage.overrideQuotaForOrigin", {"origin": host.address.split("/some")[0], "quotaSize": 1000})
    write_course(host.folder, "second")
    look_for_update(page, "room")
    assert versions(page) == {"first"}


def test_a_first_visit_on_a_full_device_says_so(reader: BrowserContext, host: Host) -> None:
    page = reader.new_page()
    limits = reader.new_cdp_session(page)
    limits.send("Storage.overrideQuotaForOrigin", {"origin": host.address.split("/some")[0], "quotaSize": 1000})
    page.goto("index.html")
    expect(page.locator(".on-device")).to_contain_text("This device has no room for the whole course.")
    page.goto("one.html")
    assert page.title() == "one"


def test_where_data_are_dear_the_reader_is_asked_first(reader: BrowserContext, host: Host) -> None:
    reader.add_init_script(METERED)
    page = visit(reader)
    ask = page.get_by_role("button", name="Keep the course on this device, 10 MB")
    expect(ask).to_be_visible()
    assert "sw.js" not in host.asked
    ask.click()
    expect(page.locator(".on-device")).to_have_text(KEPT)
    host.stop()
    assert versions(page) == {"first"}
    host.start()


def test_after_one_visit_every_page_of_the_course_opens_without_a_network(browser: Browser, site: Path) -> None:
    host = Host(site)
    context = open_context(browser, base_url=host.address)
    page = context.new_page()
    page.goto("index.html")
    expect(page.locator(".on-device")).to_have_text(KEPT)
    host.stop()
    paths = sorted(site.rglob("*.html"))
    assert len(paths) > 70
    for path in paths:
        answer = page.goto(path.relative_to(site).as_posix(), wait_until="commit")
        assert answer is not None
        assert (answer.status, answer.from_service_worker) == (200, True)
        assert answer.body() == path.read_bytes()
    context.close()
