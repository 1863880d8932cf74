"""The side of a check on which learners' code runs: it answers questions about what the code has defined.

`run_code` is all there is where a check runs beside the code. Where there are processes, a `Candidate` has one of its
own; the check asks it one question at a time (`examiner`), and knows nothing of it but the answers.
"""
from __future__ import annotations

import contextlib
import io
import sys
import traceback
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from ..explore.engine.machine import Records
from ..explore.engine.packing import Packing, RecordKey, TracingTable
from ..explore.engine.predicates import TracingState
from ..explore.learner_calls import (Endless, LearnerError, Spinning, errors_as_learner_errors, interrupt_endless_loops,
                                     watch)
from ..model.revisions import Revision
from ..model.run import get_function
from ..model.state import KINDS, Config, Event, Flight, State
from ..model.steps import Step, advance
from ..model.view import Waits
from ..schema import JSON
from .plain import DETAILS, NotPlain, clean, describe_exception, encode, encode_any, encode_key, simplify

PRINTED = 2_000
"""Characters kept of what learners' code prints."""
FILE = "your answer"
"""What tracebacks call the learner's code."""
MODEL_CHANGED = ("Your code changes the model itself ({}). A check needs it unchanged: "
                 "put your changes into the answer's own functions.")
ENDED = ("Your answer ended the process that ran it. "
         "Use no exit and no signals, and less than 256 MiB of memory.")
KILLED = ("Something ended the process that ran your answer: the answer itself, or the system because memory ran out. "
          "Run the cell again; this does not count as a try.")


class AnswerError(Exception):
    """The answer itself cannot be checked: a sentence, a traceback, and False for `tried` if it is not even read."""

    def __init__(self, sentence: str, details: str = "", tried: bool = True) -> None:
        super().__init__(sentence)
        self.sentence, self.details, self.tried = sentence, details, tried


class RemoteError(LearnerError):
    """A learner's function went wrong in its process; `details` is the traceback from there."""

    def __init__(self, message: str, details: str, state: State | None = None) -> None:
        super().__init__(message, state)
        self.details = details


class Printout(io.StringIO):
    """Keeps the beginning of what is printed."""

    def write(self, text: str, /) -> int:
        """Keep a text as far as there is room, and return its length."""
        super().write(text[:max(0, PRINTED - self.tell())])
        return len(text)


class LocalNames(dict[str, Any]):
    """The names that an answer defines, in this process: plain values, functions, and how anything else looks."""

    def __getitem__(self, name: str) -> Any:
        return simplify(super().__getitem__(name))


ABOVE = "\n"
"""What stands above an answer: in a cell the line with the magic, here blank, so that line numbers are the cell's."""


def run_code(text: str) -> LocalNames:
    """Run an answer's code and return its names. Raise AnswerError, whatever goes wrong in it."""
    names: dict[str, Any] = {"__name__": "answer"}
    try:
        code = compile(f"{ABOVE}{text}", FILE, "exec")
    except SyntaxError as error:
        raise AnswerError(explain_syntax_error(error), tried=False) from None
    except Exception as error:  # a NUL, a lone surrogate, more nested than Python can read
        raise AnswerError(f"Python cannot read your answer: {describe_exception(error)}.", tried=False) from None
    try:
        exec(code, names)  # this is what the process is for
    except BaseException as error:
        raise AnswerError(explain_error(error), show_traceback(error)) from None
    return LocalNames(names)


def explain_syntax_error(error: SyntaxError) -> str:
    """Return Python's complaint about an answer, with the line of the cell."""
    line = (error.text or "").strip()
    place = f", line {error.lineno}{f': `{line[:60]}`' if line and '`' not in line else ''}" if error.lineno else ""
    return clean(f"Python cannot read your answer: {error.msg}{place}.", 300)


def explain_error(error: BaseException) -> str:
    """Return the sentence for an exception of the learner's code."""
    return f"Your code failed: {describe_exception(error)}."


def show_traceback(error: BaseException | None) -> str:
    """Return an exception's traceback, cut short."""
    if error is None:
        return ""
    try:
        lines = traceback.format_exception(error, limit=-3, chain=False)
    except BaseException as second:  # the exception's own methods have gone wrong
        lines = [describe_exception(second)]
    text = "".join(lines)
    return text if len(text) <= DETAILS else f"{text[:DETAILS]}..."


class NotingPacking(Packing):
    """A packing that also notes if all of a table was read."""

    is_all_read = False


class NotingTable(TracingTable):
    """A table that also notes if all of it was read."""

    packing: NotingPacking

    def __iter__(self) -> Iterator[RecordKey]:
        self.packing.is_all_read = True
        return super().__iter__()


