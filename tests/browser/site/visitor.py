"""A visitor of the site, in any browser that takes WebDriver's commands: opens pages, reads, clicks and types."""
from __future__ import annotations

from typing import Any

from tests.browser.site.other_browsers import WAITS, Driven, RefusedError
from tests.patience import wait_until

CONTROL, END, ENTER = "\ue009", "\ue010", "\ue007"
FIND = """const [css, words] = arguments;
const fits = (each) => each.textContent.includes(words) && each.checkVisibility();
const found = [...document.querySelectorAll(css)].find(fits);
const frame = () => new Promise(requestAnimationFrame);
const place = () => {
  found.scrollIntoView({ block: "center" });
  return found.getBoundingClientRect().top;
};
return (async () => {
  if (!found) return null;
  const before = place();
  await frame();
  await frame();
  return place() === before ? found : null;
})();"""
"""Finds an element that can be clicked where it is: what was scrolled into sight may move, such as below an editor."""
SAY = """const [css] = arguments;
return [...document.querySelectorAll(css)].map((each) => each.textContent).join("\\n");"""
GONE = ("stale element reference", "element not interactable", "element click intercepted", "no such element")
"""Why a click may fail while a page is drawing itself anew."""


class Visitor:
    """Somebody who reads and works through the pages of a host."""

    def __init__(self, browser: Driven, address: str) -> None:
        """Visit nothing yet."""
        self.browser, self.address = browser, address
        browser.call("SetTimeouts", **WAITS)

    def open(self, name: str) -> None:
        """Open a page and wait until it is there."""
        self.browser.call("Navigate", url=f"{self.address}{name}")

    def reload(self) -> None:
        """Come to the page again. Firefox's command for this would go past what is on the device."""
        self.browser.call("Navigate", url=self.run("return location.href"))

    def run(self, script: str, *given: object) -> Any:
        """Run a script in the page, and return its result."""
        return self.browser.call("ExecuteScript", script=script, args=given)

    def says(self, css: str) -> str:
        """Return the text of some elements."""
        return str(self.run(SAY, css))

    def sees(self, css: str, words: str) -> None:
        """Wait until elements have these words. Raise AssertionError with what they say if that does not come true."""
        try:
            wait_until(lambda: words in self.says(css))
        except AssertionError:
            raise AssertionError(f"{css} says {self.says(css)!r}, not {words!r}") from None

    def click(self, css: str, words: str = "") -> None:
        """Click the first visible element with these words, as soon as it can be clicked."""
        wait_until(lambda: self.has_clicked(css, words))

    def has_clicked(self, css: str, words: str) -> bool:
        """Click an element, and return True if it was there and did not move."""
        found = self.run(FIND, css, words)
        try:
            if found:
                self.browser.call("ElementClick", id=next(iter(found.values())))
        except RefusedError as error:
            if not str(error).startswith(GONE):
                raise
            return False
        return bool(found)

    def press(self, *keys: str) -> None:
        """Press keys together: the last one while the others are down."""
        down, up = ([{"type": kind, "value": key} for key in keys] for kind in ("keyDown", "keyUp"))
        self.act([*down, *reversed(up)])

    def type(self, text: str) -> None:
        """Type a text, key by key."""
        self.act([{"type": kind, "value": key} for key in text for kind in ("keyDown", "keyUp")])

    def act(self, actions: list[dict[str, str]]) -> None:
        """Use the keyboard."""
        self.browser.call("PerformActions", actions=[{"type": "key", "id": "keyboard", "actions": actions}])
