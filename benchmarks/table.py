"""The table: each tool's counts and cost, and how much more the peers used than ours, next to the goals."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from statistics import median

from benchmarks.counts import Counts
from benchmarks.measure import Cost
from benchmarks.peers import Tool
from benchmarks.scenarios import LARGE, OWN, SMALL, BenchCase, differences

MILLION = 1_000_000
COLUMNS = {"tool": 25, "cold s": 9, "warm s": 9, "cpu s": 9, "states/s": 11, "MiB": 7, "counts": 6}
NOTES = """\
Each figure is the median of the rounds. cold: from starting the tool to its verdict, compilers and all. MiB: the peak
of the search itself, at least this program's own. SPIN ÷ ours: what SPIN cost with the setting that cost least,
divided by ours; after ≥ or < stands the goal. cpu seconds are disturbed least by what else the machine does.
counts: right if states, transitions and depth are the expected ones. The steps of a depth-first run, and the depth in
rumur, are not compared. * SPIN's reduction leaves states out: these counts are its own.
The course's own machines have no peer. Small ones are searched once without any memory: every step in every state."""
RATIOS = (("SPIN", "cold", "cold"), ("SPIN", "cold", "warm"), ("SPIN", "cpu", "cpu"), ("SPIN", "MiB", "MiB"),
          ("TLC", "cold", "cold"), ("TLC", "cold", "warm"), ("rumur", "cold", "cold"))
"""What is divided: the peer, its figure, and our figure that it is divided by, which names the ratio."""


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
        figures["states/s"] = self.samples[0].counts.states / figures["cold"]
        return figures | ({"warm": median(warm)} if warm else {})

    @property
    def wrong(self) -> list[str]:
        """What is wrong with the answers."""
        found = [each for sample in self.samples
                 for each in differences(sample.counts, self.scenario.expected, self.tool.compared)]
        return list(dict.fromkeys(found))


@dataclass(frozen=True)
class Ratio:
    """How many times as much a peer used as ours, or for an own machine our states a second; and the goal."""

    name: str
    value: float
    goal: float | None = None

    @property
    def reached(self) -> bool:
        """True unless a goal is missed."""
        return self.goal is None or self.value >= self.goal

    def __str__(self) -> str:
        goal = "" if self.goal is None else f" {'≥' if self.reached else '<'} {self.goal:,.12g}"
        return f"{self.name} {write_number(self.value)}{goal}"


def ratios(row: Row, others: Iterable[Row]) -> list[Ratio]:
    """Return what each peer cost with the setting that cost least, divided by the cost of this row."""
    answered, figures, aims = [other for other in others if other.samples], row.figures, goals(row.scenario, row.tool)
    found = [Ratio("states/s", figures["states/s"], aims["states/s"])] if "states/s" in aims else []
    for kind, theirs, mine in RATIOS:
        costs, name = [other.figures[theirs] for other in answered if other.tool.kind == kind], f"{kind}/{mine}"
        if costs and figures.get(mine) and (mine != "MiB" or name in aims):
            found.append(Ratio(name, min(costs) / figures[mine], aims.get(name)))
    return found


def peers_of(scenario: BenchCase, rows: Iterable[Row]) -> list[Row]:
    """Return the rows to compare with; if there are too many states for any peer, SPIN at 10^6 states."""
    if scenario.family == OWN:
        return []
    names = {scenario.name, "H323"} if scenario.expected.states > 2 * LARGE else {scenario.name}
    kinds = {"SPIN"} if len(names) == 2 else {"SPIN", "TLC", "rumur"}
    return [row for row in rows if row.scenario.name in names and row.tool.kind in kinds]


def goals(scenario: BenchCase, tool: Tool) -> Mapping[str, float]:
    """Return the goals for the ratios: some are for the standard library alone, the others for numpy."""
    states, plain = scenario.expected.states, "numpy" not in tool.name
    if scenario.family == OWN:
        return {} if plain or states < MILLION else {"states/s": MILLION}
    if states <= SMALL:
        return {"SPIN/cold": 6, "SPIN/warm": 10, "TLC/cold": 20, "TLC/warm": 10} if plain else {}
    if states <= MILLION:
        return {"SPIN/cold": 1} if plain else {"SPIN/cold": 4, "TLC/cold": 30}
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
    counts += f", {expected.transitions:,} transitions" if expected.transitions else ""
    counts += f", depth {expected.depth}" if expected.depth else ""
    return f"{scenario.name}: {counts}" + (f", {expected.orbits:,} orbits" if expected.orbits else "")


def format_row(row: Row, others: Iterable[Row]) -> str:
    """Return a row as a line, below ours a second line with the ratios."""
    if not row.samples:
        return f"{row.tool.name:{COLUMNS['tool']}} {row.failure}"
    figures = row.figures
    cells = {"tool": row.tool.name, "MiB": f"{figures['MiB']:.0f}", "counts": verdict(row)}
    cells |= {f"{name} s": f"{figures[name]:.3f}" for name in ("cold", "warm", "cpu") if name in figures}
    if row.scenario.expected.verdict == "holds":
        cells["states/s"] = f"{figures['states/s']:,.0f}"
    found = ratios(row, others) if row.tool.kind == "ours" else []
    return "\n".join([line(cells), *wrap_ratios(found)])


def wrap_ratios(found: list[Ratio]) -> Iterator[str]:
    """Yield a line with the ratios to each peer."""
    for kind in dict.fromkeys(ratio.name.partition("/")[0] for ratio in found):
        names = [str(ratio).removeprefix(f"{kind}/") for ratio in found if ratio.name.startswith(f"{kind}/")]
        head = "goal: states/" if kind == "states" else f"{kind} ÷ ours: "
        yield f"    {head}{', '.join(names)}"


def verdict(row: Row) -> str:
    """Return whether the counts are right, in words."""
    if row.wrong:
        return "WRONG: " + "; ".join(row.wrong)
    orbits, states = row.samples[0].counts.orbits, row.samples[0].counts.states
    return ("right" if row.tool.compared else f"own*: {states:,} states") + (f", {orbits:,} orbits" if orbits else "")


def summary(rows: list[Row]) -> Iterator[str]:
    """Yield how many goals are reached, and each goal that is missed."""
    found = [(row, ratio) for row in rows if row.samples and row.tool.kind == "ours"
             for ratio in ratios(row, peers_of(row.scenario, rows)) if ratio.goal is not None]
    missed = [f"  {row.scenario.name}, {row.tool.name}: {ratio}" for row, ratio in found if not ratio.reached]
    yield f"Goals reached: {len(found) - len(missed)} of {len(found)}{'; missed:' if missed else '.'}"
    yield from missed


def write_number(value: float) -> str:
    """Return a number with two digits after the point, or with none from ten on."""
    return f"{value:.2f}" if value < 10 else f"{value:,.0f}"


def line(cells: Mapping[str, str]) -> str:
    """Return cells under their columns: words to the left, numbers to the right."""
    return " ".join(f"{cells.get(name, ''):{'<' if name == 'tool' else '>'}{width}}" if name != "counts"
                    else f" {cells.get(name, '')}" for name, width in COLUMNS.items()).rstrip()
