"""Opens the site as a reader does, and says how long it takes to the first step and to the first answer of Python.

A visit is cold in a browser that was never here, and warm in the browser of the visit before. The first step is a click
on the first bench of chapter 1 as soon as it is there; the answer is a step of chapter 7's map that no page has stored.
`slow` is the first step with a processor four times slower and a network like Lighthouse's slow 4G.
"""
from __future__ import annotations

import argparse
import gzip
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.lab import drive_chromium
from benchmarks.static_host import Host
from pkvm_model.course.site.build import build

GOALS = {"step, cold": 1.0, "step, warm": 0.5, "step, slow": 4.0, "answer, cold": 6.0, "answer, warm": 4.0,
         "answer, later": 0.3}
STEP_PAGE, ANSWER_PAGE = "01-start-here.html", "07-two-phases.html"
BEYOND = "#life-v1-pre={}@12"
WAY = ";".join(["0+__pkvm_reserve_vm()+=+0x1000", "0+__pkvm_init_vm(kvm0,+0x1000,+1,+vm0,+pgd0)+=+0",
                "0+__pkvm_start_teardown_vm(0x1000)+=+0", "0+__pkvm_finalize_teardown_vm(0x1000)+=+0"] * 2
               + ["0+__pkvm_reserve_vm()+=+0x1000", "0+__pkvm_init_vm(kvm0,+0x1000,+1,+vm0,+pgd0)+=+0",
                  "0+__pkvm_init_vcpu(0x1000,+hv0.0,+vc0.0)+=+0", "0+__pkvm_vcpu_load(0x1000,+0)+=+void"])
"""A link to the end of a way of which the page has all but the last step."""
LATER = 6
"""The place of a further step that is not stored."""
SLOW_NETWORK = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 0.75e6 / 8}
SECONDS = 120


def main(argv: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="course.py bench visits", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="how often each is measured (default: 5)")
    rounds = parser.parse_args(argv).rounds
    found: dict[str, list[float]] = {name: [] for name in GOALS}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, drive_chromium() as browser:
        home = Path(folder)
        build(home / "site", python=True)
        host = Host(home / "site")
        for number in range(rounds):
            for name, seconds in measure(browser, home / f"reader-{number}", host.address):
                found[name].append(seconds)
        host.stop()
        report(found, len(gzip.compress((home / "site" / STEP_PAGE).read_bytes(), 6)))
    return 0


def measure(browser: tuple[Any, dict[str, Any]], profile: Path, address: str) -> Iterator[tuple[str, float]]:
    """Yield what one reader waits for: on a first visit, on the next, and with a slow machine and network."""
    for visit in ("cold", "warm"):
        with open_browser(browser, profile) as page:
            yield f"step, {visit}", time_step(page, address)
        with open_browser(browser, profile.with_name(f"{profile.name}-asks")) as page:
            yield f"answer, {visit}", time_answer(page, address)
            if visit == "warm":
                yield "answer, later", time_later(page)
    with open_browser(browser, profile.with_name(f"{profile.name}-slow")) as page:
        slow_down(page)
        yield "step, slow", time_step(page, address)


@contextmanager
def open_browser(browser: tuple[Any, dict[str, Any]], profile: Path) -> Iterator[Any]:
    """Yield a page of a browser that keeps its cache in a profile."""
    chromium, options = browser
    context = chromium.launch_persistent_context(str(profile), viewport={"width": 1366, "height": 768}, **options)
    context.set_default_timeout(1000 * SECONDS)
    yield context.new_page()
    context.close()


def slow_down(page: Any) -> None:
    """Slow the processor and the network of a page down."""
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOW_NETWORK)


def time_step(page: Any, address: str) -> float:
    """Return the seconds from the address to the first step."""
    begun = time.perf_counter()
    page.goto(address + STEP_PAGE, wait_until="commit")
    page.locator(".pkvm-bench .go").first.click()
    page.get_by_text("step 1 of 1").first.wait_for()
    return time.perf_counter() - begun


def time_answer(page: Any, address: str) -> float:
    """Return the seconds from the address to a step that Python answers."""
    begun = time.perf_counter()
    page.goto(address + ANSWER_PAGE + BEYOND.format(WAY), wait_until="commit")
    page.get_by_text("step 12 of 12").first.wait_for()
    return time.perf_counter() - begun


def time_later(page: Any) -> float:
    """Return the seconds that the next such step takes."""
    begun = time.perf_counter()
    page.locator(".pkvm-map .choices button").nth(LATER).click()
    page.get_by_text("step 13 of 13").first.wait_for()
    return time.perf_counter() - begun


def report(found: dict[str, list[float]], size: int) -> None:
    """Print the median of each kind, its range and its goal."""
    print(f"chapter 1: {size / 1000:.0f} kB packed")
    for name, seconds in found.items():
        print(f"{name}: {statistics.median(seconds):.2f} s ({min(seconds):.2f} to {max(seconds):.2f}), "
              f"goal {GOALS[name]:.1f} s")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
