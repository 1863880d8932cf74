"""A trace: one short text that records a run and replays it.

    pkvm-trace 1 v1 cpus=2 slots=1
    0 __pkvm_reserve_vm() = 0x1000
    1 __pkvm_host_unshare_guest(0x1000, 0) ...
    0 __pkvm_finalize_teardown_vm(0x1000) = -ENOENT
    1 resume = -EINVAL
    state 3f0c9a1b77de

A line that ends in `...` is one lock region of a call that goes on; one that ends in a result is the call's last
step, or all of it. A trace is parsed, never evaluated. docs/trace-and-state.md describes it.
"""
from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from .revisions import REVISIONS, Revision, errno
from .run import CALLS, begin, complete, finish, parameters, resume
from .state import Config, State, Value
from .state_json import digest
from .steps import Call, Step
from .view import ModelError

VERSION = 1
USUAL = Config()
CALL = re.compile(r"(?P<name>\w{1,60})\((?P<args>[^()]{0,200})\)")
LINE = re.compile(rf"(?P<cpu>\d{{1,3}}) (?P<what>resume|{CALL.pattern}) (?P<outcome>(\.\.\.|[=!]) ?.{{0,2000}})")
NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9.]{0,19}\+?")
DIGEST = re.compile(r"[0-9a-f]{12}")
NUMBER = re.compile(r"-?\d{1,18}|0x[0-9a-f]{1,16}")
LIMIT = 100_000
"""The most characters of a trace; longer texts are refused unread."""


class TraceError(ValueError):
    """The text is not a trace; the message names the line."""


class TraceText(NamedTuple):
    """A trace text, split but not interpreted."""

    version: str
    lines: list[str]
    digest: str


class TraceLine(NamedTuple):
    """One step of a trace: the CPU, the call that begins (None if one goes on), and the outcome as text."""

    cpu: int
    call: Call | None
    outcome: str

    def __str__(self) -> str:
        return f"{self.cpu} {show_call(self.call) if self.call else 'resume'} {self.outcome}"


class Trace(NamedTuple):
    """A recorded run: which kernel, which machine, what happened, and the digest of the state it ended in."""

    revision: Revision
    config: Config = USUAL
    lines: tuple[TraceLine, ...] = ()
    digest: str = ""

    def __str__(self) -> str:
        return "\n".join([show_header(self.revision, self.config), *map(str, self.lines), f"state {self.digest}"])


class Replay(NamedTuple):
    """The result of a replay: the steps that matched, the state after them, and the first difference, if any."""

    trace: Trace
    steps: tuple[Step, ...]
    state: State
    differs: str = ""


def show_header(revision: Revision, config: Config) -> str:
    """Return the first line: version, kernel, guards taken away, and sizes that differ from the defaults."""
    words = [f"pkvm-trace {VERSION} {revision.name}"]
    if revision.removed:
        words.append("without=" + ",".join(revision.removed))
    usual = USUAL._asdict()
    return " ".join(words + [f"{name}={value}" for name, value in config._asdict().items() if value != usual[name]])


def show_call(call: Call) -> str:
    """Return a call as text; arguments at the end that have their default are left out."""
    arguments = list(zip(parameters(call.name).values(), call.args, strict=False))
    while arguments and arguments[-1][0].default == arguments[-1][1]:
        arguments.pop()
    return f"{call.name}({', '.join(show_value(value) for _, value in arguments)})"


def show_value(value: Value) -> str:
    """Return a value as text: a number in decimal, a handle in hexadecimal, a bool as 0 or 1, a name as it is."""
    if isinstance(value, str):
        return value
    return f"{value:#x}" if value >= 0x1000 else str(int(value))


def show_outcome(step: Step) -> str:
    """Return the outcome of a step: `...`, a result, an event, or both."""
    if step.state.end:
        return f"! {step.state.end.kind} {step.state.end.where}"
    events = "".join(f" ! {event.kind} {event.where}" for event in step.events)
    return f"...{events}" if step.pending else f"= {show_ret(step.ret)}{events}"


def show_ret(ret: int | None) -> str:
    """Return a result: a number, an error's name, void for a call without an answer."""
    if ret is None:
        return "void"
    return errno(ret) if ret < 0 else show_value(ret)


def record_step(step: Step, begun: bool) -> TraceLine:
    """Return the trace line of a step; `begun` says whether the call began with it."""
    return TraceLine(step.cpu, step.call if begun else None, show_outcome(step))


def parse(text: str) -> Trace:
    """Return the trace that a text describes. Raise TraceError with the line's number for anything else."""
    if len(text) > LIMIT:
        raise TraceError(f"a trace has at most {LIMIT} characters, this has {len(text)}")
    _, rows, end = split_trace(text)
    if len(rows) + bool(end) < 2:
        raise TraceError("a trace has a first line 'pkvm-trace ...' and a last line 'state ...'")
    revision, config = parse_header(rows[0])
    if not DIGEST.fullmatch(end):
        raise TraceError(f"line {len(rows) + bool(end)}: the last line is 'state' and twelve hexadecimal digits")
    return Trace(revision, config, tuple(parse_line(row, n) for n, row in enumerate(rows[1:], 2)), end)


