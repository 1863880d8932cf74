"""Whole pages of the site: axe-core finds no fault, themes keep the contrast, and a narrow phone shows all of it."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, ViewportSize

from pkvm_model.course.publish.chapters import NOTEBOOKS
from tests.browser.access import find_violations

NAMES = [*(path.stem for path in sorted(NOTEBOOKS.glob("*.ipynb"))), "index", "slides", "summary"]
THEMES: dict[str, dict[str, Any]] = {"light": {"color_scheme": "light"}, "dark": {"color_scheme": "dark"},
                                     "forced colours": {"color_scheme": "light", "forced_colors": "active"}}
AROUND = {"exclude": [[".widget-here"]]}
"""The page without its widgets; their own tests look at the contrast in them."""
NARROW: ViewportSize = {"width": 320, "height": 740}
# Words for screen readers only are nowhere to be seen; what a drawing scales counts as it is seen.
SMALL_TEXT = """() => {
  const found = [], texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const { data, parentElement: within } = texts.currentNode;
    if (!data.trim() || within.closest("script,style,.hidden-words,.pkvm-walk,.pkvm-sequence")) continue;
    if (!within.checkVisibility({ visibilityProperty: true })) continue;
    const scale = within.ownerSVGElement ? within.getScreenCTM().a : within.currentCSSZoom;
    if (parseFloat(getComputedStyle(within).fontSize) * scale < 11.9) found.push(data.trim());
  }
  return found;
}"""
# A link in a sentence may be as high as its line. The label of a choice belongs to its target.
SMALL_TARGETS = """() => [...document.querySelectorAll("a[href],button,input,select,textarea,summary")]
  .filter((each) => each.checkVisibility({ visibilityProperty: true }) && !each.closest(".pkvm-walk,.pkvm-sequence"))
  .filter((each) => !(each.localName === "a" && getComputedStyle(each).display === "inline"))
  .filter((each) => {
    const { width, height } = (each.closest("label") ?? each).getBoundingClientRect();
    return width < 24 || height < 24;
  }).map((each) => each.outerHTML)"""

OPEN_ALL = """() => {
  for (const drawer of document.querySelectorAll(".pkvm-widget details")) drawer.open = true;
  for (const button of document.querySelectorAll(".pkvm-widget .toggle[aria-expanded=false]")) button.click();
}"""
# Two words run together if nothing but the end of an inline element is between them: a margin is not read out.
RUN_TOGETHER = r"""() => {
  const found = [], word = /[\p{L}\p{N}]/u;
  const isInline = (text, within) => {
    for (let at = text.parentElement; at !== within; at = at.parentElement)
      if (!/^(inline|contents)$/.test(getComputedStyle(at).display)) return false;
    return !/flex|grid/.test(getComputedStyle(within).display);
  };
  for (const named of document.querySelectorAll("th,button,summary,label,legend,h1,h2,h3,h4,a[href]")) {
    const texts = document.createTreeWalker(named, NodeFilter.SHOW_TEXT), both = document.createRange();
    for (let last = null; named.checkVisibility() && texts.nextNode(); last = texts.currentNode) {
      const now = texts.currentNode;
      if (!last || !word.test(last.data.at(-1) ?? "") || !word.test(now.data[0] ?? "")) continue;
      both.setStart(last, 0);
      both.setEnd(now, 0);
      const within = both.commonAncestorContainer;
      if (now.parentElement.closest("[aria-hidden=true]")) continue;
      if (isInline(last, within) && isInline(now, within)) found.push(last.data + now.data);
    }
  }
  return found;
}"""


@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_no_violation_on_a_whole_page_and_no_name_runs_together(offline: Page, site: Path, name: str) -> None:
    offline.goto((site / f"{name}.html").as_uri())
    assert find_violations(offline, but=["color-contrast"]) == []
    for theme, media in THEMES.items():
        offline.emulate_media(**media, reduced_motion="reduce")
        assert find_violations(offline, AROUND, ["color-contrast"]) == [], theme
    offline.evaluate(OPEN_ALL)
    assert offline.evaluate(RUN_TOGETHER) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_narrow_phone_shows_a_whole_page(offline: Page, site: Path, name: str) -> None:
    offline.set_viewport_size(NARROW)
    offline.goto((site / f"{name}.html").as_uri())
    assert offline.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    assert offline.evaluate(SMALL_TEXT) == []
    assert offline.evaluate(SMALL_TARGETS) == []
    assert find_violations(offline, rules=["scrollable-region-focusable"]) == []
