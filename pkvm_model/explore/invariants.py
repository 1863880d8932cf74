"""The table of invariants: for each kernel, what holds with an honest host, and what with a host that may do anything.

Every entry is searched for. Only its explanation is written down: the race of the course that a violation is.
"""
from __future__ import annotations

from typing import NamedTuple

from ..model.revisions import REVISIONS, Revision
from .check import HOLDS, VIOLATED, Always, AlwaysPossible, Answer, Limits, Report, explore
from .homecoming import HOME, HOME_BUT_FOR_LEFT
from .properties import INVARIANTS
from .scenario import DONATE, HostScenario, Scenario

HONEST, ANY, ANY_PROTECTED = "honest", "any", "any-protected"

NEW_VM = """
0 kvm_create_vm(kvm0)
0 kvm_create_vcpu(kvm0, hv0.0)
"""
LIFE = """
kvm_vcpu_run(kvm0, hv0.0, g0, 0)
kvm_close(kvm0, hv0.0)
kvm_close(kvm0, kvm0)
"""
ANY_SAYS = "Any call at any time on two CPUs, with one VM, one vCPU, one page and one bad handle."
ALL_HOSTS = (
    Scenario(HONEST, "A VM's life", "One VM, one page.", NEW_VM, (LIFE, "kvm_unmap(kvm0)")),
    HostScenario(ANY, "A host that may call anything", ANY_SAYS),
    HostScenario(ANY_PROTECTED, "A host that may call anything, with protected VMs", ANY_SAYS, needs=(DONATE,)))
HOSTS = {host.name: host for host in ALL_HOSTS}
"""Who calls: an honest host with one VM on two CPUs; any host with ordinary VMs; any host with protected VMs."""

EXPLAINED = {
    ("I0a", "pre", ANY): "R22", ("I0a", "v1", ANY): "R29", ("I0a", "merged", ANY): "R29",
    ("I0b", "v1", ANY): "R7", ("I4", "v1", ANY): "R7",
    ("I6", "pre", ANY): "R18", ("I6", "v1", ANY): "R18", ("I6", "merged", ANY): "R18",
    ("I2x", "merged", HONEST): "R15", ("I9", "merged", HONEST): "R15",
    ("way-home", "merged", HONEST): "R15", ("way-home-but", "merged", ANY): "R15",
    ("way-home", "pre", ANY): "R18", ("way-home", "v1", ANY): "R18", ("way-home", "merged", ANY): "R18",
}
"""The race that a violation is."""
BY_DESIGN = {"I2x": "R17", "way-home": "R17"}
"""Violations that are meant: no kernel looks for guest pages when it finalises, and with any host some stay behind.

Where a refused call leaves a count behind, that is the shorter way to lose something (R18).
"""


class InvariantResult(NamedTuple):
    """The result for one property, one kernel and one host, and the race that explains a violation."""

    invariant: Always | AlwaysPossible
    revision: str
    host: str
    answer: Answer
    report: Report
    race: str = ""
    by_design: bool = False

    def __str__(self) -> str:
        if self.answer.verdict != VIOLATED:
            return f"{self.answer.verdict}, {self.report.states:,} states" if self.holds else self.answer.verdict
        return f"{self.race}{' (by design)' if self.by_design else ''}: {self.answer.reason}"

    @property
    def holds(self) -> bool:
        """True if the invariant holds and is about some state."""
        return self.answer.verdict == HOLDS


def list_invariants(host: str) -> tuple[Always | AlwaysPossible, ...]:
    """Return the properties that are checked with a host.

    The last invariant is a promise that only an honest host keeps.
    """
    return (*(INVARIANTS if host == HONEST else INVARIANTS[:-1]), HOME, HOME_BUT_FOR_LEFT)


def check_invariants(revision: Revision, host: str,
                     limits: Limits = Limits()) -> tuple[InvariantResult, ...]:  # noqa: B008  # frozen
    """Check all invariants for one kernel and one host, in one search."""
    report = explore(HOSTS[host].machine(revision), list_invariants(host), limits)
    return tuple(explain(answer, revision, host, report) for answer in report.answers)


def explain(answer: Answer, revision: Revision, host: str, report: Report) -> InvariantResult:
    """Return an answer with its explanation; what any host breaks by design, an honest host must not break."""
    name = answer.prop.name
    meant = host != HONEST and name in BY_DESIGN
    race = EXPLAINED.get((name, revision.name, host)) or (BY_DESIGN[name] if meant else "")
    assert isinstance(answer.prop, Always | AlwaysPossible)
    return InvariantResult(answer.prop, revision.name, host, answer, report, race, meant)


def check_all_invariants() -> tuple[InvariantResult, ...]:
    """Check every invariant, every kernel, every host."""
    return tuple(result for revision in REVISIONS.values() for host in ALL_HOSTS if host.runs_on(revision)
                 for result in check_invariants(revision, host.name))
