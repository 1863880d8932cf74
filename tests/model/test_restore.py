"""Any state can be brought back from its value alone, in the middle of calls too, and goes on to the same end."""
from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from pkvm_model.conform.compare_vectors import start_machine
from pkvm_model.conform.vectors import Vector
from pkvm_model.model.revisions import REVISIONS, Revision
from pkvm_model.model.run import begin, finish, list_regions, resume
from pkvm_model.model.state import Cpu, Flight, State, Value
from pkvm_model.model.state_json import digest, from_json, to_json
from pkvm_model.model.steps import Call, Step
from pkvm_model.model.trace import parse, replay
from pkvm_model.model.view import ModelError
from tests.conform.files import recorded
from tests.model.machine import HANDLE, NAMES, PRE, V1, Machine, dying_with_pages, idle, initialised, reserved

Action = tuple[int, Call | None]
"""One lock region: the CPU, and the call that begins with it or None where one goes on."""

SCENARIOS = [vector for revision in REVISIONS for vector in recorded(f"scenarios-{revision}")]
IDS = [f"{vector.revision.name}-{vector.title}" for vector in SCENARIOS]
RACES = [pytest.param(vector, id=name) for vector, name in zip(SCENARIOS, IDS, strict=True)
         if vector.revision.name in ("pre", "v1") and vector.title in ("R7a", "R7b", "R7c", "R7d", "R19")]


def through_json(state: State) -> State:
    """Write a state as JSON text and read it back."""
    return from_json(json.loads(json.dumps(to_json(state))))


def flights(state: State) -> list[Flight | None]:
    """Return the calls under way."""
    return [state.get(Cpu, cpu).flight for cpu in range(state.config.cpus)]


def act(state: State, revision: Revision, action: Action) -> Step:
    """Run one lock region."""
    cpu, call = action
    return begin(state, revision, cpu, call) if call else resume(state, revision, cpu)


def by_regions(vector: Vector) -> tuple[State, list[Action]]:
    """Return the first state and the lock regions of a vector; the host's emptying of its memcaches is no call."""
    machine, actions = start_machine(vector, vector.revision), list[Action]()
    before = machine.state
    for request, split, fields in vector.steps:
        played = machine.play(fields["cpu"], request, split)
        machine.settle(played, request, split)
        machine.state = played.state
        actions += [(played.cpu, request), *[(played.cpu, None)] * (len(played.regions) - 1)]
    return before, actions


def ends(start: State, revision: Revision, actions: list[Action]) -> State:
    """Return the state at the end of a run."""
    for action in actions:
        start = act(start, revision, action).state
    return start


@pytest.mark.parametrize("vector", SCENARIOS, ids=IDS)
def test_a_run_that_is_restored_before_every_region_goes_the_same_way(vector: Vector) -> None:
    state, actions = by_regions(vector)
    revision, copy = vector.revision, through_json(state)
    for action in actions:
        step, copied = act(state, revision, action), act(copy, revision, action)
        assert copied == step
        assert flights(copied.state) == flights(step.state)
        state, copy = step.state, through_json(copied.state)
        assert [flight and flight.reads for flight in flights(copy)] == [f and f.reads for f in flights(state)]
    assert (copy, digest(copy)) == (state, digest(state))


@pytest.mark.parametrize("vector", RACES)
def test_every_prefix_of_a_race_is_restored_and_arrives_at_the_same_end(vector: Vector) -> None:
    state, actions = by_regions(vector)
    revision = vector.revision
    end = ends(state, revision, actions)
    for number, action in enumerate(actions):
        assert ends(through_json(state), revision, actions[number:]) == end
        state = act(state, revision, action).state


def test_a_fresh_process_finishes_a_call_that_this_one_began() -> None:
    machine = dying_with_pages(V1)
    machine.begin(0, "unshare", HANDLE, 0)
    machine.resume(0)
    script = ("import json, sys; from pkvm_model.model.run import *; from pkvm_model.model.revisions import V1;"
              "from pkvm_model.model.state_json import *; state = from_json(json.load(sys.stdin));"
              "print(digest(finish(resume(state, V1, 0), V1).state))")
    done = subprocess.run([sys.executable, "-c", script], input=json.dumps(to_json(machine.state)), text=True,
                          capture_output=True, check=True, cwd=Path(__file__).parents[2])
    machine.finish(0)
    assert done.stdout.strip() == digest(machine.state)


def test_a_trace_goes_on_from_the_state_of_any_of_its_steps() -> None:
    machine = Machine(V1, State())
    machine.call(0, "create", "kvm0")
    machine.call(0, "first run", "kvm0", "hv0.0")
    machine.begin(0, "destroy", "kvm0")
    while machine.state.get(Cpu, 0).flight:
        machine.resume(0)
    steps = replay(parse(str(machine.trace))).steps
    for before, after in pairwise(steps[2:]):
        assert resume(through_json(before.state), V1, 0).state == after.state


