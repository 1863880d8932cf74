"""How tests use a notebook in JupyterLab: scripts for the page, and reading values back from Python."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from tests.patience import PATIENCE

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page


Open = Callable[..., "Page"]
"""Open a notebook or a page by name, perhaps with what follows # in its address."""
Address = Callable[[str], str]
"""Return the address of a notebook's page."""
Theme = Literal["light", "dark"]

READY = """async () => {
  const app = window.jupyterapp;
  await app.restored;
  const panel = app.shell.currentWidget;
  await panel.context.ready;
  await panel.context.sessionContext.ready;
  const session = panel.context.sessionContext, cells = panel.content;
"""
RUN_ALL = (
    READY
    + f"const until = performance.now() + {1000 * PATIENCE};"
    + """
  const ran = await app.commands.execute('notebook:run-all-cells');
  const outputs = cells.widgets.flatMap(({ model }) => model.outputs?.toJSON() ?? []),
    ids = outputs.map(({ data }) => data?.['application/vnd.jupyter.widget-view+json']?.model_id).filter(Boolean);
  const areLive = () => ids.every((id) => globalThis.pkvmModels?.[id]);
  while (ran && !areLive() && performance.now() < until) await new Promise((then) => setTimeout(then, 20));
  return ran;
}"""
)
"""Runs a notebook, and waits until its widgets are joined with Python: JupyterLab loads their front end meanwhile."""
RUN_LAST = (
    READY
    + """
  cells.activeCellIndex = cells.widgets.length - 1;
  await app.commands.execute('notebook:run-cell');
  return cells.activeCell.model.outputs.toJSON()[0].data['text/plain'];
}"""
)
# Loading JupyterLab takes longer than running most lessons. A notebook that is disposed of does not ask to be saved.
OPEN_NEXT = """async (name) => {
  const app = window.jupyterapp, before = app.shell.currentWidget;
  await app.commands.execute('docmanager:open', { path: name });
  before.dispose();
}"""
# What JupyterLab does with a link to another notebook.
FOLLOW = """async ([name, fragment]) => {
  const opened = await window.jupyterapp.commands.execute('docmanager:open', { path: name });
  opened.setFragment(fragment);
}"""
# Yes once a kernel has written its version into the notebook, and that does not count as a change.
CLEAN = """() => {
  const model = window.jupyterapp?.shell.currentWidget?.context?.model;
  return model?.getMetadata('language_info')?.version && !model.dirty;
}"""
CELLS = READY + "return cells.widgets.length; }"
SAVE = READY + "await panel.context.save(); }"
RESTART = READY + "await session.restartKernel(); }"
SHUT_DOWN = READY + "await session.shutdown(); }"


def find_cell(page: Page, number: int) -> Locator:
    """Return a cell of the open notebook by its number, counted from 0.

    JupyterLab draws the cells of a notebook one by one, when it is idle. So the last cell on the page may be any cell
    for a while, and a click on it goes there; a number stays with its cell, and Playwright waits until it is drawn.
    """
    return page.locator(f".jp-Notebook .jp-Cell[data-windowed-list-index='{number}']")


def wait_for_python(page: Page, expected: object) -> None:
    """Wait until the last cell of the notebook shows this; the last step may still be on its way to Python."""
    until = time.monotonic() + PATIENCE
    while (read := page.evaluate(RUN_LAST)) != expected:
        assert time.monotonic() < until, f"{read} is not {expected}"
