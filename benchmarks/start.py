"""Opens the course as a learner does, and says how long it takes until the first bench of the first notebook is there.

The time runs from the start of `course.py lab --no-browser`; Chromium opens the address as soon as it is printed. It is
the second start that is measured: the environment and the learner's copy are there already, in folders of their own.
Each start has a browser that has never seen the course; one more kind of start has the browser of the start before.
"""
from __future__ import annotations

import argparse
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.lab import drive_chromium, stop
from pkvm_model.course.paths import ROOT
from pkvm_model.course.setup.process import build_variables

GOAL = 6.0
ADDRESS = re.compile(r"http://\S+")
BENCH = ".pkvm-bench .go"
SECONDS = 120


class Start(NamedTuple):
    """The seconds from the command to the address, to JupyterLab on the screen, and to the first bench."""

    address: float
    page: float
    bench: float


def main(argv: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="course.py bench start", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="how many starts of each kind (default: 5)")
    rounds = parser.parse_args(argv).rounds
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, drive_chromium() as browser:
        home = Path(folder)
        with open_browser(browser, home / "first") as page:
            first = measure(page, home)
        new = []
        for number in range(rounds):
            with open_browser(browser, home / f"new-{number}") as page:
                new.append(measure(page, home))
        with open_browser(browser, home / "first") as page:
            known = [measure(page, home) for _ in range(rounds)]
    report({"second start, new browser": new, "second start, same browser": known, "start that made the copy": [first]})
    return 0


@contextmanager
def open_browser(browser: tuple[Any, dict[str, Any]], profile: Path) -> Iterator[Any]:
    """Yield a page of a browser that keeps its cache in a profile."""
    chromium, options = browser
    context = chromium.launch_persistent_context(str(profile), viewport={"width": 1400, "height": 1000}, **options)
    yield context.new_page()
    context.close()


def measure(page: Any, home: Path) -> Start:
    """Start the course, open the address that it prints, and wait for the first bench."""
    begun = time.perf_counter()
    with start_course(home) as address:
        printed = time.perf_counter()
        page.goto(address, wait_until="commit")
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=1000 * SECONDS)
        shown = time.perf_counter()
        page.wait_for_selector(BENCH, timeout=1000 * SECONDS)
        done = time.perf_counter()
        page.goto("about:blank")
    return Start(printed - begun, shown - begun, done - begun)


@contextmanager
def start_course(home: Path) -> Iterator[str]:
    """Run `course.py lab` with a home of its own, and yield the address that it prints."""
    variables = build_variables(Path(sys.executable)) | {"HOME": str(home), "PKVM_COURSE_HOME": str(home / "course")}
    variables = {name: value for name, value in variables.items() if not name.startswith(("JUPYTER_", "IPYTHONDIR"))}
    server = subprocess.Popen([sys.executable, ROOT / "course.py", "lab", "--no-browser"], env=variables, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        yield read_address(server)
    finally:
        stop(server)


def read_address(server: subprocess.Popen[str]) -> str:
    """Return the first address that a program prints."""
    lines = []
    for line in server.stdout or ():
        lines.append(line)
        if match := ADDRESS.search(line):
            return match[0]
    sys.exit("bench: the course did not start:\n" + "".join(lines))


def report(rows: dict[str, list[Start]]) -> None:
    """Print the table; the last line has it all."""
    print(f"{'seconds':<28} {'address':>8} {'notebook':>9} {'bench':>7} {'slowest':>8}   goal: {GOAL:g}")
    for name, starts in rows.items():
        address, page, bench = (statistics.median(times) for times in zip(*starts, strict=True))
        slowest = max(start.bench for start in starts)
        print(f"{name:<28} {address:8.2f} {page:9.2f} {bench:7.2f} {slowest:8.2f}   {len(starts)} times")
    medians = [f"{name} {statistics.median(start.bench for start in starts):.2f}" for name, starts in rows.items()]
    print(f"start (median to the first bench in s): {'; '.join(medians)}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
