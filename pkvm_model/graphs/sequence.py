"""Who called whom, which lock was held when: a run along time, a lock region at a time, as values and as a table.

Below the calls of every CPU stand two bars: how many references there are to a VM, with their holders, and who owns a
page, which is the VM's own struct unless another one is asked for. A reference that outlives the struct is a stale one.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import groupby, islice
from typing import Any, NamedTuple

from ..model.host import HOST_CALLS
from ..model.run import resume
from ..model.state import HYP, Cpu, Kvm, Page, State, Vm
from ..model.steps import Call, Step
from ..model.trace import TraceLine, Trace, replay, run_line, show_call, show_ret
from ..show.table import Table
from ..show.words import holders, short
from .bench import edge, revision_value, row

MOST = 200
"""The most lock regions that one picture has room for."""
HOST_LOCKS = {"mmu_lock": "M", "config_lock": "C"}
EL1, EL2 = "EL1", "EL2"
"""The function through which a host function of the model makes a hypercall."""


class Moment(NamedTuple):
    """One lock region of a run: the state before it, the step, and whether a call began with it.

    `inside` is the EL2 function that a host function has called, '' where there is none.
    """

    before: State
    step: Step
    begun: bool
    inside: str

    @property
    def level(self) -> str:
        """Where the region runs: a hypercall that a CPU makes by itself, or that a host function makes, is at EL2."""
        return EL2 if self.inside or self.step.call.name not in HOST_CALLS else EL1


@dataclass
class Made:
    """A call: where it runs, its name, which regions it spans (counted from 1), and what it answered."""

    cpu: int
    level: str
    name: str
    first: int
    text: str = ""
    last: int | None = None
    answer: str = ""


class Span(NamedTuple):
    """Something that is so from after one region up to another one."""

    first: int
    last: int
    what: tuple[Any, ...]


class Overlap(NamedTuple):
    """After which regions somebody holds a reference to a struct that EL2 has given back, and who."""

    first: int
    last: int
    who: str


@dataclass(frozen=True)
class Sequence:
    """A run along time. `setup` are lines of the trace that come before the picture; `page` is the one in question."""

    trace: Trace
    title: str
    setup: int = 0
    says: str = ""
    page: str = ""
    moments: tuple[Moment, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Works the regions out. Raises ValueError where the trace does not replay, has no step, or is too long."""
        run = replay(self.trace)
        if run.differs:
            raise ValueError(f"This trace does not replay: {run.differs}.")
        start = run.steps[self.setup - 1].state if self.setup else State(self.trace.config)
        moments = tuple(islice(walked(self.trace, start, self.trace.lines[self.setup:]), MOST + 1))
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
        """The struct of the VM whose references are counted: the page in question, or the first VM that there is."""
        if self.page.startswith("vm"):
            return self.page
        return next((vm for state in self.states for vm, _ in state.all(Vm)), "vm0")

    @property
    def cpus(self) -> list[int]:
        """The CPUs that do something."""
        return sorted({moment.step.cpu for moment in self.moments})

    def calls(self) -> list[Made]:
        """Every call, those of the host and those at EL2, in the order in which they begin."""
        calls: list[Made] = []
        for number, moment in enumerate(self.moments, 1):
            follow(calls, number, moment)
        return calls

    def held(self) -> dict[tuple[int, str], list[Span]]:
        """For each CPU and each lock that the host holds across hypercalls, by its letter: in which regions."""
        owned = [holding(state) for state in self.states]
        found: dict[tuple[int, str], list[Span]] = {}
        for key in sorted({key for keys in owned for key in keys}):
            touched = [key in owned[at] or key in owned[at - 1] for at in range(1, len(owned))]
            found[key] = [span for span in spans(touched, 1) if span.what == (True,)]
        return found

    def counts(self) -> list[Span]:
        """How many references there are to the VM, who holds them, and whether they outlive its struct."""
        return spans([counted(state, self.vm) for state in self.states])

    def owners(self) -> list[Span]:
        """Who owns the page in question, and that in words."""
        rows = [row(state, self.page) for state in self.states]
        return spans([(page["owner"], page["says"]) for page in rows])

    def overlap(self) -> Overlap | None:
        """Where the first bar outlives the second."""
        stale = spans([counted(state, self.vm)[2] for state in self.states])
        found = next((span for span in stale if span.what == (True,)), None)
        return found and Overlap(found.first, found.last, ", ".join(counted(self.states[found.first], self.vm)[1]))

    def summary(self) -> str:
        """The whole run in two sentences."""
        over, regions, cpus = self.overlap(), len(self.moments), len(self.cpus)
        many = f"{regions} lock region{'s' * (regions != 1)} on {cpus} CPU{'s' * (cpus != 1)}."
        if over:
            who = over.who.replace(" · ", "’s ")
            return f"{many} From region {over.first} on {self.vm} is the host’s again, and {who} still holds it."
        return f"{many} Nobody holds {self.vm} when it is not EL2’s."

    def table(self) -> Table:
        """The same as a table, in which time goes down."""
        return Table(f"{self.title} ({self.trace.revision.name})", self.heads(), self.rows(), note=self.summary())

    def heads(self) -> list[str]:
        """The columns of the table."""
        lanes = [f"CPU {cpu}" for cpu in self.cpus]
        return ["region", *lanes, "what happens", f"count of {self.vm}", f"owner of {self.page}"]

    def rows(self) -> list[list[str]]:
        """A row for the start and one for each region; `...` stands where a call waits in a gap."""
        counts = [count_words(span) for span in self.counts() for _ in range(span.first, span.last + 1)]
        owners = [str(span.what[0]) for span in self.owners() for _ in range(span.first, span.last + 1)]
        rows = [["start", *("" for _ in self.cpus), self.says, counts[0], owners[0]]]
        calls, held = self.calls(), self.held()
        for number, moment in enumerate(self.moments, 1):
            here = doing(number, moment, calls, held)
            lanes = [here if cpu == moment.step.cpu else "..." if moment.before.get(Cpu, cpu).flight else ""
                     for cpu in self.cpus]
            rows.append([str(number), *lanes, said(moment)["says"], counts[number], owners[number]])
        return rows

    def value(self) -> dict[str, Any]:
        """All of it as JSON values; regions are counted from 1, and 0 is before the first one."""
        calls, held = self.calls(), self.held()
        levels = [sorted({call.level for call in calls if call.cpu == cpu}) for cpu in self.cpus]
        over = self.overlap()
        return {
            "title": self.title, "revision": revision_value(self.trace.revision), "says": self.says,
            "summary": self.summary(), "vm": self.vm, "page": self.page,
            "cpus": [{"name": f"CPU {cpu}", "levels": found} for cpu, found in zip(self.cpus, levels, strict=True)],
            "regions": [self.region_value(number, moment, calls) for number, moment in enumerate(self.moments, 1)],
            "calls": [{**vars(call), "cpu": self.cpus.index(call.cpu)} for call in calls],
            "held": [{"cpu": self.cpus.index(cpu), "lock": lock, "first": span.first, "last": span.last}
                     for (cpu, lock), found in held.items() for span in found],
            "counts": [{"first": span.first, "last": span.last, "count": span.what[0], "stale": span.what[2],
                        "words": ", ".join(span.what[1]) or "nobody", "says": count_words(span)}
                       for span in self.counts()],
            "owners": [{"first": span.first, "last": span.last, "owner": span.what[0], "words": span.what[1],
                        "says": span.what[1]} for span in self.owners()],
            "overlap": over and over._asdict(), "heads": self.heads(), "rows": self.rows()}

    def region_value(self, number: int, moment: Moment, calls: list[Made]) -> dict[str, Any]:
        """One lock region: where, under which locks, in which calls, and what the bench says of it."""
        (locks,), (does,), told = moment.step.regions, moment.step.purposes, said(moment)
        path = [call.text for call in around(number, moment, calls)]
        return {"cpu": self.cpus.index(moment.step.cpu), "level": moment.level, "locks": locks, "does": does,
                "path": path, "says": told["says"], "kind": told["kind"]}


