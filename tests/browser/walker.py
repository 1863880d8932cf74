"""A widget that walks a graph, of any family, as a test sees and uses it."""

from playwright.sync_api import Locator, Page, expect


class Walker:
    """A widget of a family on a page, by default the first."""

    def __init__(self, page: Page, kind: str, number: int = 0) -> None:
        """Wait until the widget is there."""
        self.page = page
        self.box = page.locator(f".pkvm-{kind}").nth(number)
        expect(self.box).to_be_visible()

    def press(self, *keys: str) -> None:
        """Press keys at the widget."""
        self.box.focus()
        for key in keys:
            self.page.keyboard.press(key)

    def click(self, name: str) -> None:
        """Click a button by its label."""
        self.box.get_by_role("button", name=name, exact=True).click()

    def open_drawer(self, label: str) -> Locator:
        """Open a drawer unless it is open, and return it."""
        toggle = self.box.locator(".toggle", has_text=label)
        if toggle.get_attribute("aria-expanded") == "false":
            toggle.click()
        return self.box.locator(f".drawer[aria-label='{label}']")

    def share(self, name: str) -> None:
        """Choose something from the menu of what can be copied and opened."""
        share(self.box, name)

    def counts(self, text: str) -> None:
        """Expect this text in the step counter."""
        expect(self.box.locator(".counter")).to_have_text(text)

    def announces(self, text: str) -> None:
        """Expect this text in the live region."""
        expect(self.box.locator("[aria-live]").first).to_contain_text(text)

    def alerts(self, text: str) -> None:
        """Expect this text in the alert box."""
        expect(self.box.get_by_role("alert")).to_contain_text(text)

    def node(self, name: str) -> Locator:
        """Return a box of the map by its text."""
        return self.box.locator(".state-box", has=self.page.get_by_text(name, exact=True))

    def focused(self) -> str:
        """Return the label of the element with the focus."""
        return str(self.page.evaluate("document.activeElement.getAttribute('aria-label')"))


def share(box: Locator, name: str) -> None:
    """Choose something from the menu of what can be copied and opened."""
    menu = box.locator("details.share")
    if menu.get_attribute("open") is None:
        menu.locator("summary").click()
    menu.get_by_role("button", name=name).click()
