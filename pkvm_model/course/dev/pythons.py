"""Runs the tests under every Python of this machine that the course supports, each in an environment of its own."""
from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from ..errors import CourseError
from ..paths import HOME_VARIABLE, ROOT, WORKPLACE
from ..setup import lock

OLDEST = (3, 11)
ENVIRONMENTS = WORKPLACE / ".venv-pythons"
"""A folder for each version, with its environment."""
OURS = WORKPLACE / ".pythons"
"""Where `.ci/pythons` puts those that it fetches."""
PLACES = ((Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions", "*/bin/python"),
          (Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or Path.home() / ".local/share/uv/python"), "*/bin/python3"),
          (OURS, "*/usr/bin/python3.*"))
"""Folders beside those of PATH in which Pythons are installed, and where they are in them."""


class Python(NamedTuple):
    """A Python of this machine."""

    path: Path
    version: str

    @property
    def minor(self) -> str:
        """Its version without the last part, as in 3.13: the versions that need an environment of their own."""
        return ".".join(self.version.split(".")[:2])


class VersionResult(NamedTuple):
    """What the tests said under one Python; without counts, they did not run."""

    python: Python
    status: int
    seconds: float
    counts: dict[str, int] | None

    @property
    def is_good(self) -> bool:
        """Return True if tests ran and all passed."""
        return self.status == 0 and self.counts is not None and self.counts["passed"] > 0


def run(arguments: argparse.Namespace) -> int:
    """Run the tests, or a part, under each of the Pythons, and print a table. Return 1 if they fail under one."""
    pythons = choose_pythons(arguments.python)
    results = []
    for python in pythons:
        print(f"\nPython {python.version}: {python.path}", flush=True)
        results.append(run_tests(python, [arguments.part] if arguments.part else [], arguments.rest))
    print("\n" + format_table(results))
    return 0 if results and all(result.is_good for result in results) else 1


def choose_pythons(wanted: Sequence[str]) -> list[Python]:
    """Return the Pythons with these versions or paths, or all; the newest of each minor version, in their order."""
    found = newest_of_each(list_pythons())
    return [choose_python(name, found) for name in wanted] if wanted else list(found.values())


def choose_python(name: str, found: dict[str, Python]) -> Python:
    """Return the Python with this version or path. Raise CourseError if there is none."""
    python = found.get(name) or next((each for each in list_pythons() if each.version == name), None)
    python = python or ask_python(Path(name).absolute()) if os.sep in name else python
    if python is None:
        raise CourseError(f"there is no Python {name} here that the course can use; there are {', '.join(found)}.")
    return python


def newest_of_each(pythons: Iterable[Python]) -> dict[str, Python]:
    """Return the newest Python of each minor version, by that version; of two equal ones, the first."""
    ordered = sorted(pythons, key=lambda python: lock.parse_version(python.version), reverse=True)
    return {python.minor: python for python in reversed(ordered)}


def list_pythons() -> Iterator[Python]:
    """Yield each Python that the course can use and that is found on PATH or where pyenv, uv and we put them."""
    seen = set()
    for path in [Path(getattr(sys, "_base_executable", sys.executable)), *list_candidates()]:
        if path.resolve() not in seen:
            seen.add(path.resolve())
            if python := ask_python(path):
                yield python


def list_candidates() -> Iterator[Path]:
    """Yield the files that by their names may be Pythons."""
    for folder in os.get_exec_path():
        yield from sorted(Path(folder).glob("python3.[0-9]*[0-9]"))
    for place, pattern in PLACES:
        yield from sorted(place.glob(pattern))


def ask_python(path: Path) -> Python | None:
    """Return the Python behind a path; None if it does not start, is too old, or is of another kind than CPython."""
    try:
        answer = subprocess.run([path, "-I", lock.__file__], capture_output=True, text=True, check=True, timeout=60)
        described = json.loads(answer.stdout)
        version, kind = str(described["python_full_version"]), described["implementation_name"]
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError):
        return None
    return Python(path, version) if kind == "cpython" and lock.parse_version(version) >= OLDEST else None


def run_tests(python: Python, part: Sequence[str], rest: Sequence[str]) -> VersionResult:
    """Let a Python make its environment and run the tests in it, as a user would, and return what came of it."""
    kept = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    variables = {**kept, HOME_VARIABLE: str(ENVIRONMENTS / python.minor)}
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="pkvm-tests-") as folder:
        report = Path(folder) / "report.xml"
        command = [str(python.path), str(ROOT / "course.py"), "test", *part, "--", f"--junitxml={report}", *rest]
        status = subprocess.run(command, cwd=ROOT, env=variables, check=False).returncode
        return VersionResult(python, status, time.monotonic() - begun, read_counts(report))


def read_counts(report: Path) -> dict[str, int] | None:
    """Return how many tests passed, failed and were skipped, from pytest's report; None if there is none."""
    try:
        suites = list(ElementTree.parse(report).getroot().iter("testsuite"))
    except (OSError, ElementTree.ParseError):
        return None
    total, failures, errors, skipped = (sum(int(suite.get(name, 0)) for suite in suites)
                                        for name in ("tests", "failures", "errors", "skipped"))
    failed = failures + errors
    return {"passed": total - failed - skipped, "failed": failed, "skipped": skipped}


def format_table(results: Sequence[VersionResult]) -> str:
    """Return a row for each Python: its version, how many tests passed, failed and were skipped, seconds."""
    rows = [f"{'Python':<10}{'passed':>8}{'failed':>8}{'skipped':>9}{'seconds':>9}"]
    for result in results:
        counts = result.counts or dict.fromkeys(("passed", "failed", "skipped"), 0)
        numbers = "".join(f"{number:>{width}}" for number, width in zip(counts.values(), (8, 8, 9), strict=True))
        is_empty = not counts["passed"] + counts["failed"]
        remark = f"  failed: no tests ran (exit {result.status}); the reason is above" if is_empty else ""
        rows.append(f"{result.python.version:<10}{numbers}{result.seconds:>9.0f}{remark}")
    return "\n".join(rows)
