"""Replays recorded vectors on the model, step by step, and names every field in which the two disagree.

A vector is what the real functions of one kernel did with a sequence of calls; tests/data/README.md says where it
comes from and what the fields mean.
"""
from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pkvm_model.revisions import REVISIONS, Revision
from pkvm_model.run import Call, Step, begin, finish, parameters, regions, resume
from pkvm_model.state import HYP, Config, Cpu, Key, Kvm, Page, Record, State, Vcpu, Vm
from pkvm_model.state_json import observe

JSON = dict[str, Any]
DATA = Path(__file__).parents[1] / "data"
SIZES = ("cpus", "slots", "vm_pages", "vcpu_pages", "pgd_pages", "table_pages_min")
MAPS = ("slots", "pages", "host_mc")
DESTROY = ("__pkvm_teardown_vm", "__pkvm_finalize_teardown_vm")


@dataclass(frozen=True)
class Disagreement:
    """One field of one step in which the model and the vector differ."""

    vector: str
    step: str
    field: str
    model: Any
    recorded: Any


@dataclass
class Tally:
    """What a comparison amounted to."""

    vectors: int = 0
    steps: int = 0


def read(name: str) -> Iterator[JSON]:
    """The vectors of a file in tests/data, or of any other path."""
    with gzip.open(DATA / name, "rt") as lines:
        yield from map(json.loads, lines)


def initial(vector: JSON) -> State:
    """The state in which a vector begins: the pages that the host shares with EL2 from the start."""
    pages: dict[Key, Record] = {(Page, name): Page(*fields) for name, fields in vector["init"]["pages"].items()}
    return State.of(Config(**{size: vector["config"][size] for size in SIZES}), pages)


class Player:
    """A machine that plays recorded steps; `before` remembers per CPU where its split call may stop."""

    def __init__(self, vector: JSON, revision: Revision | None = None) -> None:
        self.revision = revision or REVISIONS[vector["rev"]]
        self.state = initial(vector)
        self.before: dict[int, str] = {}

    def play(self, recorded: JSON, fatal_warn: bool = True) -> Step:
        """Run a recorded step; the machine stays where it was until `settle`."""
        cpu, pending = recorded["cpu"], recorded["ret"] == "pending"
        if recorded.get("flight") == "resume":
            step = resume(self.state, self.revision, cpu, fatal_warn)
        else:
            self.before[cpu] = recorded.get("split", {}).get("before", "")
            args = tuple(recorded["args"][name] for name in parameters(recorded["call"]))
            step = begin(self.state, self.revision, cpu, Call(recorded["call"], args), fatal_warn)
        if not pending:
            return finish(step, self.revision, fatal_warn)
        while step.pending and not self.stops(step):
            step = step.then(resume(step.state, self.revision, cpu, fatal_warn))
        return step

    def stops(self, step: Step) -> bool:
        """True where the recorded call may have been stopped: behind a region, and before one of the named locks."""
        *passed, (locks, _) = regions(step.state, self.revision, step.cpu)
        return any(lock for lock, _ in passed) and (locks[:1] or "F") in self.before[step.cpu]

    def settle(self, step: Step) -> None:
        """Go on from a step; when a VM is destroyed the host takes what came back out of its memcaches."""
        self.state = emptied(step.state) if freed(step) else step.state


def emptied(state: State) -> State:
    """The same state with the host's teardown memcaches emptied."""
    records = dict(state.table)
    for name, kvm in state.all(Kvm):
        records[Kvm, name] = replace(kvm, teardown_mc=0, stage2_teardown_mc=0)
    return State.of(state.config, records, state.end)


