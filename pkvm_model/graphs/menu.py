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
"""Calls that belong to no VM; the explorer leaves them out, and a free host may make them."""


class Foresight(NamedTuple):
    """What is known of a call before it is made: the sentence of an immediate refusal, or of a later one."""

    says: str = ""
    refusal: RefusalValue | None = None

    def add_to(self, edge: EdgeValue) -> EdgeValue:
        """Return the edge with what is foreseen."""
        shown: EdgeValue = {**edge, "says": self.says or edge["says"]}
        if self.refusal:
            shown["refusal"] = self.refusal
        return shown


class Menu:
    """The calls that the learner may make in a scene, by CPU; `pages` are all pages that these calls name."""

    def __init__(self, scene: Scene) -> None:
        start = scene.start()
        names = [name for name, _ in start.all(Page)]
        protected = tuple(sorted({vm.is_protected for _, vm in start.all(Vm)})) or (False,)
        calls = every_call(scene.revision, scene.config, count_pages(names, "hv0."), count_pages(names, "g"), protected)
        calls = tuple(sorted([*calls, *list_loans(calls)], key=lambda call: call[1].name))
        unknown = {name for _, wanted in scene.free for name in wanted} - {call.name for _, call in calls}
        if unknown:
            raise ValueError(f"{scene.revision.name} has no call {', '.join(sorted(unknown))} for a host that is free")
        self.revision = scene.revision
        self.calls = {cpu: [call for on, call in calls if on == cpu and (not wanted or call.name in wanted)]
                      for cpu, wanted in scene.free}
        self.pages = set(list_memory(calls, "kvm", "hv", "vm", "pgd", "vc", "g")) if scene.free else set()
        self.one_revision: dict[tuple[str, int | None, str], bool] = {}

    def list_steps(self, state: State, cpu: int) -> Iterator[tuple[Step, Foresight]]:
        """Yield the first step of each call that may be made, with what is foreseen: why EL2 would refuse the call."""
        for call in self.calls.get(cpu, ()):
            step = begin(state, self.revision, cpu, call)
            yield step, self.foresee(state, step, finish(step, self.revision))

    def foresee(self, before: State, step: Step, whole: Step) -> Foresight:
        """Return the refusal that a call ends in if nobody gets in between; empty if it is not refused."""
        if not whole.refused or whole.state.end:
            return Foresight()
        sentence = describe_step(before, whole) + self.mark_revision(before, whole)
        if not step.pending:
            return Foresight(sentence)
        return Foresight(refusal={"ret": show_ret(whole.ret), "says": sentence})

    def mark_revision(self, before: State, whole: Step) -> str:
        """Return the revision in brackets if another one answers otherwise, judged where this refusal is met first."""
        assert whole.refused
        key = whole.call.name, *whole.refused
        if key not in self.one_revision:
            others = (other for name, other in REVISIONS.items() if name != self.revision.name)
            self.one_revision[key] = any(answers_otherwise(before, whole, other) for other in others)
        return f" ({self.revision.name})" if self.one_revision[key] else ""


def list_loans(calls: tuple[tuple[int, Call], ...]) -> Iterator[tuple[int, Call]]:
    """Return the calls that lend EL2 a page or end the loan, for each page that the host keeps in these calls."""
    loans = [Call(name, (page,)) for name in LOANS for page in list_memory(calls, "kvm", "hv", "g")]
    return ((cpu, call) for call in loans for cpu in sorted({cpu for cpu, _ in calls}))


def answers_otherwise(before: State, whole: Step, other: Revision) -> bool:
    """Return True if another revision has the call, and does not refuse it with the same code."""
    if whole.call.name not in other.calls:
        return False
    assert whole.refused
    there = begin(before, other, whole.cpu, whole.call, to_end=True)
    return not there.refused or there.refused[0] != whole.refused[0]


def count_pages(names: list[str], prefix: str) -> int:
    """Return how many pages have a name that begins with the prefix, at least 1."""
    return max(1, sum(name.startswith(prefix) for name in names))
