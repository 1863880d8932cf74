"""The main road in Firefox and WebKit: from the first page to a passed exercise, without a network from half-way on."""
from __future__ import annotations

import base64
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from benchmarks.static_host import Host
from pkvm_model.browser import clerk
from pkvm_model.practice.exercises import find_exercise, load_exercises
from tests.browser.site.exercise_site import READ, RUN
from tests.browser.site.other_browsers import Driven, firefox, webkit
from tests.browser.site.test_asking import CHAPTER, find_way, sentence, write_link
from tests.browser.site.test_offline import KEPT
from tests.browser.site.test_python import REACH
from tests.browser.site.visitor import CONTROL, END, ENTER, Visitor
from tests.patience import wait_until

EXERCISE = find_exercise(RUN)
ENDLESS, LAST = "while True: pass", "# later"
PREDICTION, CHOSEN = ".pkvm-quiz", "(your answer)"
READ_ANSWER = f"""const {{ key }} = document.querySelector("{PREDICTION}").closest(".widget-here").dataset;
return ({READ})(["quizzes", key]);"""
UNDER_WAY = ("Your answer is being checked.", "This takes longer than most answers.")
INSERT = "document.execCommand('insertText', false, arguments[0])"


@pytest.fixture(scope="module")
def host(kept_site: Path) -> Iterator[Host]:
    """A host of the pages on the road, as a course that can be kept on a device."""
    made = Host(kept_site)
    yield made
    made.stop()


@pytest.mark.parametrize("run", [firefox, webkit], ids=["firefox", "webkit"])
def test_the_main_road(run: Callable[[Path], AbstractContextManager[Driven]], host: Host, tmp_path: Path) -> None:
    with run(tmp_path) as browser:
        visitor = Visitor(browser, host.address)
        begin(visitor)
        read_a_chapter(visitor)
        try_an_exercise(visitor)
        host.stop()
        try:
            pass_the_exercise(visitor)
            come_back(visitor)
            ask_beyond_the_graph(visitor)
            save_a_copy(visitor, tmp_path)
        finally:
            host.start()


def begin(visitor: Visitor) -> None:
    """Step the first bench, and wait until the course is on the device."""
    visitor.open("index.html")
    visitor.click(".pkvm-bench .go")
    visitor.sees(".pkvm-bench .counter", "step 1 of 1")
    visitor.sees(".on-device", KEPT)


def read_a_chapter(visitor: Visitor) -> None:
    """Step a bench by mouse and by keyboard, and answer a question."""
    visitor.click("a", "Start with chapter 1")
    visitor.sees("h1", "Start here")
    visitor.click(".pkvm-bench .go", "Step CPU 1")
    visitor.type("010")
    visitor.sees(".pkvm-bench .counter", "step 4 of 4")
    visitor.click(f"{PREDICTION} label")
    visitor.click(f"{PREDICTION} button", "Check")
    visitor.sees(PREDICTION, CHOSEN)
    wait_until(lambda: visitor.run(READ_ANSWER))
    visitor.reload()
    visitor.sees(PREDICTION, CHOSEN)


def select(visitor: Visitor) -> None:
    """Select the answer that is there; what is written now takes its place."""
    visitor.click(".cm-content")
    visitor.press(CONTROL, "a")


def write(visitor: Visitor, text: str) -> None:
    """Write an answer in place of what is there."""
    select(visitor)
    visitor.type(text)


def try_an_exercise(visitor: Visitor) -> None:
    """Be refused with the judge's sentence, see a hint, and begin to check a loop."""
    visitor.open(f"exercises/{RUN}.html")
    visitor.sees(".how", "Escape")
    write(visitor, EXERCISE.wrong[0].code)
    visitor.click("button", "Check")
    visitor.sees(".pkvm-exercise .says", EXERCISE.wrong[0].sentence)
    visitor.click("button", "Hint 1 of 3")
    visitor.sees(".hints", EXERCISE.hints[0])
    write(visitor, ENDLESS)
    visitor.press(CONTROL, ENTER)
    wait_until(lambda: visitor.says(".answering .state").startswith(UNDER_WAY))


def pass_the_exercise(visitor: Visitor) -> None:
    """Stop the loop, without a network: Python begins anew, and passes an answer that also looks for a way out."""
    visitor.click("button", "Stop")
    visitor.sees(".answering .state", "You stopped the check.")
    select(visitor)
    visitor.run(INSERT, REACH)
    visitor.type(f"{ENTER}{EXERCISE.solution}")
    visitor.click("button", "Check")
    visitor.sees(".pkvm-exercise .head", "Passed.")
    assert "Your code printed:[]" in visitor.says(".pkvm-exercise")


def come_back(visitor: Visitor) -> None:
    """Write a last line and come back at once: all of the answer is there, and that it was passed."""
    visitor.click(".cm-content")
    visitor.press(CONTROL, END)
    visitor.type(f"{ENTER}{LAST}")
    visitor.reload()
    visitor.sees(".cm-content", LAST)
    assert REACH.split("\n")[1] in visitor.says(".cm-content")
    visitor.sees(".pkvm-exercise .head", "Passed.")


def ask_beyond_the_graph(visitor: Visitor) -> None:
    """Follow a link to a place that no page has stored, without a network."""
    way = find_way()
    visitor.open(f"{CHAPTER}.html{write_link(*way)}")
    visitor.sees(".pkvm-map .change", sentence(*way))


def save_a_copy(visitor: Visitor, folder: Path) -> None:
    """Find on the first page what is done, and save a copy that has all of it."""
    visitor.open("index.html")
    visitor.sees("#go-on", f"1 of {len(load_exercises())} exercises solved.")
    visitor.click("button", "Save a copy")
    # Firefox makes the file first, empty, and moves what it has fetched there.
    wait_until(lambda: any(zipfile.is_zipfile(copy) for copy in folder.rglob("pkvm-course-*.zip")))
    [copy] = folder.rglob("pkvm-course-*.zip")
    work = clerk.read_work({"name": copy.name, "base64": base64.b64encode(copy.read_bytes()).decode()})
    record = work["exercises"][RUN]
    assert record["answer"].endswith(f"\n{EXERCISE.solution}")
    assert (record["tries"], record["hints"]) == (2, 1)
