"""Plays a trace on a machine beside the model: the same calls, the same regions, and both outcomes in the same words.

The model makes each step once more. Whatever it asks of EL2 on the way, in a hypercall of the trace or inside a
function of the honest host, is asked of the real EL2 too; the host's own work between is the model's.
"""
from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple, Protocol

from ..model.host import HOST_CALLS
from ..model.revisions import Revision
from ..model.run import begin, resume
from ..model.state import Cpu, State, Value, Vm
from ..model.steps import Step
from ..model.trace import Trace, TraceLine, replay, show_call, show_ret
from .answer import AGREES, DIFFERS, NOT_TRIED, RealAnswer, Row
from .arguments import encode, prepare
from .calls import Hangs, Panicked, Result, Returned, Stands
from .failure import MachineError
from .holdings import PageRecords
from .parameters import PARAMETERS, find_obstacle, name_arguments
from .places import Places
from .position import DISPATCH, Position, locate, locate_new
from .regions import Boundary, find_boundary, find_missing, list_boundaries

RUN = "__kvm_vcpu_run"
WITHOUT_ANSWER = {"__pkvm_unreserve_vm", "__pkvm_vcpu_load", "__pkvm_vcpu_put", "__pkvm_vcpu_sync_state",
                  "__pkvm_tlb_flush_vmid"}
"""The calls after which the register of the answer means nothing."""


class Maker(Protocol):
    """What makes calls on a machine's CPUs."""

    def begin(self, cpu: int, number: int, arguments: Collection[int]) -> None:
        """Put a CPU in front of a call."""

    def go_on(self, cpu: int, places: Collection[Boundary] = ()) -> Result:
        """Let it go on to one of these places, or to the end."""


class Ground(Protocol):
    """What a trace is played on: a `RealMachine`, or something that answers like one."""

    release: str
    places: Places

    @property
    def caller(self) -> Maker:
        """What makes calls on its CPUs."""

    @property
    def revision(self) -> Revision:
        """The revision of the model that the kernel is an example of."""

    @property
    def numbers(self) -> Mapping[str, int]:
        """The numbers of EL2's calls."""

    @property
    def functions(self) -> Mapping[str, int]:
        """The functions of EL2."""

    @property
    def hcr(self) -> int:
        """What the host gives to a load."""

    def reset(self, slots: int = 1) -> None:
        """Bring the machine back to the beginning."""

    def compare_pages(self, state: State, roots: Collection[str]) -> Sequence[PageRecords]:
        """Return what the model and EL2 record of each page that has a name."""


class Exchange(NamedTuple):
    """One call that the machine was asked: what it did, whether the model does the same, and a note."""

    call: str
    machine: str
    verdict: str
    note: str = ""


class Errand(NamedTuple):
    """A hypercall under way on a CPU of the machine; `result` is how it went, once it went to its end."""

    name: str
    result: Result | None = None
    note: str = ""


def play(machine: Ground, trace: Trace, *, keep_going: bool = False, report: Callable[[Row], None] | None = None
         ) -> RealAnswer:
    """Play a trace from its beginning; stop at the first difference unless told otherwise.

    Raise MachineError if the model itself does not come out as the trace says.
    """
    if differs := replay(trace).differs:
        raise MachineError(f"the model does not come out as the trace says: {differs}")
    machine.reset(trace.config.slots)
    player, rows = Player(machine, trace), list[Row]()
    for number, line in enumerate(trace.lines, 2):
        rows.append(player.play(number, line))
        if report:
            report(rows[-1])
        if player.has_ended or (rows[-1].verdict == DIFFERS and not keep_going):
            break
    return RealAnswer(machine.release, str(trace), tuple(rows), tuple(player.claims))


