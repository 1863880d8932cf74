"""The slides of a workshop: keys turn them, they fill the window, and a bench on a slide steps and keeps its keys."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from pkvm_model.course.publish import slides
from tests.browser.access import find_violations
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


# Where the title begins, where what is seen last ends, and where the buttons that turn the slides begin.
PLACES = """() => {
  const slide = document.querySelector(".slide.now"), seen = [...slide.querySelectorAll("*")].filter(
    (each) => each.checkVisibility() && !each.closest(".hidden-words,.part,[role=menu]"));
  return [slide.querySelector(".title").getBoundingClientRect().top,
    Math.max(...seen.map((each) => each.getBoundingClientRect().bottom)),
    document.querySelector(".turns").getBoundingClientRect().top];
}"""
WINDOWS: list[ViewportSize] = [{"width": 1366, "height": 768}, {"width": 1920, "height": 1080}]


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
    for key in ("Home", "End", "ArrowLeft"):
        deck.keyboard.press(key)
        top, bottom, turns = deck.evaluate(PLACES)
        assert top >= 0
        assert 0.4 * turns < bottom <= turns, seen(deck)
    for cpu in (1, 0, 1, 0):
        deck.locator(".slide.now .pkvm-bench").get_by_role("button", name=f"Step CPU {cpu}").click()
        top, bottom, turns = deck.evaluate(PLACES)
        assert 0 <= top < bottom <= turns


def test_every_slide_of_the_workshop_fits_a_laptop(offline: Page, tmp_path: Path) -> None:
    offline.set_viewport_size(WINDOWS[0])
    slides.write(tmp_path)
    offline.goto((tmp_path / "slides.html").as_uri())
    places = {}
    for _ in range(offline.locator(".slide").count()):
        _, bottom, turns = offline.evaluate(PLACES)
        places[seen(offline)[0]] = bottom - turns
        offline.keyboard.press("PageDown")
    assert {title: beyond for title, beyond in places.items() if beyond > 0} == {}


def test_each_slide_prints_on_its_own_page(deck: Page) -> None:
    deck.emulate_media(media="print")
    assert seen(deck) == ["One", "Two", "Three"]
    assert deck.pdf().count(b"/Type /Page\n") == 3


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_violation_on_the_slides(deck: Page, theme: Theme) -> None:
    deck.emulate_media(color_scheme=theme, reduced_motion="reduce")
    for key in ("Home", "ArrowRight", "ArrowRight", "Escape"):
        deck.keyboard.press(key)
        assert find_violations(deck) == [], key
