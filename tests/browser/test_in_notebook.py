"""What learners do to a notebook with widgets in JupyterLab: more views, cells out of order, links, Run All."""

import pytest
from playwright.sync_api import Page, expect

from pkvm_model.practice.exercises import find_exercise
from tests.browser.in_lab import READY, RUN_ALL, SAVE, Open, find_cell
from tests.browser.screen import Screen
from tests.patience import wait_until
from tests.widgets.small_graph import walk_along

RUN_CELL = READY + "cells.activeCellIndex = %d; await app.commands.execute('notebook:run-cell'); }"
SHOW_CELL = READY + "cells.activeCellIndex = %d; await cells.scrollToItem(%d); }"
OUTPUTS = READY + "return cells.widgets[%d].model.outputs.toJSON().map((one) => one.text ?? Object.keys(one.data)); }"
WIDGET = "application/vnd.pkvm.widget+json"
IS_LIVE = """() => window.jupyterapp.shell.currentWidget.content.widgets[1].model.outputs.toJSON().some(
  ({ data }) => globalThis.pkvmModels?.[data?.['application/vnd.jupyter.widget-view+json']?.model_id])"""
IN_SIGHT = """box => { const { top, bottom } = box.getBoundingClientRect();
  return top < innerHeight && bottom > 0 && (top >= 0 || bottom <= innerHeight); }"""


@pytest.fixture
def opened(lesson: Open) -> Open:
    """Return a function that opens a notebook and waits for its kernel, so that it can be closed without an error."""

    def open_ready(name: str) -> Page:
        page = lesson(name)
        page.evaluate(READY + "}")
        return page

    return open_ready


def open_second_view(page: Page, kind: str = "bench") -> None:
    """Open a new view of the output of the first widget of a kind, beside the notebook."""
    page.locator(f".pkvm-{kind}").first.click(button="right", position={"x": 5, "y": 5})
    page.get_by_text("Create New View for Cell Output").click()


@pytest.mark.parametrize("name", ["silent.ipynb", "live.ipynb"])
def test_all_views_of_an_output_stand_at_the_same_step(opened: Open, name: str) -> None:
    page = opened(name)
    if name == "live.ipynb":
        assert page.evaluate(RUN_ALL)
    first = Screen(page)
    first.press("b", "1", "1")
    open_second_view(page)
    second = Screen(page, 1)
    second.counts("step 2 of 2")
    second.press("u", "0")
    wait_until(lambda: second.ways() == first.ways() == ["Branch from step 1, 1 step"])
    first.counts("step 2 of 2")
    first.open_drawer("trace")
    first.click("Forget the rest")
    second.counts("step 2 of 2")
    expect(second.bench.locator(".way")).to_have_count(0)


def test_two_views_of_a_prediction_say_the_same(opened: Open) -> None:
    page = opened("predictions.ipynb")
    assert page.evaluate(RUN_ALL)
    page.locator(".pkvm-prediction").first.get_by_label("yes").click()
    open_second_view(page, "prediction")
    both = [page.get_by_role("region", name=f"Predict: Is the next click safe?{number}", exact=True)
            for number in ("", " (2)")]
    for at, word in ((1, "no"), (0, "yes")):
        both[at].get_by_label(word).click()
        for view in both:
            expect(view.get_by_role("status").first).to_contain_text(f"You predicted: {word}. Now find out.")
            expect(view.get_by_label(word)).to_be_checked()
    page.evaluate(SAVE)


def test_a_widget_keeps_its_step_when_its_cell_is_moved(opened: Open) -> None:
    page = opened("01-start-here.ipynb")
    screen = Screen(page)
    screen.press("b", "1", "1")
    page.evaluate(SHOW_CELL % (7, 7))
    for command in ("move-cell-up", "move-cell-down"):
        page.evaluate(READY + f"await app.commands.execute('notebook:{command}'); }}")
        screen.counts("step 2 of 2")


