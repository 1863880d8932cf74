"""Runs the product's explorer and its peers on the same scenarios, in turn, and prints one table.

Every run is a fresh process. Peers are installed by package name where that is possible, and otherwise reported as
absent. The course's own machines follow, which have no peer. The end is an error if any tool's counts are wrong;
speeds are only shown, each ratio next to its goal.
"""
from __future__ import annotations

import argparse
import ast
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks import installing, table
from benchmarks.bare import measure_start
from benchmarks.installing import SCRATCH, Absent
from benchmarks.measure import Failed, run
from benchmarks.ours import ROOT, our_variables, ours, own_machines
from benchmarks.peers import Tool, last_line, peers
from benchmarks.scenarios import MAIN, OWN, SCENARIOS, SMALL, BenchCase
from benchmarks.table import Row, Sample

LIMIT = 1200.0


def main(argv: Sequence[str]) -> int:
    """Measure and print; return 1 if a count is wrong or an available tool gives no answer."""
    options = parse(argv)
    if not hasattr(os, "wait4"):
        sys.exit("bench: this system does not say what a process used; run it on Linux or macOS.")
    SCRATCH.mkdir(parents=True, exist_ok=True)
    tools, absent, versions = find_tools()
    surroundings = [f"versions: {versions}", f"load: {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs"]
    report(absent, surroundings)
    compile_ours(tools)
    rows = fill_table(options.all or options.only, tools, options.rounds)
    print(table.NOTES)
    if options.start:
        surroundings.append(str(measure_start(SCRATCH)))
    report(absent | installing.NOT_TO_BE_HAD, [*surroundings, *table.summary(rows)])
    if options.json:
        options.json.write_text(json.dumps(as_data(rows, absent, surroundings), indent=1), encoding="utf-8")
    return complaints(rows)


def fill_table(scenarios: list[BenchCase], tools: list[Tool], rounds: int) -> list[Row]:
    """Measure scenario by scenario, and print each when it is done."""
    print(table.heading())
    rows: list[Row] = []
    for scenario in scenarios:
        measured = measure_tools(scenario, [tool for tool in tools if tool.suits(scenario)], rounds)
        rows += measured
        print(table.title(scenario))
        for row in measured:
            print(table.format_row(row, table.peers_of(scenario, rows)), flush=True)
    return rows


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="course.py bench explorer", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="how often each tool runs (default: 3)")
    parser.add_argument("--only", type=parse_names, metavar="NAME,NAME",
                        help=f"only these of {', '.join(SCENARIOS)}")
    parser.add_argument("--all", action="store_const", const=list(SCENARIOS.values()),
                        help="all of them, not only the main table")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every single run to a file, too")
    arguments = parser.parse_args(argv)
    if arguments.rounds < 1:
        parser.error("--rounds must be at least 1")
    arguments.start = not arguments.only
    arguments.only = arguments.only or parse_names(",".join(MAIN))
    return arguments


def parse_names(names: str) -> list[BenchCase]:
    """Return the scenarios of these names, in the order of the table."""
    wanted = set(names.split(","))
    if wanted - set(SCENARIOS):
        unknown = ", ".join(sorted(wanted - set(SCENARIOS)))
        raise argparse.ArgumentTypeError(f"there is no scenario {unknown}; there are {', '.join(SCENARIOS)}")
    return [scenario for name, scenario in SCENARIOS.items() if name in wanted]


def find_tools() -> tuple[list[Tool], dict[str, str], str]:
    """Return the available tools, peers first, for each absent tool the reason, and all versions."""
    absent: dict[str, str] = {}

    def there(name: str, find: Callable[[], Path | None]) -> tuple[bool, Path | None]:
        """Look for a tool, and record why it is absent."""
        try:
            return True, find()
        except Absent as reason:
            absent[name] = str(reason)
            return False, None

    spin, _ = there("SPIN", installing.spin)
    _, jar = there("TLC", installing.tlc)
    rumur, _ = there("rumur", installing.rumur)
    _, python = there("ours with numpy", installing.numpy)
    versions = ", ".join(f"{name} {version}" for name, version in installing.find_versions(jar, python).items())
    return [*peers(jar, spin, rumur), *ours(python), *own_machines(python)], absent, versions


