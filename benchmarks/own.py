"""One of the course's own machines, explored to its end: `python benchmarks/own.py two-pages --numpy`.

Like `family.py` it is measured from the start of the process.
"""
from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from benchmarks.counts import Counts
from benchmarks.plain import count_plainly
from pkvm_model.explore import check
from pkvm_model.explore.engine.machine import Machine
from pkvm_model.explore.invariants import HOSTS
from pkvm_model.explore.larger import ASKED, LARGER, TO_THE_END, LargerHost
from pkvm_model.explore.scenario import Scenario
from pkvm_model.model.revisions import REVISIONS

OWN_HOSTS: dict[str, Scenario | LargerHost] = {**HOSTS, **LARGER}
def explore(machine: Machine, numpy: bool, symmetry: bool, asked: bool) -> Counts:
    """Ask the product's explorer; if it is asked about invariants, it goes on after a violation."""
    properties = (*ASKED, TO_THE_END) if asked else ()
    exploration = check.Exploration(machine, properties, check.MANY if numpy else float("inf"), symmetric=symmetry)
    while exploration.advance():
        pass
    report = exploration.report(0.0)
    return Counts("holds", report.states, report.transitions, report.depth, report.orbits if symmetry else None)


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="own.py", description=__doc__)
    parser.add_argument("host", choices=OWN_HOSTS)
    parser.add_argument("revision", choices=REVISIONS, nargs="?", default="upstream")
    parser.add_argument("--numpy", action="store_true", help="whole levels at a time, with numpy")
    parser.add_argument("--symmetry", action="store_true", help="one state for all that differ in names only")
    parser.add_argument("--asked", action="store_true", help="ask about every invariant")
    parser.add_argument("--plain", action="store_true", help="run every step in every state")
    return parser.parse_args(words)


def main(words: Sequence[str]) -> int:
    """Explore; print the answer as a dictionary, as Python writes it."""
    given, begun = parse(words), time.perf_counter()
    machine = OWN_HOSTS[given.host].machine(REVISIONS[given.revision])
    counts = (count_plainly(machine) if given.plain
              else explore(machine, given.numpy, given.symmetry, given.asked))
    print({"host": given.host, "revision": given.revision, **counts._asdict(),
           "seconds": time.perf_counter() - begun})
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
