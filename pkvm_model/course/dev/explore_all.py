"""Explores the larger machines, one process each, and stores what was found: pkvm_model/explore/larger-machines.jsonl.

A row that is complete and about this model is kept. So the command can be stopped, and goes on where it was stopped.
"""
from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from ...explore.larger import LARGER, MEBIBYTES, list_runs
from ...explore.stored import STORED, is_right, read_stored
from ...model.revisions import REVISIONS
from ...text import count
from ..errors import CourseError
from ..paths import ROOT
from ..setup.process import build_variables

SECONDS = 4 * 3600
"""How long all of it may take; what has not begun by then is left out, and said."""
RunName = tuple[str, str]
"""The names of a host and a kernel."""


def run(arguments: argparse.Namespace) -> int:
    """Explore what was asked for and is not stored; return 1 if something is left out or not as it was stored."""
    begun, rows, failed = time.monotonic(), read_stored(), 0
    runs = choose_runs(arguments.names)
    todo = [key for key in runs if arguments.again or arguments.check or not is_right(rows.get(key))]
    print(announce(runs, todo, rows), flush=True)
    for key in todo:
        is_late = time.monotonic() - begun > SECONDS
        found = None if is_late else explore_one(*key, ["--every-state"] * arguments.every_state)
        failed += not found or not found["complete"] or is_different(rows.get(key), found, arguments.check)
        print(describe(found) if found else f"{' in '.join(key)}: left out, the time is over", flush=True)
        if found and found["complete"] and not arguments.check:
            rows[key] = found
            store(rows)
    print(f"That took {time.monotonic() - begun:,.0f} s.")
    return int(failed > 0)


def choose_runs(names: list[str]) -> list[RunName]:
    """Return the runs with these hosts and kernels; any, where none is named. Raise CourseError for unknown names."""
    if unknown := [name for name in names if name not in {*LARGER, *REVISIONS}]:
        raise CourseError(f"There is no {unknown[0]}. There are {', '.join([*LARGER, *REVISIONS])}.")
    hosts, revisions = ({*known} & {*names} or {*known} for known in (LARGER, REVISIONS))
    runs = [(host.name, revision.name) for host, revision in list_runs()
            if host.name in hosts and revision.name in revisions]
    if not runs:
        raise CourseError(f"There is no such run: {' '.join(names)}. Only some kernels have protected VMs.")
    return runs


def announce(runs: list[RunName], todo: list[RunName], rows: dict[RunName, dict[str, Any]]) -> str:
    """Return how many runs there are to make, and how long they took last time."""
    seconds = sum(rows[key]["seconds"] for key in todo if key in rows)
    unknown = sum(key not in rows for key in todo)
    last = [f"last time they took {seconds:,.0f} s"] * bool(seconds) + [f"{unknown} are new"] * bool(unknown)
    return (f"Stored and right: {len(runs) - len(todo)} of {len(runs)}. To explore: {len(todo)}"
            + (f" ({', '.join(last)})" if last else "") + ".")


def explore_one(host: str, revision: str, options: list[str]) -> dict[str, Any]:
    """Explore one host on one kernel, in a process of its own. Raise CourseError if it fails."""
    python = Path(sys.executable)
    done = subprocess.run([python, "-m", "pkvm_model.explore.larger", host, revision, *options], cwd=ROOT, check=False,
                          text=True, env=build_variables(python), stdout=subprocess.PIPE)
    if done.returncode:
        raise CourseError(f"{host} in {revision} was not explored to its end; the messages above say why.")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def describe(found: dict[str, Any]) -> str:
    """Return a line about what was found."""
    speed = found["states"] / max(found["seconds"], 0.1)
    violated = ", ".join(f"{name} after {count(each['steps'], 'step')}" for name, each in found["violated"].items())
    given_up = "" if found["complete"] else f"given up, it needs more than {MEBIBYTES:,} MiB: "
    orbits = f" in {found['orbits']:,} orbits" if found.get("orbits", found["states"]) < found["states"] else ""
    return (f"{found['host']} in {found['revision']}: {given_up}{found['states']:,} states{orbits}, "
            f"{found['transitions']:,} transitions, depth {found['depth']}; "
            f"{found['seconds']:,} s, {speed:,.0f} states/s, {found['mebibytes']} MiB; "
            f"violated: {violated or 'nothing'}")


def is_different(stored: dict[str, Any] | None, found: dict[str, Any], of_any_model: bool = False) -> bool:
    """Return True, and say so, if a run of this model, or of any, was stored and has other counts or verdicts now."""
    facts = ("states", "transitions", "depth", "complete", "verdicts")
    is_alike = stored and all(stored.get(fact) == found[fact] for fact in facts)
    if not stored or is_alike or not (of_any_model or stored.get("model") == found["model"]):
        return False
    print(f"  stored was something else: {describe(stored)}", flush=True)
    return True


def store(rows: dict[RunName, dict[str, Any]]) -> None:
    """Write one line for each run, in the order of the runs; a reader finds the old file or the new one, whole."""
    keys = [(host.name, revision.name) for host, revision in list_runs()]
    lines = [json.dumps(rows[key]) for key in keys if key in rows]
    beside = STORED.with_suffix(".part")
    beside.write_text("\n".join([*lines, ""]), encoding="utf-8")
    beside.replace(STORED)
