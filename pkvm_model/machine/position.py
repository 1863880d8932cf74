"""Where a call of the model stands: in which hypercall, and before which of its regions."""
from __future__ import annotations

from typing import NamedTuple

from ..model.dispatch import HYPERCALLS
from ..model.revisions import Revision
from ..model.run import complete, get_function
from ..model.state import Cpu, Flight, State, Value
from ..model.steps import Call, list_generators, make_view, restore

DISPATCH = "handle_host_hcall"


class Position(NamedTuple):
    """A call under way: the hypercall that it is in ('' in the host's own code), and the region that comes next.

    `generator` is the function of the model that yields it, `purpose` what it is for.
    """

    hypercall: str
    arguments: tuple[Value, ...]
    generator: str
    purpose: str


def locate_new(state: State, revision: Revision, cpu: int, call: Call) -> Position:
    """Return where a call stands that has not begun. Raise ModelError if it cannot begin."""
    return locate_flight(state, revision, cpu, Flight(*complete(call)))


def locate(state: State, revision: Revision, cpu: int) -> Position | None:
    """Return where the call on a CPU stands; None if there is none."""
    flight = state.get(Cpu, cpu).flight
    return locate_flight(state, revision, cpu, flight) if flight else None


def locate_flight(state: State, revision: Revision, cpu: int, flight: Flight) -> Position:
    """Return where a call stands."""
    body, regions = restore(make_view(state, revision, cpu), flight, get_function(revision, flight.call))
    chain = list_generators(body)
    name, arguments = flight.call if flight.call in HYPERCALLS else "", flight.args
    for part in chain:
        if part.__name__ == DISPATCH:
            name, arguments = part.gi_frame.f_locals["name"], part.gi_frame.f_locals["args"]
    return Position(name, tuple(arguments), chain[-1].__name__, regions[-1][1])
