"""The sequence view, the EL2 time chart and questions, on a page from disk and in JupyterLab, before and after runs."""

from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.access import find_violations
from tests.browser.conftest import DRAWN
from tests.browser.in_lab import CELLS, RESTART, RUN_ALL, SAVE, Address, Open, Theme, wait_for_python

GIVEN_BACK = "CPU 1’s finalise gives page vm0 back to the host while CPU 0’s unshare still holds a reference."
# Jupyter Notebook listens before any widget, and spares only elements that say so themselves.
SPARED = """() => [...document.querySelectorAll('.pkvm-widget, .pkvm-widget *')]
  .filter((one) => one.tabIndex >= 0 || one.hasAttribute('tabindex'))
  .map((one) => one.dataset.lmSuppressShortcuts === 'true' || one.outerHTML.slice(0, 80))"""
PLACES = "calls => calls.map((call) => call.getBoundingClientRect().toJSON()).filter((place) => place.width)"
Forced = Literal["none", "active"]
SIDEWAYS = "box => box.scrollWidth - box.clientWidth"


class Views:
    """The three widgets of a page."""

    def __init__(self, page: Page) -> None:
        """Wait until they are there."""
        self.page = page
        kinds = ("sequence", "el2time", "quiz")
        self.sequence, self.chart, self.quiz = (page.locator(f".pkvm-{kind}") for kind in kinds)
        for box in (self.sequence, self.chart, self.quiz):
            expect(box).to_be_visible()

    def lit(self) -> tuple[str | None, str | None]:
        """Return the highlighted region in the picture and in the table."""
        box = self.sequence.locator("button.box[aria-current=step]")
        row = self.sequence.locator("tr.now th").text_content()
        return (box.get_attribute("data-region") if box.count() else "start", row)

    def values(self) -> list[str]:
        """Return the numbers that the chart reads out."""
        return self.chart.locator(".values li b").all_inner_texts()

    def use(self) -> None:
        """Move in each of them, by keyboard."""
        self.sequence.get_by_role("button", name="Stale reference").press("Enter")
        self.chart.get_by_role("radio", name="2 MiB apart").check()
        for key in ("End", "ArrowLeft"):
            self.chart.get_by_label("Guest pages").press(key)
        self.quiz.get_by_label("This").press("Space")
        self.quiz.get_by_label("This").press("Enter")
        self.are_used()

    def are_used(self) -> None:
        """Expect them to be where `use` left them."""
        expect(self.sequence.locator(".says")).to_have_text(GIVEN_BACK)
        assert self.lit() == ("16", "16")
        expect(self.chart.locator(".values p")).to_have_text("28 guest pages, 2 MiB apart")
        expect(self.quiz.get_by_role("status").first).to_have_text("Not yet. Look again.1 try so far. Choose again.")
        expect(self.quiz.get_by_label("This")).to_be_checked()


class Predictions:
    """The predictions of a page: one that is chosen, and one that is typed."""

    def __init__(self, page: Page) -> None:
        """Wait until they are there."""
        self.page = page
        self.safe, self.call = (page.locator(".pkvm-prediction").nth(number) for number in (0, 1))
        self.line = self.call.get_by_role("textbox", name="Which call is refused first?")
        expect(self.line).to_be_visible()

    def take(self) -> None:
        """Predict both by keyboard."""
        self.safe.get_by_label("yes").press("Space")
        self.safe.get_by_label("yes").press("ArrowDown")
        self.line.fill("")
        self.line.press_sequentially("start dd")
        self.line.press("Enter")
        self.are_taken("no", "start dd")

    def are_taken(self, *words: str) -> None:
        """Expect that they say so, and that nothing else has changed."""
        said = (f"You predicted: {words[0]}. Now find out.To change it, choose again.",
                f"You wrote: {words[1]}To change it, write again.")
        for box, sentence in zip((self.safe, self.call), said, strict=True):
            expect(box.get_by_role("status").first).to_have_text(sentence)
        expect(self.safe.get_by_label(words[0])).to_be_checked()
        expect(self.line).to_have_value(words[1])


@pytest.fixture
def predictions(offline: Page, page_of: Address) -> Predictions:
    """Open predictions on a page from disk, with the network off."""
    offline.goto(page_of("predictions.ipynb"))
    return Predictions(offline)


