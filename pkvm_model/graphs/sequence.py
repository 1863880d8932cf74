"""A run along time, one lock region after the other, as values and as a table: who called whom, who held which lock.

Below the calls of every CPU stand two bars: the number of references to a VM, with their holders, and the owner of a
page, which is the VM's own struct unless another page is named. A reference that outlives the struct is a stale one.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice, pairwise
from typing import NamedTuple

from ..model.host import HOST_CALLS
from ..model.run import resume
from ..model.state import HOST, HYP, Cpu, Kvm, Page, State, Vm
from ..model.steps import Call, Step
from ..model.trace import Trace, TraceLine, replay, run_line, show_call, show_ret
from ..show.table import Table
from ..show.words import find_holders, shorten
from ..text import count
from .bench import encode_edge, encode_revision
from .parts import encode_row
from .periods import Period, periods
from .contract import CallValue, EdgeValue, SequenceRegionValue, SequenceValue

MOST = 200
"""The most lock regions that one picture has room for."""
HOST_LOCKS = {"mmu_lock": "M", "config_lock": "C"}
EL1, EL2 = "EL1", "EL2"
HostLock = tuple[int, str]
"""A CPU, and the letter of a lock of the host that it holds across hypercalls."""


class RunRegion(NamedTuple):
    """One lock region of a run: the state before it, the step, and whether a call began with it.

    `inside` is the EL2 function that a host function has called, '' if there is none.
    """

    before: State
    step: Step
    begun: bool
    inside: str

    @property
    def level(self) -> str:
        """Where the region runs: a hypercall of a CPU's script, or of a host function, runs at EL2."""
        return EL2 if self.inside or self.step.call.name not in HOST_CALLS else EL1

    @property
    def edge(self) -> EdgeValue:
        """The step as a bench describes it."""
        return encode_edge(self.before, self.step, self.begun)


@dataclass
class RunCall:
    """A call: where it runs, its name, the regions it spans (counted from 1), and what it answered."""

    cpu: int
    level: str
    name: str
    first: int
    text: str = ""
    last: int | None = None
    answer: str = ""

    def value(self, cpus: list[int]) -> CallValue:
        """Return the call as JSON values; its CPU is the number of a lane."""
        return {"cpu": cpus.index(self.cpu), "level": self.level, "name": self.name, "first": self.first,
                "text": self.text, "last": self.last, "answer": self.answer}


class References(NamedTuple):
    """The number of references to a VM, who holds them, and whether the VM's struct is gone."""

    number: int
    holders: tuple[str, ...]
    stale: bool

    def __str__(self) -> str:
        return f"{self.number} ({', '.join(self.holders) or 'nobody'}{', VM is gone' if self.stale else ''})"


class Ownership(NamedTuple):
    """The owner of a page, and the page's situation in words."""

    owner: str
    says: str


class Overlap(NamedTuple):
    """The regions after which somebody holds a reference to a struct that EL2 has given back, and who."""

    first: int
    last: int
    who: str


