"""Answers are written, kept and found again in the pages of the exercises, by keyboard, on a phone, in two tabs."""
from __future__ import annotations

import base64
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from benchmarks.static_host import Host
from pkvm_model.browser import clerk
from pkvm_model.practice.exercises import find_exercise, load_exercises
from tests.browser.access import find_violations
from tests.browser.conftest import open_context
from tests.browser.in_lab import Theme
from tests.browser.site.exercise_site import CHOICE, CLEAR, CODE, READ, RUN, Solving
from tests.patience import wait_until

BLOCKED = """Object.defineProperty(window, "indexedDB", {
  get() { throw new DOMException("The request was denied.", "SecurityError"); },
});"""

IS_READABLE = """note => [...note.querySelectorAll("p, button")].every((part) => {
  const behind = getComputedStyle(note).backgroundColor;
  return !/, 0\\)$/.test(behind) && behind !== getComputedStyle(part).color;
})"""
"""True if a note stands on a ground of its own, in another colour."""
FIND_COVERED = """() => [...document.querySelectorAll(".pkvm-bench button")].filter((button) => {
  button.scrollIntoView(false);
  const { left, right, top, bottom } = button.getBoundingClientRect(),
    seen = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
  return seen?.closest(".site-note");
}).map((button) => button.textContent)"""
"""Returns the buttons of benches on which a note lies when they come into sight from below."""
THEMES: tuple[Theme, ...] = ("light", "dark")
NO_TIME = "IDBObjectStore.prototype.put = () => ({})"
"""Lets nothing that a page writes come to an end, as when it is left at once."""
NO_TIME_TO_HEAR = """() => {
  const { put } = IDBObjectStore.prototype;
  let first;
  IDBObjectStore.prototype.put = function (...given) { first ??= put.apply(this, given); return {}; };
}"""
"""Lets a page write once, but not hear of it."""

COME_INTO_SIGHT = """async (place) => {
  const before = place.offsetHeight;
  place.scrollIntoView();
  await new Promise((seen) => new IntersectionObserver(seen).observe(place));
  for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
  return [before, place.offsetHeight];
}"""
"""Scrolls to the editor, and returns how high it was before, and is after it had the time to measure its lines."""

READ_SPARE = """async (exercise) => {
  const { indexedDB } = await navigator.storageBuckets.open("pkvm-course-spare"),
    opening = indexedDB.open("pkvm-course");
  await new Promise((resolve) => (opening.onsuccess = resolve));
  const asked = opening.result.transaction("exercises").objectStore("exercises").get(exercise);
  await new Promise((resolve) => (asked.onsuccess = resolve));
  return asked.result ?? {};
}"""
"""The spare has a record a little later than the tables."""


@pytest.fixture
def solving(learner: BrowserContext) -> Solving:
    """The page of an exercise with its editor."""
    return Solving(learner)


def test_what_is_typed_is_there_after_a_reload_and_on_the_next_day(solving: Solving, learner: BrowserContext) -> None:
    solving.type("# mine")
    wait_until(lambda: (solving.read("drafts") or {}).get("text", "").endswith("# mine"))
    solving.page.reload()
    solving.wait()
    assert solving.text.endswith("\n# mine")
    solving.page.close()
    assert Solving(learner).text.endswith("\n# mine")


@pytest.mark.parametrize("no_time", [NO_TIME, NO_TIME_TO_HEAR], ids=["to write", "to hear"])
def test_what_a_page_had_no_time_to_keep_is_kept_by_the_next(solving: Solving, no_time: str) -> None:
    solving.page.evaluate(no_time)
    solving.type("# mine")
    solving.page.reload()
    solving.wait()
    assert solving.text.endswith("\n# mine")
    assert (solving.read("drafts")["text"], solving.read("drafts")["others"]) == (solving.text, [])
    assert solving.page.evaluate("localStorage.length") == 0


