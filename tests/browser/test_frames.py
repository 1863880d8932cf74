"""Every widget that walks keeps its parts where they are, fits on one screen, and can be read on a phone.

The widgets are those stored in the course's notebooks, each alone on a page, in a room as wide as JupyterLab's.
"""
from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, Page, expect

from pkvm_model.widgets.front_end import list_kinds
from pkvm_model.widgets.widget import MIME
from tests.browser.conftest import timed_page
from tests.browser.notebooks import stored_notebook
from tests.browser.walker import Walker

if TYPE_CHECKING:
    from tests.browser.in_lab import Address

PANE = 647
"""The height of a notebook in JupyterLab on a screen of 768 pixels."""
MOST = 600
PACE = 1100
"""The milliseconds between two regions of a run that plays."""
PHONE = 740
"""The height of a phone, all of which a widget may take."""
BUTTONS = """box => [...box.querySelectorAll('.go, .choice')].map((one) => {
  const {left, top} = one.getBoundingClientRect(), at = box.getBoundingClientRect();
  return [one.textContent, left - at.left, top - at.top];
})"""
TALL = "box => box.offsetHeight"
SIDEWAYS = "() => document.documentElement.scrollWidth - innerWidth"
SMALL_TEXT = """box => {
  const found = [], walk = document.createTreeWalker(box, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const {parentElement: of, textContent: text} = walk.currentNode;
    if (!text.trim() || !of.checkVisibility({visibilityProperty: true})) continue;
    const size = parseFloat(getComputedStyle(of).fontSize) * (of.getScreenCTM ? of.getScreenCTM().a : 1);
    if (size < 11.99) found.push([text.slice(0, 40), size]);
  }
  return found;
}"""
OPEN_ALL = """box => {
  for (const one of box.querySelectorAll('.toggle[aria-expanded=false]')) one.click();
  for (const one of box.querySelectorAll('details')) one.open = true;
}"""
HIDDEN_MARKS = """box => {
  const room = box.querySelector('.map-room').getBoundingClientRect();
  const marks = box.querySelectorAll('.state-box.now, .arrow.last .label-ground');
  return [...marks].filter((one) => {
    const {left, top, right, bottom} = one.getBoundingClientRect();
    return left < room.left || right > room.right + 1 || top < room.top || bottom > room.bottom + 1;
  }).map((one) => one.textContent || 'the last arrow');
}"""
MAP_BOTTOM = """box => box.querySelector('.map-room').getBoundingClientRect().bottom
  - box.getBoundingClientRect().top"""
CUT = """(box, parts) => [...box.querySelectorAll(parts)].filter((one) => {
  const {left, right, top, bottom} = one.getBoundingClientRect(), room = one.parentElement.getBoundingClientRect();
  return one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1
    || left < room.left || right > room.right || top < room.top || bottom > room.bottom;
}).map((one) => one.textContent)"""
"""The parts that do not show all their text, or lie over others."""
FRAME = "() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))"


def fit(page: Page, kind: str, width: int, height: int = PANE) -> None:
    """Make the window so wide that the widgets of a kind get this width."""
    page.set_viewport_size({"width": 1000, "height": height})
    beside = 1000 - page.locator(f".pkvm-{kind}").first.evaluate("box => box.offsetWidth")
    page.set_viewport_size({"width": width + beside, "height": height})
    assert page.locator(f".pkvm-{kind}").first.evaluate("box => box.offsetWidth") == width


def stored_graphs(kind: str) -> list[Any]:
    """Return the packed graphs of the widgets of a kind that the course stores."""
    return [json.loads(cell.outputs[0].data[MIME]["packed"]) for cell in stored_notebook(f"all-{kind}.ipynb").cells]


def walk_all(shown: Walker, graph: Any, keys: dict[int, str] | None = None) -> Iterator[str]:
    """Take every step that the graph has, each once, and yield its name once it is shown; undo it after that."""
    taken = set()

    def go(state: int) -> Iterator[str]:
        for number, (part, to) in enumerate(graph["edges"][state]):
            cpu = graph["parts"][part]["cpu"]
            key = str(cpu if len(graph["cpus"]) > 1 else number + 1) if keys is None else keys[cpu]
            if (state, key) in taken or to is None:
                continue
            taken.add((state, key))
            shown.page.keyboard.press(key)
            yield f"{graph['name']}, state {state}, {graph['parts'][part]['label']}"
            yield from go(to)
            shown.page.keyboard.press("u")

    shown.box.evaluate("box => box.focus({preventScroll: true})")
    yield from go(graph["start"])
    assert len(taken) > 10


@pytest.mark.parametrize("number", range(2))
def test_every_step_of_two_kernels_is_on_one_screen_and_no_button_moves(offline: Page, page_of: Address,
                                                                       number: int) -> None:
    offline.goto(page_of("all-beside.ipynb"))
    fit(offline, "beside", 930)
    shown, graph = Walker(offline, "beside", number), stored_graphs("beside")[number]
    places = shown.box.evaluate(BUTTONS)
    assert len(places) == 2
    for step in walk_all(shown, graph, {0: "0", 1: "1"}):
        assert shown.box.evaluate(BUTTONS) == places, step
        assert shown.box.evaluate(TALL) <= MOST, step
        assert shown.box.locator(".chip").count() <= 3, step


