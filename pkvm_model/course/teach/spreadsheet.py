"""CSV that a spreadsheet opens without harm: nothing becomes a formula, whichever separator it splits at."""
from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

from ...outside import escape

FORMULA = re.compile(r"((?:^|[;,|:\t])[\s\"']*)(?=[=+@\uff1d\uff0b\uff0d\uff20-])")
"""The place before a character that makes a formula of a cell, at the beginning or behind any separator."""
NO_GRADE = "-"
"""What Moodle and Canvas write and read where there is no grade. Spreadsheets take it for a text."""


def write_lines(rows: Iterable[Sequence[object]], separator: str) -> str:
    """Return rows as CSV; each text in them is escaped."""
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator="\n").writerows(map(escape_row, rows))
    return text.getvalue()


def escape_row(row: Sequence[object]) -> list[object]:
    """Return a row in which no text is a formula."""
    return [escape_formula(cell) if isinstance(cell, str) else cell for cell in row]


def escape_formula(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula, nor a part of it, whichever separator it splits at."""
    return text if text == NO_GRADE else FORMULA.sub(r"\1'", escape(text))
