"""Opens the site as a reader does: how long it takes to the first step, answer and check, and how much memory.

A visit is cold in a browser that was never here, and warm in the browser of the visit before. The first step is a click
on the first bench of chapter 1 as soon as it is there; the answer is a step of chapter 7's map that no page has stored;
the check is that of a right answer, from the address of its exercise. `slow` is the first step with a processor four
times slower and a network like Lighthouse's slow 4G. `mend it` is a check that judges a repair of the kernel, `stop`
the end of an answer that loops. The memory is what the tab's process has for itself, without what all processes of the
browser share, in a browser that nobody drives: a driven one remembers all that its pages fetch. `at most` is the most
that was seen until nothing was under way any more; the others are what it has then.
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
from subprocess import DEVNULL
from typing import Any

import psutil

from benchmarks.lab import drive_chromium
from benchmarks.static_host import Host
from pkvm_model.course.site.build import build
from pkvm_model.practice.exercises import Exercise, find_exercise

GOALS = {"step, cold": 1.0, "step, warm": 0.5, "step, slow": 4.0, "answer, cold": 6.0, "answer, warm": 4.0,
         "answer, later": 0.3, "check, cold": 6.0, "check, warm": 4.0, "check, later": 0.3, "mend it": 1.5, "stop": 0.2}
SIZES = {"tab": 80, "tab, at most": 80, "tab with Python": 200}
"""The goals for memory, in megabytes."""
STEP_PAGE, ANSWER_PAGE = "01-start-here.html", "07-two-phases.html"
CHOICE, REPAIR = map(find_exercise, ("which-one-mends", "close-the-hole"))
ENDLESS = "while True:\n    pass"
BEYOND = "#life-v1-pre={}@12"
WAY = ";".join(["0+__pkvm_reserve_vm()+=+0x1000", "0+__pkvm_init_vm(kvm0,+0x1000,+1,+vm0,+pgd0)+=+0",
                "0+__pkvm_start_teardown_vm(0x1000)+=+0", "0+__pkvm_finalize_teardown_vm(0x1000)+=+0"] * 2
               + ["0+__pkvm_reserve_vm()+=+0x1000", "0+__pkvm_init_vm(kvm0,+0x1000,+1,+vm0,+pgd0)+=+0",
                  "0+__pkvm_init_vcpu(0x1000,+hv0.0,+vc0.0)+=+0", "0+__pkvm_vcpu_load(0x1000,+0)+=+void"])
"""A link to the end of a way of which the page has all but the last step."""
PRESS = """([press, wait]) => new Promise((resolve) => {
  const begun = performance.now();
  press.click();
  new MutationObserver((_, observer) => {
    if (wait.ariaDisabled === "true") return;
    observer.disconnect();
    resolve((performance.now() - begun) / 1000);
  }).observe(wait, { attributes: true });
})"""
"""Press a button, and return the seconds until another can be pressed again."""
LATER = 6
"""The place of a further step that is not stored."""
SLOW_NETWORK = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 0.75e6 / 8}
SECONDS = 120
REST = 30
"""Seconds without work after which a browser has returned what only the start needed."""
WORK = 0.01
"""The part of a second that a browser without work may use in each."""


def main(argv: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="course.py bench visits", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="how often each is measured (default: 5)")
    rounds = parser.parse_args(argv).rounds
    found: dict[str, list[float]] = {name: [] for name in [*GOALS, *SIZES]}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, drive_chromium() as browser:
        home = Path(folder)
        build(home / "site", python=True)
        host = Host(home / "site")
        for number in range(rounds):
            for name, measured in measure(browser, home / f"reader-{number}", host.address):
                found[name].append(measured)
        host.stop()
        report(found, len(gzip.compress((home / "site" / STEP_PAGE).read_bytes(), 6)))
    return 0


def measure(browser: tuple[Any, dict[str, Any]], profile: Path, address: str) -> Iterator[tuple[str, float]]:
    """Yield what one reader waits for: on a first visit, on the next, and with a slow machine and network."""
    for step, visit in enumerate(("cold", "warm"), 1):
        with open_browser(browser, profile) as page:
            yield f"step, {visit}", time_step(page, address, step)
        with open_browser(browser, profile.with_name(f"{profile.name}-asks")) as page:
            yield f"answer, {visit}", time_answer(page, address)
            if visit == "warm":
                yield "answer, later", time_later(page)
        with open_browser(browser, profile.with_name(f"{profile.name}-solves")) as page:
            yield from time_checks(page, address, visit)
        *_, rest = sizes = list(weigh(browser, profile.with_name(f"{profile.name}-reads"), address + STEP_PAGE))
        yield from (("tab", rest), ("tab, at most", max(sizes)))
        link = address + ANSWER_PAGE + BEYOND.format(WAY)
        yield "tab with Python", [*weigh(browser, profile.with_name(f"{profile.name}-links"), link)][-1]
    with open_browser(browser, profile.with_name(f"{profile.name}-slow")) as page:
        slow_down(page)
        yield "step, slow", time_step(page, address, 1)


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


def time_step(page: Any, address: str, step: int) -> float:
    """Return the seconds from the address to the first step; the bench stands where the last visit left it."""
    begun = time.perf_counter()
    page.goto(address + STEP_PAGE, wait_until="commit")
    page.locator(".pkvm-bench .go").first.click()
    page.get_by_text(f"step {step} of {step}").first.wait_for()
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


def time_checks(page: Any, address: str, visit: str) -> Iterator[tuple[str, float]]:
    """Yield the seconds of a first check; on a warm visit, also of the next, of a stop, and of a repair."""
    begun = time.perf_counter()
    open_exercise(page, address, CHOICE)
    check(page, CHOICE.solution)
    yield f"check, {visit}", time.perf_counter() - begun
    if visit == "warm":
        yield "check, later", check(page, CHOICE.solution)
        yield "stop", time_stop(page)
        open_exercise(page, address, REPAIR)
        check(page, REPAIR.solution)
        yield "mend it", check(page, REPAIR.solution)


def open_exercise(page: Any, address: str, exercise: Exercise) -> None:
    """Open the page of an exercise."""
    page.goto(f"{address}exercises/{exercise.id}.html", wait_until="commit")
    page.get_by_text("Ctrl+Enter checks your answer.").wait_for()


def check(page: Any, answer: str) -> float:
    """Check an answer that passes, and return the seconds from the click to the verdict."""
    write(page, answer)
    seconds = press(page, "Check")
    page.locator(".pkvm-exercise .head", has_text="Passed.").wait_for()
    return seconds


def time_stop(page: Any) -> float:
    """Return the seconds until a check that never ends is over once it is stopped."""
    write(page, ENDLESS)
    page.get_by_role("button", name="Check", exact=True).click()
    page.get_by_text("Your answer is being checked.").wait_for()
    return press(page, "Stop")


def press(page: Any, name: str) -> float:
    """Press a button, and return the seconds until the next check can begin."""
    buttons = [page.get_by_role("button", name=each, exact=True).element_handle() for each in (name, "Check")]
    return float(page.evaluate(PRESS, buttons))


def write(page: Any, text: str) -> None:
    """Write an answer in place of what is there."""
    page.get_by_role("textbox", name="Your answer").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def weigh(browser: tuple[Any, dict[str, Any]], profile: Path, address: str) -> Iterator[float]:
    """Open an address in a browser that nobody drives, and yield the megabytes of its tab until it has come to rest."""
    program, arguments = browser[1]["executable_path"], browser[1]["args"]
    alone = psutil.Popen([program, "--headless=new", "--remote-debugging-port=0", *arguments,
                          f"--user-data-dir={profile}", address], stdout=DEVNULL, stderr=DEVNULL)
    used = [0.0]
    while len(used) <= REST or used[-1] - used[-REST] > WORK * REST:
        time.sleep(1)
        looked = [look_at(process) for process in alone.children(recursive=True)]
        used.append(sum(seconds for seconds, _ in looked))
        yield max((own for _, own in looked), default=0.0)
    alone.terminate()
    alone.wait()


def look_at(process: psutil.Process) -> tuple[float, float]:
    """Return the seconds that a process has worked, and the megabytes that it has for itself, 0 if it has no page."""
    try:
        is_page = "--type=renderer" in process.cmdline()
        return sum(process.cpu_times()[:2]), process.memory_full_info().uss / 1e6 if is_page else 0.0
    except psutil.Error:  # it has just ended
        return 0.0, 0.0


def report(found: dict[str, list[float]], size: int) -> None:
    """Print the median of each kind, its range and its goal."""
    print(f"chapter 1: {size / 1000:.0f} kB packed")
    for name, values in found.items():
        form, unit, goal = (".2f", "s", GOALS[name]) if name in GOALS else (".0f", "MB", SIZES[name])
        print(f"{name}: {statistics.median(values):{form}} {unit} ({min(values):{form}} to {max(values):{form}}), "
              f"goal {goal} {unit}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
