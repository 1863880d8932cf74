"""Compare the model with vectors: after each step the result, and every part of the state that the file has."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from ..model import run
from ..model.revisions import Revision
from ..model.state import Page, State
from ..model.state_json import observe, observe_next
from ..model.steps import Call, Step
from ..model.trace import Trace, record
from ..model.view import ModelError
from ..schema import JSON
from . import vectors
from .driver import DrivenMachine, Split, TeardownTarget, new, return_value
from .lines import BadFile
from .tally import Disagreement, Tally, Tick
from .vectors import RecordedStep, Vector

MAPS = ("pages", "host_mc")
"""The parts of a state that map names to values."""


class Checkpoint(NamedTuple):
    """A machine between two steps; `seen` is its observable state."""

    state: State
    splits: dict[int, Split]
    targets: dict[int, TeardownTarget | None]
    seen: JSON


def compare_vectors(path: Path, revision: Revision | None, tick: Tick) -> Tally:
    """Compare a file of vectors, on the revision that each names or on another."""
    tally, player = Tally(), VectorPlayer()
    for vector in vectors.read(path):
        player.compare(vector, revision or vector.revision, tally)
        tick(tally)
    return tally


class VectorPlayer:
    """Plays vectors; one that begins like the vector before it continues from the step where they part."""

    def __init__(self) -> None:
        self.vector: Vector | None = None
        self.revision: Revision | None = None
        self.past: list[Checkpoint] = []
        self.machine: DrivenMachine
        self.seen: JSON

    def compare(self, vector: Vector, revision: Revision, tally: Tally) -> None:
        """Compare every step of a vector, the state it leads to, and every call that was tried there."""
        tally.sequences += 1
        shared = self.go_back(vector, revision)
        tally.steps += shared
        for number in range(shared, len(vector.steps)):
            if not self.compare_step(vector, number, tally):
                return
        if vector.at is not None:
            self.compare_at(vector, tally)

    def go_back(self, vector: Vector, revision: Revision) -> int:
        """Move the machine to where this vector parts from the last one; return how many steps they share."""
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
        last = self.past[-1]
        self.vector, self.revision, self.seen = vector, revision, last.seen
        self.machine = DrivenMachine(revision, last.state, dict(last.splits), dict(last.targets))
        return shared

    def compare_step(self, vector: Vector, number: int, tally: Tally) -> bool:
        """Compare one step and stay there; return False if nothing after it can be compared."""
        recorded, machine = vector.steps[number], self.machine
        if machine.state.end:
            tally.unreached += len(vector.steps) - number + len(vector.probes)
            return False
        tally.steps += 1
        differs = self.compare_call(vector, f"step {number}", recorded, tally)
        if not differs and len(self.past) == number + 1:
            self.past.append(Checkpoint(machine.state, dict(machine.splits), dict(machine.targets), self.seen))
        return True

    def compare_at(self, vector: Vector, tally: Tally) -> None:
        """Compare the state that a walk leads to, and what each call does there."""
        machine, here = self.machine, self.seen
        if machine.state.end:
            tally.unreached += len(vector.probes)
            return
        for name, model, recorded in compare_states(here, vector.at or {}):
            self.note(tally, vector, "at", {}, name, model, recorded)
        now = machine.state, dict(machine.splits), dict(machine.targets)
        for number, probe in enumerate(vector.probes):
            tally.probes += 1
            self.compare_call(vector, f"probe {number}", probe, tally)
            self.seen = here
            machine.state, machine.splits, machine.targets = now[0], dict(now[1]), dict(now[2])
            if "ret_if_warn_not_fatal" in probe.fields:
                self.compare_survivor(vector, f"probe {number}", probe, tally)

    def compare_survivor(self, vector: Vector, where: str, recorded: RecordedStep, tally: Tally) -> None:
        """Compare what a call would return if a warning at EL2 did not end the machine."""
        expected = recorded.fields["ret_if_warn_not_fatal"]
        ret: int | str | None
        try:
            survivor = replace(self.machine, revision=self.machine.revision._replace(warn_is_fatal=False))
            ret = survivor.play(recorded.fields["cpu"], recorded.request, recorded.split).ret
        except ModelError as error:
            ret = str(error)
        if ret != expected:
            self.note(tally, vector, where, recorded.fields, "ret_if_warn_not_fatal", ret, expected)

    def compare_call(self, vector: Vector, where: str, recorded: RecordedStep, tally: Tally) -> int:
        """Play one call and stay there; return how many fields differ."""
        machine, seen_before, state_before = self.machine, self.seen, self.machine.state
        try:
            step = machine.play(recorded.fields["cpu"], recorded.request, recorded.split)
            model = summarise_step(step, machine.settle(step, recorded.request, recorded.split))
            if step.state.table != state_before.table:
                self.seen = observe_next(state_before, seen_before, step.state)
        except ModelError as error:
            model = CallOutcome(str(error).partition(";")[0])
        count = tally.disagreements
        for name, mine, theirs in find_differences(model, seen_before, self.seen, recorded.fields):
            self.note(tally, vector, where, recorded.fields, name, mine, theirs)
        return tally.disagreements - count

    def note(self, tally: Tally, vector: Vector, where: str, fields: JSON, name: str, mine: Any, theirs: Any) -> None:
        """Count a field of a step in which both sides differ."""
        revision = self.machine.revision
        call = f"CPU {fields['cpu']} {fields['call']}" if fields else ""
        beside: JSON = {key: fields[key] for key in ("in", "page", "regions") if key in fields}
        disagreement = Disagreement(vector.line, str(vector), where, call, name, mine, theirs, beside)
        tally.note(disagreement, lambda: str(record_trace(vector, where, revision)))


class CallOutcome(NamedTuple):
    """The result of a call in the model, apart from the state."""

    ret: int | str | None
    event: str | None = None
    flush: list[int] = []  # noqa: RUF012  # a tuple's default, and nobody adds to it
    freed: JSON | None = None
    ended: bool = False


def summarise_step(step: Step, freed: JSON | None) -> CallOutcome:
    """Return the result of a step."""
    event = step.events[0].kind if step.events else None
    return CallOutcome(return_value(step), event, list(step.flushed), freed, step.state.end is not None)


def find_differences(model: CallOutcome, before: JSON, now: JSON, recorded: JSON) -> Iterator[tuple[str, Any, Any]]:
    """Yield the fields of a step that differ: name, the model's value, the recorded value.

    `before` and `now` are the model's observable states before and after the step.
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
    elif not model.ended and (recorded["state"] or now is not before):
        yield from compare_states(now, apply_difference(before, recorded["state"]))