def test_two_windows_on_a_notebook_stand_at_the_same_step(opened: Open) -> None:
    page = opened("live.ipynb")
    assert page.evaluate(RUN_ALL)
    page.evaluate(SAVE)
    first = Screen(page)
    first.press("1")
    other = page.context.new_page()
    other.goto(page.url.partition("?")[0])
    second = Screen(other)
    second.counts("step 1 of 1")
    first.press("1")
    second.counts("step 2 of 2")
    second.press("0")
    first.counts("step 3 of 3")
    other.close()


def test_a_cell_that_needs_cells_above_says_so_and_keeps_its_widget(opened: Open) -> None:
    page = opened("views.ipynb")
    page.evaluate(RUN_CELL % 3)
    expect(page.get_by_text("quiz comes from a cell above that has not run since Python was started")).to_be_visible()
    assert [WIDGET in shown for shown in page.evaluate(OUTPUTS % 3)] == [False, True]
    expect(page.locator(".pkvm-quiz")).to_be_visible()


def test_a_widget_that_needs_python_runs_its_cell_and_goes_on(opened: Open) -> None:
    page = opened("in-lab.ipynb")
    page.evaluate(SHOW_CELL % (1, 1))
    pair = page.locator(".pkvm-beside").first
    pair.get_by_role("button", name="Step CPU 1").click()
    pair.get_by_role("button", name="All runs").click()
    pair.get_by_role("button", name="Compare the ends of all runs").click()
    expect(pair.get_by_role("alert")).to_contain_text("This cell has not run since Python started")
    pair.get_by_role("button", name="Run this cell").click()
    page.wait_for_function(IS_LIVE)
    expect(pair.get_by_role("alert")).to_be_empty()
    expect(pair.locator(".counter").first).to_have_text("step 1 of 1")
    pair.get_by_role("button", name="All runs").click()
    pair.get_by_role("button", name="Compare the ends of all runs").click()
    expect(pair.locator(".runs")).to_contain_text("Some ends occur in only one kernel")


def test_the_map_of_a_notebook_that_was_not_run_claims_nothing(opened: Open) -> None:
    page = opened("progress.ipynb")
    shown = page.locator(".pkvm-progress")
    expect(shown.get_by_role("heading")).to_have_text("Your progress has not been read yet")
    expect(shown.locator(".next")).to_contain_text("This came with the course")


def test_the_verdict_on_an_answer_is_in_sight_and_announced(opened: Open) -> None:
    page = opened("exercise.ipynb")
    page.evaluate(RUN_CELL % 2)
    page.evaluate(SHOW_CELL % (3, 3))
    find_cell(page, 3).locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")
    card = page.locator(".pkvm-exercise")
    expect(card.locator("[aria-live]").last).to_contain_text("Not yet.")
    wait_until(lambda: card.evaluate(IN_SIGHT))
    assert find_exercise("close-the-hole").title in card.inner_text()


def test_a_cut_link_is_named_by_the_widget_that_is_meant_and_by_no_other(notebook: Open) -> None:
    page = notebook("01-start-here.ipynb", "#cold-open=1%2")
    screen = Screen(page)
    screen.alerts("This link is cut or damaged at “%2”.")
    assert sum(map(bool, page.locator(".pkvm-widget [role=alert]").all_inner_texts())) == 1
    wait_until(lambda: screen.bench.evaluate(IN_SIGHT))
    screen.press("1")
    screen.counts("step 1 of 1")


def test_a_text_of_a_million_lines_is_refused_at_once(opened: Open) -> None:
    screen = Screen(opened("silent.ipynb"))
    screen.share("Open trace")
    screen.bench.locator("textarea").evaluate("""box => {
      const data = new DataTransfer();
      data.setData("text/plain", "0 __pkvm_reserve_vm() = 0x1000\\n".repeat(1_000_000));
      box.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, cancelable: true }));
    }""")
    screen.alerts("This text has 31,000,000 characters; at most 1,000,000 are read here.")
    assert screen.bench.inner_html().count("__pkvm_reserve_vm") < 10
    screen.open(f"{walk_along(1).trace}\n")
    screen.says(walk_along(1).says)