def test_what_a_page_had_no_time_to_keep_takes_nothing_from_another_tab(
        solving: Solving, learner: BrowserContext) -> None:
    solving.page.evaluate(NO_TIME)
    solving.type("# mine")
    other = Solving(learner)
    other.type("# there")
    wait_until(lambda: (other.read("drafts") or {}).get("text", "").endswith("# there"))
    solving.page.reload()
    solving.wait()
    assert solving.text.endswith("\n# there")
    solving.page.get_by_text("Your other answer").click()
    expect(solving.page.locator(".other pre")).to_contain_text("# mine")


def test_the_editor_is_left_by_keyboard_and_checks_by_keyboard(solving: Solving) -> None:
    page, keyboard = solving.page, solving.page.keyboard
    solving.type("x")
    keyboard.press("Tab")
    wait_until(lambda: solving.text.endswith("\n    x"))
    page.clock.set_fixed_time(0)  # the editor forgets Escape after two seconds
    keyboard.press("Escape")
    keyboard.press("Tab")
    expect(page.get_by_role("button", name="Check")).to_be_focused()
    keyboard.press("Shift+Tab")
    expect(solving.editor).to_be_focused()
    keyboard.press("Tab")
    expect(solving.editor).to_be_focused()
    keyboard.press("Control+z")
    keyboard.press("Control+Enter")
    expect(page.locator(".answering .state, .pkvm-exercise .says")).not_to_have_text(["", ""])


def test_the_editor_goes_on_where_the_text_box_was_written_in(learner: BrowserContext) -> None:
    held = list[Route]()
    learner.route("**/assets/editor.js", lambda route: held.append(route))  # noqa: PLW0108  # it gets an attribute
    page = learner.new_page()
    page.goto(f"exercises/{CODE}.html")
    box = page.locator(".writing textarea:not([readonly])")
    box.press("Control+End")
    page.keyboard.type("# mi")
    wait_until(lambda: page.title() and held)
    held[0].continue_()
    expect(page.locator(".cm-content")).to_be_focused()
    page.keyboard.type("ne")
    expect(page.locator(".cm-line").last).to_contain_text("# mine")


def test_no_press_is_lost_while_the_editor_arrives(learner: BrowserContext) -> None:
    held = list[Route]()
    learner.route("**/assets/editor.js", lambda route: held.append(route))  # noqa: PLW0108  # it gets an attribute
    page = learner.new_page()
    page.goto(f"exercises/{CODE}.html")
    page.get_by_role("button", name="Check").hover()
    page.mouse.down()
    wait_until(lambda: page.title() and held)
    held[0].continue_()
    expect(page.locator(".cm-content")).to_be_visible()
    page.mouse.up()
    expect(page.locator(".answering .state")).not_to_have_text("")


def test_the_editor_is_as_high_in_sight_as_out_of_sight(learner: BrowserContext) -> None:
    """Else a button that is pressed as soon as it is seen moves away before the press ends, and the click is lost."""
    solving, wide = Solving(learner, CHOICE), "# a wide line" + " and more" * 10
    solving.write("drafts", {"text": f"{wide}\n" * 12, "stub": "", "others": [], "turn": 1, "tab": "x"})
    solving.page.reload()
    solving.wait()
    editor = solving.page.locator(".code-editor")
    expect(editor).not_to_be_in_viewport()
    before, after = editor.evaluate(COME_INTO_SIGHT)
    expect(editor).to_be_in_viewport()
    assert after == before


def test_without_the_editor_a_text_box_does_the_same(learner: BrowserContext) -> None:
    learner.route("**/assets/editor.js", lambda route: route.abort())
    solving = Solving(learner)
    expect(solving.how).to_have_text("Ctrl+Enter checks your answer. This is a plain text box: the editor could not be "
                                     "loaded, and is not needed.")
    solving.type("# mine")
    wait_until(lambda: (solving.read("drafts") or {}).get("text", "").endswith("# mine"))
    solving.press("Start afresh")
    wait_until(lambda: solving.text == find_exercise(CODE).stub)
    solving.page.get_by_text("Your other answer").click()
    solving.press("Bring it back")
    wait_until(lambda: solving.text.endswith("# mine"))


