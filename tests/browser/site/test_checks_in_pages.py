"""Answers are checked in the page, in words of the judge, and work goes from the page to a computer and back."""
from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from benchmarks.static_host import Host
from pkvm_model.course.learner import handin
from pkvm_model.course.learner.import_progress import import_progress
from pkvm_model.course.learner.my_work import CopyPaths
from pkvm_model.course.site import exercises
from pkvm_model.course.teach import collect
from pkvm_model.practice import progress
from pkvm_model.practice.exercises import find_exercise
from pkvm_model.practice.notebook import extract_answer
from tests.browser.conftest import FORGET, open_context
from tests.browser.site.conftest import guarded
from tests.browser.site.exercise_site import CHOICE, CLEAR, Solving
from tests.patience import wait_until

EXERCISE = find_exercise(CHOICE)
FORGET_SPARE = """async () => navigator.storageBuckets?.delete("pkvm-course-spare")"""
ENDLESS = "while True:\n    pass"


@pytest.fixture(scope="module")
def reader(browser: Browser, course_host: Host) -> Iterator[BrowserContext]:
    """A browser for all of these tests: Python goes on from the memory of its first start."""
    context = open_context(browser, base_url=course_host.address)
    yield context
    context.close()


@pytest.fixture
def learner(reader: BrowserContext) -> Iterator[BrowserContext]:
    """The same browser, in which nobody has written anything yet; no page may ask another host, or raise an error."""
    page = reader.new_page()
    page.goto("assets/editor.js")  # which opens none of what is to be forgotten
    page.evaluate(FORGET)
    with guarded(reader):
        yield reader
    reader.unroute_all()


def write(solving: Solving, text: str) -> None:
    """Write an answer in place of what is there."""
    solving.editor.click()
    solving.page.keyboard.press("Control+a")
    solving.page.keyboard.insert_text(text)


def find_card(solving: Solving) -> Locator:
    """Return the card with the verdict."""
    return solving.page.locator(".pkvm-exercise")


def solve(learner: BrowserContext) -> Solving:
    """Return the page of an exercise that was solved on another day."""
    solving = Solving(learner, CHOICE)
    solving.write("exercises", {"tries": 1, "solved": True, "answer": EXERCISE.solution})
    solving.page.reload()
    solving.wait()
    return solving


def test_an_answer_is_refused_stopped_and_solved_as_the_judge_says(learner: BrowserContext) -> None:
    solving = Solving(learner, CHOICE)
    wrong, card = EXERCISE.wrong[0], find_card(solving)
    write(solving, wrong.code)
    solving.press("Check")
    expect(card.locator(".says").first).to_contain_text(wrong.sentence)
    expect(card.locator(":scope > .hidden-words")).to_have_text(f"Not yet. {card.locator('.says').first.inner_text()}")
    write(solving, "change =")
    solving.press("Check")
    expect(card.locator(".says").first).to_contain_text("Python cannot read your answer")
    expect(card.locator(".head")).to_contain_text("Not yet.")
    write(solving, ENDLESS)
    solving.press("Check")
    solving.press("Stop")
    expect(solving.state).to_have_text("You stopped the check. It does not count as a try.")
    write(solving, EXERCISE.solution)
    solving.press("Check")
    expect(card.locator(".head")).to_contain_text("Passed.")
    expect(card.locator(".facts")).not_to_contain_text("without a time limit")
    expect(card.locator(".solution")).to_be_visible()
    record = solving.read("exercises")
    assert (record["tries"], record["solved"], record["answer"]) == (2, True, EXERCISE.solution)