def start_machine(vector: Vector, revision: Revision) -> DrivenMachine:
    """Return the machine that a vector begins with. Raise BadFile if the model cannot begin there."""
    try:
        return new(revision, vector.config, vector.init)
    except ModelError as error:
        raise BadFile(f"line {vector.line}: {error}") from None


def apply_difference(seen: JSON, difference: JSON) -> JSON:
    """Return the full state after a difference; null in a map removes the entry."""
    after = seen | difference
    for name in MAPS:
        if name in difference:
            merged = seen[name] | difference[name]
            after[name] = {key: value for key, value in merged.items() if value is not None}
    if "slots" in difference:
        after["slots"] = [difference["slots"].get(str(idx), slot) for idx, slot in enumerate(seen["slots"])]
    return after


def compare_states(model: JSON, recorded: JSON) -> Iterator[tuple[str, Any, Any]]:
    """Yield the parts of two full states that differ; of a map only the entries that differ."""
    for name in model:
        mine, theirs = model[name], recorded[name]
        if mine != theirs and name in MAPS:
            names = sorted(key for key in mine.keys() | theirs.keys() if mine.get(key) != theirs.get(key))
            yield name, {key: mine.get(key) for key in names}, {key: theirs.get(key) for key in names}
        elif mine != theirs:
            yield name, mine, theirs


def record_trace(vector: Vector, where: str, revision: Revision) -> Trace:
    """Return the trace of the run that leads to a step; it begins with the loans that a vector takes for granted.

    The host's emptying of its memcaches is not a call and not part of the trace: EL2 never reads what they hold.
    """
    machine = DrivenMachine(revision, State(start_machine(vector, revision).state.config))
    steps = []
    for name, _ in start_machine(vector, revision).state.all(Page):
        loan = run.run(machine.state, revision, 0, Call("__pkvm_host_share_hyp", (name,)))
        machine.state = loan.state
        steps.append((loan, True))
    kind, _, number = where.partition(" ")
    last = int(number) + 1 if kind == "step" else len(vector.steps)
    for recorded in vector.steps[:last] + ([vector.probes[int(number)]] if kind == "probe" else []):
        steps += split_into_regions(machine, recorded)
    return record(revision, machine.state.config, steps)


def split_into_regions(machine: DrivenMachine, recorded: RecordedStep) -> list[tuple[Step, bool]]:
    """Play one step and return its trace lines: a call that stops passes its regions one by one."""
    cpu, request, before = recorded.fields["cpu"], recorded.request, machine.state
    try:
        step = machine.play(cpu, request, recorded.split)
    except ModelError:
        return []
    machine.settle(step, request, recorded.split)
    machine.state = step.state
    if not step.pending:
        return [(step, request is not None)]
    region = (run.begin(before, machine.revision, cpu, request) if request
              else run.resume(before, machine.revision, cpu))
    lines = [(region, request is not None)]
    while len(lines) < len(step.regions):
        region = run.resume(region.state, machine.revision, cpu)
        lines.append((region, False))
    return lines
