"""What a test sees of a bench, and what it does to it."""

from playwright.sync_api import Page, expect

from pkvm_model.widgets.bench_static import RIGHTS
from pkvm_model.widgets.walk import Walk

VIEWS = ("host", "hyp", "guest")


class Screen:
    """A bench of a page, the first one if nothing else is said."""

    def __init__(self, page: Page, number: int = 0) -> None:
        """Wait until the bench is there."""
        self.page = page
        self.bench = page.locator(".pkvm-bench").nth(number)
        expect(self.bench).to_be_visible(timeout=20_000)

    def step(self, cpu: int) -> None:
        """Click the step button of a CPU."""
        self.bench.locator(".lane").nth(cpu).locator(".go").first.click()

    def choose(self, cpu: int, call: str, args: str = "") -> None:
        """Choose a call for a CPU that is the learner's, by keyboard as far as the list knows the call's short name."""
        menu = self.bench.locator(".lane").nth(cpu).locator("select")
        menu.first.focus()
        self.page.keyboard.type(call)
        if args:
            menu.last.select_option(args)

    def open(self, text: str) -> None:
        """Open a trace text or a link that somebody has sent."""
        self.click("Open trace")
        self.bench.locator("textarea").fill(text)
        self.click("Open it")

    def press(self, *keys: str) -> None:
        """Type at the bench."""
        self.bench.locator(".go").first.focus()
        for key in keys:
            self.page.keyboard.press(key)

    def click(self, name: str) -> None:
        """Click a button by what is written on it."""
        self.bench.get_by_role("button", name=name).click()

    def says(self, sentence: str) -> None:
        """The sentence of the change is this one."""
        expect(self.bench.locator(".says")).to_have_text(sentence)

    def ways(self) -> list[str]:
        """How the timeline calls the way shown and its branches."""
        return [way.get_attribute("aria-label") or "" for way in self.bench.locator(".way").all()]

    def focused(self) -> str:
        """The name of what has the focus."""
        return str(self.page.evaluate("document.activeElement.getAttribute('aria-label')"))

    def counts(self, text: str) -> None:
        """The step counter shows this."""
        expect(self.bench.locator(".bar .muted")).to_have_text(text)

    def alerts(self, text: str) -> None:
        """The alert box contains this."""
        expect(self.bench.get_by_role("alert")).to_contain_text(text)

    def shows(self, walk: Walk) -> None:
        """Everything on the screen is the state that Python has."""
        self.counts(f"step {len(walk.path)} of {len(walk.path)}")
        self.shows_at(walk)

    def shows_at(self, walk: Walk) -> None:
        """The state shown is the one that Python has, whatever may be redone."""
        state = walk.state
        expect(self.bench.locator(".share pre")).to_contain_text(f"state {state['digest']}")
        expect(self.bench.locator("[aria-live]")).to_contain_text(walk.says)
        assert self.slots() == [slot["word"] for slot in state["slots"]]
        assert self.counted() == [str(vm["count"]) for vm in state["vms"]]
        assert self.rights() == [[RIGHTS[row[view]] for view in VIEWS] for row in state["pages"]]

    def slots(self) -> list[str]:
        """The words of the slots."""
        return self.bench.locator(".slot .word").all_inner_texts()

    def counted(self) -> list[str]:
        """The count of each VM card."""
        return self.bench.locator(".card .big").all_inner_texts()

    def rights(self) -> list[list[str]]:
        """The words of the three views, page by page."""
        rows = self.bench.locator("tbody tr").all()
        return [row.locator("td .word").all_text_contents()[:3] for row in rows]
