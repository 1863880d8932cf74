"""The slides of a workshop: keys turn them, they fill the window, and a bench on a slide steps and keeps its keys."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from pkvm_model.course.publish import sheet, slides
from tests.browser.access import find_violations
from tests.browser.conftest import DRAWN
from tests.browser.in_lab import Theme

LIST = """# A list

## 0–5 First

### One
- 01-start-here: three-calls

### Two
> Click.
- 01-start-here: cold-open

## 5–9 Last

### Three
- 01-start-here: enemy
"""


TEXT, LABEL = 24, 18
"""The smallest text and the smallest label at 1280 by 720, in pixels.

A capital letter is about 0.72 of the size of its font (DejaVu Sans, Arial), so one of 24 px is 17 px high, a
forty-second of the height of the picture. From five such heights away, where the last row of most rooms is, that is 16
minutes of arc: the least that ISO 9241-3 allows for text to be read. It allows less where reading is incidental, as
with the marks in a drawing: 18 px are 12 minutes.
"""
SPEAKERS = ".bar .buttons, .time-bar, .closing, .finish, kbd, .menu, .tile"
"""What the room need not read: the speaker's buttons, and tiles, which repeat the name of their row."""
UNSEEN = ".hidden-words, .long, .part, [role=menu], script"
"""What only a screen reader gets."""
LABELS = ".rg, .gp, .box, .span, .call, .number, .counts-cell, .values svg"
"""Marks in a drawing, and words that the bench says once more elsewhere."""
CUT = (".told, .says, .panic, .lane .h, .short, .told-next, .keeps, .vm, .life, .territory th, .territory td, .span, "
       ".won-block, .sentence, .side, .facts-now, .goal, pre, .sideways, td, th")
FAULTS = f"""() => {{
  const slide = document.querySelector(".slide.now"), scale = innerHeight / 720, faults = [];
  const bar = document.querySelector(".turns").getBoundingClientRect().top;
  const texts = document.createTreeWalker(slide, NodeFilter.SHOW_TEXT);
  const shown = (element) => element.checkVisibility() && !element.closest("{UNSEEN}");
  while (texts.nextNode()) {{
    const words = texts.currentNode.data.trim(), element = texts.currentNode.parentElement, range = new Range();
    range.selectNodeContents(texts.currentNode);
    const {{ width, height, bottom, right, left, top }} = range.getBoundingClientRect();
    if (!words || !shown(element) || width <= 1 || height <= 1) continue;
    if (bottom > bar + 1 || right > innerWidth + 1 || left < 0 || top < 0) faults.push(`outside: ${{words}}`);
    if (element.closest("{SPEAKERS}")) continue;
    const size = parseFloat(getComputedStyle(element).fontSize) * element.currentCSSZoom / scale;
    const least = element.closest("{LABELS}") ? {LABEL} : {TEXT};
    if (size < least - 0.05) faults.push(`${{size.toFixed(1)}} px: ${{words}}`);
  }}
  for (const element of slide.querySelectorAll("{CUT}"))
    if (shown(element) && getComputedStyle(element).overflow !== "visible" && element.clientWidth > 1
      && (element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 2))
      faults.push(`cut off: ${{element.className || element.localName}} ${{element.textContent.slice(0, 60)}}`);
  return [...new Set(faults)];
}}"""
"""What the last row cannot read of the slide that is shown: too small, cut off, or outside the window."""
CPUS = ((0, 1) * 4, (1, 0) * 4, (0,) * 8)
"""The orders in which the benches on slides are stepped."""
# Where the title begins, where what is seen last ends, and where the buttons that turn the slides begin.
PLACES = """() => {
  const slide = document.querySelector(".slide.now"), seen = [...slide.querySelectorAll("*")].filter(
    (each) => each.checkVisibility() && !each.closest(".hidden-words,.part,[role=menu]"));
  return [slide.querySelector(".title").getBoundingClientRect().top,
    Math.max(...seen.map((each) => each.getBoundingClientRect().bottom)),
    document.querySelector(".turns").getBoundingClientRect().top];
}"""
WINDOWS: list[ViewportSize] = [{"width": 1366, "height": 768}, {"width": 1920, "height": 1080}]
ROOMS: list[ViewportSize] = [{"width": 1280, "height": 720}, {"width": 1366, "height": 768}]


@pytest.fixture
def deck(offline: Page, tmp_path: Path) -> Page:
    """Open three slides; the second has a bench."""
    (tmp_path / "slides.html").write_text(slides.format_slides(slides.parse_list(LIST)), encoding="utf-8")
    offline.goto((tmp_path / "slides.html").as_uri())
    return offline


def seen(page: Page) -> list[str]:
    return page.locator(".title:visible").all_text_contents()


def test_keys_turn_the_slides_and_stop_at_both_ends(deck: Page) -> None:
    found = []
    for key in ("Home", "ArrowRight", "ArrowLeft", "Space", "PageDown", "ArrowDown", "Home", "End", "PageUp"):
        deck.keyboard.press(key)
        found += seen(deck)
    assert found == ["One", "Two", "One", "Two", "Three", "Three", "One", "Three", "Two"]
    assert deck.evaluate("location.hash") == "#slide-2"
    assert deck.locator(".turns output").text_content() == "0–5 First · 2 of 3"
    deck.reload()
    assert seen(deck) == ["Two"]


