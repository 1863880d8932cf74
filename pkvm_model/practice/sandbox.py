"""The check of an answer, and its verdict: in one process with the learner's code, or asking another one (`apart`)."""
from __future__ import annotations

import contextlib
import json
import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..explore.learner_calls import LearnerError
from ..model.state_json import to_json
from .answer import SubmittedAnswer
from .candidate import (FILE, MODEL_CHANGED, AnswerError, Printout, RemoteError, explain_error,
                        find_changes, run_code, show_traceback, snapshot_model)
from .checks import find_check
from .exercises import FOLDER, Exercise, load_exercises
from .verdict import NotYet, Verdict

LONGEST = 2_000
"""Characters of a verdict's sentence; those of the course have less than half of that."""


def judge_here(name: str, text: str, folder: Path = FOLDER) -> Verdict:
    """Run an answer in this process and return the verdict of its check."""
    exercise, printed = load_exercises(folder)[name], Printout()
    before = snapshot_model()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        verdict = check_answer(exercise, text, lambda: run_code(text))
    return finish(verdict, printed.getvalue(), next(find_changes(before), ""))


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


def describe_failure(error: LearnerError) -> str:
    """Return the traceback of learners' code, and the state in which it failed."""
    lines = error.details if isinstance(error, RemoteError) else show_traceback(error.__cause__)
    state = json.dumps(to_json(error.state)) if error.state else ""
    return lines + (f"in the state {state}" if state else "")
