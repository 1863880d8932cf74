"""Calls that a learner wrote, watched: whatever goes wrong in them is reported as theirs, and none runs for ever."""
from __future__ import annotations

import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType, GeneratorType
from typing import Any, ClassVar

from ..model.revisions import Revision
from ..model.state import KINDS, State, Value
from ..model.view import Ended, Hypercall, ModelError, Refused, View, Waits

PATIENCE = 10_000
"""A call of the model reads less than a hundred values; a call that has read this many waits for a value to change."""

LED_ASTRAY = "does not lead to where it is"
"""How the model says that a call does otherwise the second time."""
TICK = 0.3
"""Seconds of CPU time; a region of the model takes less than a thousandth of it."""
JUMPS = 100_000
"""How often a region may jump back to the head of a loop where there are no timers; one of the model does so rarely."""
TOOL = 4
"""The number under which Python counts these jumps; no debugger or profiler has it."""
OURS = str(Path(__file__).parents[1])


class LearnerError(Exception):
    """A learner's function went wrong: `message` says how, `state` is the state in which it did."""

    def __init__(self, message: str, state: State | None = None) -> None:
        super().__init__(message)
        self.message, self.state = message, state


class Spinning(Exception):  # noqa: N818  # an outcome, not a failure of this program
    """A lock region waits for something that nobody can change before the region ends."""


class Endless(Spinning):
    """A lock region that loops and reads nothing while it does."""


class Patience(list[Value]):
    """The values that a call has read, up to a limit."""

    def append(self, value: Value) -> None:
        """Add a value. Raise Spinning if the call reads without end."""
        if len(self) >= PATIENCE:
            raise Spinning
        super().append(value)


class WatchedView(View):
    """A view that shows a learner's function no more than EL2 sees: memory, and not what other CPUs are doing."""

    @property
    def state(self) -> State:  # type: ignore[override]  # set once, by View itself
        """The state before the step, for the model's own functions only."""
        if not sys._getframe(1).f_globals.get("__name__", "").startswith(__package__.partition(".")[0] + "."):
            raise LearnerError("view.state shows what other CPUs are doing, which EL2 cannot see; read view.vm(), "
                               "view.page() or view.slot() instead")
        state: State = self.__dict__["state"]
        return state


@dataclass(frozen=True)
class WatchedGuard:
    """A guard that a learner wrote; whatever goes wrong in it is reported as their error."""

    name: str
    function: Callable[..., Any]

    def __call__(self, view: View, holds: object) -> object:
        """Ask the guard. Raise LearnerError if it goes wrong."""
        try:
            return self.function(view, holds)
        except (Refused, Ended, Waits, Spinning, LearnerError):
            raise
        except Exception as error:
            raise LearnerError(f"{self.name}: {describe_error(view, error)}", copy_state(view)) from error


@dataclass(frozen=True)
class Watched:
    """A call that a learner wrote; whatever goes wrong in it is reported as their error."""

    name: str
    function: Callable[..., Any]
    is_kept: ClassVar[bool] = False  # a wrapper is no value that a call keeps from one region to the next

    def __call__(self, view: View, *args: Value) -> Hypercall:
        """Run the call. Raise LearnerError if it goes wrong."""
        view.reads, view.__class__ = Patience(view.reads), WatchedView
        try:
            ret = yield from self.begin(view, args)
        except (Refused, Ended, Waits, Spinning, LearnerError):
            raise
        except Exception as error:
            raise LearnerError(f"{self.name}: {describe_error(view, error)}", copy_state(view)) from error
        if ret is not None and not isinstance(ret, int):
            raise LearnerError(f"{self.name} returns {ret!r:.60}; a call returns a number, or None", copy_state(view))
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
        return ("it reads before its first yield, or other things the second time; "
                "yield first, and use no random numbers")
    return f"{type(error).__name__}: {error}"


def copy_state(view: View) -> State:
    """Return the state before a view's step, as a value of its own."""
    table: dict[Any, Any] = view.state.table
    return State.of(view.config, {key: table[key] for key in table if key[0] in KINDS}, view.state.end)


def watch(revision: Revision) -> Revision:
    """Return the kernel with its rewritten calls and guards watched; a function in another process is watched there."""
    return revision._replace(functions={
        name: function if hasattr(function, "lives_elsewhere") else
        (WatchedGuard if name in revision.guards else Watched)(name, function)
        for name, function in revision.functions.items()})


@contextmanager
def interrupt_endless_loops() -> Iterator[None]:
    """Raise Endless in a learner's call that stays in the same lock region for too long.

    Only a main thread can be interrupted, by a timer. A browser's Python has none, so there jumps are counted. Where
    neither is possible, nothing happens.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
    elif sys.platform != "emscripten" and hasattr(signal, "setitimer"):
        with interrupt_by_timer():
            yield
    elif sys.version_info >= (3, 12):
        with interrupt_by_counting():
            yield
    else:
        yield


@contextmanager
def interrupt_by_timer() -> Iterator[None]:
    """Raise Endless in a learner's call that is still in the same lock region at the next tick but one."""
    before = signal.signal(signal.SIGVTALRM, Ticks())
    signal.setitimer(signal.ITIMER_VIRTUAL, TICK, TICK)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@contextmanager
def interrupt_by_counting() -> Iterator[None]:
    """Raise Endless in a learner's call that has jumped back too often in the same lock region."""
    ticks, monitoring = Ticks(JUMPS), vars(sys)["monitoring"]  # not in every Python

    def count(code: CodeType, offset: int, to: int) -> object:
        if code.co_filename.startswith(OURS):
            return monitoring.DISABLE
        ticks(0, sys._getframe(1))
        return None

    monitoring.use_tool_id(TOOL, __name__)
    monitoring.register_callback(TOOL, monitoring.events.JUMP, count)
    monitoring.set_events(TOOL, monitoring.events.JUMP)
    try:
        yield
    finally:
        monitoring.set_events(TOOL, 0)
        monitoring.register_callback(TOOL, monitoring.events.JUMP, None)
        monitoring.free_tool_id(TOOL)


class Ticks:
    """The handler of a timer: it remembers in which call it found a learner's function at the last ticks."""

    def __init__(self, most: int = 1) -> None:
        """Allow `most` ticks in the same call after the first."""
        self.frame: FrameType | None = None
        self.times, self.most = 0, most

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Find the watched call that runs now. Raise Endless if it has run for too long."""
        while frame and frame.f_code is not Watched.__call__.__code__:
            frame = frame.f_back
        self.times = self.times + 1 if frame and frame is self.frame else 0
        self.frame = frame
        if self.times > self.most:
            self.frame = None
            raise Endless


@contextmanager
def errors_as_learner_errors(revision: Revision) -> Iterator[None]:
    """Report what the model cannot do with a learner's functions as their error. Raise LearnerError."""
    try:
        yield
    except ModelError as error:
        if isinstance(error.__cause__, LearnerError):
            raise error.__cause__ from error
        why = "; keep nothing outside the machine, and use no random numbers" if revision.functions else ""
        raise LearnerError(f"{error}{why if LED_ASTRAY in str(error) else ''}") from error
    except TypeError as error:
        if not revision.functions:
            raise
        # Python 3.14 says more around it.
        unhashable = re.search("unhashable type: '[^']*'", str(error))
        hint = ("keep only numbers, names and pointers from one region to the next" if unhashable
                else "a call yields two texts, the locks of a region and what it is for")
        raise LearnerError(f"{unhashable[0] if unhashable else error}; {hint}") from error
