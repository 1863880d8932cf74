"""Checks an answer in a process of its own, which can be ended whatever the answer does."""
from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from . import inside
from .text import exercise
from .verdict import Verdict

SECONDS = 4.5
"""How long an answer may take; checks take less than a second on a machine that is idle."""
TOO_LONG = ("Your answer had said nothing after {seconds:g} s, so it was ended. Is there a loop in it that never ends, "
            "or does it wait for something? If the machine is busy, run it again.")
ENDED = "Your answer ended the process that checks it. It needs no exit, no signals, and less than 2 GiB of memory."
FAULT = "The check itself went wrong, not your answer. Please report it with the lines below; your answer is kept."
CANNOT_STOP = "A check cannot be stopped here: it runs in the notebook's kernel. Interrupt that if it never ends."
ROOT = Path(__file__).parents[2]


def judge(name: str, text: str, seconds: float = SECONDS) -> Verdict:
    """The verdict on an answer's text; `seconds` is how long it may take. Raises ExerciseError for no such exercise."""
    exercise(name)
    if not can_end_processes():
        return inside.judge(name, text)
    command = [sys.executable, "-m", "pkvm_model.practice.inside", name]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT,
                          env=environment, start_new_session=True) as child:
        try:
            said, _ = child.communicate(text.encode(), timeout=seconds)
        except subprocess.TimeoutExpired:
            return Verdict(False, TOO_LONG.format(seconds=seconds))
        finally:
            end(child)
    return read(said)


def read(said: bytes) -> Verdict:
    """The verdict that the process wrote; one that wrote none was ended by the answer."""
    try:
        found = json.loads(said)
        return Verdict(False, FAULT, details=found["fault"]) if "fault" in found else Verdict(**found)
    except (ValueError, TypeError):
        return Verdict(False, ENDED)


def end(child: subprocess.Popen[bytes]) -> None:
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
