"""Compare the model with what was recorded: vectors of the compiled functions, and recordings of whole kernels.

    python3 -m pkvm_model conform FILE... [--as REVISION] [--json]

Every field that a file has is compared, step by step; docs/conformance.md says which and how.
"""
from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from ..model import run
from ..model.revisions import Revision
from ..model.state import Page, State
from ..model.state_json import observe, observe_next
from ..model.steps import Call, Step
from ..model.trace import Trace, record
from ..model.view import ModelError
from . import recording, vectors
from .driver import JSON, DrivenMachine, Split, TeardownTarget, begin, new, resume, return_value, state, step
from .lines import BadFile, Duplicate, parse, read_lines
from .vectors import Vector

__all__ = ["begin", "conform", "new", "resume", "state", "step"]
MAPS = ("pages", "host_mc")


@dataclass(frozen=True)
class Disagreement:
    """One field of one step in which the model and a file differ.

    `beside` is what else the file says of the step (function, page, lock regions); `trace` leads there.
    """

    line: int
    sequence: str
    where: str
    call: str
    field: str
    model: Any
    recorded: Any
    beside: JSON = dataclasses.field(default_factory=dict)
    trace: str = ""


@dataclass
class Tally:
    """What a comparison amounted to.

    `unreached` counts steps that could not be compared since the model's machine had ended before; `others` the rows
    of a recording whose call is not modelled, by name.
    """

    sequences: int = 0
    steps: int = 0
    probes: int = 0
    rows: int = 0
    unreached: int = 0
    fields: Counter[str] = dataclasses.field(default_factory=Counter)
    others: Counter[str] = dataclasses.field(default_factory=Counter)
    first: Disagreement | None = None

    @property
    def disagreements(self) -> int:
        """How many fields differ, of all steps."""
        return sum(self.fields.values())

    def add(self, other: Tally) -> None:
        """Count what another file amounted to as well."""
        for name in ("sequences", "steps", "probes", "rows", "unreached"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.fields += other.fields
        self.others += other.others
        self.first = self.first or other.first

    def note(self, one: Disagreement, trace: Callable[[], str]) -> None:
        """Count a disagreement; the first one is kept, with its trace."""
        self.fields[one.field] += 1
        if self.first is None:
            self.first = Disagreement(**(asdict(one) | {"trace": trace()}))

    def to_json(self) -> JSON:
        """All of it as JSON values."""
        counts = {name: getattr(self, name) for name in ("sequences", "steps", "probes", "rows", "unreached")}
        return counts | {"disagreements": self.disagreements, "fields": dict(self.fields), "others": dict(self.others),
                         "first": self.first and asdict(self.first)}


class Checkpoint(NamedTuple):
    """A machine between two steps, and what an onlooker sees of it."""

    state: State
    splits: dict[int, Split]
    targets: dict[int, TeardownTarget | None]
    seen: JSON


Tick = Callable[[Tally], None]
"""What is called now and then with the count so far."""


def conform(path: Path, revision: Revision | None = None, tick: Tick = lambda tally: None) -> Tally:
    """Compare a file of either kind. Raises BadFile for one that is neither."""
    return compare_recording(path, revision, tick) if is_recording(path) else compare_vectors(path, revision, tick)


def is_recording(path: Path) -> bool:
    """Tell by its first line which kind of file this is. Raises BadFile for neither."""
    neither = BadFile("line 1: this is neither a vector nor a row of a recording; docs/conformance.md describes both")
    for _, line in read_lines(path, vectors.LINE_LIMIT):
        try:
            given = parse(line)
        except Duplicate as error:
            raise BadFile(f"line 1: {error}") from None
        except BadFile:
            # A first line that is broken may be either; it says so only if it begins like one.
            raise neither from None
        if {"rev", "steps"} <= given.keys():
            return False
        if {"kernel", "seq", "side"} <= given.keys():
            return True
        raise neither
    raise BadFile("line 1: the file is empty")


def compare_vectors(path: Path, revision: Revision | None, tick: Tick) -> Tally:
    """Compare a file of vectors, on the revision that each names or on another."""
    tally, player = Tally(), VectorPlayer()
    for vector in vectors.read(path):
        player.compare(vector, revision or vector.revision, tally)
        tick(tally)
    return tally


class VectorPlayer:
    """Plays vectors; where one begins like the vector before it, it goes on from there."""

    def __init__(self) -> None:
        self.vector: Vector | None = None
        self.revision: Revision | None = None
        self.past: list[Checkpoint] = []
        self.machine: DrivenMachine
        self.seen: JSON

    def compare(self, vector: Vector, revision: Revision, tally: Tally) -> None:
        """Compare every step of a vector, the state it comes to, and every call that was tried there."""
        tally.sequences += 1
        done = self.go_back(vector, revision)
        tally.steps += done
        for number in range(done, len(vector.steps)):
            if not self.compare_step(vector, number, tally):
                return
        if vector.at is not None:
            self.compare_at(vector, tally)

    def go_back(self, vector: Vector, revision: Revision) -> int:
        """Bring the machine to where this vector parts from the last one; how many steps they share."""
        before = self.vector
        shared = 0
        if before and (before.revision, before.config, before.init, self.revision) == (
                vector.revision, vector.config, vector.init, revision):
            while shared < min(len(self.past) - 1, len(vector.steps)) and before.steps[shared] == vector.steps[shared]:
                shared += 1
            del self.past[shared + 1:]
        else:
            machine = start_machine(vector, revision)
            self.past = [Checkpoint(machine.state, {}, {}, observe(machine.state))]
        moment = self.past[-1]
        self.vector, self.revision, self.seen = vector, revision, moment.seen
        self.machine = DrivenMachine(revision, moment.state, dict(moment.splits), dict(moment.targets))
        return shared

    def compare_step(self, vector: Vector, number: int, tally: Tally) -> bool:
        """Compare one step and stay there; False when nothing behind it can be compared."""
        recorded, machine = vector.steps[number], self.machine
        if machine.state.end:
            tally.unreached += len(vector.steps) - number + len(vector.probes)
            return False
        tally.steps += 1
        wrong = self.compare_call(vector, f"step {number}", recorded, tally)
        if not wrong and len(self.past) == number + 1:
            self.past.append(Checkpoint(machine.state, dict(machine.splits), dict(machine.targets), self.seen))
        return True

    def compare_at(self, vector: Vector, tally: Tally) -> None:
        """Compare the state that a walk has come to, and what each call does there."""
        machine, here = self.machine, self.seen
        if machine.state.end:
            tally.unreached += len(vector.probes)
            return
        for name, model, wanted in compare_states(here, vector.at or {}):
            self.note(tally, vector, "at", {}, name, model, wanted)
        now = machine.state, dict(machine.splits), dict(machine.targets)
        for number, recorded in enumerate(vector.probes):
            tally.probes += 1
            self.compare_call(vector, f"probe {number}", recorded, tally)
            self.seen = here
            machine.state, machine.splits, machine.targets = now[0], dict(now[1]), dict(now[2])
            if "ret_if_warn_not_fatal" in recorded:
                self.compare_survivor(vector, f"probe {number}", recorded, tally)

    def compare_survivor(self, vector: Vector, where: str, recorded: JSON, tally: Tally) -> None:
        """Compare what a call would return if a warning at EL2 did not end the machine."""
        request, split = vectors.request(recorded), vectors.split(recorded)
        ret: int | str | None
        try:
            survivor = replace(self.machine, revision=self.machine.revision._replace(warn_is_fatal=False))
            ret = survivor.play(recorded["cpu"], request, split).ret
        except ModelError as error:
            ret = str(error)
        if ret != recorded["ret_if_warn_not_fatal"]:
            self.note(tally, vector, where, recorded, "ret_if_warn_not_fatal", ret, recorded["ret_if_warn_not_fatal"])

    def compare_call(self, vector: Vector, where: str, recorded: JSON, tally: Tally) -> int:
        """Play one call and stay there; how many fields differ."""
        machine, was, before = self.machine, self.seen, self.machine.state
        request, split = vectors.request(recorded), vectors.split(recorded)
        try:
            played = machine.play(recorded["cpu"], request, split)
            model = summarise_step(played, machine.settle(played, request, split))
            if played.state.table != before.table:
                self.seen = observe_next(before, was, played.state)
        except ModelError as error:
            model = CallOutcome(str(error).partition(";")[0])
        count = tally.disagreements
        for name, mine, theirs in find_differences(model, was, self.seen, recorded):
            self.note(tally, vector, where, recorded, name, mine, theirs)
        return tally.disagreements - count

    def note(self, tally: Tally, vector: Vector, where: str, recorded: JSON, name: str, mine: Any,
             theirs: Any) -> None:
        """Count a field of a step in which both sides differ."""
        revision = self.machine.revision
        call = f"CPU {recorded['cpu']} {recorded['call']}" if recorded else ""
        beside: JSON = {key: recorded[key] for key in ("in", "page", "regions") if key in recorded}
        one = Disagreement(vector.line, str(vector), where, call, name, mine, theirs, beside)
        tally.note(one, lambda: str(record_trace_to(vector, where, revision)))


class CallOutcome(NamedTuple):
    """What the model says came of a call, apart from the state."""

    ret: int | str | None
    event: str | None = None
    flush: list[int] = []  # noqa: RUF012  # a tuple's default, and nobody adds to it
    freed: JSON | None = None
    ended: bool = False


def summarise_step(played: Step, freed: JSON | None) -> CallOutcome:
    """What came of a step."""
    event = played.events[0].kind if played.events else None
    return CallOutcome(return_value(played), event, list(played.flushed), freed, played.state.end is not None)


def find_differences(model: CallOutcome, was: JSON, now: JSON, recorded: JSON) -> Iterator[tuple[str, Any, Any]]:
    """The fields of a step that are not the same on both sides: name, the model's, the recorded one.

    `was` and `now` are what an onlooker sees of the model before and after it.
    """
    if recorded["ret"] != model.ret:
        yield "ret", model.ret, recorded["ret"]
    if "state" not in recorded:
        return
    if recorded["event"] != model.event:
        yield "event", model.event, recorded["event"]
    if recorded.get("flush", []) != model.flush:
        yield "flush", model.flush, recorded.get("flush", [])
    if recorded.get("freed") != model.freed:
        yield "freed", model.freed, recorded.get("freed")
    if model.ended != (recorded["state"] is None):
        ways = "it goes on", "the machine has ended"
        yield "state", ways[model.ended], ways[not model.ended]
    elif not model.ended and (recorded["state"] or now is not was):
        yield from compare_states(now, apply_difference(was, recorded["state"]))


def start_machine(vector: Vector, revision: Revision) -> DrivenMachine:
    """The machine that a vector begins with."""
    try:
        return new(revision, vector.config, vector.init)
    except ModelError as error:
        raise BadFile(f"line {vector.line}: {error}") from None


def apply_difference(seen: JSON, difference: JSON) -> JSON:
    """A full state after a difference; what a map sets to null goes back to where nothing is written."""
    after = seen | difference
    for name in MAPS:
        if name in difference:
            merged = seen[name] | difference[name]
            after[name] = {key: value for key, value in merged.items() if value is not None}
    if "slots" in difference:
        after["slots"] = [difference["slots"].get(str(idx), slot) for idx, slot in enumerate(seen["slots"])]
    return after


def compare_states(model: JSON, recorded: JSON) -> Iterator[tuple[str, Any, Any]]:
    """The parts of two full states that are not the same; of a map only the entries that are not."""
    for name in model:
        mine, theirs = model[name], recorded[name]
        if mine != theirs and name in MAPS:
            names = sorted(key for key in mine.keys() | theirs.keys() if mine.get(key) != theirs.get(key))
            yield name, {key: mine.get(key) for key in names}, {key: theirs.get(key) for key in names}
        elif mine != theirs:
            yield name, mine, theirs


def record_trace_to(vector: Vector, where: str, revision: Revision) -> Trace:
    """The run that leads to a step, as a trace; it begins with the loans that a vector takes for granted.

    The host's emptying of its memcaches is no call and not part of it: EL2 never reads what they hold.
    """
    machine = DrivenMachine(revision, State(start_machine(vector, revision).state.config))
    taken = []
    for name, _ in start_machine(vector, revision).state.all(Page):
        played = run.run(machine.state, revision, 0, Call("__pkvm_host_share_hyp", (name,)))
        machine.state = played.state
        taken.append((played, True))
    kind, _, number = where.partition(" ")
    last = int(number) + 1 if kind == "step" else len(vector.steps)
    rows = vector.steps[:last] + ([vector.probes[int(number)]] if kind == "probe" else [])
    for recorded in rows:
        taken += split_into_regions(machine, recorded, vector)
    return record(revision, machine.state.config, taken)


def split_into_regions(machine: DrivenMachine, recorded: JSON, vector: Vector) -> list[tuple[Step, bool]]:
    """One step as the lines of a trace that it takes: a call that stops passes its regions one by one."""
    request, split = vectors.request(recorded), vectors.split(recorded)
    cpu, was = recorded["cpu"], machine.state
    try:
        played = machine.play(cpu, request, split)
    except ModelError:
        return []
    machine.settle(played, request, split)
    machine.state = played.state
    if not played.pending:
        return [(played, request is not None)]
    region = (run.begin(was, machine.revision, cpu, request) if request else run.resume(was, machine.revision, cpu))
    lines = [(region, request is not None)]
    while len(lines) < len(played.regions):
        region = run.resume(region.state, machine.revision, cpu)
        lines.append((region, False))
    return lines


def compare_recording(path: Path, revision: Revision | None, tick: Tick) -> Tally:
    """Compare the modelled calls of a recording of real kernels; the others are counted by name."""
    tally = Tally()
    try:
        for done in recording.replay_all(recording.load(path), revision):
            tally.sequences += 1
            tally.others.update(row.call for row in done.scenario.rows
                                if row.side in ("hyp", "inject") and not is_modelled(row, done))
            for row in done.rows:
                if is_modelled(row.recorded, done):
                    compare_row(row, done, tally)
            tick(tally)
    except recording.RecordingError as error:
        raise BadFile(str(error).removeprefix(f"{path.name}, ").removeprefix(f"{path.name}: ")) from None
    return tally


def is_modelled(row: recording.Recorded, done: recording.Comparison) -> bool:
    """True for a hypercall that the model of the row's own kernel has."""
    return row.is_hypercall and row.call in recording.TRANSLATE and row.call in done.scenario.revision.calls


def compare_row(row: recording.Row, done: recording.Comparison, tally: Tally) -> None:
    """Compare what one call returned, or how the machine ended."""
    tally.rows += 1
    if row.agree:
        return
    was, given = row.recorded, row.args is not None
    name = "event" if given and (row.event or was.panics) else "ret"
    model = row.modelled if given else f"revision {done.revision.name} has no such call"
    one = Disagreement(was.line, f"{done.scenario.kernel} {done.scenario.name}", f"row {was.seq}",
                       f"CPU {was.cpu} {was.call}", name, model, row.kernel)
    tally.note(one, lambda: str(record_trace_of_rows(done, was.seq)))


def record_trace_of_rows(done: recording.Comparison, last: int) -> Trace:
    """The run that leads to a row, as a trace; a trace does not hold where the host's structs lie."""
    config = done.end.config
    taken, now = list[tuple[Step, bool]](), State(config)
    for row in done.rows:
        if row.args is not None and not now.end and row.recorded.seq <= last:
            played = run.run(now, done.revision, row.recorded.cpu, Call(row.recorded.call, row.args))
            taken.append((played, True))
            now = played.state
    return record(done.revision, config, taken)
