"""The bench in an exported page, opened from disk with the network off."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from pkvm_model.widgets.walk import Walk
from tests.browser.in_lab import Address
from tests.browser.notebooks import LESSONS
from tests.browser.screen import Screen
from tests.widgets.small_graph import TO_THE_PANIC, graph, walk_along

LONG = """() => {
  const steps = Array.from({ length: 10000 }, (_, number) => [number, 0]);
  const kept = { place: JSON.stringify({ lines: ["0 again"], steps, at: 10000 }), link: "", key: "" };
  sessionStorage.setItem(`pkvm bench ${location.pathname} r7 0`, JSON.stringify(kept));
}"""

FILLED = "(box) => box.querySelector('.panic').offsetHeight === box.clientHeight"


@pytest.fixture
def exported(offline: Page, page_of: Address) -> Callable[..., Screen]:
    """Return a function that opens the page of a notebook from disk."""

    def opened(name: str, fragment: str = "") -> Screen:
        offline.goto(page_of(name) + fragment)
        return Screen(offline)

    return opened


def test_a_page_from_disk_steps_undoes_and_redoes(exported: Callable[..., Screen]) -> None:
    screen = exported("unrun.ipynb")
    screen.press("1", "1")
    screen.click("Undo")
    screen.counts("step 1 of 2")
    screen.says("EL2 refuses CPU 1’s finalise with -EBUSY: VM 0x1000 is not dying yet. (v1)")
    screen.click("Redo")
    screen.counts("step 2 of 2")
    screen.click("Back to the start")
    screen.says("VM 0x1000 is alive; the host lends it page g0.")


def test_the_keys_step_undo_redo_and_finish_a_call(exported: Callable[..., Screen]) -> None:
    screen = exported("unrun.ipynb")
    screen.press("0", "Shift+Digit0")
    screen.counts("step 3 of 3")
    screen.press("u", "u", "r")
    screen.counts("step 2 of 3")
    screen.press("b")
    screen.counts("step 0 of 3")


def test_another_step_after_undo_loses_nothing(exported: Callable[..., Screen]) -> None:
    screen = exported("unrun.ipynb")
    screen.press("0", "0", "u", "1")
    screen.counts("step 2 of 2")
    assert screen.ways() == ["Branch from step 1, 1 step"]
    expect(screen.bench.locator("[aria-live]")).to_contain_text("A new branch. Step 2 of 2.")


def test_the_same_step_again_makes_no_branch(exported: Callable[..., Screen]) -> None:
    screen = exported("unrun.ipynb")
    screen.press("0", "0", "u", "0")
    assert screen.ways() == []


def test_every_step_of_every_branch_is_reached_by_keyboard(exported: Callable[..., Screen]) -> None:
    screen = exported("unrun.ipynb")
    screen.press("0", "1", "b", "1", "1", "0")
    screen.open_drawer("trace")
    screen.press("g")
    assert screen.focused().startswith("Step 3, CPU 0, unshare. ")
    screen.page.keyboard.press("ArrowLeft")
    screen.counts("step 2 of 3")
    screen.page.keyboard.press("Home")
    screen.counts("step 0 of 3")
    for _ in range(20):  # to the last step of the branch: past the buttons of the drawers
        screen.page.keyboard.press("Tab")
        if screen.focused() == "Step 2, CPU 1, finalise, refused":
            break
    screen.page.keyboard.press("Enter")
    screen.shows(walk_along(0, 1))


def test_redo_follows_the_last_branch(exported: Callable[..., Screen]) -> None:
    screen = exported("unrun.ipynb")
    screen.press("0", "u", "1", "u", "r")
    screen.shows(walk_along(1))


def test_the_rest_is_forgotten_only_when_asked(exported: Callable[..., Screen]) -> None:
    screen = exported("unrun.ipynb")
    screen.press("0", "0", "u", "1", "1", "u")
    screen.open_drawer("trace")
    screen.click("Forget the rest")
    assert screen.ways() == []
    screen.counts("step 2 of 2")


def test_the_panic_ends_every_step_but_not_undo(exported: Callable[..., Screen]) -> None:
    screen = exported("unrun.ipynb")
    screen.press(*map(str, TO_THE_PANIC), "0", "1")
    expect(screen.bench.locator(".panic")).to_contain_text("EL2 fault: the machine ends")
    assert screen.bench.locator(".go[aria-disabled=false]").count() == 0
    screen.press("u")
    screen.counts("step 4 of 5")


def test_an_end_with_nothing_else_to_say_has_the_whole_box(exported: Callable[..., Screen]) -> None:
    screen = exported("01-start-here.ipynb")
    screen.press("1", "0", "1", "0")
    expect(screen.bench.locator(".panic")).to_be_visible()
    assert screen.bench.locator(".change").evaluate(FILLED)


def test_a_step_is_foretold_only_if_the_graph_allows_it(exported: Callable[..., Screen]) -> None:
    forecast = exported("unrun.ipynb").bench.locator(".fore").first
    expect(forecast).to_have_text("CPU 0’s unshare takes a reference to VM 0x1000, whose count is now 1.")
    expect(exported("silent.ipynb").bench.locator(".fore").first).to_be_empty()


def test_a_refusal_is_foretold_before_the_call(exported: Callable[..., Screen]) -> None:
    screen = exported("free.ipynb")
    screen.choose(0, "fin", "0x1000")
    says = "EL2 refuses CPU 0’s finalise with -EBUSY: VM 0x1000 is not dying yet. (v1)"
    expect(screen.bench.locator(".fore").first).to_have_text(f"-EBUSY{says}")
    expect(screen.bench.locator("[aria-live]")).to_have_text(f"-EBUSY{says}")
    screen.press("0")
    screen.says(says)


def test_the_outcome_of_an_accepted_call_is_not_foretold(exported: Callable[..., Screen]) -> None:
    screen = exported("free.ipynb")
    screen.choose(1, "start", "0x1000")
    expect(screen.bench.locator(".fore").nth(1)).to_have_text("EL2 would not refuse this call now.")
    screen.press("1")
    screen.says("CPU 1’s start marks VM 0x1000 as dying; from now on no vCPU can be loaded.")


def test_the_learner_races_two_cpus_to_the_end_of_the_machine(exported: Callable[..., Screen]) -> None:
    screen = exported("free.ipynb")
    screen.choose(0, "unshare", "0x1000, 0")
    screen.choose(1, "start", "0x1000")
    screen.press("0", "1")
    expect(screen.bench.locator(".panic")).to_contain_text("EL2 warning: the machine ends")
    screen.press("u")
    assert screen.bench.locator("select").first.input_value() == "__pkvm_host_unshare_guest"


def test_a_broken_property_comes_first_with_its_reason_and_is_announced(exported: Callable[..., Screen]) -> None:
    screen = exported("unrun.ipynb")
    holds = screen.open_drawer("holds")
    expect(holds.locator("li.empty")).to_contain_text("no vCPU loaded. I3 · nothing to check")
    screen.press(*map(str, TO_THE_PANIC[:-1]))
    first = holds.locator(".props li").first
    says = "A page that is the host's alone is clean."
    expect(first).to_have_text(f"{says} I6 · brokennew at step 4page vm0 is the host's alone, but its count is not 0")
    expect(screen.bench.locator("[aria-live]")).to_contain_text(f"Broken now: {says}")


def test_a_property_that_a_step_broke_stays_broken(exported: Callable[..., Screen]) -> None:
    screen = exported("unrun.ipynb")
    screen.press(*map(str, TO_THE_PANIC))
    assert screen.open_drawer("holds").locator(".why").all_inner_texts() == [
        "EL2_USE_AFTER_DONATION: CPU 0 touches page vm0, which EL2 no longer maps",
        "page vm0 is the host's alone, but its count is not 0"]
    screen.press("u")
    assert screen.bench.locator(".props li.broken").count() == 1


def test_a_warning_of_the_host_stands_below_the_refusal_and_further_ones_in_the_words(
        exported: Callable[..., Screen]) -> None:
    screen = exported("warning.ipynb")
    screen.press("1")
    screen.says("EL2 refuses CPU 1’s finalise with -EBUSY: VM 0x1000 is not dying yet. (v1)")
    expect(screen.bench.locator(".change .warning")).to_contain_text("returns -EBUSY. The machine goes on.")
    screen.bench.locator(".more").click()
    expect(screen.open_drawer("words")).to_contain_text("1 mappings are left. The machine goes on.")


def test_a_step_that_only_python_knows_says_what_it_needs(exported: Callable[..., Screen]) -> None:
    screen = exported("unrun.ipynb")
    screen.press("0", "0", "0", "0")
    screen.alerts("A page opened from disk cannot start Python: that needs a web server.")
    screen.press("1")
    expect(screen.bench.get_by_role("alert")).to_be_empty()


def test_a_link_opens_its_step(exported: Callable[..., Screen]) -> None:
    walk = walk_along(0, 1)
    link = "#r7=" + ";".join(edge["line"] for edge, _ in walk.path).replace(" ", "+")
    exported("unrun.ipynb", f"{link}@2").shows(walk)


def test_a_link_opens_as_far_as_it_fits_and_names_the_next_line(exported: Callable[..., Screen]) -> None:
    screen = exported("unrun.ipynb", "#r7=1+__pkvm_finalize_teardown_vm(0x1000)+=+-EBUSY;1+resume+...@2")
    screen.counts("step 1 of 1")
    screen.alerts("The trace fits up to step 1. Step 2, “1 resume ...”, is not possible there.")


def test_an_exception_is_shown_in_the_bench_with_its_trace(exported: Callable[..., Screen]) -> None:
    screen = exported("odd.ipynb")
    screen.press("1")
    screen.alerts("This widget has failed:")
    expect(screen.bench.get_by_role("alert").locator("pre")).to_contain_text(walk_along(1).trace.splitlines()[-2])
    screen.press("u", "0")
    screen.shows(walk_along(0))


def test_a_bench_of_another_version_says_so_above_its_table(offline: Page, page_of: Address) -> None:
    offline.goto(page_of("old.ipynb"))
    expect(offline.get_by_role("alert")).to_contain_text("stored by another version of the course")
    expect(offline.get_by_text("static")).to_be_visible()


def test_a_history_of_ten_thousand_steps_ends_in_words(exported: Callable[..., Screen]) -> None:
    screen = exported("round.ipynb")
    screen.page.evaluate(LONG)
    screen.page.reload()
    screen.counts("step 10000 of 10000")
    screen.press("0")
    screen.alerts("This bench keeps at most 10,000 steps.")
    screen.press("b")
    screen.open_drawer("trace")
    screen.click("Forget the rest")
    screen.press("0")
    screen.counts("step 1 of 1")


def test_a_reload_keeps_the_position_and_the_branches(exported: Callable[..., Screen]) -> None:
    screen = exported("unrun.ipynb")
    screen.press("0", "0", "u", "1", "1", "u")
    screen.page.reload()
    screen.counts("step 2 of 3")
    screen.shows_at(walk_along(0, 1))
    assert screen.ways() == ["Branch from step 1, 1 step"]


def test_each_bench_of_a_page_keeps_its_own_position(exported: Callable[..., Screen]) -> None:
    first = exported("twice.ipynb")
    second = Screen(first.page, 1)
    second.press("1", "1")
    first.page.reload()
    first.counts("step 0 of 0")
    second.counts("step 2 of 2")


def test_a_followed_link_does_not_undo_later_steps(exported: Callable[..., Screen]) -> None:
    line = graph()["edges"][0][1]["line"].replace(" ", "+")
    screen = exported("unrun.ipynb", f"#r7={line}@1")
    screen.press("1")
    screen.page.reload()
    screen.counts("step 2 of 2")


def test_the_copied_link_opens_the_same_step(exported: Callable[..., Screen]) -> None:
    screen = exported("unrun.ipynb")
    screen.page.evaluate("() => { navigator.clipboard.writeText = async (text) => { window.copied = text; }; }")
    screen.press("0", "1", "1", "u")
    screen.share("Copy link")
    copied = screen.page.evaluate("window.copied")
    screen.press("b", "1", "1")
    screen.page.goto(copied)
    screen.counts("step 2 of 3")
    screen.shows_at(walk_along(0, 1))
    assert Walk(graph()).open(copied) == ""


def test_a_pasted_trace_or_link_opens_its_step(exported: Callable[..., Screen]) -> None:
    screen = exported("unrun.ipynb")
    screen.open(walk_along(0, 1).trace)
    screen.shows(walk_along(0, 1))
    screen.open(f"https://course.example/07.html{walk_along(1).link}")
    screen.shows(walk_along(1))


def test_a_trace_that_cannot_be_opened_says_what_to_do(exported: Callable[..., Screen]) -> None:
    screen = exported("unrun.ipynb")
    screen.open(walk_along(0).trace.replace("pkvm-trace 1", "pkvm-trace 2"))
    screen.alerts("This trace has version 2; here version 1 is read. Make it again with this course.")
    screen.open(walk_along(0).trace.replace("v1", "v1 slots=1", 1))
    screen.alerts("This trace was made for another bench: its line 1 is")
    screen.open("#r8=@0")
    screen.alerts("This link is for another bench; this one is “r7”.")


def test_the_trace_is_copied_or_shown_selected(exported: Callable[..., Screen]) -> None:
    screen = exported("unrun.ipynb")
    screen.page.evaluate("() => { navigator.clipboard.writeText = async () => { throw Error('refused'); }; }")
    screen.press("0")
    screen.share("Copy trace")
    assert screen.bench.locator("textarea").input_value() == walk_along(0).trace


def test_each_step_is_announced(exported: Callable[..., Screen]) -> None:
    screen = exported("unrun.ipynb")
    screen.press("1")
    expect(screen.bench.locator("[aria-live]")).to_have_text(
        f"Step 1 of 1. {walk_along(1).says} CPU 0 next: find the VM and take a reference. "
        "CPU 1 next: check and mark the VM dying.")


@pytest.mark.parametrize("width", [1400, 800, 420])
def test_nothing_scrolls_sideways(exported: Callable[..., Screen], width: int) -> None:
    screen = exported("unrun.ipynb")
    screen.page.set_viewport_size({"width": width, "height": 900})
    screen.press(*map(str, TO_THE_PANIC[:-1]))
    assert screen.page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("name", LESSONS)
def test_every_bench_of_a_lesson_steps_in_its_page(exported: Callable[..., Screen], name: str) -> None:
    page = exported(name).page
    for bench in page.locator(".pkvm-bench").all():
        bench.locator(".go[aria-disabled=false]").first.click()
        expect(bench.locator(".counter")).to_have_text("step 1 of 1")


@pytest.mark.parametrize(("name", "reason"), [("old", "it was stored by another version"), ("misfit", "Cannot read")])
def test_a_widget_that_cannot_be_drawn_says_so_and_keeps_its_table(offline: Page, page_of: Address, name: str,
                                                                   reason: str) -> None:
    offline.goto(page_of(f"{name}.ipynb"))
    expect(offline.get_by_role("alert")).to_contain_text(f"This widget cannot be shown ({reason}")
    expect(offline.locator(".widget-here")).to_contain_text("static")
