"""The table: each tool's counts and cost, and how much more the peers used than ours, next to the goals."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median

from benchmarks.counts import Counts
from benchmarks.measure import Cost
from benchmarks.peers import Tool
from benchmarks.scenarios import LARGE, SMALL, BenchCase, differences

COLUMNS = {"tool": 22, "states": 11, "transitions": 11, "depth": 9, "cold s": 8, "warm s": 8, "cpu s": 8, "MiB": 7,
           "SPIN/cold": 10, "TLC/cold": 10, "SPIN/warm": 10, "SPIN/cpu": 10, "SPIN/MiB": 10, "counts": 6}
NOTES = """\
Each figure is the median of the rounds. cold: from starting the tool to its verdict, compilers and all. MiB: the peak
of the search itself. SPIN/ and TLC/: what the fastest SPIN setting, or TLC, took, divided by ours; ≥ or < and the goal.
* SPIN's reduction leaves states out, and depth first is no measure of depth: these counts are its own."""


@dataclass(frozen=True)
class Sample:
    """One run of a tool; a tool that stays alive also has the seconds of a warm start."""

    cost: Cost
    counts: Counts
    warm: float | None = None


@dataclass(frozen=True)
class Row:
    """All runs of a tool on a scenario, or why there is no answer."""

    scenario: BenchCase
    tool: Tool
    samples: tuple[Sample, ...] = ()
    failure: str = ""

    @property
    def figures(self) -> dict[str, float]:
        """The medians, by the name of their column."""
        costs = [sample.cost for sample in self.samples]
        warm = [sample.warm for sample in self.samples if sample.warm is not None]
        figures = {"cold": median(cost.seconds for cost in costs), "cpu": median(cost.cpu for cost in costs),
                 "MiB": median(cost.mib for cost in costs)}
        return figures | ({"warm": median(warm)} if warm else {})

    @property
    def wrong(self) -> list[str]:
        """What is wrong with the answers."""
        found = [each for sample in self.samples
                 for each in differences(sample.counts, self.scenario.expected, self.tool.compared)]
        return list(dict.fromkeys(found))


def ratios(row: Row, others: Iterable[Row]) -> dict[str, float]:
    """Return the cost of the fastest SPIN setting and of TLC, divided by the cost of this row."""
    answered = [other for other in others if other.samples]
    spin = fastest(other for other in answered if other.tool.kind == "SPIN")
    tlc = fastest(other for other in answered if other.tool.kind == "TLC")
    figures = row.figures
    pairs = {"SPIN/cold": (spin, "cold", "cold"), "TLC/cold": (tlc, "cold", "cold"),
             "SPIN/warm": (spin, "cold", "warm"), "SPIN/cpu": (spin, "cpu", "cpu"), "SPIN/MiB": (spin, "MiB", "MiB")}
    return {name: peer.figures[theirs] / figures[ours]
            for name, (peer, theirs, ours) in pairs.items() if peer and figures.get(ours)}


def fastest(rows: Iterable[Row]) -> Row | None:
    """Return the row that reached its verdict first."""
    return min(rows, key=lambda row: row.figures["cold"], default=None)


def peers_of(scenario: BenchCase, rows: Iterable[Row]) -> list[Row]:
    """Return the rows to compare with; if there are too many states for any peer, SPIN at 10^6 states."""
    names = {scenario.name, "H323"} if scenario.expected.states > 2 * LARGE else {scenario.name}
    kinds = {"SPIN"} if len(names) == 2 else {"SPIN", "TLC"}
    return [row for row in rows if row.scenario.name in names and row.tool.kind in kinds]


def goals(scenario: BenchCase, tool: Tool) -> Mapping[str, float]:
    """Return the goals for the ratios: some are for the standard library alone, the others for numpy."""
    states, plain = scenario.expected.states, "numpy" not in tool.name and "symmetry" not in tool.name
    if states <= SMALL:
        return {"SPIN/cold": 6, "TLC/cold": 20, "SPIN/warm": 10} if plain else {}
    if states <= 1_000_000 and plain:
        return {"SPIN/cpu": 1 / 1.5} if states > 900_000 else {}
    if states <= 1_000_000:
        return {"SPIN/cold": 4, "TLC/cold": 30}
    return {"SPIN/cold": 10, "SPIN/MiB": 5} if states <= 2 * LARGE else {"SPIN/cold": 1}


def heading() -> str:
    """Return the first line."""
    return line({name: name for name in COLUMNS})


def title(scenario: BenchCase) -> str:
    """Return the line above the rows of a scenario."""
    expected = scenario.expected
    if expected.verdict == "violated":
        return f"{scenario.name}: violated after {expected.depth} steps"
    counts = f"{expected.states:,} states"
    counts += f", {expected.transitions:,} transitions, depth {expected.depth}" if expected.transitions else ""
    return f"{scenario.name}: {counts}" + (f", {expected.orbits:,} orbits" if expected.orbits else "")


def format_row(row: Row, others: Iterable[Row]) -> str:
    """Return a row as a line."""
    if not row.samples:
        return f"{row.tool.name:{COLUMNS['tool']}} {row.failure}"
    counts, figures = row.samples[0].counts, row.figures
    cells = {"tool": row.tool.name, "states": whole(counts.states), "transitions": whole(counts.transitions),
             "depth": whole(counts.depth), "MiB": f"{figures['MiB']:.0f}", "counts": verdict(row)}
    cells |= {f"{name} s": f"{figures[name]:.3f}" for name in ("cold", "warm", "cpu") if name in figures}
    if row.tool.kind == "ours":
        aims = goals(row.scenario, row.tool)
        cells |= {name: ratio(value, aims.get(name)) for name, value in ratios(row, others).items()}
    return line(cells)


def verdict(row: Row) -> str:
    """Return whether the counts are right, in words."""
    if row.wrong:
        return "WRONG: " + "; ".join(row.wrong)
    orbits = row.samples[0].counts.orbits
    return ("right" if row.tool.compared else "own*") + (f", {orbits:,} orbits" if orbits else "")


def ratio(value: float, goal: float | None) -> str:
    """Return a ratio, and whether it reaches its goal."""
    text = f"{value:.2f}" if value < 10 else f"{value:.0f}"
    return text if goal is None else f"{text} {'≥' if value >= goal else '<'} {goal:.2g}"


def whole(value: int | None) -> str:
    """Return a count in words."""
    return "" if value is None else f"{value:,}"


def line(cells: Mapping[str, str]) -> str:
    """Return cells under their columns: words to the left, numbers to the right."""
    words = ("tool", "counts")
    return " ".join(f"{cells.get(name, ''):{'<' if name in words else '>'}{width}}"
                    for name, width in COLUMNS.items()).rstrip()