class Player:
    """The model and the machine, side by side, in the middle of a trace."""

    def __init__(self, machine: Ground, trace: Trace) -> None:
        self.machine, self.revision, self.state = machine, trace.revision, State(trace.config)
        self.under_way: dict[int, Errand] = {}
        self.has_ended, self.obstacle, self.roots = False, "", set[str]()
        self.claims: Sequence[PageRecords] = ()
        """The pages with names after the last step whose outcomes agree, if they were read then."""

    def play(self, number: int, line: TraceLine) -> Row:
        """Make one step of the trace on both sides."""
        row = Row(number, line.cpu, show_call(line.call) if line.call else "resume", line.outcome, "", NOT_TRIED)
        if self.obstacle:
            return row._replace(note="a step before it was not tried")
        claims, self.claims = self.claims, ()
        flight = self.state.get(Cpu, line.cpu).flight
        by_host = (line.call.name if line.call else flight.call if flight else "") in HOST_CALLS
        row = judge(row, self.exchange(line), by_host=by_host)
        if self.has_ended:
            return row
        if row.verdict == DIFFERS:
            self.claims = claims
        return self.look(row) if row.verdict == AGREES else row

    def look(self, row: Row) -> Row:
        """Compare whose each page is after a step in which the outcomes agree."""
        self.roots |= {vm.pgd for _, vm in self.state.all(Vm)}
        self.claims = self.machine.compare_pages(self.state, self.roots)
        odd = next((claim for claim in self.claims if not claim.is_settled), None)
        return row._replace(verdict=DIFFERS, note=str(odd)) if odd else row

    def exchange(self, line: TraceLine) -> list[Exchange]:
        """Make one step: in the model region by region, on the machine with a stop only where the trace has one."""
        stops, call, exchanges = line.outcome.startswith("..."), line.call, list[Exchange]()
        while True:
            where = locate_new(self.state, self.revision, line.cpu, call) if call else None
            where = where or locate(self.state, self.revision, line.cpu)
            step = (begin(self.state, self.revision, line.cpu, call) if call
                    else resume(self.state, self.revision, line.cpu))
            if where and where.hypercall:
                exchanges += self.mirror(line.cpu, where, step, stops=stops)
            self.state, call = step.state, None
            if stops or not step.pending or self.obstacle or self.has_ended:
                return exchanges

    def mirror(self, cpu: int, where: Position, step: Step, *, stops: bool) -> list[Exchange]:
        """Have the machine make the region that the model has just made; return what can be compared now."""
        name = where.hypercall
        after = locate(step.state, self.revision, cpu) if step.pending else None
        has_returned = not step.state.end and (not after or bool(step.answers))
        expected = None if has_returned or not after else find_boundary(after.generator, after.purpose)
        if cpu not in self.under_way and (note := self.begin(cpu, where, stops=stops)):
            self.obstacle = note
            return [Exchange(name, "", NOT_TRIED, note)]
        work = self.go_on(cpu, stops=stops)
        if not (stops or has_returned or step.state.end):
            return []  # the machine has gone to the end of the call; the model will
        value = step.answers[-1][2] if step.answers else step.ret
        exchange = compare(work, expected, value, has_returned=has_returned)
        if has_returned or exchange.verdict == DIFFERS:
            del self.under_way[cpu]
        self.has_ended = self.has_ended or bool(step.state.end) or not isinstance(work.result, Returned | Stands)
        return [exchange]

    def begin(self, cpu: int, where: Position, *, stops: bool) -> str:
        """Begin a hypercall on the machine; return why that is impossible, '' if it is not."""
        named = name_arguments(where.hypercall, where.arguments)
        if obstacle := self.find_obstacle(where, named, stops=stops):
            return obstacle
        prepare(where.hypercall, named, self.machine.places, self.state, cpu)
        calls = encode(where.hypercall, named, self.machine.places, self.machine.hcr)
        number, note = self.machine.numbers[where.hypercall], f"{len(calls)} calls, one a page" if calls[1:] else ""
        self.under_way[cpu] = Errand(where.hypercall, note=note)
        for arguments in calls[:-1]:
            self.machine.caller.begin(cpu, number, arguments)
            result = self.machine.caller.go_on(cpu)
            if not isinstance(result, Returned) or result.value:
                self.under_way[cpu] = Errand(where.hypercall, result, note)
                return ""
        self.machine.caller.begin(cpu, number, calls[-1])
        return ""

    def find_obstacle(self, where: Position, named: Mapping[str, Value], *, stops: bool) -> str:
        """Return why the machine cannot make a hypercall as the model does, '' if it can."""
        name = where.hypercall
        if where.generator == DISPATCH:
            return f"every kernel that has {name} has it in its table"
        if name not in PARAMETERS:
            return f"{name} is a request of the guest, and the machine's guest makes none"
        if name not in self.machine.numbers:
            return f"{self.machine.release} has no {name}"
        if stops and (missing := find_missing(name, self.guards, self.machine.functions)):
            return f"{self.machine.release} has no function {', '.join(missing)}, so {name} cannot stop there"
        return find_obstacle(name, named, self.state.config.slots)

    @property
    def guards(self) -> Mapping[str, object]:
        """The guards of the kernel that runs, which may be another than the trace's."""
        return self.machine.revision.guards

    def go_on(self, cpu: int, *, stops: bool) -> Errand:
        """Let the hypercall on a CPU go on, unless it has gone to its end already."""
        work = self.under_way[cpu]
        if work.result is None or isinstance(work.result, Stands):
            places = list_boundaries(work.name, self.guards) if stops else set[Boundary]()
            work = work._replace(result=self.machine.caller.go_on(cpu, places))
            self.under_way[cpu] = work
        return work


