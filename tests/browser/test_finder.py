"""Race finder and scheduler on a page from disk and in JupyterLab, before and after a run; mostly by keyboard."""


import pytest
from playwright.sync_api import Page, expect

from pkvm_model.lesson import find
from pkvm_model.widgets.finder import Finder
from tests.browser.access import find_violations
from tests.browser.in_lab import CELLS, RUN_ALL, SAVE, Address, Open, Theme, wait_for_python

FOUND = "Yes: it goes wrong after 16 steps, and no run is shorter."
INSIDE = "name => document.activeElement.closest('.pkvm-finder')?.querySelector('h3').textContent === name"
ON_GO = "() => document.activeElement.matches('.pick .go')"
SIDEWAYS = "box => box.scrollWidth - box.clientWidth"


class Screen:
    """A finder on a page, by its title."""

    def __init__(self, page: Page, title: str = "Race finder", number: int = 0) -> None:
        """Wait until it is there."""
        self.page, self.title = page, title
        self.box = page.locator(".pkvm-finder", has=page.get_by_role("heading", name=title)).nth(number)
        expect(self.box).to_be_visible()
        self.answer, self.bench = self.box.locator(".found"), self.box.locator(".pkvm-bench")
        self.go = self.box.locator(".go").filter(has_not_text="Step").first

    def says(self, text: str) -> None:
        """Expect this text as the answer."""
        expect(self.answer).to_contain_text(text)

    def announces(self, text: str) -> None:
        """Expect this text in the live region of the finder, not of its bench."""
        expect(self.box.locator("> [aria-live]")).to_contain_text(text)

    def stands(self, at: int, of: int) -> None:
        """Expect these numbers in the step counter of the bench."""
        expect(self.bench.locator(".bar .muted")).to_have_text(f"step {at} of {of}")

    def press(self, *keys: str) -> None:
        """Press keys at the bench."""
        self.bench.focus()
        for key in keys:
            self.page.keyboard.press(key)

    def tab_to(self, script: str, argument: str | None = None) -> None:
        """Press Tab until the script finds the focus."""
        for _ in range(60):
            if self.page.evaluate(script, argument):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError("the Tab key does not lead there")

    def ends_in(self, digest: str) -> None:
        """Expect the trace shown to end in this state."""
        expect(self.bench.locator(".share pre")).to_contain_text(f"state {digest}")

    def open(self, text: str) -> None:
        """Paste a trace text or a link into the bench."""
        self.bench.get_by_role("button", name="Open trace").click()
        self.bench.locator("textarea").fill(text)
        self.bench.get_by_role("button", name="Open it").click()


@pytest.fixture
def opened(offline: Page, page_of: Address) -> Open:
    """Return a function that opens the page from disk, with the network off."""

    def go(fragment: str = "") -> Page:
        offline.goto(page_of("finder.ipynb") + fragment)
        return offline

    return go


def ask_by_keyboard(screen: Screen) -> None:
    """Find the race and step back once, with nothing but keys."""
    screen.tab_to(INSIDE, "Race finder")
    screen.tab_to(ON_GO)
    screen.page.keyboard.press("Enter")
    screen.says(FOUND)
    screen.announces("Yes: it goes wrong after 16 steps")
    screen.stands(16, 16)
    screen.tab_to("() => document.activeElement.closest('.pkvm-bench')")
    screen.page.keyboard.press("u")
    screen.stands(15, 16)


def test_a_race_is_found_by_keyboard_alone_on_a_page_from_disk(opened: Open) -> None:
    screen = Screen(opened())
    screen.says("Not asked yet.")
    ask_by_keyboard(screen)


def test_another_kernel_or_question_starts_anew(opened: Open) -> None:
    screen = Screen(opened())
    screen.go.click()
    screen.box.get_by_label("Kernel").select_option("merged")
    screen.says("Not asked yet.")
    screen.stands(0, 0)
    screen.go.click()
    screen.says("No: nothing goes wrong, in whatever order the steps are made.")
    screen.box.get_by_label("Question").select_option("I8")
    screen.go.click()
    screen.says("Empty: no state is one that it speaks of")


def test_an_answer_that_is_not_stored_says_what_to_do(opened: Open) -> None:
    screen = Screen(opened(), number=1)
    expect(screen.box.locator(".room")).to_have_text("A bench opens here with the run that is found.")
    screen.box.get_by_label("Question").select_option("I3")
    screen.go.click()
    expect(screen.box.get_by_role("alert").first).to_contain_text("run this cell: then it is searched for")


def test_the_scheduler_shows_the_fewest_steps_only_after_a_break_by_hand(opened: Open) -> None:
    game = Screen(opened(), "You are the scheduler")
    game.press("0", "1")
    game.says("Not broken yet.")
    game.press("b", "1", "0", "0", "0", "1")
    assert "hortest" not in game.box.inner_text()
    game.press("b", "1", "0", "1", "0")
    game.says("Violated: it is broken after 4 steps")
    expect(game.box.locator(".duel")).to_have_text("You: 4 steps. Shortest: 4 steps.")
    game.announces("You: 4 steps. Shortest: 4 steps.")


def test_a_break_by_hand_is_compared_with_the_fewest_steps(opened: Open) -> None:
    screen = Screen(opened())
    screen.press("0", "1", "Shift+Digit1", "0")
    screen.stands(17, 17)
    expect(screen.box.locator(".duel")).to_have_text("You: 17 steps.")
    screen.go.click()
    expect(screen.box.locator(".duel")).to_have_text("You: 17 steps. Shortest: 16 steps.")


