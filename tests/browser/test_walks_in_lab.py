"""Side by side and maps in JupyterLab: before a run, then after one, by keyboard, with questions to Python."""

import pytest
from playwright.sync_api import Page

from tests.browser.in_lab import CELLS, RUN_ALL, SAVE, Open, wait_for_python
from tests.browser.walker import Walker


class Three:
    """Three widgets of a notebook: side by side, a lifecycle, and a map that asks Python."""

    def __init__(self, page: Page) -> None:
        """Find the widgets and wait until they are drawn."""
        self.page = page
        self.pair, self.life, self.near = Walker(page, "beside"), Walker(page, "map"), Walker(page, "map", 1)

    def use(self) -> None:
        """Step in the first two widgets."""
        self.pair.press("b", *"101")
        self.pair.counts("step 3 of 3")
        self.life.press("b", *"134")
        self.life.counts("step 3 of 3")


@pytest.fixture
def opened(notebook: Open) -> Three:
    """Open the notebook where it was left."""
    return Three(notebook("in-lab.ipynb"))


def test_stored_widgets_step_without_trust_or_a_run_and_no_key_acts_on_the_notebook(opened: Three) -> None:
    before = opened.page.evaluate(CELLS)
    opened.use()
    for shown in (opened.pair, opened.life):
        shown.press(*"adxd")
    opened.life.node("live").focus()
    opened.page.keyboard.type("adxd")
    assert opened.page.evaluate(CELLS) == before


def test_steps_beyond_the_graph_come_from_python_and_survive_a_reload(opened: Three) -> None:
    assert opened.page.evaluate(RUN_ALL)
    three = Three(opened.page)
    three.use()
    three.near.press("0", "0")
    three.near.counts("step 2 of 2")
    three.pair.click("All runs")
    three.pair.click("Compare the ends of all runs")
    three.pair.announces("Some ends occur in only one kernel: 2 ends in both")
    wait_for_python(three.page, "(3, 3, 'live', 2, None)")
    three.page.evaluate(SAVE)
    three.page.reload()
    again = Three(three.page)
    again.pair.counts("step 3 of 3")
    again.near.counts("step 2 of 2")
    wait_for_python(again.page, "(3, 3, 'live', 2, None)")