class Candidate:
    """An answer's code, and the replies to questions about it, as JSON values."""

    def __init__(self, text: str) -> None:
        self.text, self.printed = text, Printout()
        self.names = LocalNames()
        self.kernels: list[Revision] = []
        self.before = snapshot_model()

    def reply(self, question: tuple[Any, ...]) -> JSON:
        """Answer a question: the name of a method, and its arguments. Whatever goes wrong is the learner's code's."""
        name, *arguments = question
        try:
            with contextlib.redirect_stdout(self.printed), contextlib.redirect_stderr(self.printed):
                reply: JSON = getattr(self, name)(*arguments)
        except AnswerError as error:
            return {"error": error.sentence, "details": error.details, "tried": error.tried}
        except LearnerError as error:
            return {"fault": clean(error.message, 600), "details": show_traceback(error.__cause__)}
        except BaseException as error:
            return {"error": explain_error(error), "details": show_traceback(error), "tried": True}
        return reply

    def run(self) -> JSON:
        """Run the code."""
        self.names = run_code(self.text)
        return {}

    def get(self, name: str) -> JSON:
        """Return a name's value."""
        return {"value": encode_any(dict.__getitem__(self.names, name))} if name in self.names else {}

    def list_functions(self) -> JSON:
        """Return the names of functions."""
        return {"names": [name for name, value in self.names.items() if type(name) is str and callable(value)][:1000]}

    def look(self) -> JSON:
        """Return what was printed, and what has changed in the model."""
        return {"printed": self.printed.getvalue()[:PRINTED], "changed": next(find_changes(self.before), "")}

    def ask_about_state(self, name: str, config: Config, records: Records, end: Event | None) -> JSON:
        """Return what the function of this name returns for a state, and which records it has read."""
        table = open_table(records)
        try:
            value = encode_any(dict.__getitem__(self.names, name)(TracingState(config, table, end)))
        except Exception as error:
            raise LearnerError(f"{name} raises {describe_exception(error)}") from error
        return {"value": value, **describe_reads(table)}

    def add_kernel(self, kernel: Revision) -> JSON:
        """Keep a kernel with the learner's functions in place of those of the same name."""
        own = {name: dict.get(self.names, name, function) for name, function in kernel.functions.items()}
        self.kernels.append(watch(kernel._replace(functions=own)))
        return {}

    def step(self, number: int, config: Config, records: Records, end: Event | None, cpu: int, flight: Flight,
             to_end: bool) -> JSON:
        """Take a step in a kernel; return what it wrote and read, and the other fields of the step."""
        kernel, table = self.kernels[number], open_table(records)
        try:
            with errors_as_learner_errors(kernel), interrupt_endless_loops():
                return take_step(State(config, table, end), kernel, cpu, flight, to_end)
        except Spinning as error:
            return {"spins": "endless" if isinstance(error, Endless) else "waits"} | describe_reads(table)


def take_step(state: State, kernel: Revision, cpu: int, flight: Flight, to_end: bool) -> JSON:
    """Take a step on a traced state, and return it as JSON values."""
    try:
        step = advance(state, kernel, cpu, flight, get_function(kernel, flight.call), to_end)
    except Waits as error:
        return {"stops": str(error)} | describe_reads(state.table)
    try:
        return encode_step(step) | describe_reads(state.table)
    except NotPlain as error:
        raise LearnerError(f"a call keeps, writes or returns {error}; keep only numbers, names and pointers from one "
                           "region to the next") from None


def encode_step(step: Step) -> JSON:
    """Return a step as JSON values, with the records that it has written."""
    after: Any = step.state.table
    written = [[*encode_key(key), encode(record)] for key, record in after.written.items()]
    return {"written": written, "end": encode(step.state.end), "fields": encode(tuple(step[3:]))}


def open_table(records: Records) -> NotingTable:
    """Return a table of these records that notes what is read."""
    packing = NotingPacking()
    return NotingTable(packing, packing.pack(records))


def describe_reads(table: Any) -> JSON:
    """Return which records were read from a table."""
    keys = [table.packing.keys[part] for part in table.bits_read]
    return {"read": [encode_key(key) for key in keys if key[0] in KINDS],
            "kinds": sorted(kind.__name__ for kind in table.kinds), "all": table.packing.is_all_read}


def snapshot_model() -> dict[str, object]:
    """Return all named objects of the loaded pkvm_model modules, down to the members of their classes."""
    names = sorted((name for name in sys.modules if name.startswith("pkvm_model")), key=put_model_first)
    modules = [(name, sys.modules[name]) for name in names]
    return {f"{name}.{member}": value for name, module in modules for member, value in list_members(module)}


def put_model_first(name: str) -> tuple[bool, str]:
    """Return a sort key: what others have from the model is named by its place in the model."""
    return not name.startswith("pkvm_model.model."), name


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
