"""A learner's copy in JupyterLab on a small laptop: pages that were not run, Run All, verdicts, links, progress."""
from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, Page, expect

from benchmarks.lab import running_lab
from pkvm_model.course.catch_up import RUNS_FIRST
from pkvm_model.course.learner import my_work
from pkvm_model.course.learner.my_work import CopyPaths
from pkvm_model.practice import progress
from tests.browser.conftest import open_context
from tests.browser.in_lab import CELLS, FOLLOW, READY, find_cell
from tests.patience import wait_until

IN_SIGHT = """() => {
  const read = (cell) => ({ cell: cell.dataset.windowedListIndex, at: cell.getBoundingClientRect() });
  const isSeen = ({ at: { top, bottom } }) => bottom > 120 && top < innerHeight - 40;
  const seen = [...document.querySelectorAll('.jp-Notebook .jp-Cell')].map(read).filter(isSeen);
  return seen.slice(0, 2).map(({ cell, at }) => [cell, Math.round(at.top)]); }"""
RUN_ALL_AND_REST = READY + """
  await app.commands.execute('notebook:run-all-cells');
  await new Promise((resolve) => setTimeout(resolve, 3000));
}"""
ARE_DRAWN = "() => window.jupyterapp.shell.currentWidget.content.widgets.every(({ node }) => node.isConnected)"
NEVER_DRAWN = "() => { window.requestIdleCallback = () => 0; }"
IS_WHOLE = """(head) => { const { top, bottom } = head.getBoundingClientRect();
  return top > 90 && bottom < innerHeight - 24; }"""
SHOW = READY + "await cells.scrollToItem(cells.widgets.findIndex((cell) => cell.model.id === '%s')); }"


class Learning(NamedTuple):
    """A learner's copy, and a page with JupyterLab on a small laptop."""

    page: Page
    folder: Path

    def open(self, name: str) -> Page:
        """Open a notebook of the copy, and wait until it can run."""
        self.page.goto(f"/lab/tree/{name}?reset")
        expect(self.page.locator(".jp-Notebook .jp-Cell").first).to_be_visible()
        self.page.evaluate(READY + "}")
        return self.page


@pytest.fixture(scope="module")
def learning(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Learning]:
    """Make a copy of the course, and run one JupyterLab on it."""
    folder = tmp_path_factory.mktemp("copy")
    my_work.make_copy(CopyPaths(folder))
    laptop = {"width": 1366, "height": 768}
    with running_lab(folder) as lab, open_context(browser, base_url=lab, viewport=laptop) as context:
        yield Learning(context.new_page(), folder)


def test_run_all_keeps_the_reader_s_place_and_an_answered_quiz(learning: Learning) -> None:
    page = learning.open("01-start-here.ipynb")
    page.evaluate(SHOW % "quiz-enemy")
    quiz = page.locator(".pkvm-quiz").first
    quiz.scroll_into_view_if_needed()
    quiz.get_by_role("radio").first.check()
    quiz.get_by_role("button", name="Check").click()
    expect(quiz).to_contain_text("1 try")
    page.wait_for_function(ARE_DRAWN)
    before, kept = dict(page.evaluate(IN_SIGHT)), learning.folder / "quizzes.json"
    page.evaluate(RUN_ALL_AND_REST)
    wait_until(lambda: is_where(before, dict(page.evaluate(IN_SIGHT))))
    expect(quiz).to_contain_text("1 try")
    wait_until(lambda: kept.exists() and "quiz-" in kept.read_text())


def is_where(before: dict[str, int], after: dict[str, int]) -> bool:
    """Return True if the same cells are at the same places, but for the rounding of heights."""
    return after.keys() == before.keys() and all(abs(after[cell] - top) <= 1 for cell, top in before.items())


@pytest.mark.parametrize("keys", ["Shift+Enter", "Control+Enter"])
def test_the_verdict_is_in_sight_and_the_answer_stays_the_active_cell(learning: Learning,
                                                                     keys: str) -> None:
    page = learning.open("exercises/find-the-hole.ipynb")
    cells = page.evaluate(CELLS)
    answer = find_cell(page, cells - 1)
    for turn in range(2):
        answer.locator(".cm-content").click()
        page.keyboard.press("Control+End")
        page.keyboard.insert_text("\n" * 30)
        page.keyboard.press(keys)
        expect(answer.locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]:"))
        wait_until(lambda: page.locator(".pkvm-exercise .says").first.evaluate(IS_WHOLE))
        assert page.evaluate(CELLS) == cells, f"turn {turn}"
        expect(answer).to_have_class(re.compile("jp-mod-active"))


def test_the_map_says_that_progress_is_unread_until_its_cell_runs_and_then_shows_it(
        learning: Learning) -> None:
    page = learning.open("course-map.ipynb")
    progress.update(learning.folder, "find-the-hole", lambda done: done._replace(tries=1, solved=True))
    page.evaluate(SHOW % "progress")
    shown = page.locator(".pkvm-progress")
    expect(shown.get_by_role("heading")).to_have_text("Your progress has not been read yet")
    shown.get_by_role("button", name="Show mine").click()
    expect(page.get_by_text(RUNS_FIRST)).to_be_visible()
    expect(shown.get_by_role("heading")).to_contain_text("1 of ")
    progress.update(learning.folder, "lent-twice", lambda done: done._replace(tries=1, solved=True))
    page.evaluate(READY + "await cells.scrollToItem(0); }")
    expect(shown).not_to_be_in_viewport()
    page.evaluate(SHOW % "progress")
    expect(shown.get_by_role("heading")).to_contain_text("2 of ")


@pytest.mark.parametrize(("name", "heading"), [
    ("10-two-ways-to-close-it.ipynb", "Exercises"), ("glossary.ipynb", "hypercall")])
def test_a_link_lands_on_its_heading_before_everything_is_drawn(learning: Learning, name: str,
                                                                heading: str) -> None:
    page = learning.open("before-and-after.ipynb")
    page.evaluate(NEVER_DRAWN)
    page.evaluate(FOLLOW, [name, f"#{heading}"])
    expect(page.locator(f".jp-NotebookPanel:not(.lm-mod-hidden) [data-jupyter-id='{heading}']")).to_be_in_viewport()