def compare(work: Errand, expected: Boundary | None, value: int | None, *, has_returned: bool) -> Exchange:
    """Compare what the machine did with what the model did: came to a boundary, returned a value, or ended."""
    match work.result:
        case Stands(place):
            agrees, note = place == expected, f"it stands {place}"
            if expected and not agrees:
                note += f", the model {expected}"
            return Exchange(work.name, "...", AGREES if agrees else DIFFERS, note)
        case Returned(known, got):
            if not known:
                return Exchange(work.name, "not supported", DIFFERS, "EL2 does not know the call")
            text, note = show_answer(work.name, got)
            agrees = has_returned and text == f"= {show_ret(value)}"
            return Exchange(work.name, text, AGREES if agrees else DIFFERS, note or work.note)
        case Panicked(function):
            agrees = not has_returned and not expected
            return Exchange(work.name, f"! EL2_PANIC {function}", AGREES if agrees else DIFFERS)
        case Hangs(function, seconds):
            return Exchange(work.name, "does not come back", DIFFERS, f"after {seconds:g} s it is in {function}")
    raise AssertionError("the call was not made")


def show_answer(name: str, got: int) -> tuple[str, str]:
    """Return an answer of the machine in the model's words, and a note if these leave something out."""
    if name in WITHOUT_ANSWER:
        return "= void", ""
    if name == RUN and got >= 0:
        return "= 0", f"the guest ran and left it with exit code {got}"
    return f"= {show_ret(got)}", ""


def judge(row: Row, exchanges: list[Exchange], *, by_host: bool) -> Row:
    """Return a row with the machine's outcome: that of the hypercall, or of all that a function of the host made."""
    if not exchanges:
        return row._replace(note="EL2 is not asked")
    odd = next((each for each in exchanges if each.verdict != AGREES), None)
    shown = odd or exchanges[-1]
    note = shown.note
    if by_host:
        note = ", ".join(show_exchange(each) for each in exchanges)
    machine = row.model if by_host and not odd else f"{shown.call} {shown.machine}" if by_host else shown.machine
    return row._replace(machine=machine if shown.verdict != NOT_TRIED else "", verdict=shown.verdict, note=note)


def show_exchange(exchange: Exchange) -> str:
    """Return one call and what the machine did, in few words."""
    return f"{exchange.call} {exchange.machine}".strip() + (f" ({exchange.note})" if exchange.note else "")