def test_escape_shows_all_slides_to_choose_from(deck: Page) -> None:
    deck.keyboard.press("Escape")
    assert deck.locator(".overview a:visible").all_text_contents() == ["One", "Two", "Three"]
    assert seen(deck) == []
    deck.keyboard.press("ArrowDown")
    deck.keyboard.press("Enter")
    # The address changes first, and the page follows.
    expect(deck.locator(".slide.now")).to_be_visible()
    assert seen(deck) == ["Two"]


def test_a_bench_on_a_slide_steps_and_keeps_its_keys(deck: Page) -> None:
    deck.keyboard.press("ArrowRight")
    bench = deck.locator(".slide.now .pkvm-bench")
    bench.get_by_role("button", name="Step CPU 1").click()
    assert "CPU 1’s start marks VM 0x1000 as dying" in bench.inner_text()
    deck.keyboard.press("ArrowRight")
    assert seen(deck) == ["Two"]
    deck.keyboard.press("Escape")
    deck.keyboard.press("ArrowRight")
    assert seen(deck) == ["Three"]


@pytest.mark.parametrize("size", WINDOWS, ids=["laptop", "beamer"])
def test_a_slide_fills_the_window_and_a_bench_stays_in_it(deck: Page, size: ViewportSize) -> None:
    deck.set_viewport_size(size)
    deck.evaluate(DRAWN)
    for key in ("Home", "End", "ArrowLeft"):
        deck.keyboard.press(key)
        top, bottom, turns = deck.evaluate(PLACES)
        assert top >= 0
        assert 0.4 * turns < bottom <= turns, seen(deck)
    for cpu in (1, 0, 1, 0):
        deck.locator(".slide.now .pkvm-bench").get_by_role("button", name=f"Step CPU {cpu}").click()
        top, bottom, turns = deck.evaluate(PLACES)
        assert 0 <= top < bottom <= turns


@pytest.fixture
def workshop(offline: Page, tmp_path: Path) -> Page:
    """Open the slides of the workshop. Tiles do not glide, so what is seen after a click stands still."""
    slides.write(tmp_path)
    offline.emulate_media(reduced_motion="reduce")
    offline.goto((tmp_path / "slides.html").as_uri())
    return offline


def walk_through(page: Page) -> Iterator[str]:
    """Yield where the slides are, from the first to the last, after each step of each bench and each answer."""
    for number in range(page.locator(".slide").count()):
        title = f"{number + 1} {seen(page)[0]}"
        yield title
        for order in CPUS if page.locator(".slide.now .pkvm-walk").count() else ():
            yield from (f"{title}, steps {taken}" for taken in step(page, order))
        for option in page.locator(".slide.now .pkvm-quiz [type=radio]").all():
            option.dispatch_event("click")
            page.locator(".slide.now .pkvm-quiz .go").dispatch_event("click")
            yield f"{title}, answered"
        for region in range(page.locator(".slide.now .pkvm-sequence .box").count()):
            page.locator(".slide.now .go").dispatch_event("click")
            yield f"{title}, region {region + 1}"
        page.keyboard.press("PageDown")


def step(page: Page, order: Sequence[int]) -> Iterator[str]:
    """Step a bench from its beginning, as long as a CPU of the order can step; yield the CPUs that did."""
    page.locator(".slide.now").get_by_role("button", name="Back to the start").dispatch_event("click")
    taken = ""
    for cpu in order:
        button = page.locator(".slide.now button.go").nth(cpu)
        if button.get_attribute("aria-disabled") != "true":
            button.dispatch_event("click")
            taken += str(cpu)
            yield taken


@pytest.mark.parametrize("size", ROOMS, ids=lambda size: f"{size['width']}x{size['height']}")
def test_the_last_row_can_read_every_slide_whole(workshop: Page, size: ViewportSize) -> None:
    workshop.set_viewport_size(size)
    workshop.evaluate(DRAWN)
    faults = {where: found for where in walk_through(workshop) if (found := workshop.evaluate(FAULTS))}
    assert faults == {}


def test_each_slide_prints_on_its_own_page(deck: Page) -> None:
    deck.emulate_media(media="print")
    assert seen(deck) == ["One", "Two", "Three"]
    assert deck.pdf().count(b"/Type /Page\n") == 3


def test_all_slides_print_each_on_its_own_page_with_their_benches(workshop: Page) -> None:
    printed = workshop.pdf(prefer_css_page_size=True)
    assert printed.count(b"/Type /Page\n") == workshop.locator(".slide").count()
    assert workshop.locator(".widget-here:not(.filled)").count() == 0


def test_the_teachers_sheet_prints_on_one_page_of_a4(offline: Page, tmp_path: Path) -> None:
    sheet.write(tmp_path)
    offline.goto((tmp_path / sheet.NAME).as_uri())
    printed = offline.pdf(prefer_css_page_size=True)
    assert printed.count(b"/Type /Page\n") == 1
    assert printed.count(b"/MediaBox [0 0 594.95996 841.91998]") == 1
    assert find_violations(offline) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_violation_on_the_slides(deck: Page, theme: Theme) -> None:
    deck.emulate_media(color_scheme=theme, reduced_motion="reduce")
    for key in ("Home", "ArrowRight", "ArrowRight", "Escape"):
        deck.keyboard.press(key)
        assert find_violations(deck) == [], key
