"""JupyterLab as the course opens it: the notebook has the room, and each course folder has its own tabs."""
from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from benchmarks.lab import stop
from pkvm_model.course.paths import HOME_VARIABLE
from tests.browser.conftest import open_context
from tests.patience import wait_until

ADDRESS = re.compile(r"http://localhost(\S+)")
COURSE = [sys.executable, "-m", "pkvm_model.course", "lab", "--no-browser"]


@contextmanager
def course_lab(home: Path) -> Iterator[str]:
    """Run the course's JupyterLab in a home of its own, and yield its address."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    with subprocess.Popen(COURSE, env=variables | {"HOME": str(home), HOME_VARIABLE: str(home / "course")},
                          stdout=subprocess.PIPE, text=True) as server:
        try:
            found = next(filter(None, map(ADDRESS.search, server.stdout or ())))
            yield f"http://127.0.0.1{found[1]}"
        finally:
            stop(server)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Open a browser on a small laptop, as if for the first time."""
    with open_context(browser, viewport={"width": 1366, "height": 768}) as context:
        yield context.new_page()


def open_notebook(page: Page, address: str) -> None:
    """Open an address, and wait for the first notebook."""
    page.goto(address)
    expect(page.locator(".jp-Notebook .jp-Cell").first).to_be_visible()


def is_kept_open(home: Path) -> bool:
    """Return True if JupyterLab has stored that the list of files is open; it may not have begun to."""
    workspaces = (home / "course" / "my_work" / ".jupyter" / "workspaces").glob("*.jupyterlab-workspace")
    return any(re.search(r'"left":\s*\{"collapsed":\s*false', kept.read_text()) for kept in workspaces)


def test_the_list_of_files_is_closed_until_the_learner_opens_it(page: Page, tmp_path: Path) -> None:
    files = page.locator("#jp-left-stack")
    with course_lab(tmp_path) as address:
        open_notebook(page, address)
        expect(files).to_be_hidden()
        assert page.locator(".jp-Notebook").evaluate("(notebook) => notebook.clientWidth") > 1200
        page.keyboard.press("Control+b")
        expect(files).to_be_visible()
        wait_until(lambda: is_kept_open(tmp_path))
        open_notebook(page, address)
        expect(files).to_be_visible()


def test_tabs_of_one_course_folder_never_come_back_in_another(page: Page, tmp_path: Path) -> None:
    tabs = page.locator("#jp-main-dock-panel .lm-TabBar-tabLabel")
    with course_lab(tmp_path / "one") as address:
        open_notebook(page, address.replace("01-start-here", "glossary"))
        expect(tabs).to_have_text(["glossary.ipynb"])
    with course_lab(tmp_path / "other") as address:
        open_notebook(page, address)
        expect(tabs).to_have_text(["01-start-here.ipynb"])
