"""Runs the doctor's probes, each in a process of its own. Standard library only."""
from __future__ import annotations

import errno
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from ..setup.process import build_variables
from .diagnosis import LONGEST, describe_error, flatten

STEP, ANSWER, FAULT = "doctor-step", "doctor-answer", "doctor-fault"
"""How a probe marks its lines; others come from what it imports."""
LAST_WORDS = re.compile(r"[A-Za-z_.]*(Error|Exception|Interrupt|Exit)\b|\[\w+\] CRITICAL|Fatal Python error|Bus error")
"""How a line begins with which Python, or a kernel, ends."""
MOST_SECONDS = 180
"""A machine where a probe takes longer is of no use to a learner."""
GIVE_TIME = "close other programs, then run doctor again; if this stays, this machine is too slow"
GIVE_MEMORY = "close other programs, or give the machine or container more memory, then run doctor again"
GIVE_COMPUTING = "raise the limit on computing time (ulimit -t), then run doctor again"
CURES = {**dict.fromkeys(("SIGKILL", "MemoryError", os.strerror(errno.ENOMEM), os.strerror(errno.EAGAIN)), GIVE_MEMORY),
         "SIGXCPU": GIVE_COMPUTING}
"""What to do about a death that no package is to blame for."""


class Trial(NamedTuple):
    """What came of a probe: its answer, or a phrase that says what failed; the cure if the machine is to blame."""

    answer: str = ""
    fault: str = ""
    cure: str = ""


def try_out(name: str) -> Trial:
    """Run a probe in the environment's own Python and return what came of it; whatever happens there, raise nothing."""
    command = [sys.executable, "-P", "-m", f"{__package__}.probe", name]
    try:
        process = subprocess.run(command, input="", capture_output=True, text=True, errors="replace",
                                 env=build_variables(Path(sys.executable)), timeout=MOST_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        output = error.stdout.decode(errors="replace") if isinstance(error.stdout, bytes) else ""
        return Trial(fault=f"{read_step(output)} was not done after {MOST_SECONDS} seconds", cure=GIVE_TIME)
    except (OSError, MemoryError) as error:
        words = describe_error(error)
        return Trial(fault=f"a second Python cannot be started ({words})", cure=find_cure(words))
    return read_result(process)


def read_result(process: subprocess.CompletedProcess[str]) -> Trial:
    """Return what a probe printed last, or how it died."""
    marked = read_marked(process.stdout)
    step, result = read_step(process.stdout), marked[-1] if marked else {}
    if ANSWER in result:
        return Trial(answer=flatten(result[ANSWER]))
    if FAULT in result:
        words = find_last_words(process.stderr) or result[FAULT]
        return Trial(fault=flatten(f"{step} fails ({words})"), cure=find_cure(words))
    death = describe_death(process)
    return Trial(fault=flatten(f"{step} ended Python ({death})"), cure=find_cure(death))


def find_cure(words: str) -> str:
    """Return what to do about a death if the machine is to blame, '' otherwise."""
    return next((cure for name, cure in CURES.items() if name in words), "")


def read_marked(output: str) -> list[dict[str, str]]:
    """Return the lines of a probe's output that the probe itself has written."""
    marked = []
    for line in output.splitlines():
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict) and value.keys() <= {STEP, ANSWER, FAULT}:
            marked.append(value)
    return marked


def read_step(output: str) -> str:
    """Return the last step that a probe has begun."""
    steps = [value[STEP] for value in read_marked(output) if STEP in value]
    return steps[-1] if steps else "the start of Python"


def describe_death(process: subprocess.CompletedProcess[str]) -> str:
    """Return how a process ended that printed no result: its signal, or its last words."""
    if process.returncode < 0:
        return describe_signal(-process.returncode)
    return find_last_words(process.stderr) or f"exit status {process.returncode}"


def find_last_words(errors: str) -> str:
    """Return the last exception, or the last fatal message, that a process or its kernel has printed."""
    return next((line[:LONGEST] for line in reversed(errors.splitlines()) if LAST_WORDS.match(line)), "")


def describe_signal(number: int) -> str:
    """Return the name of a signal, and what it means if a limit sent it."""
    name = signal.Signals(number).name if number in {*signal.Signals} else f"signal {number}"
    meanings = {"SIGKILL": ", as where memory is short", "SIGXCPU": ", a limit on computing"}
    return f"{name}{meanings.get(name, '')}"
