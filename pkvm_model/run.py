"""Run calls on the machine, a lock region at a time.

`begin` starts a call on a CPU and runs its first region, `resume` the next one, `call` all that are left. Each takes
a state and gives a `Step` with the next one; nothing is kept in between. A call that is under way is a value in the
state, and is brought back to where it was by running it again and telling it what it read the first time.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from inspect import Parameter, getgeneratorlocals, signature
from types import GeneratorType, MappingProxyType
from typing import Any, NamedTuple

from .dispatch import HYPERCALLS
from .host import HOST_CALLS
from .revisions import Revision
from .state import Cpu, Event, Flight, State, Value, Vm
from .view import Ended, Hypercall, ModelError, Ref, Refused, Region, View

CALLS: dict[str, Callable[..., Hypercall]] = HYPERCALLS | HOST_CALLS
"""Everything that can be begun on a CPU: a hypercall as it is, or one of the honest host's functions."""
signature_of = cache(signature)


@cache
def parameters(name: str) -> Mapping[str, Parameter]:
    """The arguments of a call by name, in their order; they are annotated as str, int or bool."""
    return MappingProxyType(dict(list(signature_of(CALLS[name]).parameters.items())[1:]))


class Call(NamedTuple):
    """A hypercall by its kernel name, with its arguments in their order."""

    name: str
    args: tuple[Value, ...] = ()


class Step(NamedTuple):
    """What one step did: the state after it, and what the caller and the onlooker learn.

    `pending` is true while the call goes on; `ret` counts only when it is false and the machine goes on. `regions` are
    the lock regions that were run and `purposes` what each of them was for, `refused` the code and the reason of a
    check that failed, `flushed` the VMIDs flushed, `answers` the hypercalls that a host function made, with what EL2
    answered.
    """

    state: State
    cpu: int
    call: Call
    ret: int | None = None
    pending: bool = False
    regions: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    refused: tuple[int | None, str] | None = None
    events: tuple[Event, ...] = ()
    flushed: tuple[int, ...] = ()
    answers: tuple[tuple[str, tuple[Value, ...], int | None], ...] = ()

    def then(self, after: Step) -> Step:
        """The step and the next one of the same call, as one."""
        return after._replace(regions=self.regions + after.regions, purposes=self.purposes + after.purposes,
                              refused=after.refused or self.refused, events=self.events + after.events,
                              flushed=self.flushed + after.flushed, answers=self.answers + after.answers)


def begin(state: State, revision: Revision, cpu: int, call: Call) -> Step:
    """Start a call on an idle CPU and run its first lock region. Raises ModelError if that cannot be."""
    return advance(state, revision, cpu, new_flight(state, revision, cpu, call))


def resume(state: State, revision: Revision, cpu: int) -> Step:
    """Run the next lock region of the call under way on a CPU. Raises ModelError if there is none."""
    return advance(state, revision, cpu, in_flight(state, cpu))


def finish(step: Step, revision: Revision) -> Step:
    """Run a call that has begun until it returns or the machine ends."""
    if not step.pending:
        return step
    return step.then(advance(step.state, revision, step.cpu, in_flight(step.state, step.cpu), to_end=True))


def run(state: State, revision: Revision, cpu: int, call: Call) -> Step:
    """Run a whole call with nobody in between."""
    return advance(state, revision, cpu, new_flight(state, revision, cpu, call), to_end=True)


def call(state: State, revision: Revision, cpu: int, name: str, *args: Value) -> Step:
    """The same for a call by its name."""
    return run(state, revision, cpu, Call(name, args))


def new_flight(state: State, revision: Revision, cpu: int, call: Call) -> Flight:
    """A call before its first region."""
    if call.name not in revision.calls and call.name not in HOST_CALLS:
        known = ", ".join(sorted(revision.calls))
        raise ModelError(f"revision {revision.name} has no call {call.name}; it has {known}")
    if 0 <= cpu < state.config.cpus and state.get(Cpu, cpu).flight:
        raise ModelError(f"CPU {cpu} is in the middle of a call; resume that one first")
    return Flight(call.name, complete(call).args)


def complete(call: Call) -> Call:
    """The call with its default arguments written out. Raises ModelError when the number of arguments is wrong."""
    if len(call.args) == len(parameters(call.name)):
        return call
    try:
        bound = signature_of(CALLS[call.name]).bind(None, *call.args)
    except TypeError as error:
        raise ModelError(f"{call.name}: {error}; its arguments are {', '.join(parameters(call.name))}") from None
    bound.apply_defaults()
    return call._replace(args=bound.args[1:])


