"""The bench in JupyterLab: by mouse, by keyboard, with questions to Python, and before it was ever run."""

import pytest
from playwright.sync_api import Page, expect

from pkvm_model.widgets.walk import Walk
from tests.browser.in_lab import CELLS, CLEAN, FOLLOW, RESTART, RUN_ALL, SAVE, SHUT_DOWN, Open, wait_for_python
from tests.browser.notebooks import LESSONS
from tests.browser.screen import Screen
from tests.widgets.small_graph import graph, walk_along


@pytest.fixture
def live(notebook: Open) -> Screen:
    """Run the cells of a notebook and return its bench."""
    page = notebook("live.ipynb")
    assert page.evaluate(RUN_ALL)
    return Screen(page)


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_runs_to_its_end_and_shows_its_benches(lesson: Open, name: str) -> None:
    page = lesson(name)
    assert page.evaluate(RUN_ALL)
    page.wait_for_selector(".pkvm-bench")
    assert page.get_by_text("Error displaying widget").count() == 0


def test_each_click_of_a_teardown_shows_pythons_state(live: Screen) -> None:
    walk = Walk(graph())
    for cpu in (1, 1, 0, 0, 0, 0, 1):
        live.step(cpu)
        walk.take(next(edge for edge in walk.edges[walk.here] if edge["cpu"] == cpu))
        live.shows(walk)
    wait_for_python(live.page, f"('{walk.state['digest']}', 7)")


def test_an_unknown_step_comes_from_python(live: Screen) -> None:
    live.press("0", "0", "0", "0")
    live.counts("step 4 of 4")
    wait_for_python(live.page, "('learnt99', 4)")


def test_an_error_in_python_is_shown_in_the_bench(live: Screen) -> None:
    live.press("1", "0", "0", "0", "0")
    live.alerts("LookupError: page x9 is unknown")
    live.alerts(walk_along(1).trace.splitlines()[-2])


def test_a_bench_whose_kernel_is_gone_says_what_to_do(live: Screen) -> None:
    live.page.evaluate(SHUT_DOWN)
    live.press("0", "0", "0", "0")
    live.counts("step 3 of 3")
    live.alerts("run the cells again, from the top")


def test_a_bench_reports_a_restarted_kernel_unasked(live: Screen) -> None:
    live.page.evaluate(RESTART)
    expect(live.bench.get_by_role("status")).to_contain_text("the kernel was stopped or restarted")


def test_a_stored_bench_of_another_version_says_so(notebook: Open) -> None:
    page = notebook("old.ipynb")
    expect(page.get_by_text("stored by another version of the course")).to_be_visible()


def test_a_link_opens_its_step_in_jupyterlab(notebook: Open) -> None:
    line = graph()["edges"][0][1]["line"].replace(" ", "+")
    screen = Screen(notebook("unrun.ipynb", f"#r7={line}@1"))
    screen.says("EL2 refuses CPU 1’s finalise with -EBUSY: VM 0x1000 is not dying yet. (v1)")


def test_a_bench_that_never_ran_keeps_its_position_over_a_reload(notebook: Open) -> None:
    page = notebook("silent.ipynb")
    Screen(page).press("b", "1", "1")
    page.reload()
    Screen(page).counts("step 2 of 2")


@pytest.mark.parametrize("browser_keeps", [True, False])
def test_a_reload_with_a_live_kernel_keeps_the_branches_and_python_agrees(live: Screen, browser_keeps: bool) -> None:
    live.press("1", "0", "u", "1")
    wait_for_python(live.page, f"('{walk_along(1, 1).state['digest']}', 2)")
    live.page.evaluate(SAVE)
    if not browser_keeps:
        live.page.evaluate("sessionStorage.clear()")
    live.page.reload()
    again = Screen(live.page)
    again.counts("step 2 of 2")
    assert again.ways() == ["Branch from step 1, 1 step"]
    again.press("0")
    wait_for_python(live.page, f"('{walk_along(1, 1, 0).state['digest']}', 3)")


def test_python_knows_what_a_link_opened(notebook: Open) -> None:
    page = notebook("live.ipynb", f"{walk_along(1, 1).link}")
    assert page.evaluate(RUN_ALL)
    Screen(page).counts("step 2 of 2")
    wait_for_python(page, f"('{walk_along(1, 1).state['digest']}', 2)")


