"""Race finder and scheduler on a page from disk and in JupyterLab, before and after a run; mostly by keyboard."""

import re
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

from pkvm_model.lesson import find
from pkvm_model.widgets.finder import Finder
from tests.browser.access import find_violations
from tests.browser.conftest import timed_page
from tests.browser.in_lab import CELLS, RUN_ALL, SAVE, SHUT_DOWN, Address, Open, Theme, wait_for_python

FOUND = "Yes: it goes wrong after 16 steps. No shorter run goes wrong."
WON = "You broke it in 4 steps. Nobody can do it in fewer."
NEEDED = "The explorer needs 4 steps; no run needs fewer."
INSIDE = "name => document.activeElement.closest('.pkvm-finder')?.querySelector('h3').textContent === name"
ON_GO = "() => document.activeElement.matches('.pick .go')"
ON_HELP = "() => document.activeElement.matches('.give-up')"
PACE = 1100
PANE = 647
"""The height of a notebook in JupyterLab on a screen of 768 pixels."""
NOT_STORED = "#find-any=any/upstream/I2x/0+__pkvm_reserve_vm()+=+0x1000@1"
SESSIONS = "**/api/sessions*"
COUNT_SLICES = """() => {
  globalThis.slices = 1;
  for (const model of Object.values(globalThis.pkvmModels)) {
    const { send } = model;
    model.send = (content) => { if (!content.ask?.go || slices-- > 0) send.call(model, content); };
  }
}"""
"""Lets Python search for so many slices only, as if the next one took very long."""
SIDEWAYS = "box => box.scrollWidth - box.clientWidth"


class Screen:
    """A finder on a page, by its title."""

    def __init__(self, page: Page, title: str = "Race finder", number: int = 0) -> None:
        """Wait until it is there."""
        self.page, self.title = page, title
        self.box = page.locator(".pkvm-finder", has=page.get_by_role("heading", name=title)).nth(number)
        expect(self.box).to_be_visible()
        self.line, self.bench = self.box.locator(".gist"), self.box.locator(".pkvm-bench")
        self.go, self.won = self.box.locator(".pick .go, .give-up"), self.box.locator(".win")

    def says(self, text: str) -> None:
        """Expect this text as the answer, or below the goal."""
        expect(self.line).to_contain_text(text)

    def announces(self, text: str) -> None:
        """Expect this text in the live region of the finder, not of its bench."""
        expect(self.box.locator("> [aria-live]")).to_contain_text(text)

    def stands(self, at: int, of: int) -> None:
        """Expect these numbers in the step counter of the bench."""
        expect(self.bench.locator(".counter")).to_have_text(f"step {at} of {of}")

    def press(self, *keys: str) -> None:
        """Press keys at the bench."""
        self.bench.focus()
        for key in keys:
            self.page.keyboard.press(key)

    def end(self, steps: int) -> None:
        """Go to the end of a run with so many steps, once it is on the bench."""
        expect(self.bench.locator(".counter")).to_have_text(re.compile(f" of {steps}$"))
        self.bench.get_by_role("slider", name="Time").press("End")
        self.stands(steps, steps)

    def tab_to(self, script: str, argument: str | None = None) -> None:
        """Press Tab until the script finds the focus."""
        for _ in range(60):
            if self.page.evaluate(script, argument):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError("the Tab key does not lead there")

    def ends_in(self, digest: str) -> None:
        """Expect the trace shown to end in this state."""
        self.show("Trace")
        expect(self.bench.get_by_role("group", name="Trace").locator("pre")).to_contain_text(f"state {digest}")

    def show(self, drawer: str) -> None:
        """Open a drawer of the bench, unless it is open."""
        toggle = self.bench.get_by_role("button", name=drawer)
        if toggle.get_attribute("aria-expanded") == "false":
            toggle.click()

    def open(self, text: str) -> None:
        """Paste a trace text or a link into the bench."""
        self.bench.locator(".share summary").click()
        self.bench.get_by_role("button", name="Open trace").click()
        self.bench.locator("textarea").fill(text)
        self.bench.get_by_role("button", name="Open it").click()


@pytest.fixture
def opened(offline: Page, page_of: Address) -> Open:
    """Return a function that opens the page from disk, with the network off; a run that is shown waits at its start."""
    offline.emulate_media(reduced_motion="reduce")

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
    screen.end(16)
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
    screen.says("No: nothing goes wrong, whatever the order of the steps.")
    screen.box.get_by_label("Question").select_option("I8")
    screen.go.click()
    screen.says("Empty: it is about a kind of state that never occurs here")


