"""The free host: what a CPU without a script may call, and why EL2 would refuse a call before it is made."""
from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..explore.machines import every_call, list_memory
from ..model.revisions import REVISIONS, Revision
from ..model.run import begin, finish
from ..model.state import Page, State, Vm
from ..model.steps import Call, Step
from ..model.trace import show_ret
from ..scenes import Scene
from ..show.words import describe_step
from .contract import EdgeValue, RefusalValue

LOANS = ("__pkvm_host_share_hyp", "__pkvm_host_unshare_hyp")
"""Calls that are no VM's; the explorer leaves them out, and a host that is free may make them."""


class Foreseen(NamedTuple):
    """What is said of a call before it is made: the sentence of a refusal at once, or the refusal that it ends in."""

    says: str = ""
    refusal: RefusalValue | None = None

    def add_to(self, edge: EdgeValue) -> EdgeValue:
        """Return the edge with this said of it."""
        shown: EdgeValue = {**edge, "says": self.says or edge["says"]}
        if self.refusal:
            shown["refusal"] = self.refusal
        return shown


class Menu:
    """The calls that the learner may make in a scene, by CPU; `pages` are all pages that any of them names."""

    def __init__(self, scene: Scene) -> None:
        start = scene.start()
        names = [name for name, _ in start.all(Page)]
        protected = tuple(sorted({vm.is_protected for _, vm in start.all(Vm)})) or (False,)
        calls = every_call(scene.revision, scene.config, count(names, "hv0."), count(names, "g"), protected)
        calls = tuple(sorted([*calls, *loans(calls)], key=lambda made: made[1].name))
        unknown = {name for _, wanted in scene.free for name in wanted} - {call.name for _, call in calls}
        if unknown:
            raise ValueError(f"{scene.revision.name} has no call {', '.join(sorted(unknown))} for a host that is free")
        self.revision = scene.revision
        self.calls = {cpu: [call for on, call in calls if on == cpu and (not wanted or call.name in wanted)]
                      for cpu, wanted in scene.free}
        self.pages = set(list_memory(calls, "kvm", "hv", "vm", "pgd", "vc", "g")) if scene.free else set()
        self.one_revision: dict[tuple[str, int | None, str], bool] = {}

    def steps(self, state: State, cpu: int) -> Iterator[tuple[Step, Foreseen]]:
        """The first step of each call that may be made, with what is said before: why EL2 would refuse the call."""
        for call in self.calls.get(cpu, ()):
            step = begin(state, self.revision, cpu, call)
            yield step, self.refusal(state, step, finish(step, self.revision))

    def refusal(self, before: State, step: Step, whole: Step) -> Foreseen:
        """The refusal that a call ends in if nobody gets in between, for an edge; empty where it is not refused."""
        if not whole.refused or whole.state.end:
            return Foreseen()
        sentence = describe_step(before, whole) + self.only_here(before, whole)
        if not step.pending:
            return Foreseen(sentence)
        return Foreseen(refusal={"ret": show_ret(whole.ret), "says": sentence})

    def only_here(self, before: State, whole: Step) -> str:
        """The revision in brackets if another one would answer otherwise, as seen where this refusal is met first."""
        assert whole.refused
        met = whole.call.name, *whole.refused
        if met not in self.one_revision:
            others = (other for name, other in REVISIONS.items() if name != self.revision.name)
            self.one_revision[met] = any(answers_otherwise(before, whole, other) for other in others)
        return f" ({self.revision.name})" if self.one_revision[met] else ""


def loans(calls: tuple[tuple[int, Call], ...]) -> Iterator[tuple[int, Call]]:
    """The calls that lend EL2 a page, and end that: for each page that the host keeps when it makes these calls."""
    lent = [Call(name, (page,)) for name in LOANS for page in list_memory(calls, "kvm", "hv", "g")]
    return ((cpu, call) for call in lent for cpu in sorted({cpu for cpu, _ in calls}))


def answers_otherwise(before: State, whole: Step, other: Revision) -> bool:
    """True if another revision has the call, and does not refuse it with the same code."""
    if whole.call.name not in other.calls:
        return False
    assert whole.refused
    there = begin(before, other, whole.cpu, whole.call, to_end=True)
    return not there.refused or there.refused[0] != whole.refused[0]


def count(names: list[str], prefix: str) -> int:
    """How many pages have a name that begins like this, one at least."""
    return max(1, sum(name.startswith(prefix) for name in names))