def test_from_disk_an_answer_can_be_written_and_the_page_says_what_it_lacks(
        browser: Browser, course_host: Host) -> None:
    context = open_context(browser, offline=True, base_url=f"{course_host.folder.as_uri()}/")
    solving = Solving(context)
    solving.type("# mine")
    wait_until(lambda: (solving.read("drafts") or {}).get("text", "").endswith("# mine"))
    solving.press("Check")
    expect(solving.state).to_contain_text("needs a web server")
    context.close()


def test_starting_afresh_puts_the_answer_aside_and_it_can_be_brought_back(solving: Solving) -> None:
    stub = find_exercise(CODE).stub
    solving.type("# first")
    solving.press("Start afresh")
    wait_until(lambda: solving.text == stub)
    solving.type("# second")
    solving.press("Start afresh")
    expect(solving.page.get_by_text("Your 2 other answers")).to_be_visible()
    solving.page.get_by_text("Your 2 other answers").click()
    solving.page.get_by_role("button", name="Bring it back").last.click()
    wait_until(lambda: solving.text == f"{stub}\n# first")
    expect(solving.page.get_by_text("Your other answer")).to_be_visible()
    solving.page.reload()
    solving.wait()
    assert solving.text == f"{stub}\n# first"
    expect(solving.page.locator(".other pre")).to_have_text(f"{stub}\n# second")


def test_an_option_is_chosen_by_keyboard_and_its_line_is_written(learner: BrowserContext) -> None:
    solving = Solving(learner, CHOICE)
    page = solving.page
    page.get_by_role("radio", name="finalise checks the count").focus()
    page.keyboard.press("ArrowDown")
    wait_until(lambda: solving.text.startswith('change = "start refuses without a warning"\n'))
    page.keyboard.press("ArrowUp")
    wait_until(lambda: solving.text.startswith('change = "finalise checks the count"\n'))
    page.get_by_role("radio", name="neither of these").check()
    wait_until(lambda: '\nleft = "neither of these"  # "make EL2 use memory' in solving.text)
    wait_until(lambda: "neither of these" in (solving.read("drafts") or {}).get("text", "").partition("#   ")[2])
    page.reload()
    solving.wait()
    expect(page.get_by_role("radio", name="finalise checks the count")).to_be_checked()
    expect(page.get_by_role("radio", name="neither of these")).to_be_checked()
    expect(solving.state).to_have_text("")
    page.get_by_role("radio", name="neither of these").press("Control+Enter")
    expect(solving.state).not_to_have_text("")


def test_who_types_the_line_chooses_too(learner: BrowserContext) -> None:
    solving = Solving(learner, CHOICE)
    solving.editor.click()
    solving.page.keyboard.press("Control+a")
    solving.page.keyboard.type("left = 'neither of these'")
    expect(solving.page.get_by_role("radio", name="neither of these")).to_be_checked()
    solving.page.get_by_role("radio", name="finalise checks the count").check()
    wait_until(lambda: solving.text == "left = 'neither of these'\nchange = \"finalise checks the count\"\n")


def test_an_option_is_written_into_the_line_that_counts_however_it_is_indented(learner: BrowserContext) -> None:
    """A Tab that was to leave the editor indents a line; and of two lines Python takes the second."""
    solving = Solving(learner, CHOICE)
    solving.editor.press("Control+a")
    solving.page.keyboard.insert_text('    change = "..."  # mine\nleft = "neither of these"\nleft = "..."')
    expect(solving.page.get_by_role("radio", name="neither of these")).not_to_be_checked()
    for option in ("finalise checks the count", "neither of these"):
        solving.page.get_by_role("radio", name=option).check()
    wait_until(lambda: solving.text == ('change = "finalise checks the count"  # mine\n'
                                        'left = "neither of these"\nleft = "neither of these"'))


def test_an_option_that_has_no_line_leaves_the_others_as_they_are(learner: BrowserContext) -> None:
    solving = Solving(learner, CHOICE)
    solving.editor.press("Control+a")
    solving.page.keyboard.insert_text("    # mine")
    solving.page.get_by_role("radio", name="neither of these").check()
    wait_until(lambda: solving.text == '    # mine\nleft = "neither of these"\n')