def in_flight(state: State, cpu: int) -> Flight:
    """The call under way on a CPU."""
    flight = state.get(Cpu, cpu).flight
    if not flight:
        raise ModelError(f"CPU {cpu} is not in the middle of a call; begin one")
    return flight


def advance(state: State, revision: Revision, cpu: int, flight: Flight, to_end: bool = False) -> Step:
    """Bring a call back to where it was and run its next region, or all that are left.

    All in one go comes to the same as one after the other. Only where the machine ends are they run one by one: the
    state then shows what the call kept before the last one.
    """
    view = view_of(state, revision, cpu)
    body, entered = restore(view, flight)
    first, ret = len(entered) - 1, None
    try:
        entered.append(next(body))
        while to_end:
            entered.append(next(body))
        now = flight._replace(regions=locks(entered[:-1]), held=held(body, flight), reads=tuple(view.reads))
        return settle(view, flight, entered[first:-1], now)
    except StopIteration as done:
        ret = done.value
    except Refused as refused:
        ret = view.answer(refused)
    except Ended as ended:
        if to_end:
            return finish(advance(state, revision, cpu, flight), revision)
        return settle(view, flight, entered[first:], flight, end=ended.event._replace(cpu=cpu))
    return settle(view, flight, entered[first:], ret=ret)


def view_of(state: State, revision: Revision, cpu: int) -> View:
    """A CPU's view of a machine that goes on. Raises ModelError if it does not, or has no such CPU."""
    if state.end:
        raise ModelError("the machine has ended; go back a step")
    if not 0 <= cpu < state.config.cpus:
        raise ModelError(f"there is no CPU {cpu}; this machine has {state.config.cpus}")
    return View(state, cpu, revision)


def restore(view: View, flight: Flight) -> tuple[Hypercall, list[Region]]:
    """The call, run again up to where it was; the regions it passed, and last the one it is about to enter.

    What it writes and notes on the way is in the state already, so that is forgotten.
    """
    body = CALLS[flight.call](view, *flight.args)
    view.told = flight.reads
    try:
        regions = [next(body) for _ in range(len(flight.regions) + 1)]
    except Exception as error:
        why = f"what {flight.call} has read does not lead through {len(flight.regions)} regions; take another state"
        raise ModelError(f"CPU {view.number}: {why}") from error
    view.told = None
    view.restart()
    return body, regions


def locks(regions: list[Region]) -> tuple[str, ...]:
    """The locks that these regions hold."""
    return tuple([held_in_it for held_in_it, _ in regions])


def settle(view: View, flight: Flight, entered: list[Region], now: Flight | None = None, *,
           ret: int | None = None, end: Event | None = None) -> Step:
    """The step that ran these regions, with the state that the view has now; `now` is the call if it goes on."""
    cpu = view.look(Cpu, view.number)
    if cpu.flight != now:
        view.put((Cpu, view.number), cpu._replace(flight=now))
    return Step(State(view.config, view.records, end), view.number, Call(flight.call, flight.args), ret,
                pending=now is not None and end is None,
                regions=locks(entered), purposes=tuple([purpose for _, purpose in entered]),
                refused=(view.refused.code, view.refused.why) if view.refused else None,
                events=(*view.events, end) if end else tuple(view.events),
                flushed=tuple(view.flushed), answers=tuple(view.answers))


def regions(state: State, revision: Revision, cpu: int) -> list[Region]:
    """Locks and purpose of each region that the call under way on a CPU has passed, and last of the next one."""
    flight = state.get(Cpu, cpu).flight
    return restore(View(state, cpu, revision), flight)[1] if flight else []


def held(body: Hypercall, flight: Flight) -> tuple[tuple[str, Value], ...]:
    """What a suspended call keeps: the local variables down the chain of its frames, but not its own arguments."""
    kept: dict[str, Value] = {}
    frame: Any = body
    while isinstance(frame, GeneratorType):
        for name, value in getgeneratorlocals(frame).items():
            if isinstance(value, View) or (frame is body and name in parameters(flight.call)):
                continue
            shown = plain(value)
            kept[f"{frame.__name__}.{name}" if kept.get(name, shown) != shown else name] = shown
        frame = frame.gi_yieldfrom
    return tuple(sorted(kept.items()))


def plain(value: Any) -> Value:
    """What stands for a local variable in a state: of a pointer its address, of a record or a refusal its fields."""
    if isinstance(value, Ref):
        return value.address
    if isinstance(value, Refused):
        return value.code, value.why
    return tuple(value) if isinstance(value, Vm) else value
