"""The last lines of doctor's reports, collected from a class before the day."""
from __future__ import annotations

from collections import Counter

from ...show.table import Table
from ..setup.signed_line import is_intact


def seats(text: str) -> Table:
    """Return a table with a row for each line: whether this learner can work, or that the line did not arrive whole."""
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    rows = [make_row(number, line) for number, line in enumerate(lines, 1)]
    counts = Counter(answer for _, _, answer in rows)
    note = ", ".join(f"{number} × {answer}" for answer, number in counts.most_common())
    return Table("The seats", ("line", "machine", "can it work?"), rows, f"{note}.")


def make_row(number: int, line: str) -> tuple[str, str, str]:
    """Return the row of one line: its number, the machine, and whether it can work."""
    parts = line.split(" | ")
    if not is_intact(line):
        return str(number), "", "the line is not whole: ask for it again"
    missing = next(part for part in parts if part.startswith("missing "))
    return str(number), parts[1], "yes" if missing == "missing nothing" else f"no: {missing}"
