"""What is not stored in a page is answered by Python, which starts when first asked and may be ended at any time."""
from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from functools import cache
from threading import Event
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from benchmarks.static_host import Handler, Host
from pkvm_model.course.publish.chapters import NOTEBOOKS
from pkvm_model.course.publish.pages import read_notebook
from pkvm_model.lesson import find, lifecycle
from pkvm_model.model.revisions import PRE, V1
from pkvm_model.widgets.widget import MIME
from tests.browser.conftest import open_context, watched

CHAPTER, CELL = "07-two-phases", "life-v1-pre"
SEARCHES = "09-the-hole-in-the-patch"
"""The chapter that asks about a host that may call anything, of which nothing is stored."""
KEEP_WORKERS = """globalThis.workers = [];
globalThis.Worker = class extends Worker { constructor(...given) { super(...given); workers.push(this); } };"""
END = "workers.at(-1).dispatchEvent(new ErrorEvent('error'))"
"""What a page hears when the browser ends a worker, as for want of memory."""
LOAD, START = 4, 6
"""The places of two steps among the eight of this map."""
BEYOND = "0 __pkvm_start_teardown_vm(0x1000) ! EL2_PANIC start_unreferenced"
"""The start after the way out, which is not stored either."""


@pytest.fixture(scope="module")
def reader(browser: Browser, course_host: Host) -> Iterator[BrowserContext]:
    """A browser that has never been here before these tests: Python is fetched once for all of them."""
    context = open_context(browser, base_url=course_host.address)
    context.add_init_script(KEEP_WORKERS)
    yield context
    context.close()


@pytest.fixture
def page(reader: BrowserContext, course_host: Host) -> Iterator[Page]:
    """A new tab, in which nobody has gone anywhere; it asks no other host, and raises nothing."""
    course_host.asked.clear()
    with watched(reader) as page:
        yield page


@cache
def find_way() -> tuple[str, ...]:
    """Return the lines of a shortest way out of what the page has stored; the last one is not stored."""
    stored = next(output["data"][MIME] for cell in read_notebook(NOTEBOOKS / f"{CHAPTER}.ipynb").cells
                  for output in cell.get("outputs", []) if output.get("data", {}).get(MIME, {}).get("kind") == "map")
    graph: Any = json.loads(stored["packed"])
    ways: dict[int, tuple[str, ...]] = {graph["start"]: ()}
    ahead = deque(ways)
    while ahead:
        here = ahead.popleft()
        for part, to in graph["edges"][here]:
            way = (*ways[here], graph["parts"][part]["line"])
            if to is None:
                return way
            if to not in ways:
                ways[to] = way
                ahead.append(to)
    raise AssertionError("this map is stored as a whole")


def write_link(*lines: str) -> str:
    """Return the link to the end of a way."""
    return f"#{CELL}={';'.join(lines).replace(' ', '+')}@{len(lines)}"


def sentence(*lines: str) -> str:
    """Return what the map says at the end of a way, in this Python."""
    life = lifecycle(V1, PRE)
    life.goto(write_link(*lines))
    assert life.at == len(lines)
    return life._walked().says


def shows(life: Locator, *lines: str) -> None:
    """Expect a map at the end of a way."""
    expect(life.locator(".counter")).to_have_text(f"step {len(lines)} of {len(lines)}")
    expect(life.locator(".change")).to_contain_text(sentence(*lines))
    expect(life.get_by_role("alert")).to_be_empty()


def open_at(page: Page, *lines: str) -> Locator:
    """Open the chapter at the end of a way."""
    page.goto(f"{CHAPTER}.html{write_link(*lines)}")
    return page.locator(".pkvm-map").first


def test_nothing_of_python_comes_before_somebody_asks(page: Page, course_host: Host) -> None:
    way = find_way()[:-1]
    shows(open_at(page, *way), *way)
    assert page.evaluate("workers.length") == 0
    assert [name for name in course_host.asked if "pyodide" in name or "worker" in name or name.endswith(".zip")] == []


def test_python_answers_says_that_it_comes_and_restores_the_place(page: Page, course_host: Host) -> None:
    way, is_seen = find_way(), Event()

    def wait_and_send(handler: Handler) -> None:
        is_seen.wait()
        handler.send_file()

    course_host.answers["assets/course.zip"] = wait_and_send
    life = open_at(page, *way)
    expect(page.locator(".site-note")).to_contain_text("Python is being fetched, once.")
    is_seen.set()
    course_host.answers.clear()
    shows(life, *way)
    expect(page.locator(".site-note")).to_have_count(0)
    page.reload()
    shows(life, *way)


def test_a_python_that_was_ended_goes_on_at_the_same_place(page: Page) -> None:
    way = find_way()
    life = open_at(page, *way)
    shows(life, *way)
    page.evaluate(END)
    life.locator(".choices button").nth(START).click()
    shows(life, *way, BEYOND)
    assert page.evaluate("workers.length") == 2


def test_a_python_that_is_ended_while_it_is_asked_says_so_and_answers_the_next_time(page: Page) -> None:
    way = find_way()
    life = open_at(page, *way)
    shows(life, *way)
    page.evaluate(f"document.querySelectorAll('.pkvm-map .choices button')[{START}].click(); {END}")
    expect(life.get_by_role("alert")).to_contain_text("Python has ended. Ask again to start it anew.")
    life.locator(".choices button").nth(START).click()
    shows(life, *way, BEYOND)


def search() -> Any:
    """Return what this Python answers when it has searched to the end."""
    finder, answer = find("any", revisions=V1, questions=["I0b"]), {"more": True}
    while answer["more"]:
        reply: Any = finder.reply({"ask": {"case": ["any", "v1", "I0b"], "go": True}})
        answer = reply["answer"]
    return answer


def test_a_search_without_a_script_is_answered_in_the_page_and_its_run_is_walked(page: Page) -> None:
    answer = search()
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{SEARCHES}.html")
    finder = page.locator(".pkvm-finder").last
    finder.get_by_role("button", name="Search").click()
    expect(finder.locator(".gist")).to_contain_text(answer["says"])
    finder.get_by_role("slider", name="Time").press("End")
    steps = len(answer["lines"])
    expect(finder.locator(".counter")).to_have_text(f"step {steps} of {steps}")
    expect(finder.locator(".pkvm-bench")).to_contain_text("CPU 0 touches page vm0, which EL2 no longer maps.")
    assert "".join(finder.get_by_role("alert").all_inner_texts()) == ""


def test_where_python_cannot_be_fetched_the_rest_goes_on(browser: Browser, course_host: Host) -> None:
    context = open_context(browser, base_url=course_host.address)
    page = context.new_page()
    course_host.answers["assets/pyodide/pyodide.asm.wasm"] = lambda handler: handler.send_error(503)
    way = find_way()[:-1]
    life = open_at(page, *way)
    life.locator(".choices button").nth(LOAD).click()
    expect(life.get_by_role("alert")).to_contain_text("Python could not be fetched")
    life.get_by_role("button", name="Undo").click()
    expect(life.locator(".counter")).to_have_text(f"step {len(way) - 1} of {len(way)}")
    course_host.answers.clear()
    context.close()
