"""The process in which learners' code runs: `python -m pkvm_model.practice.sandbox ID`, the answer on its input.

It has a model and an explorer of its own, so that whatever the code does to them ends with it. What it says is one line
of JSON, written to where the output was before the code could print.
"""
from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from ..explore.fixes import LearnerError
from ..model.state_json import to_json
from .answer import SubmittedAnswer
from .exercises import FOLDER, Exercise, load_exercises
from .verdict import NotYet, Verdict

PRINTED = 2_000
"""How much of what learners' code prints is kept."""
MEMORY = 2 << 30
"""How much memory it may have, in bytes."""
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
REFUSED = {"os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod",
           "os.chown", "os.fork", "os.forkpty", "os.exec", "os.posix_spawn", "os.spawn", "os.system", "os.kill",
           "os.killpg", "subprocess.Popen", "pty.spawn", "signal.pthread_kill"}
CheckFunction = Callable[[SubmittedAnswer], Verdict]


def judge_here(name: str, text: str, folder: Path = FOLDER) -> Verdict:
    """Run an answer and check it, in this process."""
    exercise, printed = load_exercises(folder)[name], io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        verdict = check_answer(exercise, text)
    return Verdict(**verdict.value() | {"printed": printed.getvalue()[:PRINTED]})


def check_answer(exercise: Exercise, text: str) -> Verdict:
    """The verdict; whatever the learner's code raises becomes one that says so."""
    check = find_check(exercise)
    before = snapshot_model()
    try:
        names: dict[str, Any] = {"__name__": "answer"}
        # Its first line is that of the cell, so that a line that is named is the line that the learner counts.
        exec(compile(f"\n{text}", "your answer", "exec"), names)  # this process is there for it
        verdict = check(SubmittedAnswer(exercise, names))
    except NotYet as missing:
        verdict = Verdict(False, str(missing), tried=False)
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
    changed = next(find_changes(before), "")
    return Verdict(False, f"Your code changes the model itself ({changed}). A check asks the model as it is: "
                          "put what you want to change into the answer's own functions.") if changed else verdict


def explain_syntax_error(error: SyntaxError, exercise: Exercise, text: str) -> str:
    """What Python says of an answer that it cannot read, at which line of the cell, and what that may be."""
    line = (error.text or "").strip()
    place = f", line {error.lineno}: `{line[:60]}`." if line and "`" not in line else f", line {error.lineno}."
    return f"Python cannot read your answer: {error.msg}{place} {suggest_quotes(exercise, text)}".rstrip()


def suggest_quotes(exercise: Exercise, text: str) -> str:
    """What may be missing around an option or a trace, '' for an answer that needs neither."""
    if exercise.options:
        return "Write an option as it stands there, with its quotes."
    return 'A trace stands between three quotes: run = """...""".' if "pkvm-trace" in text else ""


def is_learners_fault(error: BaseException) -> bool:
    """True if the learner's own text took part in what went wrong; a fault of the course must not look like theirs."""
    frames = traceback.extract_tb(error.__traceback__)
    return isinstance(error, MemoryError) or any(frame.filename == "your answer" for frame in frames)


def describe_failure(error: LearnerError) -> str:
    """The state in which learners' code went wrong, and its traceback."""
    cause = error.__cause__
    lines = traceback.format_exception(cause, limit=-3) if cause else []
    state = json.dumps(to_json(error.state)) if error.state else ""
    return "".join(lines) + (f"in the state {state}" if state else "")


def find_check(exercise: Exercise) -> CheckFunction:
    """The function that checks an exercise: it has the exercise's name, in a module with the chapter's."""
    module = importlib.import_module(f"pkvm_model.practice.checks.{exercise.chapter[3:].replace('-', '_')}")
    found: CheckFunction = getattr(module, exercise.id.replace("-", "_"))
    return found


def snapshot_model() -> dict[str, Any]:
    """Everything that has a name in the modules that are loaded of the model, down to the members of its classes."""
    modules = [(name, module) for name, module in sorted(sys.modules.items()) if name.startswith("pkvm_model")]
    return {f"{name}.{member}": value for name, module in modules for member, value in list_members(module)}


def list_members(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """Names and values of a module and of its own classes; containers by what they hold."""
    for name, value in list(vars(module).items()):
        if isinstance(value, ModuleType) or name.startswith("__"):
            continue
        yield name, dict(value) if isinstance(value, dict) else list(value) if isinstance(value, list) else value
        if isinstance(value, type) and value.__module__ == module.__name__:
            yield from ((f"{name}.{member}", held) for member, held in list(vars(value).items())
                        if not member.startswith("__"))


def find_changes(before: dict[str, Any]) -> Iterator[str]:
    """The names that mean something else than before."""
    after = snapshot_model()
    for name, value in before.items():
        now = after.get(name)
        if now is not value and not (isinstance(value, dict | list) and hold_same_objects(now, value)):
            yield name


def hold_same_objects(one: Any, other: Any) -> bool:
    """True if two containers hold the same objects."""
    if type(one) is not type(other) or len(one) != len(other):
        return False
    if isinstance(one, dict):
        return all(key in other and other[key] is value for key, value in one.items())
    return all(mine is yours for mine, yours in zip(one, other, strict=True))


def limit_memory() -> None:
    """Where the system can: no more memory than an answer needs."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415  # only where there is one

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def refuse_side_effects(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuses what an answer has no need of: writing files, other programs, the network. Raises PermissionError."""
    writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING
    if writes or event in REFUSED or event.startswith(("shutil.", "socket.", "ctypes.")):
        raise PermissionError(f"an answer may not do this: {event} {arguments[0] if arguments else ''}".rstrip())


def main(name: str) -> int:
    """Judge the answer on the input, and write the verdict, or what is wrong with the check itself."""
    output, text = os.fdopen(os.dup(1), "wb", buffering=0), sys.stdin.read()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    limit_memory()
    sys.addaudithook(refuse_side_effects)
    try:
        said = judge_here(name, text).value()
    except Exception:
        said = {"fault": traceback.format_exc()}
    output.write(json.dumps(said).encode())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
