"""Checks an answer in a process of its own, which can be killed whatever the answer does."""
from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import sandbox
from .answer import SubmittedAnswer
from .checks import find_check
from .exercises import Exercise, find_exercise
from .verdict import NotYet, Verdict

SECONDS = 4.5
"""How long an answer may compute or wait; checks take less than a second."""
IDLE, LOOK = 1.5, 0.1
"""Seconds without any CPU time after which an answer counts as waiting; seconds between two looks."""
TOO_LONG = ("Your answer had not finished after {seconds:g} s of work or waiting, so it was stopped. "
            "Is there a loop in it that never ends, or does it wait for something?")
ENDED = "Your answer ended the process that checks it. It needs no exit, no signals, and less than 2 GiB of memory."
FAULT = "The check itself went wrong, not your answer. Please report it with the lines below; your answer is kept."
CANNOT_STOP = "A check cannot be stopped here: it runs in the notebook's kernel. Interrupt that if it never ends."
ROOT = Path(__file__).parents[2]


def judge(name: str, text: str, seconds: float = SECONDS) -> Verdict:
    """Return the verdict on an answer's text, which may take `seconds`. Raise ExerciseError for an unknown exercise."""
    find_exercise(name)
    if not can_end_processes():
        return sandbox.judge_here(name, text)
    command = [sys.executable, "-m", "pkvm_model.practice.sandbox", name]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT,
                          env=environment, start_new_session=True) as child:
        try:
            output = await_output(child, text.encode(), seconds)
        finally:
            end_process(child)
    return Verdict(False, TOO_LONG.format(seconds=seconds)) if output is None else parse_verdict(output)


def judge_values(exercise: Exercise, values: Mapping[str, Any]) -> Verdict:
    """Return the check's verdict on names with plain values. No learner's code runs, so this process does it."""
    try:
        return find_check(exercise)(SubmittedAnswer(exercise, values))
    except NotYet as error:
        return Verdict(False, str(error), tried=False)


def await_output(child: subprocess.Popen[bytes], text: bytes | None, seconds: float) -> bytes | None:
    """Send a text to a process and return its output; None if it computes or waits for too long."""
    watch = Watch(child.pid, seconds)
    while not watch.is_over():
        try:
            return child.communicate(text, timeout=LOOK)[0]
        except subprocess.TimeoutExpired:
            text = None  # it has the text by now
    return None


class Watch:
    """Measures how long a process has worked, in CPU time: a busy machine is not the answer's fault."""

    def __init__(self, pid: int, seconds: float) -> None:
        import psutil  # noqa: PLC0415  # not in a browser, where nothing is watched
        self.process, self.seconds, self.gone = psutil.Process(pid), seconds, psutil.NoSuchProcess
        self.begun = self.moved = time.monotonic()
        self.worked = 0.0

    def is_over(self) -> bool:
        """Return True if the process has worked for too long, or if its time is up and it has been idle for a while."""
        now, worked = time.monotonic(), self.measure_work()
        if worked > self.worked:
            self.worked, self.moved = worked, now
        return worked >= self.seconds or now - max(self.begun + self.seconds - IDLE, self.moved) >= IDLE

    def measure_work(self) -> float:
        """Return the CPU seconds that the process has used; the last known value once it is gone."""
        try:
            times = self.process.cpu_times()
        except self.gone:
            return self.worked
        return float(times.user + times.system)


def parse_verdict(output: bytes) -> Verdict:
    """Return the verdict that the process wrote; if it wrote none, the answer has ended the process."""
    try:
        fields = json.loads(output)
        return Verdict(False, FAULT, details=fields["fault"]) if "fault" in fields else Verdict(**fields)
    except (ValueError, TypeError):
        return Verdict(False, ENDED)


def end_process(child: subprocess.Popen[bytes]) -> None:
    """Kill a process and everything that it has started."""
    try:
        if os.name == "posix":
            os.killpg(child.pid, signal.SIGKILL)
        else:
            child.kill()
    except (ProcessLookupError, PermissionError):
        pass


def can_end_processes() -> bool:
    """Return False in a browser's Python, which has no processes."""
    return sys.platform != "emscripten"
