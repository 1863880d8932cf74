"""One step of a call: a lock region, or all that are left.

A step takes a state and returns the next one; nothing is kept in between. A call under way is a value in the state. To
restore it, the step runs the call again from its start and hands it the values that it read the first time. This works
for any generator over a `View`, not only the model's hypercalls.
"""
from __future__ import annotations

from collections.abc import Callable
from dis import opmap
from functools import cache
from types import CodeType, GeneratorType
from typing import Any, NamedTuple

from .revisions import Revision
from .state import Cpu, Event, Flight, Refusal, State, Value, Vm
from .view import Ended, Hypercall, ModelError, Ref, Refused, Region, View

YIELD = opmap["YIELD_VALUE"]


class Call(NamedTuple):
    """A hypercall by its kernel name, with its arguments in their order."""

    name: str
    args: tuple[Value, ...] = ()


class Step(NamedTuple):
    """The result of one step: the state after it, and what the caller and an observer learn.

    `pending` is true while the call goes on; `ret` is valid only if it is false and the machine goes on. `regions` are
    the lock regions that ran, `purposes` what each was for, `refused` the code and the reason of a check that failed,
    `flushed` the VMIDs flushed, `answers` the hypercalls that a host function made, with EL2's answers.
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
        """Return this step and the next one of the same call, merged into one."""
        return after._replace(regions=self.regions + after.regions, purposes=self.purposes + after.purposes,
                              refused=after.refused or self.refused, events=self.events + after.events,
                              flushed=self.flushed + after.flushed, answers=self.answers + after.answers)


def advance(state: State, revision: Revision, cpu: int, flight: Flight, function: Callable[..., Any],
            to_end: bool = False) -> Step:
    """Restore a call and run its next region, or all that are left.

    Running all at once has the same result as running them one by one. If the machine ends, they do run one by one, so
    that the state shows what the call kept before the last region. Raise ModelError if the machine has ended before.
    """
    view = make_view(state, revision, cpu)
    body, entered = restore(view, flight, function)
    first, ret = len(entered) - 1, None
    try:
        entered.append(next(body))
        while to_end:
            entered.append(next(body))
        passed = tuple([locks for locks, _ in entered[:-1]])
        now = flight._replace(at=locate(body, entered[-1]), held=collect_locals(body), undoing=find_refusal(body),
                              references=tuple(view.references), hypercall=view.hypercall, reads=tuple(view.reads),
                              regions=passed)
        return settle(view, flight, entered[first:-1], now)
    except StopIteration as done:
        ret = done.value
    except Refused as refused:
        ret = view.answer(refused)
    except Ended as ended:
        if to_end:
            return advance_to_end(advance(state, revision, cpu, flight, function), revision, function)
        return settle(view, flight, entered[first:], flight, end=ended.event._replace(cpu=cpu))
    return settle(view, flight, entered[first:], ret=ret)


def advance_to_end(step: Step, revision: Revision, function: Callable[..., Any]) -> Step:
    """Continue a step's call, region by region, to its end or the machine's."""
    while step.pending:
        flight = step.state.get(Cpu, step.cpu).flight
        step = step.then(advance(step.state, revision, step.cpu, flight, function)) if flight else step
    return step


def make_view(state: State, revision: Revision, cpu: int) -> View:
    """Return a CPU's view of a machine. Raise ModelError if the machine has ended or has no such CPU."""
    if state.end:
        raise ModelError("the machine has ended; go back a step")
    if not 0 <= cpu < state.config.cpus:
        raise ModelError(f"there is no CPU {cpu}; this machine has {state.config.cpus}")
    return View(state, cpu, revision)