def walked(trace: Trace, state: State, lines: Iterable[TraceLine]) -> Iterator[Moment]:
    """The lock regions of these lines, one by one: a line that makes all of a call may have several."""
    for line in lines:
        step = run_line(state, trace.revision, replace(line, outcome="..."))
        yield Moment(state, step, line.call is not None, entered(state, line.cpu))
        state = step.state
        while step.pending and not line.outcome.startswith("..."):
            step = resume(state, trace.revision, line.cpu)
            yield Moment(state, step, False, entered(state, line.cpu))
            state = step.state


def entered(state: State, cpu: int) -> str:
    """The hypercall that a host function is in the middle of on a CPU, '' if it is in none."""
    flight = state.get(Cpu, cpu).flight
    return flight.hypercall if flight else ""


def follow(calls: list[Made], number: int, moment: Moment) -> None:
    """Open the calls that begin in a region, and close those that end in it."""
    step, cpu = moment.step, moment.step.cpu
    if moment.begun:
        calls.append(Made(cpu, moment.level, short(step.call.name), number, show_call(step.call)))
    running = [call for call in calls if call.cpu == cpu and call.last is None]
    if moment.inside and len(running) == 1:
        running.append(Made(cpu, EL2, short(moment.inside), number, moment.inside))
        calls.append(running[-1])
    for name, args, ret in step.answers:
        inner = running.pop()
        inner.name, inner.text = short(name), show_call(Call(name, args))
        inner.last, inner.answer = number, show_ret(ret)
    if not step.pending and not step.state.end:
        running[0].last, running[0].answer = number, show_ret(step.ret)


