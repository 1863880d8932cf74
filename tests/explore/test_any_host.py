"""The most general host reaches exactly the states that a walk with the kernel's own functions reached."""
from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from pkvm_model.explore.engine.search import Search
from pkvm_model.explore.machines import END, AnyHost, every_call
from pkvm_model.model.revisions import REVISIONS, UPSTREAM, V1
from pkvm_model.model.run import parameters
from pkvm_model.model.state import Config, State
from pkvm_model.model.state_json import observe
from pkvm_model.model.steps import Call

DATA = Path(__file__).parents[1] / "data"
ONE, ARGS, PROTECTED = "np-1vm-1vcpu-1page", "np-1vm-1vcpu-1page-args", "prot-1vm-1vcpu-1page"
COUNTS = {
    ("pre", ONE): 50, ("v1", ONE): 64, ("merged", ONE): 64, ("upstream", ONE): 56,
    ("pre", ARGS): 180, ("v1", ARGS): 216, ("merged", ARGS): 216, ("upstream", ARGS): 168,
    ("pre", PROTECTED): 16, ("v1", PROTECTED): 20, ("merged", PROTECTED): 20, ("upstream", PROTECTED): 152}
"""The number of states reached with the kernel's functions, for each finished walk."""


@cache
def read_walk(revision: str, space: str) -> tuple[dict[str, Any], ...]:
    """Return the recorded states of a walk: the repository has a tenth of them."""
    with gzip.open(DATA / f"bfs-{revision}.jsonl.gz", "rt", encoding="utf-8") as file:
        return tuple(vector for line in file if (vector := json.loads(line)).get("space") == space)


def host(revision: str, space: str) -> AnyHost:
    """Return the host of the walk: it makes whole calls, and tries the walk's calls in every state."""
    vectors = read_walk(revision, space)
    probes = [probe for vector in vectors for probe in vector["probes"]]
    calls = dict.fromkeys((probe["cpu"], call_of(probe)) for probe in probes)
    config = Config(**{size: value for size, value in vectors[0]["config"].items() if size in Config._fields})
    return AnyHost(REVISIONS[revision], tuple(calls), config, whole=True, most=1)


def call_of(probe: dict[str, Any]) -> Call:
    """Return a recorded call, with its arguments in order."""
    return Call(probe["call"], tuple(probe["args"][arg] for arg in parameters(probe["call"])))


def list_states(machine: AnyHost) -> list[State]:
    """Return every state in which the machine goes on and no count is beyond the limit."""
    search = Search(machine)
    while search.advance():
        pass
    states = [machine.view(search.packing.unpack(code)) for code in search.seen]
    return [state for state in states if not state.end and not machine.is_full(state)]


@pytest.mark.parametrize(("revision", "space"), COUNTS, ids="-".join)
def test_the_states_are_the_same_as_in_the_walk(revision: str, space: str) -> None:
    seen = {json.dumps(observe(state), sort_keys=True) for state in list_states(host(revision, space))}
    assert len(seen) == COUNTS[revision, space]
    assert {json.dumps(vector["at"], sort_keys=True) for vector in read_walk(revision, space)} <= seen


@pytest.mark.parametrize(("revision", "protected"), [(V1, False), (UPSTREAM, True)], ids=["v1", "upstream"])
def test_every_call_includes_the_calls_of_the_walk_on_every_cpu(revision: Any, protected: bool) -> None:
    recorded = {call for _, call in host(revision.name, PROTECTED if protected else ONE).calls}
    ours = every_call(revision, protected=(protected,))
    missing = {call.name for call in recorded - {call for _, call in ours}}
    assert missing == set()
    assert {cpu for cpu, call in ours if call.name == "__pkvm_reserve_vm"} == {0, 1}


def test_a_state_with_a_count_beyond_the_limit_is_visited_but_not_continued() -> None:
    machine = host("v1", ONE)
    search = Search(machine)
    while search.advance():
        pass
    full = [code for code in search.seen if machine.is_full(machine.view(search.packing.unpack(code)))]
    assert full
    assert all(not tree(code) for code in full for tree in search.trees.values())


def test_an_ended_machine_has_no_step() -> None:
    machine = host("v1", ONE)
    search = Search(machine)
    while search.advance():
        pass
    ended = [code for code in search.seen if END in search.packing.unpack(code)]
    assert ended
    assert all(not tree(code) for code in ended for tree in search.trees.values())
