"""A bench as a test sees and uses it."""

import re

from playwright.sync_api import Locator, Page, expect

from pkvm_model.widgets.bench_static import RIGHTS
from pkvm_model.widgets.walk import AnyWalk
from tests.browser.walker import share

VIEWS = ("host", "hyp", "guest")


class Screen:
    """A bench on a page, by default the first."""

    def __init__(self, page: Page, number: int = 0) -> None:
        """Wait until the bench is there."""
        self.page = page
        self.bench = page.locator(".pkvm-bench").nth(number)
        expect(self.bench).to_be_visible()

    def step(self, cpu: int) -> None:
        """Click the step button of a CPU."""
        self.bench.locator(".lane").nth(cpu).locator(".go").first.click()

    def choose(self, cpu: int, call: str, args: str = "") -> None:
        """Choose a call for a CPU of the learner's, by the beginning of its short name in the list."""
        menu = self.bench.locator(".lane").nth(cpu).locator("select")
        name = menu.first.locator("option", has_text=re.compile(f"^{call}")).get_attribute("value")
        menu.first.select_option(name)
        if args:
            menu.last.select_option(args)

    def share(self, name: str) -> None:
        """Choose something from the menu of what can be copied and opened."""
        share(self.bench, name)

    def open_drawer(self, name: str) -> Locator:
        """Open a drawer unless it is open, and return it."""
        toggle = self.bench.locator(f".toggle[data-drawer={name}]")
        if toggle.get_attribute("aria-expanded") == "false":
            toggle.click()
        return self.bench.locator(f".drawer[data-drawer={name}]")

    def open(self, text: str) -> None:
        """Open a trace or a link."""
        self.share("Open trace")
        self.bench.locator("textarea").fill(text)
        self.click("Open it")

    def press(self, *keys: str) -> None:
        """Press keys at the bench."""
        self.bench.locator(".go").first.focus()
        for key in keys:
            self.page.keyboard.press(key)

    def click(self, name: str) -> None:
        """Click a button by its label."""
        self.bench.get_by_role("button", name=name).click()

    def says(self, sentence: str) -> None:
        """Expect this sentence about the last change."""
        expect(self.bench.locator(".says")).to_have_text(sentence)

    def ways(self) -> list[str]:
        """Return the labels of the branches."""
        return [way.get_attribute("aria-label") or "" for way in self.open_drawer("trace").locator(".way").all()]

    def focused(self) -> str:
        """Return the label of the element with the focus; of the slider of time, what it says."""
        return str(self.page.evaluate("document.activeElement.ariaValueText ?? document.activeElement.ariaLabel"))

    def counts(self, text: str) -> None:
        """Expect this text in the step counter."""
        expect(self.bench.locator(".counter")).to_have_text(text)

    def alerts(self, text: str) -> None:
        """Expect this text in the alert box."""
        expect(self.bench.get_by_role("alert")).to_contain_text(text)

    def shows(self, walk: AnyWalk) -> None:
        """Expect the screen to show Python's state, with nothing to redo."""
        self.counts(f"step {len(walk.path)} of {len(walk.path)}")
        self.shows_at(walk)

    def shows_at(self, walk: AnyWalk) -> None:
        """Expect the screen to show Python's state, whatever can be redone."""
        state = walk.state
        expect(self.open_drawer("trace").locator("pre")).to_contain_text(f"state {state['digest']}")
        expect(self.bench.locator("[aria-live]")).to_contain_text(walk.says)
        assert self.slots() == [slot["word"] for slot in state["slots"]]
        assert self.counted() == [str(vm["count"]) for vm in state["vms"]]
        assert self.rights() == [[RIGHTS[row[view]] for view in VIEWS] for row in state["pages"]]

    def slots(self) -> list[str]:
        """Return the words of the slots, from the drawer."""
        return self.open_drawer("words").locator(".slot .word").all_inner_texts()

    def counted(self) -> list[str]:
        """Return the count in the strip of each VM."""
        return self.bench.locator(".vm .big").all_inner_texts()

    def rights(self) -> list[list[str]]:
        """Return the words of the three territories, page by page."""
        rows = self.bench.locator("tr.page").all()
        return [row.locator("td:not(.counts-cell) :is(.word, .hidden-words)").all_text_contents() for row in rows]