def report(absent: dict[str, str], more: Sequence[str] = ()) -> None:
    """Report which tools are absent, so that their rows are missing from the table, and what else there is to say."""
    for name, reason in absent.items():
        print(f"absent: {name}: {reason}")
    print("\n".join(more), flush=True)


def measure_tools(scenario: BenchCase, tools: list[Tool], rounds: int) -> list[Row]:
    """Run every tool once, then every tool again, so that a busy moment of the machine affects all alike."""
    samples: dict[str, list[Sample]] = {tool.name: [] for tool in tools}
    failures: dict[str, str] = {}
    for number in range(rounds):
        for tool in tools:
            if tool.name not in failures and not (number and tool.once):
                try:
                    samples[tool.name].append(sample(scenario, tool))
                except Failed as failed:
                    failures[tool.name] = str(failed)
    return [Row(scenario, tool, () if tool.name in failures else tuple(samples[tool.name]), failures.get(tool.name, ""))
            for tool in tools]


def sample(scenario: BenchCase, tool: Tool) -> Sample:
    """Run a tool in an empty folder, ours on a small scenario a second time for its warm start.

    Raise Failed if there is no answer.
    """
    with tempfile.TemporaryDirectory(dir=SCRATCH) as name:
        folder, is_ours = Path(name), tool.kind in ("ours", "plain")
        commands = tool.prepare(scenario, folder)
        cost, said = run(commands, folder, LIMIT, our_variables() if is_ours else None)
        counts = tool.read(said)
        if tool.kind != "ours" or scenario.family == OWN or scenario.expected.states > SMALL:
            return Sample(cost, counts)
        _, said = run([[*commands[0], "--warm", "5"]], folder, LIMIT, our_variables())
        return Sample(cost, counts, ast.literal_eval(last_line(said))["warm_seconds"])


def compile_ours(tools: list[Tool]) -> None:
    """Compile our modules for each Python that runs them: a cold start is not the first start ever."""
    for python in {tool.prepare(SCENARIOS["any"], SCRATCH)[0][0] for tool in tools if tool.kind == "ours"}:
        run([[python, "-m", "compileall", "-q", "benchmarks", "pkvm_model"]], ROOT, LIMIT)


def as_data(rows: list[Row], absent: dict[str, str], surroundings: list[str]) -> dict[str, object]:
    """Return everything that was measured, as JSON values."""
    def runs(row: Row) -> Iterator[dict[str, object]]:
        """Return each run of a row."""
        return ({**asdict(each.cost), **each.counts._asdict(), "warm": each.warm} for each in row.samples)

    def compared(row: Row) -> dict[str, tuple[float, float | None]]:
        """Return our row's ratios with their goals."""
        found = table.ratios(row, table.peers_of(row.scenario, rows)) if row.samples and row.tool.kind == "ours" else []
        return {ratio.name: (ratio.value, ratio.goal) for ratio in found}

    return {"absent": absent, "surroundings": surroundings, "rows": [
        {"scenario": row.scenario.name, "tool": row.tool.name, "failure": row.failure, "wrong": row.wrong,
         "ratios": compared(row),
         "runs": list(runs(row))} for row in rows]}


def complaints(rows: list[Row]) -> int:
    """Report what is wrong; return the exit status."""
    for row in rows:
        for wrong in [*row.wrong, *filter(None, [row.failure])]:
            print(f"bench: {row.scenario.name}, {row.tool.name}: {wrong}", file=sys.stderr)
    return int(any(row.wrong or row.failure for row in rows))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