@pytest.fixture
def page(offline: Page, page_of: Address) -> Views:
    """Open the three widgets on a page from disk, with the network off."""
    offline.goto(page_of("views.ipynb"))
    return Views(offline)


def test_arrow_keys_move_along_a_run_and_each_region_is_announced(page: Views) -> None:
    page.sequence.get_by_role("button", name="Next region").focus()
    for key in ("ArrowRight", "ArrowRight", "End", "ArrowLeft", "s", "Home", "ArrowRight"):
        page.page.keyboard.press(key)
    assert page.lit() == ("1", "1")
    expect(page.sequence.locator("[aria-live]")).to_have_text(
        "Region 1 of 18. CPU 1’s start marks VM 0x1000 as dying; from now on no vCPU can be loaded. "
        "count of vm0: 0 (nobody). owner of vm0: HYP.")


def test_a_click_on_a_box_goes_there_and_the_machines_end_is_visible(page: Views) -> None:
    page.sequence.locator("[data-region='18']").click()
    expect(page.sequence.locator(".panic")).to_contain_text("touches page vm0, which EL2 no longer maps")
    assert page.lit() == ("18", "18")


def test_a_long_run_continues_below_and_nothing_scrolls_sideways(page: Views) -> None:
    assert page.sequence.locator(".system").count() == 1
    page.page.set_viewport_size({"width": 420, "height": 900})
    expect(page.sequence.locator(".system")).to_have_count(2)
    for box in (page.sequence, page.chart, page.quiz):
        assert box.evaluate(SIDEWAYS) == 0
    page.sequence.locator("[data-region='16']").click()
    assert page.lit() == ("16", "16")


def test_names_of_calls_do_not_overlap(page: Views) -> None:
    for width, systems in ((1200, 1), (800, 1), (420, 2)):
        page.page.set_viewport_size({"width": width, "height": 900})
        expect(page.sequence.locator(".system")).to_have_count(systems)
        page.page.evaluate(DRAWN)
        boxes = page.sequence.locator(".call").evaluate_all(PLACES)
        assert len(boxes) >= 2
        for at, one in enumerate(boxes):
            for other in boxes[at + 1:]:
                beside = one["x"] + one["width"] <= other["x"] + 1 or other["x"] + other["width"] <= one["x"] + 1
                assert beside or abs(one["y"] - other["y"]) >= 12, (width, one, other)


def test_the_table_of_a_run_has_pythons_words(page: Views) -> None:
    page.sequence.locator(".toggle").click()
    rows = page.sequence.locator("tbody tr").all()
    assert len(rows) == 19
    assert rows[16].locator("th,td").all_inner_texts()[3:] == [GIVEN_BACK, "1 (CPU 0 · unshare, VM is gone)", "HOST"]


def test_the_chart_is_read_at_its_slider(page: Views) -> None:
    assert page.values()[:2] == ["113", "17"]
    page.chart.get_by_label("Guest pages").press("Home")
    assert page.values() == ["11", "11", "no call", "1"]
    expect(page.chart.locator("[aria-live]")).to_contain_text("0 pages side by side.")


def test_the_right_answer_is_hidden_until_it_is_chosen(page: Views) -> None:
    assert "Because it is that one." not in page.quiz.inner_text()
    page.quiz.get_by_role("button", name="Check").click()
    expect(page.quiz.get_by_role("alert")).to_have_text("Choose an answer first.")
    page.quiz.get_by_label("That").check()
    page.quiz.get_by_role("button", name="Check").click()
    expect(page.quiz).to_contain_text("Right. Because it is that one.")


@pytest.mark.parametrize("name", ["views.ipynb", "unrun.ipynb", "free.ipynb", "predictions.ipynb"])
def test_everything_focusable_keeps_its_keys_from_the_notebook(offline: Page, page_of: Address,
                                                                              name: str) -> None:
    offline.goto(page_of(name))
    expect(offline.locator(".pkvm-widget").first).to_be_visible()
    assert set(offline.evaluate(SPARED)) == {True}


def test_a_reload_keeps_all_three_positions(page: Views) -> None:
    page.use()
    page.page.reload()
    Views(page.page).are_used()