def test_while_python_is_fetched_the_page_says_how_much_is_here_and_does_not_blame_the_answer(
        learner: BrowserContext) -> None:
    held, page = list[Route](), learner.new_page()
    learner.route("**/pyodide.asm.wasm", lambda route: held.append(route))  # noqa: PLW0108  # it gets an attribute
    page.clock.install()
    solving = Solving(learner, CHOICE, page)
    solving.press("Check")
    note = page.locator(".site-note")
    expect(note).to_contain_text(re.compile(r"Python is being fetched, once\..*Fetching Python, [\d.]+ of [\d.]+ MB"))
    page.clock.fast_forward("01:00")
    expect(solving.state).to_have_text("Your answer is checked as soon as Python has started.")
    solving.press("Stop")
    expect(solving.state).to_have_text("You stopped the check. It does not count as a try.")
    expect(note).to_have_count(0)


def test_what_never_ends_is_ended_and_counts_as_a_try(learner: BrowserContext) -> None:
    learner.route("**/exercises/*.html", lambda route: route.fulfill(body=shorten_limit(route.fetch().text())))
    solving = Solving(learner, CHOICE)
    write(solving, ENDLESS)
    solving.press("Check")
    # On a slow machine the limit grows with the time that Python took to start.
    expect(find_card(solving).locator(".says").first).to_have_text(re.compile(
        r"Your answer was stopped after [\d.]+ s of computing\. Does it have a loop that never ends\?"))
    assert solving.read("exercises")["tries"] == 1


def shorten_limit(page: str) -> str:
    """Let an answer work for a moment only: a test needs not wait longer for what never ends."""
    limit = f'"seconds": {exercises.SECONDS}'
    assert limit in page
    return page.replace(limit, '"seconds": 0.1')


def test_a_hand_in_from_a_page_is_collected_and_imported(learner: BrowserContext, tmp_path: Path) -> None:
    page = solve(learner).page
    page.get_by_role("textbox", name="Your name").fill("Zoë Łukasz")
    with page.expect_download() as download:
        page.get_by_role("button", name="Hand in").click()
    assert download.value.suggested_filename == "handin-zoë-łukasz.json"
    download.value.save_as(tmp_path / "sent" / "handin.json")
    collection = collect.collect(tmp_path / "sent")
    assert [each.hand_in.name for each in collection.submissions] == ["Zoë Łukasz"]
    copy = CopyPaths(tmp_path / "my_work")
    list(import_progress(tmp_path / "sent" / "handin.json", copy))
    assert progress.read(copy.folder)[CHOICE].answer == EXERCISE.solution


def test_work_goes_to_a_computer_and_comes_back(learner: BrowserContext, tmp_path: Path) -> None:
    solving = solve(learner)
    solving.type("# not checked")
    page, copy = solving.page, CopyPaths(tmp_path / "my_work")
    wait_until(lambda: (solving.read("drafts") or {}).get("text", "").endswith("# not checked"))
    with page.expect_download() as download:
        page.get_by_role("button", name="Save a copy").click()
    download.value.save_as(tmp_path / "saved.zip")
    list(import_progress(tmp_path / "saved.zip", copy))
    notebook = (copy.folder / "exercises" / f"{CHOICE}.ipynb").read_bytes()
    assert (extract_answer(notebook, CHOICE) or "").endswith("# not checked")
    handin.write(handin.collect(copy, "Zoë"), tmp_path / "handin.json")
    forget(page)
    bring(page, tmp_path / "handin.json")
    solving.page.reload()
    solving.wait()
    assert solving.text == EXERCISE.solution
    bring(page, pack(copy.folder, tmp_path / "whole.zip"))
    expect(page.locator(".others")).to_contain_text("# not checked")


def forget(page: Page) -> None:
    """Let the browser forget everything, as on another machine."""
    page.evaluate(FORGET_SPARE)
    page.evaluate(CLEAR)
    page.reload()


def bring(page: Page, file: Path) -> None:
    """Bring a file into the browser."""
    page.locator(".your-work input[type=file]").set_input_files(file)
    expect(page.locator(".your-work .state")).to_contain_text("Brought in: 1 record")


def pack(folder: Path, file: Path) -> Path:
    """Pack a copy into an archive, as a learner does."""
    with zipfile.ZipFile(file, "w") as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            archive.write(path, path.relative_to(folder.parent))
    return file