def test_an_answer_that_is_not_stored_says_what_to_do(opened: Open) -> None:
    screen = Screen(opened(), number=1)
    expect(screen.box.locator(".room")).to_contain_text("When a run is found, a bench opens here.")
    screen.box.get_by_label("Question").select_option("I3")
    screen.go.click()
    expect(screen.box.get_by_role("alert").first).to_contain_text("that needs a web server")


def test_the_scheduler_shows_the_fewest_steps_only_after_a_break_by_hand(opened: Open) -> None:
    game = Screen(opened(), "You are the scheduler")
    game.says("Break: EL2 never touches memory that it has given back0 steps so far")
    game.press("0", "1")
    game.says("2 steps to an end that does not break it")
    game.press("b", "1", "0", "0", "0", "1")
    assert "hortest" not in game.line.inner_text()
    game.press("b", "1", "0", "1", "0")
    game.says("Broken: EL2 never touches memory that it has given back")
    expect(game.won).to_have_text(WON)
    game.says("You: 4 steps. Shortest: 4 steps.")
    game.announces(WON)


def test_a_win_takes_the_place_of_the_panic_and_keeps_its_words(opened: Open) -> None:
    game = Screen(opened(), "You are the scheduler")
    game.press("1", "0", "1", "0")
    says = "EL2 fault.The machine ends: CPU 0’s unshare touches page vm0, which EL2 no longer maps."
    expect(game.box.locator(".cause")).to_have_text(says)
    expect(game.bench.locator(".panic")).to_be_hidden()
    game.press("u")
    expect(game.won).to_have_count(0)
    expect(game.bench.locator(".says")).to_contain_text("CPU 1’s finalise destroys VM 0x1000")
    game.says("You: 4 steps. Shortest: 4 steps.")


def test_a_longer_way_wins_and_names_the_shortest(opened: Open) -> None:
    game = Screen(opened(), "You are the scheduler", number=1)
    game.press("0", "1", "Shift+Digit1", "0")
    expect(game.won).to_have_text("You broke it in 17 steps. The shortest run has 16 steps.")


def test_a_break_by_hand_wins_at_a_race_finder_too(opened: Open, race: Finder) -> None:
    screen = Screen(opened())
    screen.press("0", "1", "Shift+Digit1", "0")
    screen.stands(17, 17)
    expect(screen.won).to_have_text("You broke it in 17 steps. The shortest run has 16 steps.")
    screen.announces("You broke it in 17 steps. The shortest run has 16 steps.")
    screen.says(FOUND)
    screen.says("You: 17 steps. Shortest: 16 steps.")
    assert race.found
    screen.press("b", *map(str, race.found.cpus))
    expect(screen.won).to_have_text("You broke it in 16 steps. Nobody can do it in fewer.")


def test_the_run_of_the_explorer_is_no_win(opened: Open) -> None:
    screen = Screen(opened())
    screen.go.click()
    screen.end(16)
    expect(screen.bench.locator(".panic")).to_be_visible()
    expect(screen.won).to_have_count(0)


def test_a_run_that_is_stored_in_part_plays_to_its_last_step_and_says_so(offline: Page, page_of: Address) -> None:
    offline.emulate_media(reduced_motion="reduce")
    offline.goto(page_of("short.ipynb"))
    screen = Screen(offline)
    screen.go.click()
    screen.stands(0, 5)
    expect(screen.box.locator("[role=alert]", has_text="not stored here")).to_have_count(0)
    for _ in range(5):
        screen.bench.get_by_role("button", name="Next").click()
    screen.stands(5, 5)
    expect(screen.bench.locator(".said")).to_have_text(
        "Stored up to here. A page opened from disk cannot start Python: that needs a web server.")
    expect(screen.bench.locator(".says")).to_be_visible()
    screen.press("u")
    expect(screen.bench.locator(".said")).to_have_text("")


def test_giving_up_comes_after_the_bench_and_is_only_outlined(opened: Open) -> None:
    game = Screen(opened(), "You are the scheduler")
    game.bench.get_by_role("button", name="Trace").focus()
    game.page.keyboard.press("Tab")
    assert game.page.evaluate(ON_HELP)
    expect(game.go).to_have_text("Give up?s")
    look = "button => { const {backgroundColor, borderTopStyle} = getComputedStyle(button); " \
           "return [backgroundColor, borderTopStyle]; }"
    paper = game.box.evaluate("box => getComputedStyle(box).backgroundColor")
    assert game.go.evaluate(look) == [paper, "solid"]
    assert game.bench.locator(".acts .go").first.evaluate(look) != [paper, "solid"]