def split_trace(text: str) -> TraceText:
    """Split a trace text into its version, its lines without the last, and the digest in the last; '' if missing.

    A byte order mark, spaces around a line and blank lines do not count. Nothing else is checked: side by side writes
    ` | ` between the lines of two kernels, which `parse` does not accept. `splitTrace` in the front end does the same.
    """
    lines = [line.strip() for line in text.lstrip("\ufeff").splitlines() if line.strip()]
    end = lines.pop().removeprefix("state ") if lines and lines[-1].startswith("state ") else ""
    match lines[0].split() if lines else []:
        case ["pkvm-trace", version, *_]:
            return TraceText(version, lines, end)
    return TraceText("", lines, end)


def parse_header(row: str) -> tuple[Revision, Config]:
    """Return kernel and machine from the first line."""
    match row.split(" "):
        case ["pkvm-trace", "1", name, *options] if name in REVISIONS:
            return parse_options(REVISIONS[name], options)
        case ["pkvm-trace", "1", name, *_]:
            raise TraceError(f"line 1: there is no revision {name[:20]!r}; there are {', '.join(REVISIONS)}")
        case ["pkvm-trace", version, *_]:
            raise TraceError(f"line 1: a trace of version {version[:20]!r}; this course reads version {VERSION}")
    raise TraceError("line 1: a trace begins with 'pkvm-trace'")


def parse_options(revision: Revision, options: list[str]) -> tuple[Revision, Config]:
    """Apply the rest of the first line: `without=GUARD,GUARD` and sizes such as `cpus=2`."""
    config, sizes = Config(), Config._fields
    for option in options:
        name, _, value = option.partition("=")
        if name == "without":
            try:
                revision = revision.without(*value.split(","))
            except KeyError as error:
                raise TraceError(f"line 1: {error.args[0]}") from None
        elif name in sizes and re.fullmatch(r"[1-9]\d?", value):
            config = config._replace(**{name: int(value)})
        else:
            raise TraceError(f"line 1: {option[:40]!r} is not an option of a trace")
    return revision, config


def parse_line(row: str, number: int) -> TraceLine:
    """Return one step. Raise TraceError with the line's number if the row is not a step."""
    match = LINE.fullmatch(row)
    if not match:
        raise TraceError(f"line {number}: {row[:60]!r} is not a step")
    try:
        call = None if match["what"] == "resume" else parse_call(match["what"])
    except TraceError as error:
        raise TraceError(f"line {number}: {error}") from None
    return TraceLine(int(match["cpu"]), call, match["outcome"])


@lru_cache(1024)
def parse_call(text: str) -> Call:
    """Return the call that a text such as "__pkvm_vcpu_load(0x1000, 0)" describes, with its default arguments.

    Raise TraceError, without a line's number, for anything else.
    """
    match = CALL.fullmatch(text)
    if not match:
        raise TraceError(f"{text[:60]!r} is not a call")
    name, known = match["name"], parameters(match["name"]) if match["name"] in CALLS else None
    if known is None:
        raise TraceError(f"there is no call {name!r}")
    texts = [word.strip() for word in match["args"].split(",")] if match["args"] else []
    if len(texts) > len(known):
        raise TraceError(f"{name} has {len(known)} arguments, not {len(texts)}")
    try:
        return complete(Call(name, tuple(map(parse_value, texts, (known[arg].annotation for arg in known)))))
    except ModelError as error:
        raise TraceError(str(error)) from None


def parse_value(text: str, kind: str) -> Value:
    """Return one argument of the kind that the call wants. Raise TraceError if the text is not of this kind."""
    if kind == "str" and NAME.fullmatch(text):
        return text
    if kind == "bool" and text in ("0", "1"):
        return text == "1"
    if kind == "int" and NUMBER.fullmatch(text):
        return int(text, 0) if text.startswith("0x") else int(text)
    raise TraceError(f"{text[:40]!r} is not a {'name' if kind == 'str' else 'number'}")


def replay(trace: Trace) -> Replay:
    """Run a trace; stop at the first step whose outcome differs from the trace."""
    state, steps = State(trace.config), list[Step]()
    for number, row in enumerate(trace.lines, 2):
        try:
            step = run_line(state, trace.revision, row)
        except ModelError as error:
            return Replay(trace, tuple(steps), state, f"line {number}: {error}")
        if show_outcome(step) != row.outcome:
            return Replay(trace, tuple(steps), state, f"line {number}: {row} now comes out as {show_outcome(step)}")
        steps.append(step)
        state = step.state
    differs = "" if digest(state) == trace.digest else f"the state is {digest(state)}, the trace says {trace.digest}"
    return Replay(trace, tuple(steps), state, differs)


def run_line(state: State, revision: Revision, row: TraceLine) -> Step:
    """Run one step of a trace: a lock region if the call goes on after it, else the rest of the call."""
    step = begin(state, revision, row.cpu, row.call) if row.call else resume(state, revision, row.cpu)
    return step if row.outcome.startswith("...") else finish(step, revision)


def record(revision: Revision, config: Config, steps: Iterable[tuple[Step, bool]]) -> Trace:
    """Return the trace of steps; the bool of each pair says whether a call began with the step."""
    pairs = list(steps)
    end = pairs[-1][0].state if pairs else State(config)
    return Trace(revision, config, tuple(record_step(step, begun) for step, begun in pairs), digest(end))