@dataclass(frozen=True)
class Sequence:
    """A run along time. The first `setup` lines of the trace lead to the picture; `page` is the one in question."""

    trace: Trace
    title: str
    setup: int = 0
    says: str = ""
    page: str = ""
    moments: tuple[RunRegion, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Work the regions out. Raise ValueError if the trace does not replay, has no step, or is too long."""
        run = replay(self.trace)
        if run.differs:
            raise ValueError(f"This trace does not replay: {run.differs}.")
        start = run.steps[self.setup - 1].state if self.setup else State(self.trace.config)
        moments = tuple(islice(run_regions(self.trace, start, self.trace.lines[self.setup:]), MOST + 1))
        if not 0 < len(moments) <= MOST:
            has = "none" if not moments else "more"
            raise ValueError(f"A sequence has 1 to {MOST} lock regions, this run has {has}: take another part of it.")
        object.__setattr__(self, "moments", moments)
        object.__setattr__(self, "page", self.page or self.vm)

    @property
    def states(self) -> list[State]:
        """The state before the first region, then the one after each."""
        return [self.moments[0].before, *(moment.step.state for moment in self.moments)]

    @property
    def vm(self) -> str:
        """The struct of the VM whose references are counted: the page in question, or the run's first VM."""
        if self.page.startswith("vm"):
            return self.page
        return next((vm for state in self.states for vm, _ in state.all(Vm)), "vm0")

    @property
    def cpus(self) -> list[int]:
        """The CPUs that do something."""
        return sorted({moment.step.cpu for moment in self.moments})

    def calls(self) -> list[RunCall]:
        """Return every call, those of the host and those at EL2, in the order in which they begin."""
        calls: list[RunCall] = []
        for number, moment in enumerate(self.moments, 1):
            open_and_close(calls, number, moment)
        return calls

    def find_locks_held(self) -> dict[HostLock, list[Period[bool]]]:
        """Return the regions in which each CPU holds each lock that the host holds across hypercalls."""
        owned = [host_locks(state) for state in self.states]
        held: dict[HostLock, list[Period[bool]]] = {}
        for key in sorted({key for keys in owned for key in keys}):
            touched = [key in owned[at] or key in owned[at - 1] for at in range(1, len(owned))]
            held[key] = [period for period in periods(touched, 1) if period.value]
        return held

    def counts(self) -> list[Period[References]]:
        """Return the references to the VM along the run."""
        return periods([references(state, self.vm) for state in self.states])

    def owners(self) -> list[Period[Ownership]]:
        """Return the ownership of the page in question along the run."""
        rows = [encode_row(state, self.page) for state in self.states]
        return periods([Ownership(page["owner"], page["says"]) for page in rows])

    def overlap(self) -> Overlap | None:
        """Return where the first bar outlives the second, or None."""
        stale = next((period for period in periods([references(state, self.vm).stale for state in self.states])
                      if period.value), None)
        if stale is None:
            return None
        return Overlap(stale.first, stale.last, ", ".join(references(self.states[stale.first], self.vm).holders))

    def summary(self) -> str:
        """Return the whole run in two sentences."""
        over, size = self.overlap(), f"{count(len(self.moments), 'lock region')} on {count(len(self.cpus), 'CPU')}."
        if over:
            who = over.who.replace(" · ", "’s ")
            again = f"From region {over.first} on, {self.vm} is the host’s again"
            return f"{size} {again}, but {who} still holds a reference."
        owners = [state.get(Page, self.vm).owner for state in self.states]
        if (HYP, HOST) in pairwise(owners):
            return f"{size} After EL2 gives {self.vm} back, nobody holds a reference."
        return f"{size} EL2 does not give {self.vm} back."

    def table(self) -> Table:
        """Return the run as a table, in which time goes down."""
        return Table(f"{self.title} ({self.trace.revision.name})", self.heads(), self.rows(), note=self.summary())

    def heads(self) -> list[str]:
        """Return the heads of the table's columns."""
        lanes = [f"CPU {cpu}" for cpu in self.cpus]
        return ["region", *lanes, "what happens", f"count of {self.vm}", f"owner of {self.page}"]

    def rows(self) -> list[list[str]]:
        """Return a row for the start and one for each region; `...` stands where a call waits in a gap."""
        counts = [str(period.value) for period in self.counts() for _ in range(period.first, period.last + 1)]
        owners = [period.value.owner for period in self.owners() for _ in range(period.first, period.last + 1)]
        rows = [["before", *("" for _ in self.cpus), self.says, counts[0], owners[0]]]
        calls, held = self.calls(), self.find_locks_held()
        for number, moment in enumerate(self.moments, 1):
            here = describe_region(number, moment, calls, held)
            lanes = [here if cpu == moment.step.cpu else "..." if moment.before.get(Cpu, cpu).flight else ""
                     for cpu in self.cpus]
            rows.append([str(number), *lanes, moment.edge["says"], counts[number], owners[number]])
        return rows

    def value(self, name: str) -> SequenceValue:
        """Return all of it as JSON values under a name; regions are counted from 1, and 0 is before the first one."""
        calls, over = self.calls(), self.overlap()
        levels = [sorted({call.level for call in calls if call.cpu == cpu}) for cpu in self.cpus]
        return {
            "name": name, "title": self.title, "revision": encode_revision(self.trace.revision), "says": self.says,
            "summary": self.summary(), "vm": self.vm, "page": self.page,
            "cpus": [{"name": f"CPU {cpu}", "levels": own} for cpu, own in zip(self.cpus, levels, strict=True)],
            "regions": [self.encode_region(number, moment, calls) for number, moment in enumerate(self.moments, 1)],
            "calls": [call.value(self.cpus) for call in calls],
            "held": [{"cpu": self.cpus.index(cpu), "lock": lock, "first": period.first, "last": period.last}
                     for (cpu, lock), holds in self.find_locks_held().items() for period in holds],
            "counts": [{"first": first, "last": last, "count": refs.number, "stale": refs.stale,
                        "words": ", ".join(refs.holders) or "nobody", "says": str(refs)}
                       for first, last, refs in self.counts()],
            "owners": [{"first": first, "last": last, "owner": page.owner, "words": page.says, "says": page.says}
                       for first, last, page in self.owners()],
            "overlap": {"first": over.first, "last": over.last, "who": over.who} if over else None,
            "heads": self.heads(), "rows": self.rows()}

    def encode_region(self, number: int, moment: RunRegion, calls: list[RunCall]) -> SequenceRegionValue:
        """Return one lock region: where, under which locks, in which calls, and what the bench says of it."""
        (locks,), (does,), edge = moment.step.regions, moment.step.purposes, moment.edge
        path = [call.text for call in calls_around(number, moment, calls)]
        return {"cpu": self.cpus.index(moment.step.cpu), "level": moment.level, "locks": locks, "does": does,
                "path": path, "says": edge["says"], "kind": edge["kind"]}


def run_regions(trace: Trace, state: State, lines: Iterable[TraceLine]) -> Iterator[RunRegion]:
    """Yield the lock regions of these lines, one by one: a line that makes all of a call may have several."""
    for line in lines:
        step = run_line(state, trace.revision, line._replace(outcome="..."))
        yield RunRegion(state, step, line.call is not None, function_inside(state, line.cpu))
        state = step.state
        while step.pending and not line.outcome.startswith("..."):
            step = resume(state, trace.revision, line.cpu)
            yield RunRegion(state, step, False, function_inside(state, line.cpu))
            state = step.state


def function_inside(state: State, cpu: int) -> str:
    """Return the hypercall that a host function is in the middle of on a CPU, '' if it is in none."""
    flight = state.get(Cpu, cpu).flight
    return flight.hypercall if flight else ""


def open_and_close(calls: list[RunCall], number: int, moment: RunRegion) -> None:
    """Open the calls that begin in a region, and close those that end in it."""
    step, cpu = moment.step, moment.step.cpu
    if moment.begun:
        calls.append(RunCall(cpu, moment.level, shorten(step.call.name), number, show_call(step.call)))
    running = [call for call in calls if call.cpu == cpu and call.last is None]
    if moment.inside and len(running) == 1:
        running.append(RunCall(cpu, EL2, shorten(moment.inside), number, moment.inside))
        calls.append(running[-1])
    for name, args, ret in step.answers:
        inner = running.pop()
        inner.name, inner.text = shorten(name), show_call(Call(name, args))
        inner.last, inner.answer = number, show_ret(ret)
    if not step.pending and not step.state.end:
        running[0].last, running[0].answer = number, show_ret(step.ret)


def calls_around(number: int, moment: RunRegion, calls: list[RunCall]) -> list[RunCall]:
    """Return the calls that a region is a part of, the host's own first."""
    return [call for call in calls if call.cpu == moment.step.cpu and call.first <= number <= (call.last or number)]


def describe_region(number: int, moment: RunRegion, calls: list[RunCall],
                    held: dict[HostLock, list[Period[bool]]]) -> str:
    """Describe a region for the table: its calls, all locks that the CPU holds, and the answers of calls that end."""
    path, cpu = calls_around(number, moment, calls), moment.step.cpu
    locks_across = [lock for (owner, lock), holds in held.items() if owner == cpu
            and any(period.first <= number <= period.last for period in holds)]
    locks = dict.fromkeys([*locks_across, *filter(None, moment.step.regions[0].split("+"))])
    over = [call for call in reversed(path) if call.last == number]
    answers = [f" = {call.answer}" if call is path[-1] else f"; {call.name} = {call.answer}" for call in over]
    return f"{' > '.join(call.name for call in path)} [{'+'.join(locks)}]{''.join(answers)}"


def host_locks(state: State) -> set[HostLock]:
    """Return which CPU holds which of the host's locks."""
    return {(getattr(kvm, name), letter) for _, kvm in state.all(Kvm) for name, letter in HOST_LOCKS.items()
            if getattr(kvm, name) is not None}


def references(state: State, vm: str) -> References:
    """Return the references to a VM in a state."""
    page = state.get(Page, vm)
    who = tuple(holder.says for holder in find_holders(state, vm))
    return References(page.refcount, who, page.refcount > 0 and page.owner != HYP)
