"""SPIN, TLC and rumur: the commands that run them to a verdict, and how to read their output."""
from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import murphi, promela, tla
from benchmarks.counts import Counts
from benchmarks.measure import Failed
from benchmarks.scenarios import LARGE, OWN, SMALL, BenchCase

QUICK_UP_TO = 300_000
COUNTS = frozenset({"states", "transitions"})


@dataclass(frozen=True)
class Tool:
    """A way to explore a scenario: what to run in a folder that `prepare` has filled, and how to read the answer.

    `compared` are the fields of its answer that mean the same as ours; `kind` is a peer, "ours" or "plain". A tool that
    runs `once` is there for its counts alone.
    """

    name: str
    kind: str
    prepare: Callable[[BenchCase, Path], Sequence[Sequence[str]]]
    read: Callable[[str], Counts]
    suits: Callable[[BenchCase], bool]
    compared: frozenset[str] = COUNTS | {"depth"}
    once: bool = False


def peers(jar: Path | None, spin: bool, rumur: bool) -> list[Tool]:
    """Return the available peers, with settings for a small and for a large model: SPIN, TLC, and rumur."""
    small, medium, large, quick = map(up_to, (SMALL, LARGE, 2 * LARGE, QUICK_UP_TO))
    tools = []
    if spin:
        wide, whole = ["-DBFS", "-DNOREDUCE"], ["-DNOREDUCE"]
        tools += [
            Tool("spin quick (bfs, -O0)", "SPIN", spin_run(["-O0", *wide], ["-w18"]), read_spin, quick),
            Tool("spin bfs", "SPIN", spin_run(["-O2", *wide]), read_spin, large),
            Tool("spin dfs", "SPIN", spin_run(["-O2", *whole]), read_spin, medium, COUNTS),
            Tool("spin dfs, reduced*", "SPIN", spin_run(["-O2"]), read_spin,
                 lambda it: it.family == "B" and medium(it), frozenset())]
    if jar:
        short = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
        tools += [Tool("tlc quick (C1, serial GC)", "TLC", tlc_run(jar, *short), read_tlc, small),
                  Tool("tlc, 1 worker", "TLC", tlc_run(jar, "-XX:+UseParallelGC"), read_tlc, medium)]
    if rumur:
        tools.append(Tool("rumur, 1 thread", "rumur", prepare_rumur, read_rumur, quick, COUNTS))
    return tools


def up_to(states: int) -> Callable[[BenchCase], bool]:
    """Return a function that returns True for a size of a family with at most so many states."""
    return lambda scenario: scenario.family != OWN and scenario.expected.states <= states


def spin_run(compiler: list[str], pan: Sequence[str] = ()) -> Callable[[BenchCase, Path], list[list[str]]]:
    """Return SPIN with these settings: write a verifier in C, compile it, run it."""
    def prepare(scenario: BenchCase, folder: Path) -> list[list[str]]:
        """Write the model; return the commands."""
        write: Callable[..., str] = promela.atomic_host if scenario.family == "H" else promela.script
        (folder / "model.pml").write_text(write(*scenario.sizes, scenario.mutant), encoding="utf-8")
        table = pan or (["-w26"] if scenario.expected.states >= LARGE else [])
        merged = ["-o3"] if "-DNOREDUCE" in compiler else []  # statements are not merged: each is a transition
        return [["spin", "-a", *merged, "model.pml"],
                ["gcc", "-DSAFETY", "-w", *compiler, "-o", "pan", "pan.c"],
                ["./pan", "-m10000000" if scenario.expected.states >= LARGE else "-m1000000", *table]]
    return prepare


def tlc_run(jar: Path, *java: str) -> Callable[[BenchCase, Path], list[list[str]]]:
    """Return TLC with one worker, and Java with these options."""
    def prepare(scenario: BenchCase, folder: Path) -> list[list[str]]:
        """Write the model; return the command."""
        write: Callable[..., tuple[str, str]] = tla.atomic_host if scenario.family == "H" else tla.script
        name = "AtomicHost" if scenario.family == "H" else "Script"
        module, configuration = write(*scenario.sizes, scenario.mutant)
        (folder / f"{name}.tla").write_text(module, encoding="utf-8")
        (folder / f"{name}.cfg").write_text(configuration, encoding="utf-8")
        return [["java", *java, "-cp", str(jar), "tlc2.TLC", "-deadlock", "-metadir", "states",
                 "-workers", "1", f"{name}.tla"]]
    return prepare


def prepare_rumur(scenario: BenchCase, folder: Path) -> list[list[str]]:
    """Write the model for rumur, which writes a verifier in C; return the commands."""
    write: Callable[..., str] = murphi.atomic_host if scenario.family == "H" else murphi.script
    (folder / "model.m").write_text(write(*scenario.sizes, scenario.mutant), encoding="utf-8")
    return [["rumur", "model.m", "--output", "model.c", "--threads", "1", "--deadlock-detection", "off"],
            ["gcc", "-O2", "-std=c11", "-march=native", "-mcx16", "-w", "-o", "model", "model.c", "-lpthread"],
            ["./model"]]


def read_spin(output: str) -> Counts:
    """Read SPIN's answer: the initial state is a transition, and the depth of an error lacks its last step."""
    states, transitions = number(r"(\d+) states, stored", output), number(r"(\d+) transitions \(", output)
    broken = re.search(r"assertion violated .*\(at depth (\d+)\)", output)
    if broken:
        return Counts("violated", states, transitions, int(broken[1]) + 1)
    if "Search not completed" in output or not re.search(r"errors: 0$", output, re.M) or "max search depth" in output:
        raise Failed(f"spin did not finish: {last_line(output)}")
    return Counts("holds", states, transitions - 1, number(r"depth reached (\d+)", output))


def read_tlc(output: str) -> Counts:
    """Read TLC's answer: it counts the initial state as a transition, and states, not steps, for the depth."""
    transitions, states = number(r"(\d+) states generated,", output), number(r"(\d+) distinct states found,", output)
    if "Error: Invariant Safe is violated." in output:
        return Counts("violated", states, transitions, max(map(int, re.findall(r"^State (\d+):", output, re.M))) - 1)
    if "No error has been found." not in output:
        raise Failed(f"TLC did not finish: {last_line(output)}")
    return Counts("holds", states, transitions - 1, number(r"complete state graph search is (\d+)", output) - 1)


def read_rumur(output: str) -> Counts:
    """Read rumur's answer: a rule fired is a transition, and a line of a trace; it does not say how deep it went."""
    states, transitions = number(r"(\d+) states,", output), number(r"(\d+) rules fired", output)
    if "error(s) found" in output:
        return Counts("violated", states, transitions, len(re.findall(r"^Rule .* fired\.$", output, re.M)))
    if "No error found." not in output:
        raise Failed(f"rumur did not finish: {last_line(output)}")
    return Counts("holds", states, transitions, None)


def number(pattern: str, output: str) -> int:
    """Return the last number that a pattern finds; TLC counts while it runs. Raise Failed if there is none."""
    found = re.findall(pattern, output)
    if not found:
        raise Failed(f"no answer: {last_line(output)}")
    return int(found[-1])


def last_line(output: str) -> str:
    """Return the last line of a tool's output."""
    return (output.strip().splitlines() or ["it said nothing"])[-1]
