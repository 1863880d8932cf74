"""An exercise in JupyterLab, from stub to hints, and its card on a page opened from disk."""

import pytest
from playwright.sync_api import Page, expect

from pkvm_model.practice.exercises import find_exercise
from tests.browser.access import find_violations
from tests.browser.in_lab import READY, RUN_ALL, Address, Theme

HOLE = find_exercise("close-the-hole")
WRITE_AND_RUN = READY.replace("async () =>", "async (text) =>", 1) + """
  cells.activeCellIndex = cells.widgets.length - 1;
  cells.activeCell.model.sharedModel.setSource(text);
  await app.commands.execute('notebook:run-cell');
}"""


@pytest.fixture(scope="module")
def exercised(lab_page: Page) -> Page:
    """Return the exercise's notebook in JupyterLab, unchanged and run."""
    lab_page.goto("/lab/tree/exercise.ipynb?reset")
    lab_page.wait_for_selector(".jp-Notebook .jp-Cell")
    lab_page.evaluate(RUN_ALL)
    expect(lab_page.locator(".pkvm-exercise")).to_be_visible()
    return lab_page


def test_the_stub_gets_a_reason_and_a_run_to_step_through(exercised: Page) -> None:
    card = exercised.locator(".pkvm-exercise")
    expect(card.locator(".says").first).to_contain_text("The hole is open: the struct is given back while a call")
    expect(card.get_by_text("The run behind the verdict on your answer:")).to_be_visible()
    card.get_by_role("button", name="Last").click()
    expect(card.locator(".pkvm-sequence .change")).to_contain_text("touches page vm0, which EL2 no longer maps")


def test_hints_and_solution_open_by_keyboard(exercised: Page) -> None:
    card = exercised.locator(".pkvm-exercise")
    card.get_by_role("button", name="Hint").focus()
    for number in (1, 2, 3):
        exercised.keyboard.press("h")
        expect(card.locator(".hints li")).to_have_count(number)
    expect(card.get_by_role("button", name="No more hints")).to_have_attribute("aria-disabled", "true")
    exercised.keyboard.press("s")
    expect(card.locator(".solution p").first).to_contain_text("Finalise checks the count again")


def test_a_solution_passes(exercised: Page) -> None:
    text = f"%%answer close-the-hole\n{HOLE.solution}"
    exercised.evaluate(WRITE_AND_RUN, text)
    card = exercised.locator(".pkvm-exercise")
    expect(card.locator(".head")).to_contain_text("Passed.")
    expect(card.get_by_role("button", name="Hint")).to_have_count(0)


def test_a_passed_card_links_to_the_next_exercise(exercised: Page) -> None:
    before, after = find_exercise("count-the-warnings"), find_exercise("comment-to-spec")
    exercised.evaluate(WRITE_AND_RUN, f"%%answer {before.id}\n{before.solution}")
    exercised.evaluate("() => { window.before = true; }")
    exercised.locator(".pkvm-exercise").get_by_role("link", name=f"{after.id}.ipynb").click()
    expect(exercised.get_by_role("heading", name=after.title)).to_be_visible()
    assert exercised.evaluate("() => window.before"), "the page was loaded anew: what was not saved is lost"


def test_on_a_page_from_disk_the_next_exercise_is_named_without_a_link(offline: Page, page_of: Address) -> None:
    offline.goto(page_of("passed.ipynb"))
    expect(offline.locator(".pkvm-exercise .next")).to_have_text(
        "That was this chapter's last exercise on the main road. Next is the chapter 11-take-a-guard-away.ipynb")
    expect(offline.locator(".pkvm-exercise").get_by_role("link")).to_have_count(0)


@pytest.mark.parametrize(("name", "kind"), [
    ("refused", "exercise"), ("passed", "exercise"), ("progress", "progress")])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_violation_on_a_card(offline: Page, page_of: Address, theme: Theme, name: str, kind: str) -> None:
    offline.emulate_media(color_scheme=theme, reduced_motion="reduce")
    offline.set_viewport_size({"width": 600, "height": 900})
    offline.goto(page_of(f"{name}.ipynb"))
    expect(offline.locator(f".pkvm-{kind}")).to_be_visible()
    assert find_violations(offline, f".pkvm-{kind}") == []
    assert offline.evaluate("document.documentElement.scrollWidth") <= 600


def test_without_python_a_card_says_where_hints_are(offline: Page, page_of: Address) -> None:
    offline.goto(page_of("refused.ipynb"))
    card = offline.locator(".pkvm-exercise")
    card.get_by_role("button", name="Hint").click()
    expect(card.get_by_role("alert").first).to_have_text(
        "This is not stored here. A page opened from disk cannot start Python: that needs a web server.")


def test_words_between_stars_are_stressed(offline: Page, page_of: Address) -> None:
    offline.goto(page_of("stressed.ipynb"))
    says = offline.locator(".pkvm-exercise .says").first
    assert says.locator("i").all_inner_texts() == ["busy", "already dying"]
    assert "*" not in says.inner_text()
