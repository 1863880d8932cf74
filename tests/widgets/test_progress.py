"""The progress widget ships a table, and updates it on request."""
from __future__ import annotations

import json

import pytest

from pkvm_model.show.table import Table
from pkvm_model.widgets.progress import ProgressView


@pytest.fixture
def widget() -> ProgressView:
    """Return a progress table whose learner solves an exercise between two updates."""
    solved = iter(range(9))
    rows = [("05", ""), ("  one", "open")]
    return ProgressView(lambda: Table(f"{next(solved)} of 3 solved", ("exercise", "state"), rows, "Next: one."))


def test_solved_exercises_are_shipped_and_described(widget: ProgressView) -> None:
    table = json.loads(widget.packed)
    assert (table["caption"], table["rows"][1], table["note"]) == ("0 of 3 solved", ["  one", "open"], "Next: one.")
    assert widget.describe().splitlines()[0] == "0 of 3 solved"
    assert "0 of 3 solved" in widget.static()


def test_the_table_is_read_again_on_request(widget: ProgressView) -> None:
    assert widget.answer({"look": True})["caption"] == "1 of 3 solved"
    assert repr(widget) == "Progress('1 of 3 solved')"