@pytest.mark.parametrize("reads", [[], ["vm0"], ["reserved"], ["free", True], ["vm7", None, "x"], [0]])
def test_reads_that_lead_elsewhere_are_rejected(reads: list[Any]) -> None:
    machine = dying_with_pages(V1)
    machine.begin(0, "unshare", HANDLE, 0)
    value = json.loads(json.dumps(to_json(machine.state)))
    value["cpus"][0]["in_flight"]["reads"] = reads
    state = from_json(value)
    assert state == machine.state
    with pytest.raises(ModelError, match=r"^CPU 0: what __pkvm_host_unshare_guest has read does not lead"):
        resume(state, V1, 0)


def test_a_wrong_place_is_rejected() -> None:
    machine = dying_with_pages(V1)
    machine.begin(0, "unshare", HANDLE, 0)
    value = json.loads(json.dumps(to_json(machine.state)))
    value["cpus"][0]["in_flight"]["at"][0] = "__pkvm_host_unshare_guest#3"
    with pytest.raises(ModelError, match=r"does not lead to where it is$"):
        resume(from_json(value), V1, 0)


def test_the_yields_of_a_call_are_counted_as_they_stand_in_the_source() -> None:
    machine = reserved(V1)
    machine.begin(0, "init_vm", "kvm0", HANDLE, 1, "vm0", "pgd0")
    places = [machine.resume(0).state.get(Cpu, 0).flight for _ in range(4)]
    assert [place and place.at[:-1] for place in places] == [
        ("__pkvm_init_vm#3", "init_pkvm_hyp_vm#1", "map_donated_memory#1"), ("__pkvm_init_vm#3", "init_pkvm_hyp_vm#3"),
        ("__pkvm_init_vm#3", "init_pkvm_hyp_vm#4"), None]


def test_restoring_a_call_changes_nothing() -> None:
    machine = dying_with_pages(V1)
    machine.begin(0, "finalise", HANDLE)
    before = to_json(machine.state)
    assert [locks for locks, _ in list_regions(machine.state, V1, 0)] == ["L", "G"]
    assert to_json(machine.state) == before


ALPHABET: list[tuple[str, tuple[Value, ...]]] = [
    ("unshare", (HANDLE, 0)), ("load", (HANDLE, 0)), ("put", ()), ("share", ("g0", 0)), ("run", ("hv0.0",)),
    ("start", (HANDLE,)), ("finalise", (HANDLE,)), ("teardown", (HANDLE,)), ("init_vcpu", (HANDLE, "hv0.0", "vc9")),
    ("reserve", ()), ("init_vm", ("kvm0", HANDLE, 1, "vm0", "pgd0"))]


def followers(state: State, revision: Revision) -> Iterator[State]:
    """Yield every state that one lock region of some CPU leads to."""
    for cpu in range(state.config.cpus) if state.end is None else ():
        if state.get(Cpu, cpu).flight:
            yield resume(state, revision, cpu).state
            continue
        for name, args in ALPHABET:
            if NAMES[name] in revision.calls:
                yield begin(state, revision, cpu, Call(NAMES[name], args)).state


def equal_states(start: State, revision: Revision, limit: int) -> list[list[State]]:
    """Return groups of states that are equal although their calls have read different things."""
    found: dict[State, dict[Any, State]] = defaultdict(dict)
    queue = [start]
    for state in queue:
        for after in followers(state, revision) if len(queue) < limit else ():
            if after not in found:
                queue.append(after)
            found[after].setdefault(tuple(flight and flight.reads for flight in flights(after)), after)
    return [list(group.values()) for group in found.values() if len(group) > 1]


@pytest.mark.parametrize(("revision", "life"), [(PRE, idle), (V1, idle), (V1, dying_with_pages)],
                         ids=["pre-idle", "v1-idle", "v1-dying"])
def test_equal_calls_with_different_reads_go_on_alike(revision: Revision, life: Any) -> None:
    groups = equal_states(life(revision).state, revision, limit=500)
    assert len(groups) > 20
    for one, *others in groups:
        for cpu in (0, 1):
            if one.end is None and one.get(Cpu, cpu).flight:
                ways = {finish(resume(state, revision, cpu), revision) for state in (one, *others)}
                assert len(ways) == 1


def test_a_call_keeps_the_reason_of_a_refusal_while_it_tidies_up() -> None:
    absent, not_lent = reserved(V1), initialised(V1)
    not_lent.call(1, "unshare_hyp", "hv0.0")
    for machine in (absent, not_lent):
        machine.begin(0, "init_vcpu", HANDLE, "hv0.0", "vc0.0")
        machine.resume(0)
    not_lent.call(1, "share_hyp", "hv0.0")
    absent.call(1, "init_vm", "kvm0", HANDLE, 3, "vm0", "pgd0")
    assert absent.state != not_lent.state
    assert (absent.finish(0).ret, not_lent.finish(0).ret) == (-2, -16)
    assert absent.state == not_lent.state
