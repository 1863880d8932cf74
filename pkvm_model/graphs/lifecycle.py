"""The life of a VM as a graph: every change that a whole call can make, found by trying all calls in all states."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..model.revisions import Revision
from ..model.run import call
from ..model.state import Config, Kvm, State
from ..model.steps import Call, Step
from ..scenes import Node, Scene
from ..show.dot import Dot
from ..show.drawing import ENDS, Arrow, Box, drawing, picture, told
from ..show.words import short
from .bench import StateGraph, edge, slot_value
from .reach import LIMIT

MEANINGS = {
    "free": "nobody has the slot", "reserved": "the host has a handle, and EL2 no VM yet",
    "initialised": "EL2 has the VM, which has no vCPU", "live": "the VM has a vCPU",
    "dying": "start has marked the VM; no vCPU can be loaded any more", ENDS: "EL2 has ended the machine"}
WORDS = tuple(MEANINGS)
CALLS = (
    Call("__pkvm_reserve_vm"), Call("__pkvm_unreserve_vm", (0x1000,)),
    Call("__pkvm_init_vm", ("kvm0", 0x1000, 1, "vm0", "pgd0")), Call("__pkvm_init_vcpu", (0x1000, "hv0.0", "vc0.0")),
    Call("__pkvm_vcpu_load", (0x1000, 0)), Call("__pkvm_vcpu_put"), Call("__pkvm_teardown_vm", (0x1000,)),
    Call("__pkvm_start_teardown_vm", (0x1000,)), Call("__pkvm_finalize_teardown_vm", (0x1000,)))
LENT = tuple((0, Call("__pkvm_host_share_hyp", (struct,))) for struct in ("kvm0", "hv0.0"))
"""The host has lent EL2 its structs, and nothing else has happened."""
ENOUGH = 60
"""How many states are worked out beforehand: some lives of a VM, one after the other."""


class LifeGraph(StateGraph):
    """A machine on which the host makes whole calls of a VM's life, in any order, and the drawing of that life.

    Beside another kernel, what only one of the two has is drawn, too, and marked.
    """

    def __init__(self, revision: Revision, other: Revision | None = None, limit: int = ENOUGH) -> None:
        self.arrows = changes_of(revision, other)
        self.words = [word for word in WORDS if any(word in (old, new) for old, _, new, _ in self.arrows)]
        name = "-".join(("life", revision.name, *revision.removed, *([other.name] if other else [])))
        says = "Slot 0 is free; the host has lent EL2 the structs that it will need."
        super().__init__(Scene(name, "The life of a VM", revision, LENT, ((),), says, Config(cpus=1)), limit)

    def out(self, number: int) -> Iterator[dict[str, Any]]:
        """Every call of this kernel, whatever comes of it."""
        here = self.nodes[number]
        for step in steps(here.state, self.scene.revision):
            yield edge(here.state, step, True) | {"to": self.add(Node(step.state, here.begun))}

    def lane(self, number: int, cpu: int) -> dict[str, Any]:
        """The one CPU, which may call anything."""
        return super().lane(number, cpu) | {"where": "may make any call"}

    def state_value(self, number: int) -> dict[str, Any]:
        """A state as a bench shows it, with the box of the drawing in which it stands."""
        here = word(self.nodes[number].state)
        return super().state_value(number) | {"box": self.words.index(here) if here in self.words else None}

    def value(self, most: int = LIMIT) -> dict[str, Any]:
        """The graph as JSON values, with its drawing."""
        boxes = [Box(word, (word,), f"{word}: {MEANINGS[word]}") for word in self.words]
        names: dict[tuple[str, str, str], list[str]] = {}
        for old, name, new, only in self.arrows:
            names.setdefault((old, new, only), []).append(name)
        drawn = [Arrow(self.words.index(old), self.words.index(new), ", ".join(called), only=only)
                 for (old, new, only), called in names.items()]
        return super().value(most) | {"drawing": drawing(boxes, drawn)}


def life_of_a_vm(revision: Revision) -> Dot:
    """The life of a VM as a picture with words, for where there is no widget."""
    drawn = LifeGraph(revision, limit=1).value()["drawing"]
    return picture(f"The life of a VM in {revision.name}. {told(drawn)}.", drawn)


def changes_of(revision: Revision, other: Revision | None) -> list[tuple[str, str, str, str]]:
    """The changes of a kernel and of the other one, each with the name of the only one to have it, or ''."""
    mine, others = changes(revision), changes(other) if other else []
    names = {change: revision.name for change in mine if other and change not in others}
    names |= {change: other.name for change in others if other and change not in mine}
    return [(*change, names.get(change, "")) for change in sorted({*mine, *others}, key=place)]


def changes(revision: Revision) -> list[tuple[str, str, str]]:
    """Every (word, call, word) by which the slot of one VM, or the VM in it, can change, in a fixed order."""
    start = Scene("", "", revision, LENT, (), "", Config(cpus=1)).start()
    seen, waiting, found = {start}, [start], set()
    while waiting:
        state = waiting.pop()
        for step in filter(does_something, steps(state, revision)):
            after = emptied(step.state)
            if after != state:
                found.add((word(state), short(step.call.name), word(after)))
            if after not in seen:
                seen.add(after)
                waiting.append(after)
    return sorted(found, key=place)


def place(change: tuple[str, str, str]) -> tuple[int, int, str]:
    """Where a change stands among others."""
    return WORDS.index(change[0]), WORDS.index(change[2]), change[1]


def steps(state: State, revision: Revision) -> Iterator[Step]:
    """Each call of a VM's life that this kernel knows, made whole."""
    for made in () if state.end else CALLS:
        if made.name in revision.calls:
            yield call(state, revision, 0, made.name, *made.args)


def does_something(step: Step) -> bool:
    """False for a refused call: it may leave a pin behind each time (init_vcpu does), and so go on for ever."""
    return not step.refused or step.state.end is not None


def emptied(state: State) -> State:
    """The state after the host has freed what came home: its memcaches would count on for ever."""
    kept = {key: record for key, record in state.table.items() if key[0] is not Kvm}
    return State.of(state.config, kept, state.end)


def word(state: State) -> str:
    """Where the VM of slot 0 is in its life."""
    return ENDS if state.end else str(slot_value(state, 0)["word"])