def test_hints_and_a_solution_need_no_python_and_are_noted(solving: Solving) -> None:
    card = solving.page.locator(".pkvm-exercise")
    card.get_by_role("button", name="Hint 1 of 3").click()
    expect(card.locator(".hints li")).to_have_count(1)
    card.get_by_role("button", name="Hint 2 of 3").press("h")
    expect(card.locator(".hints li")).to_have_count(2)
    card.get_by_role("button", name="Show a solution").click()
    expect(card.locator(".solution pre")).to_contain_text("hyp_page_count")
    wait_until(lambda: (solving.read("exercises") or {}).get("shown"))
    assert solving.read("exercises")["hints"] == 2
    solving.page.reload()
    solving.wait()
    expect(card.locator(".hints li")).to_have_count(2)
    expect(card.locator(".solution pre")).to_contain_text("hyp_page_count")


def test_what_was_solved_before_says_so_and_leads_on(solving: Solving) -> None:
    answer = find_exercise(CODE).solution
    solving.write("exercises", {"tries": 1, "solved": True, "answer": answer})
    solving.page.reload()
    solving.wait()
    card = solving.page.locator(".pkvm-exercise")
    expect(card.locator(".head")).to_contain_text("Passed. Close the hole")
    expect(card.get_by_role("link", name="Take a guard away")).to_have_attribute("href", "../11-take-a-guard-away.html")
    expect(card.locator(".solution")).to_contain_text("hyp_page_count")
    solving.page.get_by_text("Your other answer").click()
    expect(solving.page.locator(".other pre")).to_have_text(answer)


def test_what_was_tried_before_says_so(solving: Solving) -> None:
    solving.write("exercises", {"tries": 2, "answer": "# wrong"})
    solving.page.reload()
    solving.wait()
    card = solving.page.locator(".pkvm-exercise")
    expect(card.locator(".head")).to_contain_text("Not yet. Close the hole")
    expect(card.locator(".says").first).to_have_text("You have tried this exercise, and not solved it yet.")


def test_another_tab_shows_what_is_written_here(solving: Solving, learner: BrowserContext) -> None:
    other = Solving(learner)
    solving.page.bring_to_front()
    solving.type("# here")
    wait_until(lambda: other.text.endswith("\n# here"))
    expect(other.state).to_have_text("Another tab has changed this answer. Here it is as it is now.")
    other.type("# there")
    wait_until(lambda: (other.read("drafts") or {}).get("text", "").endswith("\n# here\n# there"))
    assert other.read("drafts")["others"] == []


def test_what_two_tabs_write_at_once_is_kept_twice(solving: Solving, learner: BrowserContext) -> None:
    """The messages between the tabs are lost, as for a tab that the browser has put to sleep."""
    stub = find_exercise(CODE).stub
    learner.add_init_script("BroadcastChannel.prototype.postMessage = () => {};")
    here, there = Solving(learner), Solving(learner)
    here.type("# here")
    wait_until(lambda: (here.read("drafts") or {}).get("text", "").endswith("# here"))
    there.type("# there")
    wait_until(lambda: (there.read("drafts") or {}).get("text", "").endswith("# there"))
    expect(there.state).to_contain_text("This answer was changed in another tab, too. Both are kept")
    there.page.get_by_text("Your other answer").click()
    expect(there.page.locator(".other pre")).to_have_text(f"{stub}\n# here")
    assert there.text == f"{stub}\n# there"


def test_an_answer_to_an_older_exercise_is_kept_beside_what_is_new(solving: Solving) -> None:
    stub = find_exercise(CODE).stub
    old = {"text": "answer = 1", "stub": "answer = ...", "others": [], "turn": 3, "tab": "x"}
    solving.write("drafts", old)
    solving.page.reload()
    solving.wait()
    assert solving.text == "answer = 1"
    newer = solving.page.get_by_role("note")
    expect(newer).to_contain_text("This exercise has changed since you wrote this answer, which is kept.")
    expect(newer.locator("pre")).to_have_text(stub)
    solving.type("# more")
    wait_until(lambda: solving.read("drafts")["text"] == "answer = 1\n# more")
    expect(newer).to_be_visible()
    newer.get_by_role("button", name="Go on with mine").click()
    expect(newer).to_be_hidden()
    solving.write("drafts", old)
    solving.page.reload()
    solving.wait()
    newer.get_by_role("button", name="Begin with this").click()
    wait_until(lambda: solving.text == stub)
    solving.page.get_by_text("Your other answer").click()
    expect(solving.page.locator(".other pre")).to_have_text("answer = 1")