def freed(step: Step) -> JSON | None:
    """What a teardown that is through has given back, or None."""
    if step.call.name not in DESTROY or step.pending or step.state.end or step.ret != 0:
        return None
    state = step.state
    structs = {name for name, _ in state.all(Vm)} | {name for name, _ in state.all(Vcpu)}
    known = structs | {vm.pgd for _, vm in state.all(Vm)} | {value for _, cpu in state.all(Cpu) for value in kept(cpu)}
    el2_has = {name for name, page in state.all(Page) if page.owner == HYP}
    return {"meta": sum(kvm.teardown_mc for _, kvm in state.all(Kvm)),
            "s2": sum(kvm.stage2_teardown_mc for _, kvm in state.all(Kvm)),
            "meta_zero": structs <= el2_has,
            "host_owned": el2_has <= known}


def kept(cpu: Cpu) -> tuple[Any, ...]:
    """What the call under way on a CPU knows: its arguments and what it holds."""
    return (*cpu.flight.args, *(value for _, value in cpu.flight.held)) if cpu.flight else ()


def outcome(step: Step) -> JSON:
    """What the model says about a step, in the words of a vector."""
    over = step.state.end is not None
    result = {"ret": "pending" if step.pending else None if over else step.ret,
              "event": next((event.kind for event in step.events), None),
              "flush": list(step.flushed),
              "freed": freed(step)}
    return result if over else result | json.loads(json.dumps(observe(emptied(step.state))))


def expected(recorded: JSON, shown: JSON) -> JSON:
    """What a vector says about a step; `shown` is the last state it showed in full."""
    result = {"ret": recorded["ret"], "event": recorded["event"], "flush": recorded.get("flush", []),
              "freed": recorded.get("freed")}
    return result if recorded["state"] is None else result | changed(shown, recorded["state"])


def changed(shown: JSON, difference: JSON) -> JSON:
    """A full state after a difference; what a map sets to null goes back to where nothing is written."""
    after = {**shown, **{name: value for name, value in difference.items() if name not in MAPS}}
    for name in ("pages", "host_mc"):
        merged = {**shown[name], **difference.get(name, {})}
        after[name] = {key: value for key, value in merged.items() if value is not None}
    slots = difference.get("slots", {})
    after["slots"] = [slots.get(str(idx), value) for idx, value in enumerate(shown["slots"])]
    return after


def compare(vector: JSON, tally: Tally, revision: Revision | None = None) -> Iterator[Disagreement]:
    """Play a vector and yield every disagreement; behind the first step that has one nothing is compared.

    It is played on the revision that it names, or on the one that is given.
    """
    tally.vectors += 1
    player, shown = Player(vector, revision), vector["init"]
    label = f"{vector['kind']}-{vector['rev']} {vector['id']} {vector.get('ref', '')}".strip()
    for number, recorded in enumerate(vector["steps"]):
        step = player.play(recorded)
        if "state" in recorded:
            wrong = list(differences(label, f"step {number}", outcome(step), expected(recorded, shown)))
            tally.steps += 1
            yield from wrong
            if wrong or step.state.end:
                return
            shown = changed(shown, recorded["state"])
        player.settle(step)
    if "at" in vector:
        yield from compare_probes(vector, player, label, tally)


def compare_probes(vector: JSON, player: Player, label: str, tally: Tally) -> Iterator[Disagreement]:
    """Compare the state that a vector has come to, and every single call that was tried there."""
    here = json.loads(json.dumps(observe(player.state)))
    yield from differences(label, "at", here, vector["at"])
    for number, recorded in enumerate(vector["probes"]):
        tally.steps += 1
        says, recorded_says = outcome(player.play(recorded)), expected(recorded, vector["at"])
        if "ret_if_warn_not_fatal" in recorded:
            recorded_says["ret_if_warn_not_fatal"] = recorded["ret_if_warn_not_fatal"]
            says["ret_if_warn_not_fatal"] = player.play(recorded, fatal_warn=False).ret
        yield from differences(label, f"probe {number}", says, recorded_says)


def differences(vector: str, step: str, model: JSON, recorded: JSON) -> Iterator[Disagreement]:
    """Every field that is not the same on both sides."""
    for field in sorted(model.keys() | recorded.keys()):
        if model.get(field) != recorded.get(field):
            yield Disagreement(vector, step, field, model.get(field), recorded.get(field))