def around(number: int, moment: Moment, calls: list[Made]) -> list[Made]:
    """The calls that a region is a part of, the host's own first."""
    return [call for call in calls if call.cpu == moment.step.cpu and call.first <= number <= (call.last or number)]


def doing(number: int, moment: Moment, calls: list[Made], held: dict[tuple[int, str], list[Span]]) -> str:
    """A region in the table: its calls, all locks that the CPU holds in it, and what a call answers that ends in it."""
    made, cpu = around(number, moment, calls), moment.step.cpu
    kept = [lock for (owner, lock), found in held.items() if owner == cpu
            and any(span.first <= number <= span.last for span in found)]
    locks = dict.fromkeys([*kept, *filter(None, moment.step.regions[0].split("+"))])
    over = [call for call in reversed(made) if call.last == number]
    answers = [f" = {call.answer}" if call is made[-1] else f"; {call.name} = {call.answer}" for call in over]
    return f"{' > '.join(call.name for call in made)} [{'+'.join(locks)}]{''.join(answers)}"


def holding(state: State) -> set[tuple[int, str]]:
    """Which CPU holds which of the host's locks, by letter."""
    return {(getattr(kvm, name), letter) for _, kvm in state.all(Kvm) for name, letter in HOST_LOCKS.items()
            if getattr(kvm, name) is not None}


def counted(state: State, vm: str) -> tuple[int, tuple[str, ...], bool]:
    """How many references there are to a VM, who holds them, and whether its struct is gone."""
    page = state.get(Page, vm)
    return page.refcount, tuple(holder.says for holder in holders(state, vm)), page.refcount > 0 and page.owner != HYP


def spans(values: Iterable[Any], first: int = 0) -> list[Span]:
    """Equal values that follow each other as one span each; the first value stands at `first`."""
    found, at = [], first
    for value, group in groupby(values):
        count = len(list(group))
        found.append(Span(at, at + count - 1, value if isinstance(value, tuple) else (value,)))
        at += count
    return found


def count_words(span: Span) -> str:
    """A count with its holders, as everywhere in the course."""
    count, who, stale = span.what
    return f"{count} ({', '.join(who) or 'nobody'}{', VM is gone' if stale else ''})"


def said(moment: Moment) -> dict[str, Any]:
    """What the bench would say of this step: its sentence, its kind and its answer."""
    return edge(moment.before, moment.step, moment.begun)