def restore(view: View, flight: Flight, function: Callable[..., Any]) -> tuple[Hypercall, list[Region]]:
    """Run a call again up to where it was; return it, and the regions it passed with the next one last.

    The state already holds what the call writes on the way, so these writes are discarded. Raise ModelError if its
    reads do not lead to where it stands, as in a state written by hand.
    """
    body = function(view, *flight.args)
    view.earlier = flight.reads
    try:
        regions = [next(body) for _ in range(len(flight.regions) + 1)]
        view.check(not flight.at or flight.at == locate(body, regions[-1]), None, "stands elsewhere")
    except Refused as refused:
        if not flight.at:
            raise ModelError(f"{flight.call} makes a check before its first yield ({refused.why}); "
                             "yield the locks of the first region before it") from refused
        raise ModelError(f"CPU {view.number}: what {flight.call} has read does not lead to where it is") from refused
    except Exception as error:
        raise ModelError(f"CPU {view.number}: what {flight.call} has read does not lead to where it is") from error
    view.earlier = None
    view.references = list(flight.references)
    view.restart()
    return body, regions


def settle(view: View, flight: Flight, entered: list[Region], now: Flight | None = None, *,
           ret: int | None = None, end: Event | None = None) -> Step:
    """Return the step that ran these regions, with the view's state; `now` is the call if it goes on."""
    cpu = view.peek(Cpu, view.number)
    if cpu.flight != now:
        view.store((Cpu, view.number), cpu._replace(flight=now))
    regions, purposes = zip(*entered, strict=True)
    return Step(State(view.config, view.records, end), view.number, Call(flight.call, flight.args), ret,
                now is not None and end is None, regions, purposes, view.refused,
                (*view.events, end) if end else tuple(view.events), tuple(view.flushed), tuple(view.answers))


def list_generators(body: Any) -> list[Any]:
    """Return the generators of a suspended call: its own, the one that this waits for, and so on."""
    generators = []
    while isinstance(body, GeneratorType) and body.gi_frame:
        generators.append(body)
        body = body.gi_yieldfrom
    return generators


def locate(body: Any, coming: Region) -> tuple[str, ...]:
    """Return where a suspended call stands: each function with the number of its yield, and what comes next."""
    chain = [f"{part.__name__}#{number_yields(part.gi_code)[part.gi_frame.f_lasti]}" for part in list_generators(body)]
    return (*chain, coming[1])


@cache
def number_yields(code: CodeType) -> dict[int, int]:
    """Return, for each offset at which a function may wait, the number of its yield, counted from 1 in the source.

    The order in the byte code, and whether a function waits at its yield or right behind it, depend on the Python. Byte
    code consists of units of two bytes, each with a place in the source; the first byte of a unit is its operation.
    """
    places = [(line, column) for line, _, column, _ in code.co_positions()]
    yields = sorted({place for unit, place in zip(code.co_code[::2], places, strict=True) if unit == YIELD})
    return {2 * number: yields.index(place) + 1 for number, place in enumerate(places) if place in yields}


def collect_locals(body: Any) -> tuple[tuple[str, Value], ...]:
    """Return what a suspended call keeps: the local variables of its generators, without its own arguments."""
    variables: dict[str, Value] = {}
    own = body.gi_code.co_varnames[:body.gi_code.co_argcount]
    for part in list_generators(body):
        for name, value in part.gi_frame.f_locals.items():
            if isinstance(value, View) or (part is body and name in own) or not getattr(type(value), "is_kept", True):
                continue
            content = to_value(value)
            variables[f"{part.__name__}.{name}" if variables.get(name, content) != content else name] = content
    return tuple(sorted(variables.items()))


def find_refusal(body: Any) -> Refusal | None:
    """Return the refusal that a suspended call keeps while it takes back what it did, or None."""
    variables = (value for part in list_generators(body) for value in part.gi_frame.f_locals.values())
    return next((Refusal(value.code, value.why) for value in variables if isinstance(value, Refused)), None)


def to_value(value: Any) -> Value:
    """Return a local variable as a value in a state: a pointer's address, the fields of a record or a refusal."""
    if isinstance(value, Ref):
        return value.address
    if isinstance(value, Refused):
        return value.code, value.why
    return tuple(value) if isinstance(value, Vm) else value
