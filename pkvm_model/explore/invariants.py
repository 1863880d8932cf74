"""The table of invariants: for each kernel, what holds with an honest host, and what with a host that may do anything.

Every cell is searched for, none is written down but for what explains it: the race of the course that a violation is.
"""
from __future__ import annotations

from typing import NamedTuple

from ..model.revisions import REVISIONS, Revision
from ..scenes import scene
from .check import HOLDS, VIOLATED, Always, Answer, Limits, Report, explore
from .machines import AnyHost, Scripts, every_call
from .properties import INVARIANTS

HONEST, ANY, ANY_PROTECTED = "honest", "any", "any-protected"
HOSTS = (HONEST, ANY, ANY_PROTECTED)
"""Who calls: an honest host; any host with ordinary VMs; any host with protected ones."""

NEW_VM = """
0 kvm_create_vm(kvm0)
0 kvm_create_vcpu(kvm0, hv0.0)
"""
LIFE = """
kvm_vcpu_run(kvm0, hv0.0, g0, 0)
kvm_close(kvm0, hv0.0)
kvm_close(kvm0, kvm0)
"""

EXPLAINED = {
    ("I0a", "pre", ANY): "R22", ("I0a", "v1", ANY): "R29", ("I0a", "merged", ANY): "R29",
    ("I0b", "v1", ANY): "R7", ("I4", "v1", ANY): "R7",
    ("I6", "pre", ANY): "R18", ("I6", "v1", ANY): "R18", ("I6", "merged", ANY): "R18",
    ("I2x", "merged", HONEST): "R15", ("I9", "merged", HONEST): "R15",
}
"""Which race a violation is."""
BY_DESIGN = {"I2x": "R17"}
"""Violations that are meant: no kernel looks for guest pages when it finalises, and with any host some stay behind."""


class Cell(NamedTuple):
    """What came out for one invariant, one kernel, one host, and the race that explains a violation."""

    invariant: Always
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
        """True if it holds and speaks of something."""
        return self.answer.verdict == HOLDS


def machine(revision: Revision, host: str) -> Scripts | AnyHost:
    """An honest host with one VM on two CPUs, or one that may call anything at any time."""
    if host == HONEST:
        return Scripts(scene("honest", "A VM's life", revision, NEW_VM, (LIFE, "kvm_unmap(kvm0)"), "One VM, one page."))
    return AnyHost(revision, every_call(revision, protected=(host == ANY_PROTECTED,)), most=1)


def has(revision: Revision, host: str) -> bool:
    """False for protected VMs in a kernel that has none."""
    return host != ANY_PROTECTED or "__pkvm_host_donate_guest" in revision.calls


def asked_of(host: str) -> tuple[Always, ...]:
    """The invariants that are asked about a host: the last one is a promise that only an honest host can keep."""
    return INVARIANTS if host == HONEST else INVARIANTS[:-1]


def column(revision: Revision, host: str, limits: Limits = Limits()) -> tuple[Cell, ...]:  # noqa: B008  # frozen
    """All invariants for one kernel and one host, in one search."""
    found = explore(machine(revision, host), asked_of(host), limits)
    return tuple(cell(answer, revision, host, found) for answer in found.answers)


def cell(answer: Answer, revision: Revision, host: str, found: Report) -> Cell:
    """One cell; what is broken by design with any host is not meant with an honest one."""
    name = answer.asked.name
    meant = host != HONEST and name in BY_DESIGN
    race = BY_DESIGN[name] if meant else EXPLAINED.get((name, revision.name, host), "")
    assert isinstance(answer.asked, Always)
    return Cell(answer.asked, revision.name, host, answer, found, race, meant)


def table() -> tuple[Cell, ...]:
    """Every invariant, every kernel, every host."""
    return tuple(cell for revision in REVISIONS.values() for host in HOSTS if has(revision, host)
                 for cell in column(revision, host))
