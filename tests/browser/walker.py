"""What a test sees of a widget that walks a graph, whatever its family, and what it does to it."""

from playwright.sync_api import Locator, Page, expect


class Walker:
    """A widget of a family on a page, the first one if nothing else is said."""

    def __init__(self, page: Page, kind: str, number: int = 0) -> None:
        """Wait until the widget is there."""
        self.page = page
        self.box = page.locator(f".pkvm-{kind}").nth(number)
        expect(self.box).to_be_visible(timeout=20_000)

    def press(self, *keys: str) -> None:
        """Type at the widget."""
        self.box.focus()
        for key in keys:
            self.page.keyboard.press(key)

    def click(self, name: str) -> None:
        """Click a button by what is written on it."""
        self.box.get_by_role("button", name=name, exact=True).click()

    def counts(self, text: str) -> None:
        """The step counter shows this."""
        expect(self.box.locator(".bar .muted")).to_have_text(text)

    def announces(self, text: str) -> None:
        """The live region says this."""
        expect(self.box.locator("[aria-live]").first).to_contain_text(text)

    def alerts(self, text: str) -> None:
        """The alert box contains this."""
        expect(self.box.get_by_role("alert")).to_contain_text(text)

    def node(self, name: str) -> Locator:
        """A box of the map by the text in it."""
        return self.box.locator(".state-box", has=self.page.get_by_text(name, exact=True))

    def focused(self) -> str:
        """The name of what has the focus."""
        return str(self.page.evaluate("document.activeElement.getAttribute('aria-label')"))
