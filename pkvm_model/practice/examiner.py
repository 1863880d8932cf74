"""The side of a check that judges: it asks the process with the learner's code, and takes nothing else from there.

A reply can only say what a function returned or a step did, so an answer can be wrong in any way that it likes, but it
cannot say that it is right.
"""
from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from ..explore.engine.machine import Records
from ..explore.engine.packing import TracingTable
from ..model.revisions import Revision
from ..model.state import KINDS, Flight, Key, State, Value
from ..model.steps import Call, Step
from ..model.view import Elsewhere, View
from ..schema import JSON
from .candidate import AnswerError, RemoteError
from .channel import DISTURBED, Channel
from .plain import DETAILS, Malformed, Opaque, decode_any
from .replies import Reads, StepReply


class RemoteNames(Mapping[str, Any]):
    """The names that an answer defines in its process; all that can be counted are its functions."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.kernels: list[Revision] = []
        self.steps: dict[Any, Any] = {}

    def __getitem__(self, name: str) -> Any:
        reply = self.channel.ask("get", name)
        if "value" not in reply:
            raise KeyError(name)
        with malformed_as_disturbed():
            return decode_any(reply["value"], lambda text: RemoteFunction(self, name, text))

    def __iter__(self) -> Iterator[str]:
        names = self.channel.ask("list_functions").get("names")
        return iter([name for name in names if isinstance(name, str)] if isinstance(names, list) else [])

    def __len__(self) -> int:
        return len(list(iter(self)))

    def number_kernel(self, kernel: Revision) -> int:
        """Return the number under which the process knows a kernel; each is sent once."""
        for number, known in enumerate(self.kernels):
            if known is kernel:
                return number
        functions: dict[str, Any] = {name: None if isinstance(function, RemoteFunction) else function
                                     for name, function in kernel.functions.items()}
        self.channel.ask("add_kernel", kernel._replace(guards=dict(kernel.guards), functions=functions))
        self.kernels.append(kernel)
        return len(self.kernels) - 1

    def remember_step(self, state: State, key: tuple[Any, ...]) -> StepReply | None:
        """Return the reply to a step that was asked for in a state with the same values where it read any."""
        node: Any = self.steps.get(key)
        while type(node) is tuple:
            node = node[1].get(state.table.get(node[0]))
        return node  # type: ignore[no-any-return]

    def keep_step(self, state: State, key: tuple[Any, ...], step: StepReply) -> None:
        """Keep the reply to a step, by what it read one after the other."""
        if step.all_read or step.kinds:
            return
        ways: dict[Any, Any] = self.steps
        way: Any = key
        for read in step.reads:
            ways = ways.setdefault(way, (read, {}))[1]
            way = state.table.get(read)
        ways[way] = step


class RemoteFunction:
    """A learner's function: called with a state, or a call of a kernel that takes its steps elsewhere."""

    lives_elsewhere = True

    def __init__(self, names: RemoteNames, name: str, text: str) -> None:
        self.names, self.name, self.text = names, name, text

    def __repr__(self) -> str:
        return self.text

    def __call__(self, state: State | View, *_: Value) -> Any:
        """Return what the function returns for a state. Raise RemoteError if it goes wrong, Elsewhere for a call."""
        if isinstance(state, View):
            raise Elsewhere(self.take_step)
        reply = self.ask(state, "ask_about_state", self.name, state.config, unpack(state.table), state.end)
        with malformed_as_disturbed():
            repeat_reads(state, Reads.read(reply))
            return decode_any(reply["value"], Opaque)

    def take_step(self, state: State, kernel: Revision, cpu: int, flight: Flight, to_end: bool) -> Step:
        """Take a step of a kernel that has this function. Raise RemoteError if it goes wrong, Spinning, or Waits."""
        key: tuple[Any, ...] = (id(kernel), cpu, to_end, *flight)
        step = self.names.remember_step(state, key)
        if step is None:
            step = self.ask_for_step(state, self.names.number_kernel(kernel), cpu, flight, to_end)
            self.names.keep_step(state, key, step)
        repeat_reads(state, step)
        if step.raises:
            raise step.raises.with_traceback(None)
        table = write(state.table.copy(), step.written)
        return Step(State(state.config, table, step.end), cpu, Call(flight.call, flight.args), *step.fields)

    def ask_for_step(self, state: State, kernel: int, *step: Any) -> StepReply:
        """Return the reply to a step. Raise RemoteError if it goes wrong."""
        reply = self.ask(state, "step", kernel, state.config, unpack(state.table), state.end, *step)
        with malformed_as_disturbed():
            return StepReply.read(reply)

    def ask(self, state: State, *question: Any) -> JSON:
        """Return the reply to a question about a state. Raise RemoteError with the state if the function goes wrong."""
        try:
            return self.names.channel.ask(*question)
        except RemoteError as error:
            raise RemoteError(error.message, error.details, State.of(state.config, keep_model(state), state.end)) \
                from None


@contextlib.contextmanager
def malformed_as_disturbed() -> Iterator[None]:
    """Raise AnswerError if a reply does not have the form that replies have."""
    try:
        yield
    except (Malformed, KeyError, TypeError, ValueError, AttributeError) as error:
        raise AnswerError(DISTURBED, repr(error)[:DETAILS]) from error


def unpack(table: Any) -> Records:
    """Return the records of a table; this counts as reading none of them."""
    is_traced = isinstance(table, TracingTable)
    records = {**table.packing.unpack(table.code), **table.written} if is_traced else dict(table)
    return {key: record for key, record in records.items() if record is not None}


def keep_model(state: State) -> Records:
    """Return the model's own records of a state."""
    return {key: record for key, record in unpack(state.table).items() if key[0] in KINDS}


def repeat_reads(state: State, what: Reads | StepReply) -> None:
    """Read of a state what a function has read, so that the explorer knows on what its answer depends."""
    if not isinstance(state.table, TracingTable):
        return
    for key in what.reads:
        state.table.get(key)
    for kind in what.kinds:
        list(state.all(kind))
    if what.all_read:
        list(state.table)


def write(table: Any, written: list[tuple[Key, Any]]) -> Any:
    """Return a table in which records were written; None removes one."""
    for key, record in written:
        if record is None:
            table.pop(key, None)
        else:
            table[key] = record
    return table
