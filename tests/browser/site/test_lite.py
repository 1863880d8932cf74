"""The notebooks of the browser edition: JupyterLite below lab/, in Chromium, from a host that only sends files."""
from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar, NamedTuple

import nbformat
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from benchmarks.static_host import Host
from pkvm_model.course.dev.build import trim
from pkvm_model.course.site import lite, lite_files, seal
from pkvm_model.course.site.frame import Site
from pkvm_model.graphs.bench import StateGraph
from pkvm_model.practice import progress
from pkvm_model.practice.exercises import find_exercise
from pkvm_model.scenes.start_here import COLD_OPEN
from tests.browser.conftest import open_context
from tests.browser.in_lab import OPEN_NEXT, READY, RUN_ALL, SAVE, SHUT_DOWN
from tests.browser.screen import Screen

SHORT = ("01-start-here.ipynb",)
"""Without --full only this one runs, with a bench and questions, and another one without a network."""
WITHOUT_NETWORK = "what-the-model-leaves-out.ipynb"
WRITE_LAST = READY + """
  cells.activeCellIndex = cells.widgets.length - 1;
  cells.activeCell.model.sharedModel.setSource(%s);
}"""
RUN_LAST = READY + """
  await app.commands.execute('notebook:run-cell');
  return cells.activeCell.model.outputs.toJSON();
}"""
BEGIN_LAST = READY + "void app.commands.execute('notebook:run-cell'); }"
INTERRUPT = READY + "await app.commands.execute('notebook:interrupt-kernel'); }"
STATUS = "(status) => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === status"
NOTEBOOK = READY + "return panel.context.model.toJSON(); }"
READ = """async (path) => {
  const { contents } = window.jupyterapp.serviceManager;
  return (await contents.get(path, { content: true, format: 'text' })).content;
}"""
OWNERS = "async () => (await navigator.serviceWorker.getRegistrations()).map(({ scope }) => scope).sort()"
IN_CHARGE = "navigator.serviceWorker.controller.scriptURL"
UNTIL = """async (given) => {
  const happens = %s;
  while (!(await happens(given))) await new Promise((then) => setTimeout(then, 100));
}"""
"""Playwright waits for what is true, and takes a promise for that."""
KEPT = UNTIL % """async (size) => {
    const name = (await caches.keys()).find((one) => one.startsWith("pkvm-lab "));
    return name !== undefined && (await (await caches.open(name)).keys()).length === size;
  }"""
PATH = "window.jupyterapp.shell.currentWidget.context.path"
SHOWS = "(path) => window.jupyterapp?.shell.currentWidget?.context?.path === path"
FETCH_NEWER = UNTIL % """async () => {
    const known = await navigator.serviceWorker.getRegistration();
    if (!known.waiting && !known.installing) await known.update();
    return known.waiting;
  }"""
WAIT_FOR_INPUT = READY + """
  const asked = session.session.kernel.requestExecute({ code: "input()", allow_stdin: true });
  await new Promise((then) => (asked.onStdin = then));
}"""
"""From then on a request waits in the service worker; when the page is closed, nobody is left to answer it."""


CHROMIUMS_OWN = re.compile(r"CONNECT [\w-]+(\.[\w-]+)*\.(google|googleapis|gvt1|gstatic)\.com:443 ")
"""What this browser asks by itself, whatever page is open."""


class Trap(BaseHTTPRequestHandler):
    """Stands for the rest of the world: a proxy that notes who is asked, and answers nothing."""

    asked: ClassVar = list[str]()

    def handle(self) -> None:
        """Note the first line of a request."""
        self.asked.append(self.rfile.readline().decode("latin-1").strip())


