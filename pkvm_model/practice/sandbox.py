"""The process in which learners' code runs: `python -m pkvm_model.practice.sandbox ID`, the answer on its input.

The process has a model and an explorer of its own, so whatever the code does to them ends with the process. It writes
one line of JSON to the original standard output, which the learner's code cannot reach. `judge` starts it, and ends it
if it takes too long.
"""
from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from ..explore.learner_calls import LearnerError
from ..model.state_json import to_json
from .answer import SubmittedAnswer
from .checks import find_check
from .exercises import FOLDER, Exercise, load_exercises
from .verdict import NotYet, Verdict

PRINTED = 2_000
"""Characters kept of what learners' code prints."""
MEMORY = 2 << 30
"""The most memory that learners' code may have, in bytes."""
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
REFUSED = {"os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod",
           "os.chown", "os.fork", "os.forkpty", "os.exec", "os.posix_spawn", "os.spawn", "os.system", "os.kill",
           "os.killpg", "subprocess.Popen", "pty.spawn", "signal.pthread_kill"}
MODEL_CHANGED = ("Your code changes the model itself ({}). A check asks the model as it is: "
                 "put what you want to change into the answer's own functions.")


def judge_here(name: str, text: str, folder: Path = FOLDER) -> Verdict:
    """Run an answer in this process and return the verdict of its check."""
    exercise, printed = load_exercises(folder)[name], io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        verdict = check_answer(exercise, text)
    return Verdict(**verdict.to_json() | {"printed": printed.getvalue()[:PRINTED]})


def check_answer(exercise: Exercise, text: str) -> Verdict:
    """Return the verdict on an answer; whatever the learner's code raises becomes a verdict that says so."""
    check = find_check(exercise)
    before = snapshot_model()
    try:
        names: dict[str, object] = {"__name__": "answer"}
        # The cell's first line is the magic: a blank line in its place makes line numbers those of the cell.
        exec(compile(f"\n{text}", "your answer", "exec"), names)  # this process exists to do that
        verdict = check(SubmittedAnswer(exercise, names))
    except NotYet as error:
        verdict = Verdict(False, str(error), tried=False)
    except LearnerError as error:
        sentence = f"Your code went wrong: {error.message.rstrip(': ')}."
        verdict = Verdict(False, sentence, details=describe_failure(error))
    except SyntaxError as error:
        verdict = Verdict(False, explain_syntax_error(error, exercise, text), tried=False)
    except BaseException as error:
        if not is_learners_fault(error) and not any(find_changes(before)):
            raise
        sentence = f"Your code went wrong: {type(error).__name__}: {error}".rstrip(": ") + "."
        if isinstance(error, NameError):
            sentence = f"{sentence} {suggest_quotes(exercise, text)}".rstrip()
        verdict = Verdict(False, sentence, details=traceback.format_exc(limit=-3))
    change = next(find_changes(before), "")
    return Verdict(False, MODEL_CHANGED.format(change)) if change else verdict


def explain_syntax_error(error: SyntaxError, exercise: Exercise, text: str) -> str:
    """Return Python's complaint about an answer, with the line of the cell and a guess at the cause."""
    line = (error.text or "").strip()
    place = f", line {error.lineno}: `{line[:60]}`." if line and "`" not in line else f", line {error.lineno}."
    return f"Python cannot read your answer: {error.msg}{place} {suggest_quotes(exercise, text)}".rstrip()


def suggest_quotes(exercise: Exercise, text: str) -> str:
    """Return a reminder of the quotes around an option or a trace, '' if the answer needs neither."""
    if exercise.options:
        return "Write an option as it stands there, with its quotes."
    return 'A trace stands between three quotes: run = """...""".' if "pkvm-trace" in text else ""


def is_learners_fault(error: BaseException) -> bool:
    """Return True if the learner's own code is in the traceback; a fault of the course must not look like theirs."""
    frames = traceback.extract_tb(error.__traceback__)
    return isinstance(error, MemoryError) or any(frame.filename == "your answer" for frame in frames)


def describe_failure(error: LearnerError) -> str:
    """Return the traceback of learners' code, and the state in which it failed."""
    cause = error.__cause__
    lines = traceback.format_exception(cause, limit=-3) if cause else []
    state = json.dumps(to_json(error.state)) if error.state else ""
    return "".join(lines) + (f"in the state {state}" if state else "")


def snapshot_model() -> dict[str, object]:
    """Return all named objects of the loaded pkvm_model modules, down to the members of their classes."""
    modules = [(name, module) for name, module in sorted(sys.modules.items()) if name.startswith("pkvm_model")]
    return {f"{name}.{member}": value for name, module in modules for member, value in list_members(module)}


def list_members(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """Yield the names and values in a module and in its own classes; dicts and lists are copied."""
    for name, value in list(vars(module).items()):
        if isinstance(value, ModuleType) or name.startswith("__"):
            continue
        yield name, dict(value) if isinstance(value, dict) else list(value) if isinstance(value, list) else value
        if isinstance(value, type) and value.__module__ == module.__name__:
            yield from ((f"{name}.{member}", held) for member, held in list(vars(value).items())
                        if not member.startswith("__"))


def find_changes(before: dict[str, object]) -> Iterator[str]:
    """Yield the names whose objects are no longer the same as in `before`."""
    after = snapshot_model()
    for name, value in before.items():
        now = after.get(name)
        if now is not value and not (isinstance(value, dict | list) and hold_same_objects(now, value)):
            yield name


def hold_same_objects(first: Any, second: Any) -> bool:
    """Return True if two containers hold the same objects."""
    if type(first) is not type(second) or len(first) != len(second):
        return False
    if isinstance(first, dict):
        return all(key in second and second[key] is value for key, value in first.items())
    return all(mine is yours for mine, yours in zip(first, second, strict=True))


def limit_memory() -> None:
    """Limit this process's memory, where the system can."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415  # not on Windows

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def refuse_side_effects(event: str, arguments: tuple[Any, ...]) -> None:
    """Raise PermissionError for what no answer needs: writing files, other programs, the network."""
    writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING
    if writes or event in REFUSED or event.startswith(("shutil.", "socket.", "ctypes.")):
        raise PermissionError(f"an answer may not do this: {event} {arguments[0] if arguments else ''}".rstrip())


def main(name: str) -> int:
    """Judge the answer on standard input and write the verdict, or the check's own traceback."""
    output, text = os.fdopen(os.dup(1), "wb", buffering=0), sys.stdin.read()
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    limit_memory()
    sys.addaudithook(refuse_side_effects)
    try:
        message = judge_here(name, text).to_json()
    except Exception:
        message = {"fault": traceback.format_exc()}
    output.write(json.dumps(message).encode())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