@pytest.mark.parametrize(("number", "width"), [(0, 420), (1, 420), (0, 320)])
def test_on_a_phone_no_button_of_two_kernels_moves(offline: Page, page_of: Address, number: int, width: int) -> None:
    offline.goto(page_of("all-beside.ipynb"))
    offline.set_viewport_size({"width": width, "height": PHONE})
    shown, graph = Walker(offline, "beside", number), stored_graphs("beside")[number]
    places, tall = shown.box.evaluate(BUTTONS), shown.box.evaluate(TALL)
    if width == 420:
        assert tall <= PHONE
    assert shown.box.evaluate(CUT, ".kernels > .revision") == []
    for step in walk_all(shown, graph, {0: "0", 1: "1"}):
        assert shown.box.evaluate(BUTTONS) == places, step
        assert shown.box.evaluate(TALL) == tall, step
        assert offline.evaluate(SIDEWAYS) == 0, step


@pytest.mark.parametrize("number", range(2))
def test_every_step_of_a_map_shows_its_box_its_arrow_and_its_choices(offline: Page, page_of: Address,
                                                                    number: int) -> None:
    offline.goto(page_of("all-map.ipynb"))
    fit(offline, "map", 930)
    shown, graph = Walker(offline, "map", number), stored_graphs("map")[number]
    places = {name: place for name, *place in shown.box.evaluate(BUTTONS)}
    assert shown.box.evaluate(MAP_BOTTOM) <= MOST
    shown.box.evaluate("box => { box.focus(); box.scrollIntoView(); }")
    before = offline.evaluate("scrollY")
    for step in walk_all(shown, graph):
        offline.evaluate(FRAME)
        assert shown.box.evaluate(HIDDEN_MARKS) == [], step
        for name, *place in shown.box.evaluate(BUTTONS):
            assert places.setdefault(name, place) == place, step
        assert offline.evaluate("scrollY") == before, step


@pytest.mark.parametrize("number", range(2))
def test_every_region_of_a_run_is_on_one_screen_and_no_button_moves(offline: Page, page_of: Address,
                                                                   number: int) -> None:
    offline.goto(page_of("all-sequence.ipynb"))
    fit(offline, "sequence", 930)
    shown, regions = Walker(offline, "sequence", number), len(stored_graphs("sequence")[number]["regions"])
    places = shown.box.evaluate(BUTTONS)
    shown.box.focus()
    for region in range(1, regions + 1):
        offline.keyboard.press("r")
        shown.counts(f"region {region} of {regions}")
        assert shown.box.evaluate(BUTTONS) == places
        assert shown.box.evaluate(TALL) <= MOST


@pytest.mark.parametrize("number", range(2))
def test_a_run_is_on_one_screen_of_a_phone_and_no_button_moves(offline: Page, page_of: Address, number: int) -> None:
    offline.goto(page_of("all-sequence.ipynb"))
    offline.set_viewport_size({"width": 420, "height": PHONE})
    shown, regions = Walker(offline, "sequence", number), len(stored_graphs("sequence")[number]["regions"])
    places = shown.box.evaluate(BUTTONS)
    shown.box.focus()
    for region in range(1, regions + 1):
        offline.keyboard.press("r")
        shown.counts(f"region {region} of {regions}")
        assert shown.box.evaluate(BUTTONS) == places
        assert shown.box.evaluate(TALL) <= PHONE
        assert shown.box.evaluate(CUT, ".says, .path, button.box > span") == []


@pytest.mark.parametrize("width", [420, 640])
def test_what_is_said_moves_nothing_and_can_be_read(offline: Page, page_of: Address, width: int) -> None:
    offline.goto(page_of("all-map.ipynb"))
    offline.set_viewport_size({"width": width, "height": PHONE})
    shown = Walker(offline, "map", 1)
    places = shown.box.evaluate(BUTTONS)
    shown.press("u")
    said = shown.box.locator(".said")
    expect(said).to_have_text("There is no such step to go to.")
    assert said.evaluate("said => said.scrollWidth - said.clientWidth") == 0
    assert shown.box.evaluate(BUTTONS) == places


def test_a_run_along_time_plays_to_its_end_and_what_a_learner_does_ends_it(browser: Browser, page_of: Address) -> None:
    with timed_page(browser, page_of("all-sequence.ipynb")) as page:
        shown = Walker(page, "sequence", 1)
        player = shown.box.locator("button.play")
        player.click()
        expect(player).to_have_text("Pause")
        page.clock.run_for(5 * PACE)
        shown.counts("region 4 of 4")
        expect(player).to_have_text("Play")
        shown.press("b")
        player.click()
        shown.box.locator("[data-region='3']").click()
        expect(player).to_have_text("Play")
        page.clock.run_for(5 * PACE)
        shown.counts("region 3 of 4")


def test_where_motion_is_unwelcome_a_run_goes_on_by_one_region(offline: Page, page_of: Address) -> None:
    offline.emulate_media(reduced_motion="reduce")
    offline.goto(page_of("all-sequence.ipynb"))
    shown = Walker(offline, "sequence", 1)
    shown.click("Next")
    shown.counts("region 1 of 4")


@pytest.mark.parametrize("width", [320, 420, 930])
@pytest.mark.parametrize("kind", list_kinds())
def test_no_text_is_smaller_than_12_pixels_and_nothing_scrolls_sideways(offline: Page, page_of: Address, kind: str,
                                                                       width: int) -> None:
    offline.goto(page_of("kinds.ipynb"))
    offline.set_viewport_size({"width": width, "height": PANE})
    box = offline.locator(f".pkvm-{kind}").first
    expect(box).to_be_visible()
    box.evaluate(OPEN_ALL)
    offline.evaluate(FRAME)
    assert box.evaluate(SMALL_TEXT) == []
    assert box.evaluate("box => box.scrollWidth - box.clientWidth") == 0
