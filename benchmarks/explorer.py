"""Runs the product's explorer and its peers on the same scenarios, in turn, and prints one table.

Every run is a fresh process. Peers are installed by package name where that is possible, and otherwise reported as
absent. The end is an error if any tool's counts are wrong; speeds are only shown.
"""
from __future__ import annotations

import argparse
import ast
import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks import installing, table
from benchmarks.counts import Counts
from benchmarks.installing import SCRATCH, Absent
from benchmarks.measure import Failed, run
from benchmarks.peers import Tool, last_line, peers
from benchmarks.scenarios import LARGE, SCENARIOS, SMALL, BenchCase
from benchmarks.table import Row, Sample

ROOT = Path(__file__).resolve().parents[1]
FAMILY = "import sys; from benchmarks.family import main; sys.exit(main(sys.argv[1:]))"
"""The module is imported, not run as a script, since Python keeps no compiled copy of a script."""
PLAIN_UP_TO = 1_000_000
LIMIT = 1200.0


def main(argv: Sequence[str]) -> int:
    """Measure and print; return 1 if a count is wrong or an available tool gives no answer."""
    options = parse(argv)
    if not hasattr(os, "wait4"):
        sys.exit("bench: this system does not say what a process used; run it on Linux or macOS.")
    SCRATCH.mkdir(parents=True, exist_ok=True)
    tools, absent = find_tools()
    report_absent(absent)
    compile_ours(tools)
    print(table.heading())
    rows: list[Row] = []
    for scenario in options.only:
        rows += measure_tools(scenario, [tool for tool in tools if tool.suits(scenario)], options.rounds)
        print(table.title(scenario))
        for row in rows:
            if row.scenario is scenario:
                print(table.format_row(row, table.peers_of(scenario, rows)), flush=True)
    print(table.NOTES)
    report_absent(absent)
    if options.json:
        options.json.write_text(json.dumps(as_data(rows, absent), indent=1), encoding="utf-8")
    return complaints(rows)


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="course.py bench explorer", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="how often each tool runs (default: 3)")
    parser.add_argument("--only", type=parse_names, default=list(SCENARIOS.values()), metavar="NAME,NAME",
                        help=f"only these of {', '.join(SCENARIOS)}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every single run to a file, too")
    arguments = parser.parse_args(argv)
    if arguments.rounds < 1:
        parser.error("--rounds must be at least 1")
    return arguments


def parse_names(names: str) -> list[BenchCase]:
    """Return the scenarios of these names, in the order of the table."""
    wanted = set(names.split(","))
    if wanted - set(SCENARIOS):
        unknown = ", ".join(sorted(wanted - set(SCENARIOS)))
        raise argparse.ArgumentTypeError(f"there is no scenario {unknown}; there are {', '.join(SCENARIOS)}")
    return [scenario for name, scenario in SCENARIOS.items() if name in wanted]


def find_tools() -> tuple[list[Tool], dict[str, str]]:
    """Return the available tools, peers first, and for each absent tool the reason."""
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
    _, python = there("ours with numpy", installing.numpy)
    return [*peers(jar, spin), *ours(python)], absent


def report_absent(absent: dict[str, str]) -> None:
    """Report which tools are absent; their rows are missing from the table."""
    for name, reason in absent.items():
        print(f"absent: {name}: {reason}", flush=True)


def ours(numpy: Path | None) -> list[Tool]:
    """Return the product's explorer: with the standard library alone, with numpy, and with symmetry as well."""
    python = Path(sys.executable)
    tools = [Tool("ours", "ours", family_run(python), read_ours, lambda it: it.expected.states <= PLAIN_UP_TO)]
    if numpy:
        tools += [
            Tool("ours, numpy", "ours", family_run(numpy, "--numpy"), read_ours,
                 lambda it: SMALL < it.expected.states < 2 * LARGE),
            Tool("ours, numpy, symmetry", "ours", family_run(numpy, "--numpy", "--symmetry"), read_ours,
                 lambda it: it.family == "H" and it.expected.states > SMALL, frozenset({"states", "depth", "orbits"}))]
    return tools