def test_no_key_typed_at_a_bench_acts_on_the_notebook(notebook: Open) -> None:
    page = notebook("unrun.ipynb")
    screen, before = Screen(page), page.evaluate(CELLS)
    controls = screen.bench.locator("button:visible, summary:visible, [role=slider]").all()
    assert len(controls) >= 10
    for control in controls:
        control.focus()
        page.keyboard.type("adxd")
    page.keyboard.press("Alt+Enter")
    assert page.evaluate(CELLS) == before
    Screen(page)


def test_a_chord_typed_at_a_bench_is_for_jupyterlab(live: Screen) -> None:
    page = live.page
    live.press("1", "Control+s")
    page.wait_for_function("!window.jupyterapp.shell.currentWidget.context.model.dirty")
    page.keyboard.press("Control+Shift+c")
    expect(page.get_by_placeholder("SEARCH")).to_be_focused()
    page.keyboard.press("Escape")
    sidebar = page.locator("#jp-left-stack")
    before = sidebar.is_visible()
    live.press("Control+b")
    expect(sidebar).to_be_visible(visible=not before)
    live.press("Control+b")
    live.press("Control+z", "Control+Shift+ArrowUp", "Control+Backspace", "Control+Shift+m")
    assert page.evaluate(CELLS) == 2
    live.counts("step 1 of 1")


@pytest.mark.parametrize("part", [".go", "summary", "[role=slider]", ".toggle"])
def test_ctrl_s_in_any_part_of_a_bench_saves_the_notebook(live: Screen, part: str) -> None:
    live.page.evaluate("() => { window.jupyterapp.shell.currentWidget.context.model.dirty = true; }")
    live.bench.locator(part).first.press("Control+s")
    live.page.wait_for_function("!window.jupyterapp.shell.currentWidget.context.model.dirty")


def test_cmd_s_leaves_a_bench_too(live: Screen) -> None:
    live.page.evaluate("() => document.addEventListener('keydown', ({ key }) => { window.arrived = key; })")
    live.press("Meta+s")
    assert live.page.evaluate("window.arrived") == "s"


def test_no_key_acts_on_the_notebook_after_a_click_beside_the_controls(notebook: Open) -> None:
    page = notebook("unrun.ipynb")
    screen, before = Screen(page), page.evaluate(CELLS)
    for place in (".says", ".bar h3", "tbody th", ".lane .muted:visible"):
        screen.bench.locator(place).first.click()
        page.keyboard.type("adxd")
    assert page.evaluate(CELLS) == before


def test_calls_beyond_the_shipped_graph_reach_python(notebook: Open) -> None:
    page = notebook("free.ipynb")
    assert page.evaluate(RUN_ALL)
    screen = Screen(page)
    for step, call in enumerate(("start", "unshare"), 1):
        screen.choose(1, call)
        screen.press("1")
        screen.counts(f"step {step} of {step}")
    wait_for_python(page, "('1 __pkvm_host_unshare_guest(0x1000, 0) ...', 2)")


def test_a_link_to_a_heading_arrives_in_a_notebook_that_it_opens(lab_page: Page, notebook: Open) -> None:
    notebook("unrun.ipynb")
    heading = lab_page.get_by_role("heading", name="Roads not taken")
    lab_page.evaluate(FOLLOW, ["12-protected-guests.ipynb", "#Roads-not-taken"])
    expect(heading).to_be_in_viewport()


@pytest.mark.parametrize("name", ["silent.ipynb", "01-start-here.ipynb"])
def test_a_kernel_alone_makes_no_notebook_unsaved(notebook: Open, name: str) -> None:
    notebook(name).wait_for_function(CLEAN)


def test_a_stored_bench_steps_without_trust_or_a_run(notebook: Open) -> None:
    screen = Screen(notebook("unrun.ipynb"))
    screen.press("b")
    screen.step(1)
    screen.step(1)
    screen.says("CPU 1’s start marks VM 0x1000 as dying; from now on no vCPU can be loaded.")
    screen.counts("step 2 of 2")
