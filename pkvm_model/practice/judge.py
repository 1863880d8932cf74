"""Checks an answer in a process of its own, which can be ended whatever the answer does."""
from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from . import sandbox
from .exercises import find_exercise
from .verdict import Verdict

SECONDS = 4.5
"""How long an answer may work or wait; checks take less than a second."""
IDLE, LOOK = 1.5, 0.1
"""After so long without any work it waits; how often that is looked at. In seconds, as the others."""
TOO_LONG = ("Your answer had said nothing after {seconds:g} s of work or waiting, so it was ended. "
            "Is there a loop in it that never ends, or does it wait for something?")
ENDED = "Your answer ended the process that checks it. It needs no exit, no signals, and less than 2 GiB of memory."
FAULT = "The check itself went wrong, not your answer. Please report it with the lines below; your answer is kept."
CANNOT_STOP = "A check cannot be stopped here: it runs in the notebook's kernel. Interrupt that if it never ends."
ROOT = Path(__file__).parents[2]


def judge(name: str, text: str, seconds: float = SECONDS) -> Verdict:
    """The verdict on an answer's text; `seconds` is how long it may take. Raises ExerciseError for no such exercise."""
    find_exercise(name)
    if not can_end_processes():
        return sandbox.judge_here(name, text)
    command = [sys.executable, "-m", "pkvm_model.practice.sandbox", name]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT,
                          env=environment, start_new_session=True) as child:
        try:
            said = await_output(child, text.encode(), seconds)
        finally:
            end_process(child)
    return Verdict(False, TOO_LONG.format(seconds=seconds)) if said is None else parse_verdict(said)


def await_output(child: subprocess.Popen[bytes], text: bytes | None, seconds: float) -> bytes | None:
    """What a process says to a text; None if it works or waits for too long."""
    watch = Watch(child.pid, seconds)
    while not watch.over():
        try:
            return child.communicate(text, timeout=LOOK)[0]
        except subprocess.TimeoutExpired:
            text = None  # it has the text by now
    return None


class Watch:
    """How long a process has worked. On a busy machine that takes longer, and is not its fault."""

    def __init__(self, pid: int, seconds: float) -> None:
        self.process, self.seconds = psutil.Process(pid), seconds
        self.begun = self.moved = time.monotonic()
        self.worked = 0.0

    def over(self) -> bool:
        """True if it has worked for too long, or has done nothing for a while although its time is over."""
        now, worked = time.monotonic(), self.work()
        if worked > self.worked:
            self.worked, self.moved = worked, now
        return worked >= self.seconds or now - max(self.begun + self.seconds - IDLE, self.moved) >= IDLE

    def work(self) -> float:
        """The seconds of a core that it has used; as before once it is gone."""
        try:
            times = self.process.cpu_times()
        except psutil.NoSuchProcess:
            return self.worked
        return float(times.user + times.system)


def parse_verdict(said: bytes) -> Verdict:
    """The verdict that the process wrote; one that wrote none was ended by the answer."""
    try:
        found = json.loads(said)
        return Verdict(False, FAULT, details=found["fault"]) if "fault" in found else Verdict(**found)
    except (ValueError, TypeError):
        return Verdict(False, ENDED)


def end_process(child: subprocess.Popen[bytes]) -> None:
    """End a process and all that it has started."""
    try:
        if os.name == "posix":
            os.killpg(child.pid, signal.SIGKILL)
        else:
            child.kill()
    except (ProcessLookupError, PermissionError):
        pass


def can_end_processes() -> bool:
    """False in a browser's Python, which has no processes."""
    return sys.platform != "emscripten"