def test_a_link_highlights_its_region(offline: Page, page_of: Address) -> None:
    offline.goto(page_of("views.ipynb") + "#cold-open-sequence=3")
    assert Views(offline).lit() == ("3", "3")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_violation_in_any_of_them(page: Views, theme: Theme) -> None:
    page.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    page.use()
    for summary in page.page.get_by_text("As a table").all():
        summary.click()
    for width, key in ((1300, "s"), (600, "End")):
        page.page.set_viewport_size({"width": width, "height": 900})
        page.sequence.locator("button.go").press(key)
        assert find_violations(page.page, ".pkvm-widget") == []


def test_in_jupyterlab_they_work_before_a_run_and_python_reads_them_after(notebook: Open) -> None:
    page = notebook("views.ipynb")
    Views(page).use()
    assert page.evaluate(RUN_ALL)
    Views(page).use()
    wait_for_python(page, "(16, (512, 28), 'This', 1, False)")
    page.evaluate(SAVE)


def test_no_key_typed_at_them_acts_on_the_notebook(notebook: Open) -> None:
    page = notebook("views.ipynb")
    views, before = Views(page), page.evaluate(CELLS)
    slider, radio = views.chart.get_by_label("Guest pages"), views.quiz.get_by_label("This")
    for box in (views.sequence.locator("button.go"), slider, radio):
        box.focus()
        for key in ("d", "d", "j", "x", "ArrowDown"):
            page.keyboard.press(key)
    assert page.evaluate(CELLS) == before


def test_a_prediction_is_taken_with_one_click_and_a_change_replaces_it(predictions: Predictions) -> None:
    expect(predictions.safe.get_by_role("status").first).to_be_empty()
    predictions.safe.get_by_label("yes").click()
    predictions.call.get_by_role("button", name="Keep").click()
    expect(predictions.call.get_by_role("alert")).to_have_text("Write a line first.")
    predictions.line.fill(" finalise. ")
    predictions.call.get_by_role("button", name="Keep").click()
    expect(predictions.call.get_by_role("alert")).to_be_empty()
    expect(predictions.call.get_by_role("status").first).to_contain_text("You wrote: finalise")
    predictions.safe.get_by_label("no").click()
    predictions.line.fill("unshare")
    predictions.line.press("Enter")
    predictions.are_taken("no", "unshare")


def test_predictions_are_there_after_a_reload(predictions: Predictions) -> None:
    predictions.take()
    predictions.page.reload()
    Predictions(predictions.page).are_taken("no", "start dd")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("forced", ["none", "active"])
def test_axe_finds_no_violation_in_predictions(predictions: Predictions, theme: Theme, forced: Forced) -> None:
    page = predictions.page
    page.emulate_media(color_scheme=theme, forced_colors=forced)
    page.set_viewport_size({"width": 320, "height": 740})
    before = find_violations(page, ".pkvm-widget")
    predictions.take()
    assert [before, find_violations(page, ".pkvm-widget")] == [[], []]
    assert [box.evaluate(SIDEWAYS) for box in (predictions.safe, predictions.call)] == [0, 0]


def test_in_jupyterlab_python_keeps_predictions_for_the_next_run(notebook: Open) -> None:
    page = notebook("predictions.ipynb")
    before = page.evaluate(CELLS)
    Predictions(page).take()
    assert page.evaluate(RUN_ALL)
    Predictions(page).take()
    wait_for_python(page, "('no', 'start dd')")
    page.evaluate(RESTART)
    assert page.evaluate(RUN_ALL)
    wait_for_python(page, "('no', 'start dd')")
    Predictions(page).are_taken("no", "start dd")
    assert page.evaluate(CELLS) == before
    page.evaluate(SAVE)


def test_in_jupyterlab_a_question_asked_again_keeps_its_answer_when_its_cell_runs_again(notebook: Open) -> None:
    page = notebook("again.ipynb")
    assert page.evaluate(RUN_ALL)
    enemy, give = (page.locator(".pkvm-quiz").nth(number) for number in (0, 1))
    enemy.get_by_label("No: a host that was taken over need not take the lock.").check()
    enemy.get_by_role("button", name="Check").click()
    wait_for_python(page, "'01 quiz-enemy 0, 02 quiz-give 0'")
    assert page.evaluate(RUN_ALL)
    expect(enemy.get_by_role("status").first).to_contain_text("1 try.")
    expect(give.get_by_role("status").first).to_be_empty()
    page.evaluate(SAVE)
