"""Explores the larger machines again, one process each, and stores what was found: docs/larger-machines.jsonl."""
from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...explore.larger import LARGER, list_runs
from ...text import count
from ..errors import CourseError
from ..paths import ROOT
from ..setup.process import build_variables

STORED = Path("docs", "larger-machines.jsonl")
SECONDS = 4 * 3600
"""How long all of it may take; what has not begun by then is left out, and said."""


def run(arguments: argparse.Namespace) -> int:
    """Explore what was asked for, everything by default; return 1 if a stored count is not found again."""
    begun, rows, different = time.monotonic(), read_stored(), 0
    for host, revision in choose_runs(arguments.names):
        if time.monotonic() - begun > SECONDS:
            print(f"{host} in {revision}: left out, the time is over", flush=True)
            continue
        found = explore_one(host, revision)
        print(describe(found), flush=True)
        different += is_different(rows.get((host, revision)), found)
        rows[host, revision] = found
        if not arguments.check:
            store(rows)
    print(f"That took {time.monotonic() - begun:,.0f} s.")
    return int(different > 0)


def choose_runs(names: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the names of host and kernel of each run. Raise CourseError if there is no such host."""
    if unknown := [name for name in names if name not in LARGER]:
        raise CourseError(f"There is no {unknown[0]}. There are {', '.join(LARGER)}.")
    return ((host.name, revision.name) for host, revision in list_runs() if not names or host.name in names)


def explore_one(host: str, revision: str) -> dict[str, Any]:
    """Explore one host on one kernel, in a process of its own. Raise CourseError if it fails."""
    python = Path(sys.executable)
    done = subprocess.run([python, "-m", "pkvm_model.explore.larger", host, revision], cwd=ROOT, check=False, text=True,
                          env=build_variables(python), stdout=subprocess.PIPE)
    if done.returncode:
        raise CourseError(f"{host} in {revision} was not explored to its end; the messages above say why.")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def describe(found: dict[str, Any]) -> str:
    """Return a line about what was found."""
    speed = found["states"] / max(found["seconds"], 0.1)
    violated = ", ".join(f"{name} after {count(each['steps'], 'step')}" for name, each in found["violated"].items())
    return (f"{found['host']} in {found['revision']}: {found['states']:,} states, "
            f"{found['transitions']:,} transitions, depth {found['depth']}; "
            f"{found['seconds']:,} s, {speed:,.0f} states/s, {found['mebibytes']} MiB; "
            f"violated: {violated or 'nothing'}")


def is_different(stored: dict[str, Any] | None, found: dict[str, Any]) -> bool:
    """Return True, and say so, if a run was stored and has other counts or violations now."""
    facts = ("states", "transitions", "depth", "complete")
    if not stored or ([stored[fact] for fact in facts] == [found[fact] for fact in facts]
                      and stored["violated"].keys() == found["violated"].keys()):
        return False
    print(f"  stored was something else: {describe(stored)}", flush=True)
    return True


def read_stored() -> dict[tuple[str, str], dict[str, Any]]:
    """Return what is stored, by host and kernel."""
    path = ROOT / STORED
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines() if path.is_file() else ())
    return {(row["host"], row["revision"]): row for row in rows}


def store(rows: dict[tuple[str, str], dict[str, Any]]) -> None:
    """Write one line for each run, in the order of the runs."""
    keys = [(host.name, revision.name) for host, revision in list_runs()]
    lines = [json.dumps(rows[key]) for key in keys if key in rows]
    (ROOT / STORED).write_text("\n".join([*lines, ""]), encoding="utf-8")
