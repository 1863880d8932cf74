"""Checks an answer in processes of their own, which can be killed whatever the answer does."""
from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import sandbox
from .answer import SubmittedAnswer
from .candidate import KILLED
from .checks import find_check
from .exercises import Exercise, find_exercise
from .plain import DETAILS
from .verdict import NotYet, Verdict

if TYPE_CHECKING:
    import psutil

SECONDS = 4.5
"""How long an answer may compute, and how long it may wait; the course's solutions take less than one second."""
CHECKING, CLOCK = 30.0, 90.0
"""How long the check itself may compute; after how many seconds by the clock everything ends."""
PAUSES = (0.5, 2.0)
"""The least seconds before each further check of an answer that could not be checked."""
LOOK = 0.1
"""Seconds between two looks at the processes."""
WORKED = ("Your answer was stopped after {seconds:g} s of computing. "
          "Does it have a loop that never ends?")
WAITED = ("Your answer was stopped after it had waited for {seconds:g} s. "
          "What does it wait for? It needs no sleep, no lock and no input.")
TOO_MUCH = ("The check of your answer was stopped after {seconds:g} s: there was too much to check. "
            "Does one of your calls keep a value that grows with each step?")
STALLED = ("This machine was too busy for the check: in {seconds:g} s it could compute for only {worked:.1f} s. "
           "Run the cell again; this does not count as a try.")
NO_CHECK = "The check could not run on this machine. Run the cell again; this does not count as a try."
FAULT = "The check itself failed, not your answer. Please report it with the lines below. Your answer is saved."
CANNOT_STOP = "A check runs in the notebook's own Python here, without a time limit. If it never ends, restart Python."
ROOT = Path(__file__).parents[2]


def judge(name: str, text: str, seconds: float = SECONDS) -> Verdict:
    """Return the verdict on an answer's text, which may work for `seconds`, and wait for as long.

    If the machine had nothing left for the check, try again, each time after a pause: what others do may end.
    Raise ExerciseError for an unknown exercise.
    """
    find_exercise(name)
    if not can_end_processes():
        return sandbox.judge_here(name, text)
    for pause in PAUSES:
        verdict = judge_once(name, text, seconds)
        if verdict.sentence not in (NO_CHECK, KILLED):
            return verdict
        time.sleep(random.uniform(pause, 2 * pause))  # not all that were refused at once try again at once
    return judge_once(name, text, seconds)


def judge_once(name: str, text: str, seconds: float) -> Verdict:
    """Return the verdict of one check, or that there can be none."""
    try:
        return judge_apart(name, text, seconds)
    except OSError as error:  # no memory, or no process, for one more
        return Verdict(False, NO_CHECK, details=str(error), tried=False)


def judge_apart(name: str, text: str, seconds: float) -> Verdict:
    """Return the verdict that other processes come to. Raise OSError if none can be started."""
    command = [sys.executable, "-m", "pkvm_model.practice.apart", name]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT,
                          env=make_environment(), start_new_session=True) as child:
        watch = Watch(child.pid, seconds)
        try:
            output = await_output(child, text.encode("utf-8", "surrogatepass"), watch)
        finally:
            watch.end_processes()
    return Verdict(False, watch.sentence, tried=watch.is_tried) if output is None else parse_verdict(*output)


