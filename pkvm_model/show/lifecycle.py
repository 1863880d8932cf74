"""The life of a VM as a graph: every change that a whole call can make, found by trying all calls in all states."""
from __future__ import annotations

from collections.abc import Iterator

from ..revisions import Revision
from ..run import call
from ..steps import Call
from ..state import Config, Kvm, State
from .dot import Dot
from .graph import slot_value
from .words import short

WORDS = ("free", "reserved", "initialised", "live", "dying")
CALLS = (
    Call("__pkvm_reserve_vm"), Call("__pkvm_unreserve_vm", (0x1000,)),
    Call("__pkvm_init_vm", ("kvm0", 0x1000, 1, "vm0", "pgd0")), Call("__pkvm_init_vcpu", (0x1000, "hv0.0", "vc0.0")),
    Call("__pkvm_vcpu_load", (0x1000, 0)), Call("__pkvm_vcpu_put"), Call("__pkvm_teardown_vm", (0x1000,)),
    Call("__pkvm_start_teardown_vm", (0x1000,)), Call("__pkvm_finalize_teardown_vm", (0x1000,)))


def changes(revision: Revision) -> list[tuple[str, str, str]]:
    """Every (word, call, word) by which the slot of one VM can change, in a fixed order."""
    start = lend_structs(revision)
    seen, waiting, found = {start}, [start], set()
    while waiting:
        state = waiting.pop()
        for name, after in successors(state, revision):
            if word(after) != word(state):
                found.add((word(state), name, word(after)))
            if after not in seen:
                seen.add(after)
                waiting.append(after)
    return sorted(found, key=lambda change: (WORDS.index(change[0]), WORDS.index(change[2]), change[1]))


def lend_structs(revision: Revision) -> State:
    """A machine on which the host has lent EL2 its structs, and nothing else has happened."""
    state = call(State(Config(cpus=1)), revision, 0, "__pkvm_host_share_hyp", "kvm0").state
    return call(state, revision, 0, "__pkvm_host_share_hyp", "hv0.0").state


def successors(state: State, revision: Revision) -> Iterator[tuple[str, State]]:
    """Each call that this kernel knows and that does not end the machine, with the state after it."""
    for made in CALLS:
        if made.name in revision.calls:
            step = call(state, revision, 0, made.name, *made.args)
            # A refused call may leave a pin behind each time (init_vcpu does): only what was done counts here.
            if not step.refused and not step.state.end:
                yield short(step.call.name), emptied(step.state)


def emptied(state: State) -> State:
    """The state after the host has freed what came home: its memcaches would count on for ever."""
    return State.of(state.config, {key: record for key, record in state.table.items() if key[0] is not Kvm})


def word(state: State) -> str:
    """Where the VM of slot 0 is in its life."""
    return str(slot_value(state, 0)["word"])


def lifecycle(revision: Revision) -> Dot:
    """The picture, and the same in words."""
    edges = changes(revision)
    told = "; ".join(f"{name}: {old} to {new}" for old, name, new in edges)
    picture = Dot(f"The life of a VM in {revision.name}. {told}.", name=revision.name)
    picture.attr(rankdir="LR")
    for old, name, new in edges:
        picture.edge(old, new, label=f" {name} ")
    return picture
