"""Clicks at a bench in JupyterLab, and says how long it takes until the page has changed.

It measures a click for a step that the page knows, a click for a step that Python has to work out, and the run of a
cell until its bench appears; each as often as `--rounds` says. Then, in a notebook with twenty benches, it measures how
long each takes to appear, and a click at the last of them. The last line has the medians and p95s.
"""
from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from benchmarks.lab import NotStartedError, drive_chromium, running_lab

TWENTY = 20
KERNEL = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
KNOWN = """
from pkvm_model.lesson import bench
from pkvm_model.scenes.two_phases import TWO_PHASES

bench(TWO_PHASES)
"""
ASKED = """
from pkvm_model.scenes.two_phases import TWO_PHASES
from pkvm_model.graphs.bench import StateGraph
from pkvm_model.widgets.bench import Bench

graph = StateGraph(TWO_PHASES)
Bench(graph.value(1), graph.expand)
"""
RUN = """async (at) => {
  const app = window.jupyterapp, panel = app.shell.currentWidget;
  await app.restored;
  await panel.context.ready;
  await panel.context.sessionContext.ready;
  // The start of the kernel is not measured.
  await panel.context.sessionContext.session.kernel.info;
  const cell = panel.content.widgets[at];
  await panel.content.scrollToCell(cell);
  const there = () => cell.node.querySelector(".pkvm-bench"), before = there();
  panel.content.activeCellIndex = at;
  const begun = performance.now();
  const changed = new Promise((resolve) => {
    const look = () => there() && there() !== before && resolve(performance.now() - begun);
    const watch = new MutationObserver(() => look() && watch.disconnect());
    watch.observe(document.body, { subtree: true, childList: true });
  });
  await app.commands.execute("notebook:run-cell");
  const took = await changed;
  document.querySelector(".measured")?.classList.remove("measured");
  there().classList.add("measured");
  return took;
}"""
WATCH = """() => {
  const counter = document.querySelector(".measured .counter");
  let clicked = 0;
  window.timed = [];
  addEventListener("click", (event) => { clicked = event.timeStamp; }, { capture: true });
  new MutationObserver(() => {
    const now = performance.now(), begun = clicked;
    requestAnimationFrame(() => setTimeout(() => window.timed.push([now - begun, performance.now() - now])));
  }).observe(counter, { subtree: true, childList: true, characterData: true });
}"""


class Measured(NamedTuple):
    """The milliseconds of one kind of measurement, in order, and their goals."""

    name: str
    times: list[float]
    median: float
    most: float

    def __str__(self) -> str:
        short, long = find_median(self.times), find_p95(self.times)
        return f"{self.name:<34} {short:7.1f} {long:7.1f}   {self.median:5g} {self.most:5g}   {len(self.times)} times"


def find_median(times: Sequence[float]) -> float:
    """Return the median."""
    return statistics.median(times)


def find_p95(times: Sequence[float]) -> float:
    """Return the 95th percentile: one of the times, with one in twenty above it."""
    return sorted(times)[min(len(times) - 1, int(len(times) * 0.95))]


def main(argv: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="course.py bench clicks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=100, metavar="N", help="how often (default: 100)")
    rounds = parser.parse_args(argv).rounds
    try:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, open_lab(Path(folder)) as page:
            report(measure(page, rounds))
    except NotStartedError as error:
        sys.exit(f"bench: {error}")
    return 0


@contextmanager
def open_lab(folder: Path) -> Iterator[Any]:
    """Yield a page of a JupyterLab with the notebooks that are measured."""
    for name, source, cells in (("known", KNOWN, 1), ("asked", ASKED, 1), ("twenty", KNOWN, TWENTY)):
        notebook = new_notebook(cells=[new_code_cell(source.strip()) for _ in range(cells)], metadata=KERNEL)
        nbformat.write(notebook, folder / f"{name}.ipynb")
    with drive_chromium() as (chromium, options), running_lab(folder) as address:
        browser = chromium.launch(**options)
        yield browser.new_page(base_url=address, viewport={"width": 1400, "height": 1000})
        browser.close()


def measure(page: Any, rounds: int) -> list[Measured]:
    """Measure everything, and return it."""
    first = open_bench(page, "known")
    appears = [appear(page) for _ in range(rounds)]
    known, frames = clicks(page, rounds)
    open_bench(page, "asked")
    asked, _ = clicks(page, rounds)
    open_bench(page, "twenty")
    many = [appear(page, at) for at in range(1, TWENTY)]
    last, _ = clicks(page, rounds, TWENTY - 1)
    return [
        Measured("known step, changed", known, 10, 25),
        Measured("known step, then painted", frames, 17, 34),
        Measured("step asked of Python, changed", asked, 60, 120),
        Measured("bench appears", appears, 300, 300),
        Measured("first bench of a kernel appears", [first], 1500, 1500),
        Measured("one of twenty benches appears", many, 300, 300),
        Measured("known step of the twentieth, changed", last, 10, 25),
    ]


def open_bench(page: Any, notebook: str) -> float:
    """Open a notebook and run its first cell; return the milliseconds until its bench is there."""
    page.goto(f"/lab/tree/{notebook}.ipynb?reset")
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
    return appear(page)


def appear(page: Any, cell: int = 0) -> float:
    """Run a cell; return the milliseconds until a new bench is there."""
    return float(page.evaluate(RUN, cell))


def clicks(page: Any, rounds: int, cell: int = 0) -> tuple[list[float], list[float]]:
    """Click at steps, bench after bench; return the times until the change, and from there to a frame."""
    changed: list[float] = []
    painted: list[float] = []
    while len(changed) < rounds:
        appear(page, cell)
        page.evaluate(WATCH)
        for change, frame in walk_down(page, rounds - len(changed)):
            changed.append(change)
            painted.append(frame)
    return changed, painted


def walk_down(page: Any, most: int) -> list[tuple[float, float]]:
    """Click from the start of a bench to its end, each time at a CPU that has a step; yield the times."""
    step = page.locator(".measured .go[aria-disabled=false]").first
    for number in range(1, most + 1):
        if not step.count():
            break
        step.click()
        page.wait_for_function("count => window.timed.length === count", arg=number)
    return [(change, frame) for change, frame in page.evaluate("window.timed")]


def report(rows: list[Measured]) -> None:
    """Print the table; the last line has it all."""
    print(f"{'milliseconds':<34} {'median':>7} {'p95':>7}   {'asked: median, p95':<11}")
    for row in rows:
        print(row)
    short = [f"{row.name} {find_median(row.times):.1f}/{find_p95(row.times):.1f}" for row in rows]
    print(f"clicks (median/p95 in ms): {'; '.join(short)}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
