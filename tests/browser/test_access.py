"""axe-core finds no fault in any widget, in both themes, wide and narrow, at the start and with an error shown."""

import pytest
from playwright.sync_api import Page

from tests.browser.access import find_violations
from tests.browser.in_lab import Address, Theme
from tests.browser.screen import Screen
from tests.browser.walker import Walker

STATES = {"start": "", "branches": "0 1 u 0 1", "end": "0 1 1 1 1 1 0"}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1300, 600])
def test_axe_finds_no_violation(offline: Page, page_of: Address, theme: Theme, width: int) -> None:
    offline.set_viewport_size({"width": width, "height": 900})
    offline.emulate_media(color_scheme=theme, reduced_motion="reduce")
    offline.goto(page_of("unrun.ipynb"))
    screen = Screen(offline)
    for name, keys in STATES.items():
        screen.press("b", *keys.split())
        assert find_violations(offline, ".pkvm-bench") == [], name


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("name", "kind", "keys"), [
    ("life", "map", "13457"), ("states", "map", "101"), ("wide", "map", "00"), ("beside", "beside", "10100")])
def test_axe_finds_no_violation_and_nothing_scrolls_sideways(offline: Page, page_of: Address, theme: Theme, name: str,
                                                             kind: str, keys: str) -> None:
    offline.emulate_media(color_scheme=theme, reduced_motion="reduce")
    offline.set_viewport_size({"width": 600, "height": 900})
    offline.goto(page_of(f"{name}.ipynb"))
    shown = Walker(offline, kind)
    for pressed in ("", keys):
        shown.press(*pressed)
        assert find_violations(offline, f".pkvm-{kind}") == []
    assert offline.evaluate("document.documentElement.scrollWidth") <= 600
