"""Larger machines for a host that may call anything: two VMs, two vCPUs, two pages. Explore each completely.

`python3 -m pkvm_model.explore.larger NAME REVISION` explores one and prints what it found as JSON; `course.py
explore-all` does so for all of them and stores it. Of all states that differ in names only, one is explored
(engine/symmetry.py), unless `--every-state` is given; the counts are of all states either way. Only invariants are
asked: whether there is a way home is looked for state by state, which takes too long here.
"""
from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from ..model.revisions import REVISIONS, Revision
from ..model.state import Config
from .check import VIOLATED, Exploration, Report, Sometimes
from .machines import AnyHost, every_call
from .properties import INVARIANTS
from .stored import digest_model
from .traces import trace

DONATE = "__pkvm_host_donate_guest"
ASKED = INVARIANTS[:-1]
"""All but the last, which is about an honest host."""
MEBIBYTES = 8 << 10
"""A search that needs more memory is given up."""
TO_THE_END = Sometimes("end", "Never: while this is open, the search goes on.", lambda _: False)


class LargerHost(NamedTuple):
    """How much a host has that may call anything on two CPUs."""

    name: str
    slots: int = 1
    vcpus: int = 1
    pages: int = 1
    protected: bool = False

    @property
    def says(self) -> str:
        """Describe in words what the host has."""
        kind = "protected " if self.protected else ""
        return f"{kind}VMs: {self.slots}, vCPUs of each: {self.vcpus}, pages: {self.pages}, CPUs: 2"

    def runs_on(self, revision: Revision) -> bool:
        """Return True if the kernel supports such VMs."""
        return not self.protected or DONATE in revision.calls

    def machine(self, revision: Revision) -> AnyHost:
        """Return the machine that is searched."""
        config = Config(slots=self.slots)
        calls = every_call(revision, config, self.vcpus, self.pages, (self.protected,))
        return AnyHost(revision, calls, config, most=1)


SIZES = {"two-pages": (1, 1, 2), "two-vcpus": (1, 2, 1), "two-vcpus-two-pages": (1, 2, 2), "two-vms": (2, 1, 1),
         "two-vms-two-pages": (2, 1, 2)}
LARGER = {name + tail: LargerHost(name + tail, *sizes, protected=bool(tail))
          for name, sizes in SIZES.items() for tail in ("", "-protected")}
"""The hosts by name, from fewer states to more."""


def list_runs() -> Iterator[tuple[LargerHost, Revision]]:
    """Yield every host with every kernel that it runs on."""
    return ((host, revision) for host in LARGER.values() for revision in REVISIONS.values() if host.runs_on(revision))


def explore_larger(host: LargerHost, revision: Revision, symmetric: bool = True) -> dict[str, Any]:
    """Explore a host to the end, whatever is found on the way, and return what is stored about it."""
    begun, model = time.monotonic(), digest_model()
    exploration = Exploration(host.machine(revision), (*ASKED, TO_THE_END), symmetric=symmetric)
    while exploration.advance() and (measure_memory() or 0) < MEBIBYTES:
        pass
    report = exploration.report(time.monotonic() - begun)
    return {"host": host.name, "revision": revision.name, "model": model, "states": report.states,
            "orbits": report.orbits, "transitions": report.transitions, "depth": report.depth,
            "complete": report.complete,
            "verdicts": {answer.prop.name: answer.verdict for answer in report.answers[:-1]},
            "violated": list_violations(host, revision, report),
            "seconds": round(report.seconds, 1), "mebibytes": measure_memory()}


def list_violations(host: LargerHost, revision: Revision, report: Report) -> dict[str, dict[str, Any]]:
    """Return what is violated, by name: the reason, the length of the shortest run and the run as a trace."""
    machine = host.machine(revision)
    return {answer.prop.name: {"reason": answer.reason, "steps": len(answer.run or ()),
                               "trace": str(trace(machine, answer.run or ()))}
            for answer in report.answers if answer.verdict == VIOLATED}


def measure_memory() -> int | None:
    """Return the most memory that this process has used, in MiB; None where the system does not say."""
    try:
        import resource  # noqa: PLC0415  # not on every system
    except ImportError:
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> (20 if sys.platform == "darwin" else 10)


def main(words: list[str]) -> int:
    """Explore one host on one kernel, and print what was found."""
    host, revision, *options = words
    print(json.dumps(explore_larger(LARGER[host], REVISIONS[revision], "--every-state" not in options)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
