"""The process in which an answer is checked: `python -m pkvm_model.practice.sandbox ID`, the answer on its input.

The check runs here, and the learner's code in a second process (`examiner`), whatever that does to the model or to the
check ends with it. The verdict goes to the original standard output, of which the second process has no handle. `judge`
starts all of it, and ends it if it takes too long. A browser's Python has no processes: there both run in one.
"""
from __future__ import annotations

import contextlib
import errno
import json
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..explore.learner_calls import LearnerError
from ..model.state_json import to_json
from .answer import SubmittedAnswer
from .candidate import (FILE, MODEL_CHANGED, AnswerError, Printout, explain_error, find_changes, run_code,
                        show_traceback, snapshot_model)
from .channel import Channel, RemoteError
from .checks import find_check
from .examiner import RemoteNames
from .exercises import FOLDER, Exercise, load_exercises
from .plain import clean
from .verdict import NotYet, Verdict

NOTHING_LEFT = (errno.ENOMEM, errno.EAGAIN, errno.EMFILE, errno.ENFILE)
LONGEST = 2_000
"""Characters of a verdict's sentence; those of the course have less than half of that."""


def judge_here(name: str, text: str, folder: Path = FOLDER) -> Verdict:
    """Run an answer in this process and return the verdict of its check."""
    exercise, printed = load_exercises(folder)[name], Printout()
    before = snapshot_model()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        verdict = check_answer(exercise, text, lambda: run_code(text))
    return finish(verdict, printed.getvalue(), next(find_changes(before), ""))


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


def finish(verdict: Verdict, printed: str, changed: str) -> Verdict:
    """Return the verdict with what the answer printed, or the one for an answer that changes the model."""
    if changed:
        verdict = Verdict(False, MODEL_CHANGED.format(changed))
    return replace(verdict, printed=printable(printed), sentence=printable(verdict.sentence[:LONGEST]))


def printable(text: str) -> str:
    """Return a text with its lines, and with anything that a screen could take for a command escaped."""
    return "".join(c if c.isprintable() or c in "\n\t" else repr(c)[1:-1] for c in text)


def check_answer(exercise: Exercise, text: str, run: Callable[[], Mapping[str, Any]]) -> Verdict:
    """Return the verdict on an answer whose names `run` returns; whatever learners' code raises becomes a verdict."""
    check = find_check(exercise)
    try:
        return check(SubmittedAnswer(exercise, run()))
    except NotYet as error:
        return Verdict(False, str(error), tried=False)
    except AnswerError as error:
        return Verdict(False, add_advice(error.sentence, exercise, text), details=error.details, tried=error.tried)
    except LearnerError as error:
        sentence = f"Your code failed: {error.message.rstrip(': ')}."
        return Verdict(False, sentence, details=describe_failure(error))
    except BaseException as error:
        if not is_learners_fault(error):
            raise
        return Verdict(False, explain_error(error), details=show_traceback(error))


def add_advice(sentence: str, exercise: Exercise, text: str) -> str:
    """Return a sentence about an answer, with a guess at the cause if Python could not read it or a name in it."""
    if not sentence.startswith(("Python cannot read", "Your code failed: NameError")):
        return sentence
    return f"{sentence} {suggest_quotes(exercise, text)}".rstrip()


def suggest_quotes(exercise: Exercise, text: str) -> str:
    """Return a reminder of the quotes around an option or a trace, '' if the answer needs neither."""
    if exercise.options:
        return "Write an option as it stands there, with its quotes."
    return 'A trace stands between three quotes: run = """...""".' if "pkvm-trace" in text else ""


def is_learners_fault(error: BaseException) -> bool:
    """Return True if the learner's own code is in the traceback; a fault of the course must not look like theirs."""
    frames = traceback.extract_tb(error.__traceback__)
    return isinstance(error, MemoryError) or any(frame.filename == FILE for frame in frames)


def is_machines_fault(error: Exception) -> bool:
    """Return True if the machine had no process, no file or no memory for the check."""
    return isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in NOTHING_LEFT)


def describe_failure(error: LearnerError) -> str:
    """Return the traceback of learners' code, and the state in which it failed."""
    lines = error.details if isinstance(error, RemoteError) else show_traceback(error.__cause__)
    state = json.dumps(to_json(error.state)) if error.state else ""
    return lines + (f"in the state {state}" if state else "")


def judge_with_limits(name: str, text: str) -> Verdict:
    """Return the verdict on an answer; this process takes no more than a check may, and has no other use."""
    from . import fence  # noqa: PLC0415  # a page's Python has no processes, and so no fence

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
