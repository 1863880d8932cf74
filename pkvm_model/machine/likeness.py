"""Compares two recordings of the same scenarios: what a host and EL2 did, without what is another thing each time.

Left out are addresses, CPUs, how often a vCPU is loaded, put, run and synchronised, how many pages a struct lies on,
calls that could not be read, and what only one kind of recorder writes: functions of the host, lines of its log, notes.
"""
from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import groupby
from typing import NamedTuple

from ..conform.recordings import RECORDINGS, RecordedRow, RecordedScenario, load
from ..conform.recordings.kernels import KERNELS, release_of
from ..model.revisions import errno

RESTLESS = {"__pkvm_vcpu_load", "__pkvm_vcpu_put", "__kvm_vcpu_run", "__pkvm_vcpu_sync_state", "?", "hyp_panic"}
"""The calls of the host whose number means nothing."""
OTHERS = ("__kvm_timer_", "__vgic_v3_")
"""How the names of calls begin that only some recordings have."""
GIVEN: Mapping[str, tuple[int, ...]] = {
    "__pkvm_host_share_hyp": (), "__pkvm_host_unshare_hyp": (), "__pkvm_init_vm": (), "__pkvm_init_vcpu": (0,),
    "__kvm_vcpu_run": (), "__pkvm_vcpu_load": (0, 1), "__pkvm_host_share_guest": (1, 2, 3),
    "__pkvm_host_donate_guest": (1,),
    "__pkvm_force_reclaim_guest_page": ()}
"""The arguments of calls that are no addresses, by their places; other calls have none that are."""


class Comparison(NamedTuple):
    """A scenario of two recordings, the kernel of the older one, and the lines around differences: `-` old, `+` new."""

    scenario: str
    kernel: str
    lines: tuple[str, ...]

    def __str__(self) -> str:
        heading = f"{self.scenario}: {'differs from' if self.lines else 'the same as'} the recording of {self.kernel}"
        return "\n".join([heading, *(f"  {line}" for line in self.lines)])


def compare_scenarios(new: RecordedScenario, old: RecordedScenario) -> Comparison:
    """Compare two recordings of a scenario."""
    lines = list(difflib.unified_diff(list_facts(old), list_facts(new), n=2, lineterm=""))[3:]
    return Comparison(new.name, old.kernel, tuple(lines))


def list_facts(scenario: RecordedScenario) -> list[str]:
    """Return what happened in a scenario, a line for each row that counts; a line follows itself only if injected."""
    return [line for line, same in groupby(filter(None, map(show_row, scenario.rows)))
            for _ in (same if line.startswith("injected") else [0])]


def show_row(row: RecordedRow) -> str:
    """Return a row as a line, '' if it does not count."""
    if row.side == "user":
        return " ".join([row.call, *row.args])
    if not row.is_hypercall or row.call.startswith(OTHERS) or (row.side == "hyp" and is_restless(row)):
        return ""
    answer = "unknown" if not row.understood else "the machine ends" if row.panics else show_answer(row.ret)
    given = ", ".join(row.args[place] for place in GIVEN.get(row.call, range(len(row.args))) if place < len(row.args))
    return f"{'injected ' if row.side == 'inject' else ''}{row.call}({given}) = {answer}"


def is_restless(row: RecordedRow) -> bool:
    """Return True for a call of the host whose number means nothing; a refused run means something."""
    return row.call in RESTLESS and not (row.call == "__kvm_vcpu_run" and (row.ret or 0) < 0)


def show_answer(ret: int | None) -> str:
    """Return an answer in words."""
    return "void" if ret is None else errno(ret) if ret < 0 else f"{ret:#x}" if ret > 9 else str(ret)


@cache
def list_shipped(kernel: str) -> dict[str, RecordedScenario]:
    """Return the scenarios that come with the course of a kernel, or else of one of the same revision."""
    every = [scenario for file in sorted(RECORDINGS.glob("*.jsonl")) if file.stem.endswith(("natural", "injected"))
             for scenario in load(file.stem).scenarios]
    same = [scenario for scenario in every if scenario.kernel == kernel]
    alike = [scenario for scenario in every if KERNELS[release_of(scenario.kernel)] == KERNELS[release_of(kernel)]]
    return {scenario.name: scenario for scenario in same or alike}


def compare_with_shipped(every: Iterable[RecordedScenario]) -> Iterator[Comparison]:
    """Compare each scenario that comes with the course, too."""
    for scenario in every:
        if old := list_shipped(scenario.kernel).get(scenario.name):
            yield compare_scenarios(scenario, old)