def family_run(python: Path, *options: str) -> Callable[[BenchCase, Path], list[list[str]]]:
    """Return the product's explorer with these options; without numpy it runs without any installed package."""
    start = [] if "--numpy" in options else ["-S"]

    def prepare(scenario: BenchCase, folder: Path) -> list[list[str]]:
        """Return the command."""
        mutant = ["--mutant", scenario.mutant] if scenario.mutant else []
        sizes = [str(size) for size in scenario.sizes]
        return [[str(python), *start, "-c", FAMILY, scenario.family, *sizes, *mutant, *options, "--data"]]
    return prepare


def read_ours(output: str) -> Counts:
    """Return our answer. Raise Failed if there is none."""
    try:
        counts = ast.literal_eval(last_line(output))
        return Counts(**{field: counts.get(field) for field in Counts._fields})
    except (ValueError, SyntaxError, AttributeError):
        raise Failed(f"no answer: {last_line(output)}") from None


def measure_tools(scenario: BenchCase, tools: list[Tool], rounds: int) -> list[Row]:
    """Run every tool once, then every tool again, so that a busy moment of the machine affects all alike."""
    samples: dict[str, list[Sample]] = {tool.name: [] for tool in tools}
    failures: dict[str, str] = {}
    for _ in range(rounds):
        for tool in tools:
            if tool.name not in failures:
                try:
                    samples[tool.name].append(sample(scenario, tool))
                except Failed as failed:
                    failures[tool.name] = str(failed)
    return [Row(scenario, tool, () if tool.name in failures else tuple(samples[tool.name]), failures.get(tool.name, ""))
            for tool in tools]


def sample(scenario: BenchCase, tool: Tool) -> Sample:
    """Run a tool in an empty folder, ours a second time for its warm start. Raise Failed if there is no answer."""
    with tempfile.TemporaryDirectory(dir=SCRATCH) as name:
        folder = Path(name)
        commands = tool.prepare(scenario, folder)
        if tool.kind != "ours":
            cost, said = run(commands, folder, LIMIT)
            return Sample(cost, tool.read(said))
        cost, said = run(commands, folder, LIMIT, our_variables())
        counts = tool.read(said)
        again = "5" if scenario.expected.states <= SMALL else "1"
        _, said = run([[*commands[0], "--warm", again]], folder, 2 * LIMIT, our_variables())
        return Sample(cost, counts, ast.literal_eval(last_line(said))["warm_seconds"])


def our_variables() -> dict[str, str]:
    """Return an environment in which our tool runs from this checkout, and Python may keep compiled files, as usual."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": str(ROOT)}


def compile_ours(tools: list[Tool]) -> None:
    """Run ours once on both families, unmeasured: a cold start is not the first start ever."""
    for tool in tools:
        for name in ("H211", "B1112") if tool.kind == "ours" else ():
            with contextlib.suppress(Failed):
                run(tool.prepare(SCENARIOS[name], SCRATCH), SCRATCH, LIMIT, our_variables())


def as_data(rows: list[Row], absent: dict[str, str]) -> dict[str, object]:
    """Return everything that was measured, as JSON values."""
    def runs(row: Row) -> Iterator[dict[str, object]]:
        """Return each run of a row."""
        return ({**asdict(each.cost), **each.counts._asdict(), "warm": each.warm} for each in row.samples)

    return {"absent": absent, "rows": [
        {"scenario": row.scenario.name, "tool": row.tool.name, "failure": row.failure, "wrong": row.wrong,
         "runs": list(runs(row))} for row in rows]}


def complaints(rows: list[Row]) -> int:
    """Report what is wrong; return the exit status."""
    for row in rows:
        for wrong in [*row.wrong, *filter(None, [row.failure])]:
            print(f"bench: {row.scenario.name}, {row.tool.name}: {wrong}", file=sys.stderr)
    return int(any(row.wrong or row.failure for row in rows))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
