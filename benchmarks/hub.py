"""Lets a class work on the course's hub, and says how long each waits, how much memory each takes, and what fails.

The hub is that of `docs/hub`, on this machine's loopback. Learners are simulated by protocol, beside one real browser.
All press Start at the same moment and run the first notebook. Then each makes steps on its first bench that Python has
to work out, and has a right answer checked. --only takes numbers of learners, `plan` (one learner opens ten notebooks
of the workshop) and `greedy` (ten answers that loop or hoard, beside ten right ones).
"""
from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.class_hub import ClassHub, Learner, NotebookKernel, Shown, run_hub
from benchmarks.lab import drive_chromium
from pkvm_model.course.catch_up import STARTED_AGAIN
from pkvm_model.course.paths import ROOT
from pkvm_model.practice.exercises import load_exercises

CLASSES = ("1", "5", "10", "20", "30", "40", "plan", "greedy")
FIRST = "01-start-here.ipynb"
EXERCISE = "find-the-hole"
STEPS, PAUSE = 20, 1.0
"""How many steps a learner makes, and the mean of the seconds between two."""
GREEDY = ("while True:\n    pass\n", "hoard = []\nwhile True:\n    hoard.append(bytearray(10_000_000))\n")
BENCH = ".pkvm-bench .go"
ROOM = "c.JupyterHub.active_server_limit += 1\nc.JupyterHub.concurrent_spawn_limit += 1\n"
"""The browser is there beside as many learners as the configuration lets in."""
GOALS = {"failed": 0, "plan": 350, "right": 10}


class Start(NamedTuple):
    """A learner at work: the first notebook's kernel, what it shows, the seconds to the server and to all of that."""

    learner: Learner
    kernel: NotebookKernel
    shown: list[Shown]
    server: float
    notebook: float


class Work(NamedTuple):
    """The seconds that a learner waited for each step, and for the verdict on an answer."""

    steps: list[float]
    answer: float


def main(argv: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="course.py bench hub", description=__doc__)
    parser.add_argument("--only", default=",".join(CLASSES), metavar="NAME,NAME", help=f"of {', '.join(CLASSES)}")
    parser.add_argument("--json", metavar="FILE", type=Path, help="also write all that was measured to a file")
    options = parser.parse_args(argv)
    measured = {name: measure(name) for name in options.only.split(",")}
    if options.json:
        options.json.write_text(json.dumps(measured, indent=1) + "\n")
    return 0


def measure(name: str) -> Any:
    """Run one of the measurements on a fresh hub, print its line, and return its figures."""
    with (tempfile.TemporaryDirectory(prefix="pkvm-hub-", ignore_cleanup_errors=True) as folder,
          run_hub(Path(folder), ROOM) as hub):
        work = SINGLE[name] if name in SINGLE else partial(let_a_class_work, int(name))
        figures, line = asyncio.run(hub.visit(work))
    print(line, flush=True)
    return figures


async def let_a_class_work(number: int, hub: ClassHub) -> tuple[Any, str]:
    """Let so many learners start, then work, and a browser beside them."""
    browser = asyncio.create_task(asyncio.to_thread(time_browser, hub))
    starts, late = await collect(start(Learner(hub, f"learner-{each}")) for each in range(number))
    processor = [start.learner.measure_cpu() for start in starts]
    works, wrong = await collect(map(work, starts))
    memory = [start.learner.measure_mib() for start in starts]
    clicks, lost = await collect([browser])
    return ({"server": [start.server for start in starts], "notebook": [start.notebook for start in starts],
             "processor": processor, "work": works, "mib": memory, "browser": clicks, "failed": late + wrong + lost},
            describe(number, starts, works, memory, late + wrong + lost,
                     f"{spread(processor)} s of a processor for a start; browser: {''.join(clicks)}"))


async def collect(works: Iterable[Awaitable[Any]]) -> tuple[list[Any], list[str]]:
    """Do all works at once; return the results, and what went wrong with the others."""
    done = await asyncio.gather(*works, return_exceptions=True)
    errors = [describe_error(each) for each in done if isinstance(each, BaseException)]
    return [each for each in done if not isinstance(each, BaseException)], errors


def describe_error(error: BaseException) -> str:
    """Return what went wrong; of a request, also what was asked and the beginning of the answer."""
    response = getattr(error, "response", None)
    asked = f" ({response.effective_url}: {response.body[:200]!r})" if response else ""
    return f"{type(error).__name__}: {error}{asked}"


async def start(learner: Learner) -> Start:
    """Start a learner's server and run the first notebook."""
    begun = time.monotonic()
    await learner.begin()
    ready = time.monotonic()
    kernel = await learner.open(FIRST)
    shown = await kernel.run_all()
    return Start(learner, kernel, shown, ready - begun, time.monotonic() - begun)


async def work(start: Start) -> Work:
    """Make steps and check an answer, when nobody is starting any more."""
    steps = await make_steps(start.kernel, start.shown, random.Random(start.learner.name))
    return Work(steps, await clock(check_answer(start.learner, EXERCISE)))


async def make_steps(kernel: NotebookKernel, shown: Sequence[Shown], chance: random.Random) -> list[float]:
    """Ask the first bench for steps from its start, with pauses, and return the seconds that each took."""
    model, stored = next((model, stored) for each in shown for model, stored in each.widgets.items()
                         if stored["kind"] == "bench")
    graph = json.loads(stored["packed"])
    edges = [graph["parts"][place] for place, _ in graph["edges"][graph["start"]]]
    seconds = []
    for _ in range(STEPS):
        await asyncio.sleep(chance.expovariate(1 / PAUSE))
        edge = chance.choice(edges)
        seconds.append(await clock(kernel.ask(model, {"after": [], "cpu": edge["cpu"], "line": edge["line"]})))
    return seconds


