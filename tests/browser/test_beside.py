"""Two kernels side by side in an exported page, opened from disk with the network off."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from pkvm_model.lesson import side_by_side
from pkvm_model.model.revisions import UPSTREAM, V1
from pkvm_model.scenes.start_here import COLD_OPEN
from tests.browser.in_lab import Address
from tests.browser.walker import Walker

RACE = "10100"
Opener = Callable[..., Walker]


@pytest.fixture
def opened(offline: Page, page_of: Address) -> Opener:
    """Return a function that opens the page."""

    def go(fragment: str = "", name: str = "beside") -> Walker:
        offline.goto(page_of(f"{name}.ipynb") + fragment)
        return Walker(offline, "beside")

    return go


def rows(shown: Locator) -> list[list[str]]:
    """Return the rows of a table: the head and the two sides."""
    return [row.locator("th, td").all_inner_texts() for row in shown.locator("tbody tr").all()]


def test_each_step_is_a_row_and_the_first_difference_is_marked(opened: Opener) -> None:
    shown = opened()
    shown.press(*RACE)
    shown.counts("step 5 of 5")
    steps = shown.open_drawer("Steps")
    table = rows(steps)
    assert [row[0].split("\n")[0] for row in table] == ["start", "1", "2", "3", "0", "0"]
    assert table[1][1] == table[1][2] == "CPU 1’s start marks VM 0x1000 as dying; from now on no vCPU can be loaded."
    assert "◆ first difference" in table[3][0]
    assert table[3][2].split("\n") == [
        "EL2 refuses CPU 1’s finalise with -EINVAL: VM 0x1000 is still in use.", "-EINVAL"]
    assert table[5][1] == "not reached"
    assert steps.locator("tr.first").count() == 1


def test_the_last_steps_are_in_sight_and_what_both_do_stands_once(opened: Opener) -> None:
    shown = opened()
    shown.press(*RACE[:3])
    start, first, second, third = rows(shown.box.locator(".last"))
    assert first == ["1\n1\nstart", "both\nCPU 1’s start marks VM 0x1000 as dying; from now on no vCPU can be loaded."]
    assert [len(start), len(second), len(third)] == [2, 2, 3]
    assert third[2] == "EL2 refuses CPU 1’s finalise with -EINVAL: VM 0x1000 is still in use."


def test_the_first_difference_stays_in_sight_and_a_button_leads_there(opened: Opener) -> None:
    shown = opened(name="honest")
    shown.press(*"0" * 12)
    kept = shown.box.locator(".last tr.first")
    expect(kept).to_contain_text("EL2 refuses CPU 0’s destroy with -EINVAL: VM 0x1000 is dying.")
    expect(kept).to_contain_text("WARN __pkvm_host_unshare_guest returns -EINVAL")
    shown.click("◆ first difference: step 4")
    shown.counts("step 4 of 12")
    expect(shown.box.locator(".chips")).to_have_text("◆ first differencediffers:VM tablepages")


def test_what_follows_from_a_difference_is_told_once(opened: Opener) -> None:
    shown = opened()
    shown.press(*RACE[:3])
    facts = rows(shown.box.locator(".facts-now"))
    assert facts[0] == ["VM 0x1000", "freed", "dying"]
    assert facts[1] == ["pgd0 vc0.0 vm0", "H\nthe host’s", "Y\nEL2’s"]
    shown.press("0")
    shown.press("u")
    assert rows(shown.box.locator(".facts-now")) == facts


def test_only_what_differs_since_the_last_step_is_yellow(opened: Opener) -> None:
    shown = opened()
    shown.press(*RACE[:2])
    expect(shown.box.locator(".change")).to_have_class("change calm")
    shown.press(RACE[2])
    expect(shown.box.locator(".change")).to_have_class("change")
    fresh = shown.box.locator(".facts-now tr.fresh").count()
    assert fresh == shown.box.locator(".facts-now tbody tr").count()
    shown.press("0")
    assert shown.box.locator(".facts-now tr.fresh").count() < fresh


def test_the_first_difference_is_announced(opened: Opener) -> None:
    shown = opened()
    shown.press(*RACE[:3])
    shown.announces("upstream: EL2 refuses CPU 1’s finalise with -EINVAL")
    shown.announces("This is the first difference.")


def test_what_differs_is_shown_with_the_words_of_each_side(opened: Opener) -> None:
    shown = opened()
    shown.press(*RACE[:2])
    expect(shown.box.locator(".facts-now")).to_contain_text("At this step an observer sees no difference.")
    shown.press(RACE[2])
    row = shown.open_drawer("Differences").locator("tbody tr", has_text="page vm0")
    assert [side.locator(".part, .word").all_inner_texts() for side in row.locator("td").all()] == [
        ["host", "owned", "hyp", "no access", "owner", "HOST"], ["host", "no access", "hyp", "owned", "owner", "HYP"]]


def test_a_click_on_a_row_goes_there_and_another_step_starts_a_branch(opened: Opener) -> None:
    shown = opened()
    shown.press(*RACE)
    shown.box.locator(".last").get_by_role("button", name="Go to step 2, CPU 0, unshare").click()
    shown.counts("step 2 of 5")
    shown.press("0")
    shown.counts("step 3 of 3")
    shown.announces("A new branch.")
    shown.press("u", "u", "r")
    shown.counts("step 2 of 3")


def test_a_step_button_announces_both_sides_and_stays_when_nothing_is_left(opened: Opener) -> None:
    shown = opened()
    shown.press(*RACE)
    second = shown.box.locator(".cpu").nth(1)
    assert second.locator("dd").all_inner_texts() == ["the machine has ended", "nothing left to do"]
    second.get_by_role("button").click(force=True)
    shown.announces("CPU 1 has nothing left to do.")
    shown.counts("step 5 of 5")


def test_a_run_with_an_end_that_only_one_kernel_has_is_shown(opened: Opener) -> None:
    shown = opened()
    runs = shown.open_drawer("All runs")
    expect(runs).to_contain_text("Some ends occur in only one kernel")
    shown.click("Show a run whose end only v1 has")
    shown.counts("step 2 of 2")
    ends = re.compile("^The machine ends: CPU 1’s start warns at EL2")
    expect(shown.box.locator(".sentence .ends")).to_have_text(ends)


def test_a_warning_of_the_host_has_its_own_line(opened: Opener) -> None:
    shown = opened(name="warned")
    shown.press(*"0100")
    warned = shown.open_drawer("Steps").locator("tr.here td").first.locator(".warning")
    expect(warned).to_have_text(
        "The host logs a warning: __pkvm_start_teardown_vm returns -EINVAL. The machine goes on.")


def test_without_python_the_page_says_that_ends_cannot_be_compared(opened: Opener) -> None:
    shown = opened(name="unasked")
    shown.open_drawer("All runs")
    shown.click("Compare the ends of all runs")
    shown.alerts("A page opened from disk cannot start Python: that needs a web server.")


def test_a_link_and_a_reload_open_the_same_step(opened: Opener) -> None:
    pair = side_by_side(COLD_OPEN, V1, UPSTREAM, map(int, RACE))
    shown = opened(pair.link.replace("@5", "@3"))
    shown.counts("step 3 of 5")
    shown.press("r")
    shown.page.reload()
    shown.counts("step 4 of 5")


def test_the_copied_trace_is_pythons_trace(opened: Opener) -> None:
    pair = side_by_side(COLD_OPEN, V1, UPSTREAM, map(int, RACE))
    shown = opened()
    shown.page.evaluate("() => { navigator.clipboard.writeText = async (text) => { window.copied = text; }; }")
    shown.press(*RACE)
    shown.share("Copy trace")
    assert shown.page.evaluate("window.copied") == pair.trace
