"""The bench fits on one screen, and nothing is cut off: every step of every scene on a laptop, at 200 %, on a phone."""
from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import FloatRect, Page, expect

from pkvm_model.explore.check import Always
from pkvm_model.graphs.bench import StateGraph
from pkvm_model.graphs.property_row import ASKED
from pkvm_model.scenes import SCENES, Scene
from pkvm_model.widgets.front_end import bundle
from pkvm_model.widgets.walker import fit_and_pack
from tests.browser.in_lab import Address
from tests.browser.screen import Screen

WALK = (Path(__file__).parent / "walk_all.js").read_text(encoding="utf-8")
HTML = """<!doctype html><meta charset="utf-8"><body style="margin:0"><div id="root"></div>
<script type="module">{code}
globalThis.mountHere = mount;</script>"""
LAPTOP, WIDE, DOUBLE, PHONE = (930, 647), (1182, 647), (640, 740), (420, 740)
FAR = {LAPTOP: 600, WIDE: 600, DOUBLE: 740, PHONE: 740}
"""How far below the head of a bench its last mark may be. At 200 % no bench fits, but nothing is cut off; the screen of
a phone is the whole of 740 px."""
SAMPLE = [name for number, name in enumerate(sorted(SCENES)) if number % 4 == 0]
"""On the other screens a quarter of the scenes is walked, unless all are asked for."""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the address of a page in which a bench can be put."""
    page = tmp_path_factory.mktemp("stage") / "stage.html"
    page.write_text(HTML.format(code=bundle("bench")), encoding="utf-8")
    return page.as_uri()


def walk_scene(page: Page, name: str, most: int) -> Any:
    """Walk a scene; where the learner chooses the calls, through each state once."""
    scene = SCENES[name]
    packed = fit_and_pack(StateGraph(scene))[1]
    return page.evaluate(f"([packed, most, every]) => ({WALK.rstrip().rstrip(';')})(packed, most, every)",
                         [packed, most, not scene.free])


@pytest.mark.parametrize("size", FAR, ids=["laptop", "wide", "zoom", "phone"])
def test_every_step_of_every_scene_is_on_one_screen(offline: Page, stage: str, size: tuple[int, int],
                                                    request: pytest.FixtureRequest) -> None:
    offline.set_viewport_size({"width": size[0], "height": size[1]})
    offline.emulate_media(reduced_motion="reduce")
    offline.goto(stage)
    offline.wait_for_function("Boolean(globalThis.mountHere)")
    names = sorted(SCENES) if size == LAPTOP or request.config.getoption("--full") else SAMPLE
    walked = {name: walk_scene(offline, name, FAR[size]) for name in names}
    assert {name: one["faults"] for name, one in walked.items() if one["faults"]} == {}
    assert sum(one["steps"] for one in walked.values()) > 10 * len(names)


@pytest.fixture
def hole(offline: Page, page_of: Address) -> Screen:
    """Open a bench on which unshare holds the VM while finalise can give it away: 1 0 1, with whole calls on CPU 1."""
    offline.emulate_media(reduced_motion="reduce")
    offline.goto(page_of("01-start-here.ipynb"))
    return Screen(offline)


def ends_of(screen: Screen) -> tuple[FloatRect, FloatRect, FloatRect]:
    """Return where the line is, where the tag of what CPU 0 holds is, and where the tile of page vm0 is."""
    line = screen.bench.locator(".wire .down").bounding_box()
    tag = screen.bench.locator(".lane").first.locator(".keeps .tag").bounding_box()
    tile = screen.bench.locator("tr.page", has=screen.page.get_by_role("rowheader", name=re.compile("^vm0"))).locator(
        ".tile").bounding_box()
    assert line is not None
    assert tag is not None
    assert tile is not None
    return line, tag, tile


def test_the_line_stays_on_a_page_that_is_given_away(hole: Screen) -> None:
    hole.press("1", "0")
    line, tag, tile = ends_of(hole)
    assert abs(line["x"] - (tile["x"] + tile["width"])) < 8
    assert abs(line["y"] + line["height"] - (tile["y"] + tile["height"] / 2)) < 4
    assert tag["y"] < line["y"] < tag["y"] + tag["height"] + 12
    expect(hole.bench.locator(".wire.stale")).to_have_count(0)
    hole.press("1")
    line, _, there = ends_of(hole)
    assert there["x"] < tile["x"]
    assert abs(line["x"] - (there["x"] + there["width"])) < 8
    expect(hole.bench.locator(".wire.stale .cross")).to_have_count(1)
    expect(hole.bench.locator("tr.stale .counts-cell")).to_have_text("count 1: CPU 0 still uses itheld by CPU 0")


def test_what_moved_leaves_a_trace_and_the_rest_is_not_yellow(hole: Screen) -> None:
    hole.press("1", "0", "1")
    assert hole.bench.locator(".chip").all_inner_texts() == [
        "vm0\nEL2 → host", "g0\nback from the guest", "VM 0x1000\ndying → freed"]
    marked = hole.bench.locator("tr.page:has(.mv)")
    assert [row.inner_text().split()[0] for row in marked.all()] == ["vm0", "g0"]
    assert hole.bench.locator(".ghost").all_inner_texts() == ["was here", "was lent"]


def test_a_tile_slides_only_where_motion_is_welcome_and_any_step_ends_it(hole: Screen) -> None:
    sliding = "document.getAnimations().filter((one) => one.effect.target.matches('.tile')).length"
    hole.page.emulate_media(reduced_motion="no-preference")
    hole.press("1", "0")
    hole.bench.locator(".go").nth(1).focus()
    assert hole.page.evaluate(f"() => {{ document.activeElement.click(); return {sliding}; }}") == 1
    hole.press("u")
    hole.page.emulate_media(reduced_motion="reduce")
    assert hole.page.evaluate(f"() => {{ document.activeElement.click(); return {sliding}; }}") == 0


def test_time_is_a_slider(hole: Screen) -> None:
    hole.press("1", "0", "1", "g")
    slider = hole.bench.get_by_role("slider", name="Time")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("Step 3, CPU 1, finalise. CPU 1’s finalise destroys"))
    for key, at in [("ArrowLeft", 2), ("Home", 0), ("End", 3), ("PageDown", 0), ("ArrowRight", 1)]:
        hole.page.keyboard.press(key)
        hole.counts(f"step {at} of 3")
    box = slider.bounding_box()
    assert box
    tick = box["width"] / 25
    hole.page.mouse.move(box["x"] + tick / 2, box["y"] + 8)
    hole.page.mouse.down()
    hole.counts("step 0 of 3")
    hole.page.mouse.move(box["x"] + 2.5 * tick, box["y"] + 8)
    hole.counts("step 2 of 3")
    hole.page.mouse.move(box["x"] + 20 * tick, box["y"] + 8)
    hole.counts("step 3 of 3")
    hole.page.mouse.up()


def open_scene(page: Page, stage: str, scene: Scene, properties: tuple[Always, ...] = ASKED) -> Screen:
    """Put the bench of a scene on an empty page."""
    page.emulate_media(reduced_motion="reduce")
    page.goto(stage)
    page.wait_for_function("Boolean(globalThis.mountHere)")
    page.evaluate("packed => void mountHere(document.getElementById('root'), 'bench', packed)",
                  fit_and_pack(StateGraph(scene, properties=properties))[1])
    return Screen(page)


def test_the_picture_leaves_out_what_the_chapter_has_not_named_and_the_words_have_it(hole: Screen) -> None:
    hole.press("1", "0", "1")
    assert [row.inner_text().split()[0] for row in hole.bench.locator(".stage tr.page").all()] == ["vm0", "g0"]
    expect(hole.bench.locator(".stage tr.rest")).to_have_text("4 more pages that this chapter does not use")
    expect(hole.bench.locator(".stage abbr")).to_have_count(0)
    words = hole.open_drawer("words")
    assert [row.inner_text().split()[0] for row in words.locator("tbody tr").all()] == [
        "kvm0", "hv0.0", "vm0", "pgd0", "vc0.0", "g0"]
    assert not re.search("VMID|memo|emcache|iven back", words.inner_text())


def test_pages_that_a_call_names_get_a_row_before_others(offline: Page, stage: str) -> None:
    screen = open_scene(offline, stage, SCENES["old-name"])
    assert [row.inner_text().split()[0] for row in screen.bench.locator(".stage tr.page").all()] == [
        "kvm0", "kvm1", "vm1", "g0", "g1"]
    expect(screen.bench.locator(".stage tr.rest")).to_have_text("4 more pages: hv0.0 hv1.0 pgd1 vc1.0")


@pytest.mark.parametrize(("asked", "words"), [(ASKED[:1], "1 holds"), (ASKED[:2], "2 hold")])
def test_the_button_counts_what_holds_in_good_english(offline: Page, stage: str, asked: tuple[Always, ...],
                                                      words: str) -> None:
    screen = open_scene(offline, stage, SCENES["find-the-hole"], asked)
    expect(screen.bench.locator(".toggle[data-drawer=holds]")).to_contain_text(words)


def test_a_change_of_hidden_pages_alone_is_no_news(offline: Page, stage: str) -> None:
    screen = open_scene(offline, stage, replace(SCENES["birth"], shows=("kvm0",)))
    screen.press("0")
    expect(screen.bench.locator(".change.calm")).to_have_count(0)
    screen.press("0")
    expect(screen.bench.locator(".change.calm")).to_have_count(1)
    expect(screen.bench.locator(".chip, .mv")).to_have_count(0)


def test_a_hidden_page_comes_into_the_picture_when_it_is_used_without_a_right(offline: Page, stage: str) -> None:
    screen = open_scene(offline, stage, replace(SCENES["cold-open"], shows=("g0",), checks=True))
    screen.press("1", "0", "1")
    expect(screen.bench.locator("tr.page.stale")).to_contain_text("vm0")
    expect(screen.bench.locator(".wire.stale .cross")).to_have_count(1)
    expect(screen.bench.locator(".chip.wrong")).to_have_count(1)


def test_a_button_that_makes_a_whole_call_says_so_and_keeps_its_size(hole: Screen) -> None:
    whole = hole.bench.get_by_role("button", name="Step CPU 1: whole call", exact=True)
    expect(whole).to_have_count(1)
    size = whole.evaluate("button => [button.offsetLeft, button.offsetWidth, button.offsetHeight]")
    regions = hole.bench.locator(".lane").nth(1).locator(".rg")
    expect(regions).to_have_text("whole callnext: check and mark the VM dying")
    hole.press("1", "1")
    expect(regions).to_have_count(0)
    after = hole.bench.get_by_role("button", name="Step CPU 1", exact=True)
    assert after.evaluate("button => [button.offsetLeft, button.offsetWidth, button.offsetHeight]") == size


def test_drawers_open_below_and_move_nothing(hole: Screen) -> None:
    before = hole.bench.locator(".time-bar").evaluate("bar => bar.offsetTop")
    for name in ("words", "trace"):
        expect(hole.bench.locator(f".drawer[data-drawer={name}]")).to_be_hidden()
        expect(hole.open_drawer(name)).to_be_visible()
    assert hole.bench.locator(".time-bar").evaluate("bar => bar.offsetTop") == before


def test_the_names_of_buttons_do_not_run_into_their_keys(hole: Screen) -> None:
    hole.press("1", "0")
    for name in ("Back to the start", "Undo", "Redo", "Step CPU 0", "Step CPU 1: whole call", "Finish call"):
        expect(hole.bench.get_by_role("button", name=name, exact=True).first).to_be_attached()


def test_the_keyboard_alone_finds_the_race_plays_it_and_copies_its_link(offline: Page, page_of: Address) -> None:
    """From the address bar on, with Tab, Enter, digits and arrows; the pointer is never used."""
    offline.emulate_media(reduced_motion="reduce")
    offline.goto(page_of("01-start-here.ipynb"))
    offline.evaluate("() => { navigator.clipboard.writeText = async (text) => { window.copied = text; }; }")
    screen = Screen(offline)
    move_focus(offline, "Step CPU 0")
    for key in ("1", "0", "1", "0"):
        offline.keyboard.press(key)
    expect(screen.bench.locator(".panic")).to_contain_text("EL2 fault: the machine ends")
    offline.keyboard.press("g")
    offline.keyboard.press("Home")
    move_focus(offline, "Next")
    for step in (1, 2, 3, 4):
        offline.keyboard.press("Enter")
        screen.counts(f"step {step} of 4")
    move_focus(offline, "Share", "Shift+Tab")
    offline.keyboard.press("Enter")
    move_focus(offline, "Copy link")
    offline.keyboard.press("Enter")
    offline.wait_for_function("window.copied")
    assert offline.evaluate("window.copied").endswith("@4")


def move_focus(page: Page, name: str, key: str = "Tab") -> None:
    """Press Tab until the focus is on a control with this name."""
    for _ in range(60):
        page.keyboard.press(key)
        if page.evaluate("document.activeElement.firstChild?.textContent") == name:
            return
    raise AssertionError(f"Tab does not lead to {name}")
