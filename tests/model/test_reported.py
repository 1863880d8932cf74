"""What somebody doubted, and how it was settled: traces with a real kernel's answers."""
from __future__ import annotations

from pathlib import Path

import pytest

from pkvm_model.model.trace import parse, replay

FOLDER = Path(__file__).parents[1] / "reported"
TRACES = sorted(FOLDER.glob("*.txt"))


@pytest.mark.parametrize("path", TRACES, ids=lambda path: path.stem)
def test_the_model_answers_as_the_kernel_does(path: Path) -> None:
    assert replay(parse(path.read_text(encoding="utf-8"))).differs == ""


def test_each_report_says_what_was_doubted_and_what_settled_it() -> None:
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in page.splitlines() if row.startswith("| `")]
    assert [row[0].strip("`") for row in rows] == [path.name for path in TRACES]
    assert all(doubt and settled for _, doubt, settled in rows)