def test_what_chromium_throws_away_after_a_kill_comes_back_from_the_spare(solving: Solving) -> None:
    solving.type("# mine")
    solving.press("Hint 1 of 3")
    wait_until(lambda: (solving.read("drafts") or {}).get("text", "").endswith("# mine"))
    wait_until(lambda: solving.page.evaluate(READ_SPARE, CODE).get("hints"))
    solving.page.evaluate(CLEAR)
    assert solving.read("drafts") is None
    solving.page.reload()
    solving.wait()
    assert solving.text.endswith("# mine")
    assert (solving.read("drafts")["text"], solving.read("exercises")["hints"]) == (solving.text, 1)


def test_where_the_browser_keeps_nothing_the_page_says_so_and_a_copy_can_be_saved(learner: BrowserContext) -> None:
    learner.add_init_script(BLOCKED)
    solving = Solving(learner)
    expect(solving.page.locator(".your-work")).to_contain_text("This browser keeps nothing for this page")
    solving.type("# mine")
    answers = save_copy(solving.page)["answers"]
    assert [answer["text"].endswith("\n# mine") for answer in answers] == [True]


def save_copy(page: Page) -> Any:
    """Save a copy, and return what the clerk reads in it."""
    with page.expect_download() as download:
        page.get_by_role("button", name="Save a copy").click()
    expect(page.locator(".your-work .state")).to_contain_text(f"downloads: {download.value.suggested_filename}, with")
    content = Path(download.value.path()).read_bytes()
    return clerk.read_work({"name": download.value.suggested_filename, "base64": base64.b64encode(content).decode()})


def test_the_map_shows_the_progress_of_this_browser(learner: BrowserContext) -> None:
    solving = Solving(learner, RUN)
    solving.write("exercises", {"tries": 3, "hints": 1, "solved": True, "steps": 5, "fewest": 4})
    page = learner.new_page()
    page.goto("course-map.html")
    expect(page.locator(".pkvm-progress h3")).to_have_text("1 of 52 exercises solved")
    page.locator(".pkvm-progress summary").filter(has_text="9. ").click()
    row = page.locator(".pkvm-progress li").filter(has_text="Find the hole")
    expect(row).to_contain_text("solved, 3 tries, 1 hint, 5 steps, fewest possible: 4")
    row.get_by_role("link").click()
    expect(page.get_by_role("heading", name="Find the hole").first).to_be_visible()
    page.go_back()
    assert save_copy(page)["exercises"]["find-the-hole"]["steps"] == 5


def test_the_first_page_says_where_to_go_on_and_what_is_solved(learner: BrowserContext) -> None:
    page = learner.new_page()
    page.goto("index.html")
    expect(page.locator("#go-on")).to_have_text("")
    solving = Solving(learner, RUN)
    solving.write("exercises", {"tries": 3, "solved": True})
    page.reload()
    first = next(each for each in load_exercises().values() if each.road == "main")
    expect(page.locator("#go-on")).to_have_text("1 of 52 exercises solved.")
    expect(page.locator(".chapters > li").filter(has_text="✓ done")).to_have_count(1)
    page.get_by_role("link", name="Go on: Start here").click()
    page.wait_for_url(f"**/{first.chapter}.html")
    answer_quiz(page, "", 0)
    expect(page.get_by_text("This browser may delete what you write here. A copy is safe.")).to_be_visible()
    assert page.locator(".site-note").evaluate(IS_READABLE)
    assert page.evaluate(FIND_COVERED) == []
    page.get_by_role("button", name="Later").click()
    expect(page.get_by_text("A copy is safe.")).to_have_count(0)


