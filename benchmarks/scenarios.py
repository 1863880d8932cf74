"""The measured scenarios, with the exact answers that tools must give.

They are sizes of the two families, their mutants, and the course's own machines, whose answers are stored.
"""
from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from benchmarks.counts import Counts

SMALL, LARGE = 20_000, 5_000_000
OWN = "own"
STORED = Path(__file__).resolve().parents[1] / "pkvm_model" / "explore" / "larger-machines.jsonl"


class BenchCase(NamedTuple):
    """One size of a family, with or without a mutation, or the host of an own machine; and the right answer."""

    family: str
    sizes: tuple[int, ...]
    expected: Counts
    mutant: str | None = None
    host: str = ""

    @property
    def name(self) -> str:
        """The name: H222, B1112-M3, two-pages."""
        return self.host or self.family + "".join(map(str, self.sizes)) + (f"-{self.mutant}" if self.mutant else "")


def holds(name: str, states: int, transitions: int | None, depth: int | None, orbits: int | None = None) -> BenchCase:
    """Return a size at which the invariant holds."""
    return BenchCase(name[0], tuple(map(int, name[1:])), Counts("holds", states, transitions, depth, orbits))


def violated(name: str, depth: int) -> BenchCase:
    """Return a mutant, with the number of steps of its shortest counterexample."""
    size, mutant = name.split("-")
    return BenchCase(size[0], tuple(map(int, size[1:])), Counts("violated", 0, None, depth), mutant)


def own(host: str, states: int, transitions: int | None = None, depth: int | None = None) -> BenchCase:
    """Return a machine of the course, in upstream."""
    return BenchCase(OWN, (), Counts("holds", states, transitions, depth), host=host)


def read_stored() -> list[BenchCase]:
    """Return the larger machines that the course has stored."""
    runs = map(json.loads, STORED.read_text(encoding="utf-8").splitlines())
    return [own(run["host"], run["states"], run["transitions"], run["depth"])
            for run in runs if run["revision"] == "upstream"]


SCENARIOS = {scenario.name: scenario for scenario in (
    holds("H211", 184, 626, 16, 77),
    holds("H222", 7_200, 35_340, 22, 1_518),
    violated("H222-M1", 5),
    holds("H312", 5_772, 30_400, 23, 539),
    holds("H322", 208_832, 1_441_336, 27, 13_838),
    holds("H323", 914_560, 6_645_260, 30, 28_706),
    holds("H422", 5_351_232, 47_228_844, 32, 90_259),
    holds("H522", 125_810_496, None, None, 460_824),
    holds("B1112", 824, 1_226, 37),
    violated("B1112-M1", 7),
    violated("B1112-M3", 13),
    holds("B2112", 3_679, 6_312, 42),
    holds("B2122", 11_812, 20_944, 58),
    holds("B2222", 137_197, 272_983, 78),
    holds("B3222", 941_311, 2_153_659, 94),
    own("any", 15_768, 35_030, 53), own("any-protected", 23_128, 50_704, 58),
    own("two-vms", 29_466_392, 64_213_584), *read_stored())}
"""By name. H522 is for the search with symmetry alone: its states are known from a formula."""
MAIN = ("H211", "H222", "H222-M1", "H322", "H323", "H422", "B1112", "B1112-M3", "B2122", "B2222", "B3222", "any",
        "two-pages", "two-vcpus", "two-vcpus-two-pages")
"""Those in the main table, which is ready in ten minutes."""


def differences(counts: Counts, expected: Counts, compared: frozenset[str]) -> list[str]:
    """Return what is wrong with an answer; if a search stopped early, only the depth is compared."""
    fields = ["verdict", *sorted(compared & {"depth"} if expected.verdict == "violated" else compared)]
    pairs = [(field, getattr(counts, field), getattr(expected, field)) for field in fields]
    return [f"{field} {value} instead of {other}" for field, value, other in pairs if other not in (None, value)]