class Visit(NamedTuple):
    """A reader's browser, the host that it visits, and the page that is open in it."""

    context: BrowserContext
    host: Host

    @property
    def page(self) -> Page:
        """The page that is open."""
        return self.context.pages[-1]

    def open(self, link: str) -> Page:
        """Open a notebook by its link, in a new tab in place of the old one."""
        before, page = self.context.pages, self.context.new_page()
        for each in before:
            each.close()
        page.goto(f"lab/index.html?path={link}")
        # At first JupyterLite shows what was open before, as it was.
        page.wait_for_function(SHOWS, arg=link.partition("#")[0])
        page.wait_for_selector(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell")
        return page

    def change_to(self, name: str) -> None:
        """Open a notebook in place of another one that is open; its Python ends."""
        self.page.evaluate(SHUT_DOWN)
        self.page.evaluate(OPEN_NEXT, name)


@pytest.fixture(scope="module")
def host(lab_site: Path, live_site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A host with Pyodide, the notebooks, and a page that keeps the course on the device."""
    folder = shutil.copytree(lab_site, tmp_path_factory.mktemp("lite") / "site")
    shutil.copytree(live_site / "assets" / "pyodide", folder / "assets" / "pyodide")
    (folder / "index.html").write_text("<!doctype html><title>The course</title>")
    seal.seal(folder)
    made = Host(folder)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def visit(browser: Browser, host: Host) -> Iterator[Visit]:
    """A reader who has the course on the device already; nothing may ask another host."""
    trap = ThreadingHTTPServer(("127.0.0.1", 0), Trap)
    Thread(target=trap.serve_forever, args=(0.05,)).start()
    outside: Any = {"server": f"http://127.0.0.1:{trap.server_port}", "bypass": "127.0.0.1"}
    context = open_context(browser, base_url=host.address, proxy=outside)
    context.new_page().goto("index.html")
    context.pages[0].evaluate("navigator.serviceWorker.register('sw.js').then(() => navigator.serviceWorker.ready)")
    yield Visit(context, host)
    context.close()
    trap.shutdown()
    trap.server_close()
    assert [line for line in Trap.asked if not CHROMIUMS_OWN.match(line)] == []


def write_last(page: Page, text: str) -> None:
    """Write a text into the last cell, and go there."""
    page.evaluate(WRITE_LAST % json.dumps(text))


def read_outputs(notebook: Any) -> list[Any]:
    """Return what a notebook would store of each cell."""
    whole = nbformat.from_dict(notebook)
    trim(whole)
    return [join_texts(cell.get("outputs", [])) for cell in whole.cells]


def join_texts(value: Any) -> Any:
    """Return a value with each text in one piece, however it is stored."""
    if isinstance(value, dict):
        return {name: join_texts(part) for name, part in value.items()}
    if isinstance(value, list):
        return "".join(value) if value and all(isinstance(part, str) for part in value) else [*map(join_texts, value)]
    return value


def test_a_link_to_a_step_opens_it_beside_the_courses_own_service_worker(visit: Visit) -> None:
    line = StateGraph(COLD_OPEN).value()["edges"][0][0]["line"].replace(" ", "+")
    page = visit.open(f"01-start-here.ipynb#cold-open={line}@1")
    Screen(page).counts("step 1 of 1")
    assert page.evaluate(OWNERS) == [visit.host.address, f"{visit.host.address}lab/"]
    assert page.evaluate(IN_CHARGE) == f"{visit.host.address}lab/service-worker.js"


def test_notebooks_run_with_the_outputs_that_they_have_stored(visit: Visit, request: pytest.FixtureRequest) -> None:
    folder = visit.host.folder / "lab" / "files"
    for name in sorted(path.name for path in folder.glob("*.ipynb")) if request.config.option.full else SHORT:
        if visit.page.evaluate(PATH) != name:
            visit.change_to(name)
        run_as_stored(visit, name)


def run_as_stored(visit: Visit, name: str) -> None:
    """Run all cells of the open notebook; it must then have the outputs that it has stored."""
    stored = json.loads((visit.host.folder / "lab" / "files" / name).read_bytes())
    assert visit.page.evaluate(RUN_ALL), name
    assert read_outputs(visit.page.evaluate(NOTEBOOK)) == read_outputs(stored), name


def test_an_exercise_is_solved_and_noted_in_the_learners_copy(visit: Visit) -> None:
    visit.change_to("exercises/find-the-hole.ipynb")
    write_last(visit.page, f"%%answer find-the-hole\n{find_exercise('find-the-hole').solution}")
    assert visit.page.evaluate(RUN_ALL)
    expect(visit.page.get_by_text("Passed.", exact=False).first).to_be_visible()
    records = progress.parse(visit.page.evaluate(READ, "progress.json"))
    assert records["find-the-hole"].solved


def test_a_cell_that_never_ends_is_ended_by_a_restart_that_is_offered(visit: Visit) -> None:
    write_last(visit.page, "while True:\n    pass")
    visit.page.evaluate(BEGIN_LAST)
    visit.page.wait_for_function(STATUS, arg="busy")
    visit.page.evaluate(INTERRUPT)
    visit.page.get_by_role("button", name="Restart Python").click()
    visit.page.wait_for_function(STATUS, arg="idle")
    write_last(visit.page, "print(6 * 7)")
    assert visit.page.evaluate(RUN_LAST) == [{"name": "stdout", "output_type": "stream", "text": "42\n"}]
    expect(visit.page.get_by_role("button", name="Restart Python")).to_have_count(0)


def test_notebooks_run_without_a_network_once_they_have_been_opened(visit: Visit) -> None:
    worker = (visit.host.folder / "lab" / "service-worker.js").read_text(encoding="utf-8")
    visit.page.evaluate(KEPT, worker.count('": "sha256-'))
    visit.host.stop()
    visit.open(WITHOUT_NETWORK)
    run_as_stored(visit, WITHOUT_NETWORK)
    visit.host.start()


def test_a_notebook_that_is_newer_than_the_saved_one_says_so_and_nothing_is_lost(
        visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    page, name = visit.page, visit.page.evaluate(PATH)
    write_last(page, "my own note")
    page.evaluate(SAVE)
    page.evaluate(WAIT_FOR_INPUT)
    prepare = lite_files.prepare
    change = (b"# What the model leaves out", b"# What the model left out")
    monkeypatch.setattr(lite_files, "prepare", lambda content: prepare(content.replace(*change)))
    lite.write(Site(visit.host.folder, python=True))
    page.evaluate(FETCH_NEWER)
    page = visit.open(name)
    expect(page.get_by_text("The course has a newer version of this notebook.")).to_be_visible()
    assert page.evaluate(NOTEBOOK)["cells"][-1]["source"] == "my own note"
    page.get_by_role("button", name="Put mine aside and open the new one").click()
    expect(page.get_by_role("heading", name="What the model left out")).to_be_visible()
    assert json.loads(page.evaluate(READ, f"put-aside/{name}"))["cells"][-1]["source"] == "my own note"


def test_a_hard_reload_which_goes_past_the_service_worker_opens_the_newer_notebook_and_says_no_more(
        visit: Visit) -> None:
    with visit.page.expect_event("load"):
        visit.context.new_cdp_session(visit.page).send("Page.reload", {"ignoreCache": True})
    visit.page.wait_for_function("window.jupyterapp?.restored.then(() => true)")
    assert visit.page.evaluate(IN_CHARGE) == f"{visit.host.address}lab/service-worker.js"
    expect(visit.page.get_by_role("heading", name="What the model left out")).to_be_visible()
    expect(visit.page.get_by_text("The course has a newer version")).to_have_count(0)
