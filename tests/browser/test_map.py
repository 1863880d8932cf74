"""Maps in an exported page, opened from disk with the network off: the lifecycle, a scene's states, a large graph."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from pkvm_model.lesson import state_graph
from pkvm_model.scenes.start_here import COLD_OPEN
from tests.browser.in_lab import Address
from tests.browser.walker import Walker


@pytest.fixture
def opened(offline: Page, page_of: Address) -> Callable[..., Walker]:
    """Return a function that opens the page of a map."""

    def go(name: str, fragment: str = "") -> Walker:
        offline.goto(page_of(f"{name}.ipynb") + fragment)
        return Walker(offline, "map")

    return go


def lit(shown: Walker) -> list[str]:
    """Return the text of the filled box."""
    return shown.box.locator(".state-box.now text").all_text_contents()


def arrow(shown: Walker, name: str) -> Locator:
    """Return an open arrow by its name."""
    return shown.box.locator(".arrow.open", has=shown.page.get_by_text(name, exact=True))


def test_an_arrow_makes_its_call_and_is_marked(opened: Callable[..., Walker]) -> None:
    life = opened("life")
    arrow(life, "reserve").locator("text").click()
    life.announces("CPU 0’s reserve promises slot 0 to the host; its handle is 0x1000.")
    assert lit(life) == ["reserved"]
    assert life.box.locator(".arrow.last > text").all_text_contents() == ["reserve"]


def test_keys_walk_a_whole_life_and_begin_a_second(opened: Callable[..., Walker]) -> None:
    life = opened("life")
    life.press(*"1345678")
    life.counts("step 7 of 7")
    assert lit(life) == ["free"]
    life.press("1")
    assert lit(life) == ["reserved"]


def test_a_refusal_is_announced_before_and_after_the_call(opened: Callable[..., Walker]) -> None:
    life = opened("life")
    choice = life.box.locator(".choices li", has_text="finalise")
    expect(choice).to_contain_text("-ENOENT")
    choice.get_by_role("button").click()
    life.announces("EL2 refuses CPU 0’s finalise with -ENOENT: there is no VM 0x1000.")
    assert lit(life) == ["free"]


def test_a_click_on_a_box_takes_the_fewest_steps(opened: Callable[..., Walker]) -> None:
    life = opened("life")
    life.node("dying").click()
    life.announces("Went there in 3 steps.")
    assert lit(life) == ["dying"]
    life.node("dying").click()
    life.announces("You are here.")


def test_the_same_call_leads_elsewhere_while_a_vcpu_is_loaded(opened: Callable[..., Walker]) -> None:
    life = opened("life")
    life.press(*"1345")
    life.press("7")
    assert lit(life) == ["machine ends"]
    expect(life.box.locator(".panic")).to_contain_text("EL2 warning: the machine ends")
    expect(life.box.locator(".choices")).to_have_text("The machine has ended. Undo to go on.")
    life.press("u")
    assert lit(life) == ["live"]


def test_boxes_are_reached_by_keyboard_alone(opened: Callable[..., Walker]) -> None:
    states = opened("states")
    states.node("0 live").focus()
    states.page.keyboard.press("ArrowDown")
    states.page.keyboard.press("ArrowRight")
    assert states.focused().startswith("state 2: VM 0x1000 dying, counts 0")
    states.page.keyboard.press("Enter")
    states.counts("step 1 of 1")
    assert lit(states) == ["2 dying"]
    assert states.focused().endswith("you are here")


def test_going_back_to_an_earlier_state_keeps_the_path(opened: Callable[..., Walker]) -> None:
    states = opened("states")
    states.press("1", "0", "1")
    states.node("2 dying").click()
    states.counts("step 1 of 3")
    states.announces("Went back there.")


def test_a_state_off_the_path_is_reached_from_the_start(opened: Callable[..., Walker]) -> None:
    states = opened("states")
    states.press("1", "1")
    states.node("14 machine ends").click()
    states.counts("step 4 of 4")
    assert lit(states) == ["14 machine ends"]


def test_path_and_end_are_marked_by_more_than_colour(opened: Callable[..., Walker]) -> None:
    states = opened("states")
    states.press("1", "0")
    been = states.box.locator(".state-box.been text").all_text_contents()
    assert been == ["0 live", "2 dying", "5 dying"]
    expect(states.node("0 live")).to_have_attribute("aria-label", re.compile("you were here$"))
    assert states.node("4 machine ends").locator("svg").count() == 1


def test_a_large_graph_shows_what_is_near_the_path(opened: Callable[..., Walker]) -> None:
    wide = opened("wide")
    expect(wide.box.locator("p.key")).to_contain_text("Of 84 states, only those near your path are shown.")
    before = wide.box.locator(".state-box:visible").count()
    wide.press("0", "0")
    assert 2 < before < wide.box.locator(".state-box:visible").count() < 60
    wide.press("b")
    assert wide.box.locator(".state-box:visible").count() == before


def test_a_table_shows_the_same(opened: Callable[..., Walker]) -> None:
    states = opened("states")
    states.press("1")
    row = states.open_drawer("Words").locator("tr.here")
    assert row.locator("th").inner_text() == "2 dying you are here"
    assert row.locator("td").all_inner_texts()[1] == "CPU 0 unshare to 5 dying; CPU 1 finalise to 6 free"


def test_a_link_opens_its_state(opened: Callable[..., Walker]) -> None:
    made = state_graph(COLD_OPEN)
    walk = made._walked()
    for label in ("start", "unshare"):
        walk.go(next(edge for edge in walk.edges[walk.here] if edge["label"] == label))
    states = opened("states", walk.link)
    states.counts("step 2 of 2")
    assert lit(states) == ["5 dying"]


def test_without_the_renderer_the_steps_and_the_table_remain(opened: Callable[..., Walker]) -> None:
    states = opened("undrawn")
    expect(states.box.locator(".map-room")).to_have_text("not drawn, the renderer is missing")
    states.press("1", "0")
    states.counts("step 2 of 2")
    expect(states.open_drawer("Words").locator("tr.here th")).to_contain_text("5 dying")


def test_a_step_that_only_python_knows_says_what_it_needs(opened: Callable[..., Walker]) -> None:
    near = opened("near")
    expect(near.box.locator(".choices")).to_contain_text("to 1 live")
    near.press("0", "0")
    near.counts("step 1 of 1")
    near.alerts("A page opened from disk cannot start Python: that needs a web server.")
