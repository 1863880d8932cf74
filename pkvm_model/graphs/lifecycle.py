"""The life of a VM as a graph: every change that a whole call can make, found by trying all calls in all states."""
from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from ..model.revisions import Revision
from ..model.run import call
from ..model.state import Config, Kvm, State
from ..model.steps import Call, Step
from ..scenes import Node, Scene
from ..show.words import shorten
from .bench import StateGraph, encode_edge
from .parts import encode_slot
from .contract import BenchGraph, EdgeValue, LaneValue, StateValue
from .drawing import ENDS, Arrow, Box, describe_arrows, draw_graph, picture
from .reach import LIMIT

if TYPE_CHECKING:
    from ..show.dot import Dot

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


class Change(NamedTuple):
    """A call that changes where the VM is in its life."""

    old: str
    call: str
    new: str

    @property
    def rank(self) -> tuple[int, int, str]:
        """Its rank among others, along a VM's life."""
        return WORDS.index(self.old), WORDS.index(self.new), self.call


class LifeGraph(StateGraph):
    """A machine on which the host makes whole calls of a VM's life, in any order, and the drawing of that life.

    With another kernel beside it, the drawing also has what only one of the two has, marked.
    """

    def __init__(self, revision: Revision, other: Revision | None = None, limit: int = ENOUGH) -> None:
        self.arrows = merge_changes(revision, other)
        self.words = [word for word in WORDS if any(word in (change.old, change.new) for change, _ in self.arrows)]
        name = "-".join(("life", revision.name, *revision.removed, *([other.name] if other else [])))
        says = "Slot 0 is free; the host has lent EL2 the structs that it will need."
        super().__init__(Scene(name, "The life of a VM", revision, LENT, ((),), says, Config(cpus=1)), limit)

    def list_edges(self, number: int) -> Iterator[EdgeValue]:
        """Yield every call of this kernel, refused or not."""
        here = self.nodes[number]
        for step in list_steps(here.state, self.scene.revision):
            yield encode_edge(here.state, step, True, to=self.add(Node(step.state, here.begun)))

    def encode_lane(self, number: int, cpu: int) -> LaneValue:
        """Return the lane of the one CPU, which may call anything."""
        return {**super().encode_lane(number, cpu), "where": "may make any call"}

    def encode_state(self, number: int) -> StateValue:
        """Return a state as a bench shows it, with the box of the drawing in which it stands."""
        word = life_word(self.nodes[number].state)
        return {**super().encode_state(number), "box": self.words.index(word) if word in self.words else None}

    def value(self, most: int = LIMIT) -> BenchGraph:
        """Return the graph as JSON values, with its drawing."""
        boxes = [Box(word, (word,), f"{word}: {MEANINGS[word]}") for word in self.words]
        names: dict[tuple[str, str, str], list[str]] = {}
        for change, only in self.arrows:
            names.setdefault((change.old, change.new, only), []).append(change.call)
        arrows = [Arrow(self.words.index(old), self.words.index(new), ", ".join(calls), only=only)
                  for (old, new, only), calls in names.items()]
        graph = super().value(most)
        graph["drawing"] = draw_graph(boxes, arrows)
        return graph


def draw_life(revision: Revision) -> Dot:
    """Return the life of a VM as a picture with words, for places without widgets."""
    drawing = LifeGraph(revision, limit=1).value()["drawing"]
    return picture(f"The life of a VM in {revision.name}. {describe_arrows(drawing)}.", drawing)


def merge_changes(revision: Revision, other: Revision | None) -> list[tuple[Change, str]]:
    """Return the changes of two kernels, each with the name of the only kernel that has it, or ''."""
    mine, others = find_changes(revision), find_changes(other) if other else []
    names = {change: revision.name for change in mine if other and change not in others}
    names |= {change: other.name for change in others if other and change not in mine}
    return [(change, names.get(change, "")) for change in sorted({*mine, *others}, key=lambda change: change.rank)]


def find_changes(revision: Revision) -> list[Change]:
    """Return every change of slot 0, or of the VM in it, that one call can make, in a fixed order."""
    start = Scene("", "", revision, LENT, (), "", Config(cpus=1)).start()
    seen, waiting, changes = {start}, [start], set[Change]()
    while waiting:
        state = waiting.pop()
        for step in filter(does_something, list_steps(state, revision)):
            after = drop_memcaches(step.state)
            if after != state:
                changes.add(Change(life_word(state), shorten(step.call.name), life_word(after)))
            if after not in seen:
                seen.add(after)
                waiting.append(after)
    return sorted(changes, key=lambda change: change.rank)


def list_steps(state: State, revision: Revision) -> Iterator[Step]:
    """Yield each call of a VM's life that this kernel knows, made whole."""
    for wanted in () if state.end else CALLS:
        if wanted.name in revision.calls:
            yield call(state, revision, 0, wanted.name, *wanted.args)


def does_something(step: Step) -> bool:
    """Return False for a refused call: it may leave a pin behind each time (init_vcpu does), without end."""
    return not step.refused or step.state.end is not None


def drop_memcaches(state: State) -> State:
    """Return the state after the host has freed the pages that came home: its memcaches would grow without end."""
    records = {key: record for key, record in state.table.items() if key[0] is not Kvm}
    return State.of(state.config, records, state.end)


def life_word(state: State) -> str:
    """Return where the VM of slot 0 is in its life."""
    return ENDS if state.end else encode_slot(state, 0)["word"]