def test_giving_up_asks_the_explorer_and_shows_its_run(opened: Open) -> None:
    game = Screen(opened(), "You are the scheduler")
    game.go.press("Enter")
    game.says(NEEDED)
    game.stands(0, 4)
    game.end(4)
    expect(game.bench.locator(".panic")).to_be_visible()
    expect(game.won).to_have_count(0)
    game.show("Task")
    expect(game.box.locator(".reply")).to_contain_text("Violated: it is broken after 4 steps")


def test_the_drawer_has_the_question_the_reason_and_the_number_of_states(opened: Open) -> None:
    screen = Screen(opened())
    screen.go.click()
    expect(screen.box.locator(".about")).to_be_hidden()
    screen.show("Answer")
    for text in ("It goes wrong if one of these is broken:", "The host logs no warning.", FOUND,
                 "CPU 0 touches page vm0, which EL2 no longer maps.", "95 states checked"):
        expect(screen.box.locator(".about")).to_contain_text(text)


def test_where_motion_is_unwelcome_a_run_offers_its_next_step(opened: Open) -> None:
    screen = Screen(opened())
    screen.go.press("Enter")
    screen.stands(0, 16)
    play = screen.bench.locator("button.play")
    expect(play).to_have_text("Next")
    expect(play).to_be_focused()
    play.press("Enter")
    play.press("Enter")
    screen.stands(2, 16)


@pytest.fixture
def timed(browser: Browser, page_of: Address) -> Iterator[Page]:
    """Open the page from disk, with a clock that stands still until the test moves it."""
    with timed_page(browser, page_of("finder.ipynb")) as page:
        yield page


def test_a_run_plays_from_its_start_and_space_pauses_it(timed: Page) -> None:
    screen, play = Screen(timed), Screen(timed).bench.locator("button.play")
    screen.go.press("Enter")
    screen.stands(0, 16)
    expect(play).to_have_text("Pause")
    timed.clock.run_for(2 * PACE)
    screen.stands(2, 16)
    screen.go.press("Space")
    expect(play).to_have_text("Play")
    timed.clock.run_for(5 * PACE)
    screen.stands(2, 16)
    play.press("Space")
    screen.stands(3, 16)
    timed.clock.run_for(20 * PACE)
    screen.stands(16, 16)
    expect(play).to_have_text("Play")
    expect(screen.bench.locator(".panic")).to_be_visible()


@pytest.mark.parametrize(("button", "at", "of"), [("Undo", 2, 16), ("Step CPU 0", 4, 4), ("Finish", 5, 5)])
def test_a_click_ends_a_run_that_plays(timed: Page, button: str, at: int, of: int) -> None:
    screen = Screen(timed)
    screen.go.press("Enter")
    timed.clock.run_for(3 * PACE)
    screen.stands(3, 16)
    screen.bench.get_by_role("button", name=button).first.click()
    timed.clock.run_for(5 * PACE)
    screen.stands(at, of)


def test_a_key_ends_a_run_that_plays(timed: Page) -> None:
    screen = Screen(timed)
    screen.go.press("Enter")
    timed.clock.run_for(3 * PACE)
    screen.press("u")
    timed.clock.run_for(5 * PACE)
    screen.stands(2, 16)


def narrow(screen: Screen, width: int, height: int) -> None:
    """Make the window as small as it is when the finder is this wide."""
    page = screen.page
    page.set_viewport_size({"width": width, "height": height})
    page.set_viewport_size({"width": 2 * width - screen.box.evaluate("box => box.offsetWidth"), "height": height})
    assert screen.box.evaluate("box => box.offsetWidth") == width


PLACES = """box => new Promise(done => setTimeout(() => {
    const {top} = box.getBoundingClientRect(), below = at => Math.round(at - top);
    const steps = [...box.querySelectorAll(".acts")].map(acts => below(acts.getBoundingClientRect().top));
    const rows = [...box.querySelectorAll(".territory tr")].map(row => below(row.getBoundingClientRect().bottom));
    done([steps, Math.max(...rows), box.scrollWidth - box.clientWidth]);
}))"""
"""Where the step buttons and the end of the territory are, below the top; what has to follow a step is done then."""


def play_at_random(screen: Screen, seed: int, first: str = "") -> list[Any]:
    """Press keys at random, at first these, then ask the explorer; return all places of buttons and territory."""
    dice = Random(seed)
    seen = [screen.box.evaluate(PLACES)]
    for key in [*first, "b", *dice.choices("01010101urb", k=50)]:
        screen.press(key)
        seen.append(screen.box.evaluate(PLACES))
    screen.go.click()
    for key in ("End", "Home"):
        screen.bench.get_by_role("slider", name="Time").press(key)
        seen.append(screen.box.evaluate(PLACES))
    return seen