def test_the_first_page_knows_the_way_that_was_chosen_and_what_was_read_last(learner: BrowserContext) -> None:
    page = learner.new_page()
    page.goto("index.html")
    page.get_by_text("Model-checking fan", exact=True).click()
    expect(page.locator(".chapters > li:visible")).to_have_count(5)
    page.goto("02-who-owns-this-page.html")
    heading = page.locator("main h2[id]").nth(2).evaluate("heading => { heading.scrollIntoView(); return heading.id; }")
    page.goto("index.html")
    expect(page.get_by_role("radio", name="Model-checking fan")).to_be_checked()
    expect(page.locator(".chapters > li:visible")).to_have_count(5)
    page.get_by_role("link", name="Go on: Who owns this page?").click()
    page.wait_for_function("(hash) => decodeURIComponent(location.hash) === hash", arg=f"#{heading}")
    Solving(learner, RUN).write("exercises", {"tries": 3, "solved": True})
    page.goto("index.html")
    expect(page.locator("#go-on")).to_have_text("1 of 52 exercises solved. Last read: Who owns this page?")
    expect(page.get_by_role("link", name="Go on: Start here")).to_be_visible()


def test_answers_and_benches_are_there_on_the_next_day_and_questions_asked_again_afresh(
        learner: BrowserContext) -> None:
    page = learner.new_page()
    page.goto("02-who-owns-this-page.html")
    answer_quiz(page, "The host lends page A to EL2 and", 1)
    page.get_by_role("button", name="Step CPU").first.click()
    expect(page.locator(".pkvm-bench").first).to_contain_text("step 1 of 1")
    page.close()
    page = learner.new_page()
    page.goto("02-who-owns-this-page.html")
    expect(page.locator(".pkvm-bench").first).to_contain_text("step 1 of 1")
    expect(find_quiz(page, "The host lends page A to EL2 and")).to_contain_text("(your answer)")
    page.goto("04-a-vcpu-runs.html")
    again = find_quiz(page, "The host lends page A to EL2 and")
    expect(again).not_to_contain_text("(your answer)")
    answer_quiz(page, "The host lends page A to EL2 and", 0)
    for option in (1, 0):
        answer_quiz(page, "A patch adds a lock to Linux", option)
    words = find_quiz(page, "A patch adds a lock to Linux").locator("label .muted")
    expect(words.filter(has_text="(")).to_have_text(["(your answer)", "(tried)"])
    page.reload()
    expect(again).to_contain_text("(your answer)")
    places = save_all(learner)["quizzes"]
    assert "1 0" in places.values()
    assert places["again 04"] == "02 quiz-give 1, 01 quiz-enemy 0"


def save_all(learner: BrowserContext) -> Any:
    """Save a copy from the map."""
    page = learner.new_page()
    page.goto("course-map.html")
    return save_copy(page)


def find_quiz(page: Page, begin: str) -> Any:
    """Return the quiz whose question begins with some words."""
    return page.locator(".pkvm-quiz").filter(has_text=begin).first


def answer_quiz(page: Page, begin: str, option: int) -> None:
    """Choose an option of a quiz and check it, and wait until the browser keeps the answer."""
    quiz = find_quiz(page, begin)
    key = quiz.evaluate("quiz => quiz.closest('.widget-here').dataset.key")
    quiz.get_by_role("radio").nth(option).check()
    quiz.get_by_role("button", name="Check").click()
    expect(quiz).to_contain_text("(your answer)")
    wait_until(lambda: (page.evaluate(READ, ["quizzes", key]) or "").endswith(str(option)))


@pytest.mark.parametrize("name", [CODE, CHOICE])
def test_axe_finds_no_violation_and_nothing_scrolls_sideways(learner: BrowserContext, name: str) -> None:
    page = learner.new_page()
    page.emulate_media(reduced_motion="reduce")
    solving = Solving(learner, name, page)
    solving.type("# mine")
    solving.press("Start afresh")
    page.get_by_text("Your other answer").click()
    page.get_by_role("button", name="Hint 1 of 3").click()
    expect(page.locator(".hints li")).to_have_count(1)
    for width, theme in product((1300, 420), THEMES):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme)
        assert find_violations(page) == [], (width, theme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
