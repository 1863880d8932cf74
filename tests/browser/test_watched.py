"""A page's own errors fail a test; the one that JupyterLab throws away does not."""

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser.conftest import watched

THROWN_AWAY = "Canceled future for create_subshell_request message before replies were done"


def raise_on_page(page: Page, message: str) -> None:
    """Reject a promise that nobody looks at, and wait until the page has noticed."""
    with page.expect_event("pageerror"):
        page.evaluate("message => { Promise.reject(new Error(message)); }", message)


@pytest.mark.parametrize("message", [
    THROWN_AWAY, f"Per comm-target subshell creation failed: Error: {THROWN_AWAY}"])
def test_what_jupyterlab_throws_away_fails_no_test(without_network: BrowserContext, message: str) -> None:
    with watched(without_network) as page:
        raise_on_page(page, message)


@pytest.mark.parametrize("message", [
    "Canceled future for execute_request message before replies were done", f"{THROWN_AWAY}, and more", "ours"])
def test_every_other_error_of_a_page_fails_its_test(without_network: BrowserContext, message: str) -> None:
    with pytest.raises(AssertionError, match="assert"), watched(without_network) as page:
        raise_on_page(page, message)