@pytest.mark.parametrize(("title", "first", "width", "most"), [
    ("You are the scheduler", "1010", 930, 600), ("Race finder", "01", 930, PANE),
    ("You are the scheduler", "1010", 420, None), ("Race finder", "01", 420, None)])
def test_no_step_of_a_game_moves_a_button(opened: Open, title: str, first: str, width: int, most: int | None) -> None:
    screen = Screen(opened(), title)
    narrow(screen, width, PANE)
    seen = play_at_random(screen, 16, first)
    steps, ends, sideways = ([*column] for column in zip(*seen, strict=True))
    assert steps == [steps[0]] * len(steps)
    assert {*sideways} == {0}
    if most == PANE:
        assert screen.box.evaluate("box => box.offsetHeight") <= PANE
    if most:
        assert max(ends) <= most
        assert max(steps[0]) <= 200


@pytest.mark.parametrize("width", [960, 1200])
def test_what_cannot_be_chosen_is_read_in_full(offline: Page, page_of: Address, width: int) -> None:
    offline.set_viewport_size({"width": width, "height": PANE})
    offline.goto(page_of("09-the-hole-in-the-patch.ipynb"))
    texts = offline.locator(".pkvm-finder .only:visible")
    expect(texts.filter(has_text="EL2 never touches").first).to_be_visible()
    cut = "box => box.scrollHeight > box.clientHeight"
    assert not [text.inner_text() for text in texts.all() if text.evaluate(cut)]


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
    assert "You:" not in screen.line.inner_text()


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
        screen.end(steps)
        assert screen.box.evaluate(SIDEWAYS) == 0
    assert find_violations(offline, ".pkvm-finder") == []


def test_a_cloned_notebook_answers_and_steps_without_trust_or_a_run(notebook: Open) -> None:
    page = notebook("finder.ipynb")
    screen = Screen(page)
    screen.go.click()
    screen.says(FOUND)
    screen.end(16)
    game = Screen(page, "You are the scheduler")
    game.press("1", "0", "1", "0")
    expect(game.won).to_have_text(WON)


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
    page.evaluate(COUNT_SLICES)
    screen = Screen(page, number=1)
    screen.box.get_by_label("Question").select_option("I3")
    screen.go.press("Enter")
    expect(screen.go).to_contain_text("Stop")
    screen.says("states found")
    screen.page.keyboard.press("Escape")
    expect(screen.go).to_contain_text("Go on")
    screen.announces("Stopped. Not known yet")
    stopped = screen.line.inner_text()
    wait_for_python(page, "(None, 0, None, 'incomplete')")
    assert screen.line.inner_text() == stopped
    page.evaluate("slices = 1")
    screen.go.press("Enter")
    expect(screen.line).not_to_have_text(stopped)
    screen.go.press("s")
    expect(screen.go).to_contain_text("Go on")


def starts_kernel(request: Request) -> bool:
    """Return True if JupyterLab asks for a kernel with a request."""
    return request.method == "POST" and "/api/sessions" in request.url


def ask_for_bench(page: Page) -> Screen:
    """Press the button that runs a cell for the bench that is not stored."""
    hosts = Screen(page, number=1)
    expect(hosts.box.locator(".no-bench")).to_have_text("The bench of this run is not stored here.")
    hosts.box.get_by_role("button", name="Run this cell").click()
    return hosts


def test_in_jupyterlab_a_bench_that_is_not_stored_comes_by_a_button(notebook: Open) -> None:
    page = notebook("finder.ipynb", NOT_STORED)
    hosts = ask_for_bench(page)
    expect(hosts.bench).to_be_visible()
    expect(hosts.box.locator(".no-bench")).to_have_count(0)


def test_a_button_that_is_pressed_before_python_is_there_waits_for_it(notebook: Open) -> None:
    page, held = notebook("finder.ipynb"), list[Route]()
    page.evaluate(SHUT_DOWN)
    page.route(SESSIONS, lambda route: held.append(route) if starts_kernel(route.request) else route.fallback())
    with page.expect_request(starts_kernel):
        hosts = ask_for_bench(notebook("finder.ipynb", NOT_STORED))
    expect(hosts.box).to_contain_text("This cell runs")
    for route in held:
        route.continue_()
    page.unroute(SESSIONS)
    expect(hosts.bench).to_be_visible()


def test_an_answer_and_a_run_from_python_survive_a_reload(notebook: Open) -> None:
    page = notebook("finder.ipynb")
    assert page.evaluate(RUN_ALL)
    screen = Screen(page, number=1)
    screen.box.get_by_label("Question").select_option("I2x")
    screen.go.press("Enter")
    screen.end(17)
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
