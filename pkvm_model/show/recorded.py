"""A recorded life of a VM on a real kernel, as a notebook shows it."""
from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from ..conform.recording import RECORDINGS, Comparison, Recorded, Row, Scenario, call_numbers, load, replay
from ..model.revisions import Revision
from ..model.trace import show_ret, show_value
from .story import Calls
from .table import Table

FIRST_INJECTED = 20
"""The scenarios from this number on have calls that the recorder made; the file's name says so too."""


@dataclass(frozen=True)
class Beside:
    """The kernel's answers and the model's; rows that are alike and follow each other stand together."""

    comparison: Comparison

    def __iter__(self) -> Iterator[Row]:
        return iter(self.comparison.rows)

    def table(self) -> Table:
        """The comparison as a table, its count below."""
        rows = [merged(list(rows)) for _, rows in groupby(self.comparison.rows, key=lambda row: row.cells)]
        return Table(self.comparison.title, ("call", "arguments", "times", "kernel", "model", "agree"), rows,
                     note=self.comparison.summary, code=frozenset({0, 1}))

    def __repr__(self) -> str:
        return repr(self.table())

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


def merged(rows: list[Row]) -> tuple[str, ...]:
    """Rows with the same call and answers as one."""
    call, *answers = rows[0].cells
    texts = dict.fromkeys(", ".join(map(show_value, row.args or ())) for row in rows)
    return call, "; ".join(filter(None, texts)), str(len(rows)), *answers


@dataclass(frozen=True)
class Life:
    """One scenario of a recording."""

    scenario: Scenario

    def replayed(self, revision: Revision | None = None) -> Beside:
        """The model's answers beside the kernel's, as the revision that this kernel is an example of, or as another."""
        return Beside(replay(self.scenario, revision))

    def calls(self, *words: str) -> Calls:
        """The hypercalls whose name contains one of these words, as they were recorded."""
        rows = [row for row in self.scenario.hypercalls if any(word in row.call for word in words)]
        made = tuple((row.call, f"{row.call}({', '.join(row.args)})", answer(row)) for row in rows)
        return Calls(f"Recorded on Linux {self.scenario.kernel}, scenario {self.scenario.name}", made)

    def log(self) -> Table:
        """The lines of the kernel's log."""
        lines = [(row.call,) for row in self.scenario.rows if row.side == "dmesg"]
        return Table(f"Log of Linux {self.scenario.kernel}, scenario {self.scenario.name}", ("line",), lines,
                     code=frozenset({0}))


def answer(row: Recorded) -> str:
    """What came back from a call that was recorded."""
    if not row.understood:
        return "not understood"
    return "did not return: EL2 panic" if row.panics else show_ret(row.ret)


def counted(name: str, kernel: str = "7.3.4") -> dict[str, int]:
    """How often functions of a running kernel were entered during the life of one VM, by name."""
    rows = map(json.loads, (RECORDINGS / "counts.jsonl").read_text().splitlines())
    return next(dict(row["counts"]) for row in rows if (row["kernel"], row["scenario"]) == (kernel, name))


def numbered(words: Iterable[str], kernels: Sequence[str]) -> Table:
    """The numbers of the calls that have these words in their name, a column for each kernel; a dash where it has none.

    The rows stand in the order of the words: the numbers are in another order in each kernel.
    """
    given = [call_numbers(kernel) for kernel in kernels]
    calls = dict.fromkeys(name for word in words for numbers in given for name in numbers if word in name)
    rows = [(name, *(str(numbers.get(name, "–")) for numbers in given)) for name in calls]
    return Table("The numbers of calls, read from running kernels", ("call", *kernels), rows, code=frozenset({0}))


def recorded(name: str, kernel: str = "6.19.14") -> Life:
    """A scenario that comes with the course, such as "n3": one vCPU, three runs, everything closed.

    In those from 20 on the recorder put calls in that no honest host makes.
    """
    kind = "injected" if int(name[1:]) >= FIRST_INJECTED else "natural"
    return Life(load(f"{kernel}-{kind}").scenario(name))