async def check_answer(learner: Learner, name: str, answer: str = "") -> bool:
    """Let an answer be checked, the exercise's solution if none is given; return whether it passed."""
    kernel = await learner.open(f"exercises/{name}.ipynb")
    await kernel.run("bench")
    shown = await kernel.run("answer", f"%%answer {name}\n{answer or load_exercises()[name].solution}")
    card = next(iter(shown.widgets.values()))
    return bool(json.loads(card["packed"])["passed"])


async def clock(work: Awaitable[Any]) -> float:
    """Return the seconds that some work takes. Raise RuntimeError if it says False: an answer was judged wrong."""
    begun = time.monotonic()
    if await work is False:
        raise RuntimeError("a right answer was not passed")
    return time.monotonic() - begun


def time_browser(hub: ClassHub) -> str:
    """Come in with a real browser; return the seconds to the first bench, and from a click to the changed page."""
    with drive_chromium() as (chromium, options):
        browser = chromium.launch(**options)
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        page.set_default_timeout(300_000)
        begun = time.monotonic()
        page.goto(f"{hub.address}/hub/login")
        page.fill("#username_input", "browser")
        page.fill("#password_input", "any")
        page.click("#login_submit")
        page.wait_for_selector(BENCH)
        shown = time.monotonic()
        page.locator(BENCH).first.click()
        page.wait_for_selector(".pkvm-bench .counter:text('step 1 of 1')")
        done = time.monotonic()
        browser.close()
    return f"first bench {shown - begun:.1f}, a click {done - shown:.2f}"


def describe(number: int, starts: Sequence[Start], works: Sequence[Work], memory: Sequence[float],
             failed: Sequence[str], more: str) -> str:
    """Return the line of a class, and what went wrong below it."""
    steps = sorted(step for each in works for step in each.steps) or [0]
    return "\n".join([
        f"{number} learners, seconds: server ready {spread(each.server for each in starts)}, first notebook run "
        f"{spread(each.notebook for each in starts)}, bench step p50 {statistics.median(steps):.3f} "
        f"p95 {steps[int(len(steps) * 0.95)]:.3f}, answer {spread(each.answer for each in works)}; "
        f"MiB {spread(memory)} with two notebooks; failed {len(failed)} (goal {GOALS['failed']}); {more}", *failed])


def spread(values: Iterable[float]) -> str:
    """Return the median and the most of some values."""
    ordered = sorted(values) or [0]
    return f"{statistics.median(ordered):.1f} (at most {ordered[-1]:.1f})"


def list_plan() -> list[str]:
    """Return ten notebooks that the workshop's plans open: its chapters, then exercises."""
    plans = [(ROOT / "docs" / "workshop" / f"{name}.md").read_text() for name in ("ninety-minutes", "half-a-day")]
    chapters = sorted({name for plan in plans for name in re.findall(r"notebooks/([\w-]+\.ipynb)", plan)})
    exercises = [name for plan in plans for name in re.findall(r"exercises/([\w-]+)\.md", plan)]
    return [*chapters, *(f"exercises/{name}.ipynb" for name in dict.fromkeys(exercises))][:10]


async def open_the_plan(hub: ClassHub) -> tuple[Any, str]:
    """Let one learner open and run ten notebooks, then go back to the first, whose kernel has ended by then."""
    learner = Learner(hub, "planner")
    await learner.begin()
    kernels = [await open_and_run(learner, notebook) for notebook in list_plan()]
    mib = learner.measure_mib()
    again = await learner.open(FIRST)
    said = (await again.run(list(again.cells)[-1])).text
    is_told = STARTED_AGAIN in said
    return {"mib": mib, "told": is_told}, (
        f"plan: one learner, {len(kernels)} notebooks: {mib:.0f} MiB (goal {GOALS['plan']}); back in the first: "
        f"{'says that its Python ended' if is_told else 'SAYS NOTHING'}")


async def open_and_run(learner: Learner, notebook: str) -> NotebookKernel:
    """Open a notebook and run all its cells; an exercise as it is, not solved."""
    kernel = await learner.open(notebook)
    await kernel.run_all()
    return kernel


async def judge_beside_greedy(hub: ClassHub) -> tuple[Any, str]:
    """Let twenty learners check answers at once, ten of them greedy, and count the verdicts that are right."""
    learners = [Learner(hub, f"learner-{each}") for each in range(20)]
    _, errors = await collect(each.begin() for each in learners)
    answers = [GREEDY[each // 2 % 2] if each % 2 else "" for each in range(20)]
    works = (check_answer(learner, EXERCISE, answer) for learner, answer in zip(learners, answers, strict=True))
    verdicts = await asyncio.gather(*works, return_exceptions=True)
    right, greedy = ([verdict for verdict, answer in zip(verdicts, answers, strict=True) if bool(answer) is is_greedy]
                     for is_greedy in (False, True))
    return {"right": [*map(str, right)], "greedy": [*map(str, greedy)], "errors": errors}, (
        f"greedy: {right.count(True)} of {len(right)} right answers passed (goal {GOALS['right']}), "
        f"{greedy.count(False)} of {len(greedy)} greedy ones did not")


SINGLE: dict[str, Callable[[ClassHub], Coroutine[Any, Any, tuple[Any, str]]]] = {
    "plan": open_the_plan, "greedy": judge_beside_greedy}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
