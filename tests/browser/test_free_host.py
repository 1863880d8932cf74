"""A bench whose calls the learner chooses: what its menus offer first, and how a machine that ends is told."""

from playwright.sync_api import Page, expect

from tests.browser.in_lab import Address
from tests.browser.screen import Screen

UNSHARE, FINALISE, START = "__pkvm_host_unshare_guest", "__pkvm_finalize_teardown_vm", "__pkvm_start_teardown_vm"


def begin(page: Page, page_of: Address) -> Screen:
    """Open the bench from disk."""
    page.goto(page_of("free.ipynb"))
    return Screen(page)


def offers(screen: Screen, cpu: int, call: str) -> None:
    """Expect this call in the menu of a CPU, with arguments that EL2 does not refuse."""
    calls, arguments = screen.bench.locator(".lane").nth(cpu).locator("select").all()
    expect(calls).to_have_value(call)
    expect(arguments.locator("option:checked")).not_to_contain_text("(")


def test_the_first_call_that_is_not_refused_is_offered(offline: Page, page_of: Address) -> None:
    screen = begin(offline, page_of)
    expect(screen.bench.locator("select").first.locator("option").first).to_have_text("finalise (refused)")
    offers(screen, 0, UNSHARE)
    screen.press("0", "Shift+Digit0")
    offers(screen, 0, START)
    screen.press("0")
    offers(screen, 0, FINALISE)


def test_a_refused_call_that_the_learner_picked_stays_until_it_is_made(offline: Page, page_of: Address) -> None:
    screen = begin(offline, page_of)
    screen.choose(0, "fin", "0x1000")
    screen.press("1")
    expect(screen.bench.locator("select").first).to_have_value(FINALISE)
    screen.press("0")
    expect(screen.bench.locator(".says")).to_contain_text("EL2 refuses CPU 0’s finalise with -EBUSY")
    offers(screen, 0, UNSHARE)


def test_a_machine_that_ends_is_not_told_as_nothing(offline: Page, page_of: Address) -> None:
    screen = begin(offline, page_of)
    screen.choose(1, "start")
    screen.press("0", "1")
    expect(screen.bench.locator(".panic")).to_contain_text("the machine ends")
    expect(screen.bench.locator(".change")).not_to_contain_text("No page, VM or slot changes.")