def make_environment() -> dict[str, str]:
    """Return the environment of a check: the learner's, without what changes how Python runs."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON") or name == "PYTHONHOME"}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}


def judge_values(exercise: Exercise, values: Mapping[str, Any]) -> Verdict:
    """Return the check's verdict on names with plain values. No learner's code runs, so this process does it."""
    try:
        return find_check(exercise)(SubmittedAnswer(exercise, values))
    except NotYet as error:
        return Verdict(False, str(error), tried=False)


def await_output(child: subprocess.Popen[bytes], text: bytes, watch: Watch) -> tuple[bytes, bytes] | None:
    """Send a text to a process and return what it writes to its two outputs; None if it takes too long."""
    source, child.stdin = child.stdin, None
    threading.Thread(target=send, args=(source, text), daemon=True).start()
    while not watch.is_over():
        with contextlib.suppress(subprocess.TimeoutExpired):
            return child.communicate(timeout=LOOK)
    return None


def send(pipe: Any, text: bytes) -> None:
    """Write a text to a process, which may end before it has read all of it."""
    with contextlib.suppress(OSError), pipe:
        pipe.write(text)


class Watch:
    """Measures how long the processes of a check have worked and waited; `sentence` says why their time is over.

    Work is CPU time, and a process waits only while it sleeps: that others use the machine is not the answer's fault.
    """

    def __init__(self, pid: int, seconds: float) -> None:
        self.pid, self.seconds = pid, seconds
        self.begun = self.looked = time.monotonic()
        self.check: psutil.Process | None = None
        self.code: psutil.Process | None = None
        self.worked = self.checked = self.waited = 0.0
        self.sentence, self.is_tried = "", True

    def is_over(self) -> bool:
        """Look at the processes; return True if they have worked or waited for too long."""
        now = time.monotonic()
        passed, self.looked = now - self.looked, now
        before = self.worked + self.checked
        self.measure()
        if self.code and self.is_asleep(self.worked + self.checked > before):
            self.waited += min(passed, 2 * LOOK)
        self.sentence = self.find_limit(now - self.begun)
        return bool(self.sentence)

    def find_limit(self, clock: float) -> str:
        """Return the sentence for the limit that was reached, '' if none was."""
        alone = not hasattr(os, "fork")  # the code runs in the check's process
        if self.worked >= self.seconds or (alone and self.checked >= self.seconds):
            return WORKED.format(seconds=self.seconds)
        if self.waited >= self.seconds:
            return WAITED.format(seconds=self.seconds)
        if self.checked >= CHECKING:
            return TOO_MUCH.format(seconds=CHECKING)
        self.is_tried = clock < CLOCK
        return "" if self.is_tried else STALLED.format(seconds=CLOCK, worked=self.worked + self.checked)

    def measure(self) -> None:
        """Measure the CPU seconds of the check's process, and of the one in it that runs the learner's code."""
        import psutil  # noqa: PLC0415  # a browser's Python has none

        with contextlib.suppress(psutil.Error):
            self.check = self.check or psutil.Process(self.pid)
            self.code = self.code or next(iter(self.check.children()), None)
            self.checked = add_times(self.check)
            self.worked = add_times(self.code) if self.code else 0.0

    def is_asleep(self, has_worked: bool) -> bool:
        """Return True if no process works, or wants to and has to wait for others.

        Only Linux says what a process wants; elsewhere one sleeps if it has not worked since the last look.
        """
        import psutil  # noqa: PLC0415

        busy = {psutil.STATUS_RUNNING, psutil.STATUS_DISK_SLEEP, psutil.STATUS_WAKING}
        with contextlib.suppress(psutil.Error):
            return not (any(each.status() in busy for each in (self.check, self.code) if each)
                        if psutil.LINUX else has_worked)
        return False

    def end_processes(self) -> None:
        """Kill the processes and everything that they have started."""
        import psutil  # noqa: PLC0415

        with contextlib.suppress(psutil.Error):
            check = psutil.Process(self.pid)
            for each in [*check.children(recursive=True), check]:
                with contextlib.suppress(psutil.Error):
                    each.kill()
        if os.name == "posix":
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)


def add_times(process: psutil.Process) -> float:
    """Return the CPU seconds that a process has used."""
    times = process.cpu_times()
    return float(times.user + times.system)


def parse_verdict(output: bytes, complaint: bytes = b"") -> Verdict:
    """Return the verdict that the process wrote; if it wrote none, the check could not run."""
    try:
        fields = json.loads(output)
        return Verdict(False, FAULT, details=fields["fault"]) if "fault" in fields else Verdict(**fields)
    except (ValueError, TypeError):
        return Verdict(False, NO_CHECK, details=complaint.decode(errors="replace")[-DETAILS:], tried=False)


def can_end_processes() -> bool:
    """Return False in a browser's Python, which has no processes."""
    return sys.platform != "emscripten"
