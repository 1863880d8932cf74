"""Calls that a learner wrote, watched: whatever goes wrong in them is reported as theirs, and none runs for ever."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import GeneratorType
from typing import Any, ClassVar

from ..model.revisions import Revision
from ..model.state import KINDS, State, Value
from ..model.view import Ended, Hypercall, ModelError, Refused, View, Waits

PATIENCE = 10_000
"""A call of the model reads less than a hundred values; a call that has read this many waits for a value to change."""


class LearnerError(Exception):
    """A learner's function went wrong: `message` says how, `state` is the state in which it did."""

    def __init__(self, message: str, state: State | None = None) -> None:
        super().__init__(message)
        self.message, self.state = message, state


class Spinning(Exception):  # noqa: N818  # an outcome, not a failure of this program
    """A lock region waits for something that nobody can change before the region ends."""


class Patience(list[Value]):
    """The values that a call has read, up to a limit."""

    def append(self, value: Value) -> None:
        """Add a value. Raise Spinning if the call reads without end."""
        if len(self) >= PATIENCE:
            raise Spinning
        super().append(value)


@dataclass(frozen=True)
class Watched:
    """A call that a learner wrote; whatever goes wrong in it is reported as their error."""

    name: str
    function: Callable[..., Any]
    is_kept: ClassVar[bool] = False  # a wrapper is no value that a call keeps from one region to the next

    def __call__(self, view: View, *args: Value) -> Hypercall:
        """Run the call. Raise LearnerError if it goes wrong."""
        view.reads = Patience(view.reads)
        try:
            ret = yield from self.begin(view, args)
        except (Refused, Ended, Waits, Spinning, LearnerError):
            raise
        except Exception as error:
            raise LearnerError(f"{self.name}: {describe_error(view, error)}", copy_state(view)) from error
        if ret is not None and not isinstance(ret, int):
            raise LearnerError(f"{self.name} returns {ret!r}; a call returns a number, or None", copy_state(view))
        return ret

    def begin(self, view: View, args: tuple[Value, ...]) -> Hypercall:
        """Return the function's generator. Raise LearnerError if the function is not a generator function."""
        body: Any = self.function(view, *args)
        if not isinstance(body, GeneratorType):
            raise LearnerError(f"{self.name} never yields; yield the locks of each region before it", copy_state(view))
        return body


def describe_error(view: View, error: Exception) -> str:
    """Return an error in words. A call that is being restored reads no more than it did the first time."""
    if view.earlier is not None and isinstance(error, IndexError):
        return "it reads before its first yield, or other things the second time; yield first, and use no chance"
    return f"{type(error).__name__}: {error}"


def copy_state(view: View) -> State:
    """Return the state before a view's step, as a value of its own."""
    table: dict[Any, Any] = view.state.table
    return State.of(view.config, {key: table[key] for key in table if key[0] in KINDS}, view.state.end)


def watch(revision: Revision) -> Revision:
    """Return the kernel with its rewritten calls watched."""
    return revision._replace(functions={name: Watched(name, call) for name, call in revision.functions.items()})


@contextmanager
def errors_as_learner_errors(revision: Revision) -> Iterator[None]:
    """Report what the model cannot do with a learner's functions as their error. Raise LearnerError."""
    try:
        yield
    except ModelError as error:
        raise error.__cause__ if isinstance(error.__cause__, LearnerError) else LearnerError(str(error)) from error
    except TypeError as error:
        if not revision.functions:
            raise
        raise LearnerError(f"{error}; keep only numbers, names and pointers from one region to the next") from error
