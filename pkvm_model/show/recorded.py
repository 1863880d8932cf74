"""A recorded life of a VM on a real kernel, as a notebook shows it."""
from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from ..conform.recordings import (RECORDINGS, RecordedRow, RecordedScenario, ReplayedRow, ReplayedScenario,
                                  call_numbers, load, replay)
from ..model.revisions import Revision
from ..model.trace import show_ret, show_value
from .story import Calls
from .table import Table

FIRST_INJECTED = 20
"""Scenarios from this number on contain calls of the recorder; the file's name says so too."""


@dataclass(frozen=True)
class Beside:
    """The kernel's answers next to the model's; equal rows that follow each other are merged."""

    comparison: ReplayedScenario

    def __iter__(self) -> Iterator[ReplayedRow]:
        return iter(self.comparison.rows)

    def table(self) -> Table:
        """Return the comparison as a table, with its summary below."""
        rows = [merge_rows(list(rows)) for _, rows in groupby(self.comparison.rows, key=lambda row: row.cells)]
        return Table(self.comparison.title, ("call", "arguments", "times", "kernel", "model", "agree"), rows,
                     note=self.comparison.summary, code=frozenset({0, 1}))

    def __repr__(self) -> str:
        return repr(self.table())

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


def merge_rows(rows: list[ReplayedRow]) -> tuple[str, ...]:
    """Merge rows with the same call and answers into one."""
    call, *answers = rows[0].cells
    texts = dict.fromkeys(", ".join(map(show_value, row.args or ())) for row in rows)
    return call, "; ".join(filter(None, texts)), str(len(rows)), *answers


@dataclass(frozen=True)
class Life:
    """One scenario of a recording."""

    scenario: RecordedScenario

    def replayed(self, revision: Revision | None = None) -> Beside:
        """Return the model's answers next to the kernel's; the model runs as this kernel's revision or as another."""
        return Beside(replay(self.scenario, revision))

    def calls(self, *words: str) -> Calls:
        """Return the recorded hypercalls whose name contains one of these words."""
        rows = [row for row in self.scenario.hypercalls if any(word in row.call for word in words)]
        calls = tuple((row.call, f"{row.call}({', '.join(row.args)})", describe_answer(row)) for row in rows)
        return Calls(f"Recorded on Linux {self.scenario.kernel}, scenario {self.scenario.name}", calls)

    def log(self) -> Table:
        """Return the lines of the kernel's log."""
        lines = [(row.call,) for row in self.scenario.rows if row.side == "dmesg"]
        return Table(f"Log of Linux {self.scenario.kernel}, scenario {self.scenario.name}", ("line",), lines,
                     code=frozenset({0}))


def describe_answer(row: RecordedRow) -> str:
    """Return the answer to a recorded call, in words."""
    if not row.understood:
        return "not understood"
    return "did not return: EL2 panic" if row.panics else show_ret(row.ret)


def counted(name: str, kernel: str = "7.3.4") -> dict[str, int]:
    """Return how often functions of a running kernel were entered during the life of one VM, by name."""
    rows = map(json.loads, (RECORDINGS / "counts.jsonl").read_text().splitlines())
    return next(dict(row["counts"]) for row in rows if (row["kernel"], row["scenario"]) == (kernel, name))


def numbered(words: Iterable[str], kernels: Sequence[str]) -> Table:
    """Return the numbers of the calls with these words in their name, a column for each kernel; a dash for no call.

    The rows stand in the order of the words: each kernel orders its numbers differently.
    """
    columns = [call_numbers(kernel) for kernel in kernels]
    calls = dict.fromkeys(name for word in words for numbers in columns for name in numbers if word in name)
    rows = [(name, *(str(numbers.get(name, "–")) for numbers in columns)) for name in calls]
    return Table("The numbers of calls, read from running kernels", ("call", *kernels), rows, code=frozenset({0}))


def recorded(name: str, kernel: str = "6.19.14") -> Life:
    """Return a scenario that comes with the course, such as "n3": one vCPU, three runs, everything closed.

    In scenarios from 20 on, the recorder inserted calls that no honest host makes.
    """
    kind = "injected" if int(name[1:]) >= FIRST_INJECTED else "natural"
    return Life(load(f"{kernel}-{kind}").scenario(name))
