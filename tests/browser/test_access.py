"""axe-core finds no fault with a bench, in either theme, wide and narrow, at its start and in trouble."""

import pytest

from tests.browser.screen import Screen

STATES = {"start": "", "branches": "0 1 u 0 1", "end": "0 1 1 1 1 1 0"}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1300, 600])
def test_axe_finds_no_violation(offline, page_of, theme, width):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    offline.set_viewport_size({"width": width, "height": 900})
    offline.emulate_media(color_scheme=theme, reduced_motion="reduce")
    offline.goto(page_of("unrun.ipynb"))
    screen = Screen(offline)
    for name, keys in STATES.items():
        screen.press("b", *keys.split())
        found = axe.Axe().run(offline, context=".pkvm-bench").response["violations"]
        assert [(name, one["id"], [node["target"] for node in one["nodes"]]) for one in found] == []
