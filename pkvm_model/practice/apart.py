"""The process in which an answer is checked: `python -m pkvm_model.practice.apart ID`, the answer on its input.

The check runs here, and the learner's code in a second process (`examiner`), whatever that does to the model or to the
check ends with it. The verdict goes to the original standard output, of which the second process has no handle. `judge`
starts all of it, and ends it if it takes too long. A browser's Python has no processes: there both run in one.
"""
from __future__ import annotations

import errno
import json
import os
import sys
import traceback
from collections.abc import Mapping
from typing import Any

from . import fence
from .candidate import AnswerError
from .channel import Channel
from .checks import find_check
from .examiner import RemoteNames
from .exercises import load_exercises
from .plain import clean
from .sandbox import check_answer, finish, judge_here
from .verdict import Verdict

NOTHING_LEFT = (errno.ENOMEM, errno.EAGAIN, errno.EMFILE, errno.ENFILE)
"""What an exception says of a machine that has no memory, no process or no file for one more."""


def judge_apart(name: str, text: str) -> Verdict:
    """Run an answer in a process of its own, ask it what its check needs, and return the verdict."""
    exercise = load_exercises()[name]
    find_check(exercise)  # the process knows it, too, and can say if the code changes it
    channel = Channel(text)
    try:
        verdict = check_answer(exercise, text, lambda: run_apart(channel))
        return finish_apart(verdict, channel)
    finally:
        channel.end()


def run_apart(channel: Channel) -> Mapping[str, Any]:
    """Have a process run the learner's code, and return the names that it defines."""
    channel.ask("run")
    return RemoteNames(channel)


def finish_apart(verdict: Verdict, channel: Channel) -> Verdict:
    """Return the verdict with what the answer printed, or the one for an answer that changes the model."""
    try:
        reply = channel.ask("look")
    except AnswerError as error:  # the process has ended; a check that needs it no more does not care
        return verdict if verdict.passed or verdict.sentence == error.sentence else finish(verdict, "", "")
    return finish(verdict, str(reply.get("printed", "")), clean(str(reply.get("changed", "")), 80))


def is_machines_fault(error: Exception) -> bool:
    """Return True if the machine had no process, no file or no memory for the check."""
    return isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in NOTHING_LEFT)


def judge_with_limits(name: str, text: str) -> Verdict:
    """Return the verdict on an answer; this process takes no more than a check may, and has no other use."""
    if not hasattr(os, "fork"):
        fence.close_fence()
        return judge_here(name, text)
    fence.go_first_without_memory(fence.CHECK_GOES)
    fence.limit_memory(fence.CHECKS_MEMORY)
    return judge_apart(name, text)


def main(name: str) -> int:
    """Judge the answer on standard input and write the verdict, or the check's own traceback."""
    output = os.fdopen(os.dup(1), "wb", buffering=0)
    text = sys.stdin.buffer.read().decode("utf-8", "surrogatepass")
    try:
        message = judge_with_limits(name, text).to_json()
    except Exception as error:
        if is_machines_fault(error):
            raise  # Without a verdict, `judge` starts the check once more.
        message = {"fault": traceback.format_exc()}
    output.write(json.dumps(message).encode())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