def test_giving_up_asks_the_explorer_and_shows_its_run(opened: Open) -> None:
    game = Screen(opened(), "You are the scheduler")
    game.go.press("Enter")
    game.stands(4, 4)
    game.says("Violated: it is broken after 4 steps")
    expect(game.box.locator(".duel")).to_be_hidden()


def test_a_link_opens_the_race_at_its_step_on_a_page_and_after_a_reload(opened: Open, race: Finder) -> None:
    screen = Screen(opened(race.link))
    screen.stands(16, 16)
    screen.ends_in(race.digest)
    screen.page.reload()
    Screen(screen.page).stands(16, 16)


def test_a_trace_opens_on_the_kernel_it_was_made_for(opened: Open, race: Finder) -> None:
    screen = Screen(opened())
    screen.box.get_by_label("Kernel").select_option("merged")
    screen.open(race.trace)
    screen.stands(16, 16)
    expect(screen.box.get_by_label("Kernel")).to_have_value("v1")
    screen.ends_in(race.digest)
    screen.open(f"https://somewhere/page.html{race.link.partition('@')[0]}@3")
    screen.stands(3, 16)
    expect(screen.box.locator(".duel")).to_be_hidden()


@pytest.fixture(scope="module")
def race() -> Finder:
    """Return a finder at the end of R7."""
    finder = find("R7")
    finder.place = '{"case":["R7","v1","wrong"],"asked":["R7/v1/wrong"],"run":[],"bench":"","hand":null,"shown":false}'
    assert finder.found
    finder.goto(str(finder.found.trace))
    return finder


@pytest.mark.parametrize(("theme", "width"), [("light", 800), ("dark", 600)])
def test_axe_finds_no_violation_and_nothing_scrolls_sideways(opened: Open, offline: Page, theme: Theme,
                                                          width: int) -> None:
    offline.set_viewport_size({"width": width, "height": 900})
    offline.emulate_media(color_scheme=theme, reduced_motion="reduce")
    opened()
    assert find_violations(offline, ".pkvm-finder") == []
    for screen, steps in ((Screen(offline), 16), (Screen(offline, "You are the scheduler"), 4)):
        screen.go.click()
        screen.stands(steps, steps)
        assert screen.box.evaluate(SIDEWAYS) == 0
    assert find_violations(offline, ".pkvm-finder") == []


def test_a_cloned_notebook_answers_and_steps_without_trust_or_a_run(notebook: Open) -> None:
    page = notebook("finder.ipynb")
    screen = Screen(page)
    screen.go.click()
    screen.says(FOUND)
    screen.stands(16, 16)
    game = Screen(page, "You are the scheduler")
    game.press("1", "0", "1", "0")
    expect(game.box.locator(".duel")).to_have_text("You: 4 steps. Shortest: 4 steps.")


def test_no_key_typed_in_a_finder_acts_on_the_notebook(notebook: Open) -> None:
    page = notebook("finder.ipynb")
    screen, before = Screen(page), page.evaluate(CELLS)
    for control in (screen.go, screen.box.get_by_label("Kernel"), screen.box.get_by_label("Question")):
        control.focus()
        page.keyboard.type("abdd")
    assert page.evaluate(CELLS) == before


def test_a_race_is_found_by_keyboard_alone_in_jupyterlab_and_python_knows_it(notebook: Open) -> None:
    page = notebook("finder.ipynb")
    assert page.evaluate(RUN_ALL)
    ask_by_keyboard(Screen(page))
    game = Screen(page, "You are the scheduler")
    game.press("0", "0", "0", "b", "1", "0", "1", "0")
    wait_for_python(page, "(16, 15, 4, None)")


def test_a_long_search_shows_progress_and_can_be_stopped_and_continued(notebook: Open) -> None:
    page = notebook("finder.ipynb")
    assert page.evaluate(RUN_ALL)
    screen = Screen(page, number=1)
    screen.box.get_by_label("Question").select_option("I3")
    screen.go.press("Enter")
    expect(screen.go).to_contain_text("Stop")
    screen.says("states found")
    screen.page.keyboard.press("Escape")
    expect(screen.go).to_contain_text("Go on")
    screen.announces("Stopped. Not known yet")
    stopped = screen.answer.inner_text()
    wait_for_python(page, "(None, 0, None, 'incomplete')")
    assert screen.answer.inner_text() == stopped
    screen.go.press("Enter")
    expect(screen.answer).not_to_have_text(stopped)
    screen.go.press("s")
    expect(screen.go).to_contain_text("Go on")


def test_an_answer_and_a_run_from_python_survive_a_reload(notebook: Open) -> None:
    page = notebook("finder.ipynb")
    assert page.evaluate(RUN_ALL)
    screen = Screen(page, number=1)
    screen.box.get_by_label("Question").select_option("I2x")
    screen.go.press("Enter")
    screen.stands(17, 17)
    page.evaluate(SAVE)
    page.reload()
    again = Screen(page, number=1)
    again.says("Violated: it is broken after 17 steps")
    again.stands(17, 17)
    wait_for_python(page, "(None, 0, None, 'violated')")


def test_python_knows_what_a_link_opened_without_a_click(notebook: Open, race: Finder) -> None:
    page = notebook("finder.ipynb", race.link)
    assert page.evaluate(RUN_ALL)
    Screen(page).stands(16, 16)
    wait_for_python(page, "(None, 16, None, None)")
