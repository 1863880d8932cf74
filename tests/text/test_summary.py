"""The summary agrees with the model, even when the model changes."""

import re

import pytest

from pkvm_model.course.publish import summary
from pkvm_model.explore.scenario import FINALISE, ONE_SHOT, START
from pkvm_model.model.revisions import MERGED, PRE, UPSTREAM, V1, Revision
from pkvm_model.scenes import LENT_PAGE

DYING = LENT_PAGE + summary.DYING


@pytest.mark.parametrize(
    ("kernel", "setup", "held", "name", "said"),
    [
        (PRE, LENT_PAGE, True, ONE_SHOT, "■ EL2 ends"),
        (V1, LENT_PAGE, False, FINALISE, "↩ -EBUSY"),
        (V1, DYING, True, FINALISE, "0, then ✗ use after donation"),
        (MERGED, DYING, True, FINALISE, "–"),
        (UPSTREAM, DYING, True, FINALISE, "↩ -EINVAL"),
        (MERGED.without("get_not_dying"), DYING, True, FINALISE, "0, then ✗ use after donation"),
        (PRE, LENT_PAGE, False, START, "–"),
    ],
)
def test_an_outcome_is_the_models_answer(kernel: Revision, setup: str, held: bool, name: str, said: str) -> None:
    assert plain(summary.find_answer(kernel, setup, held, name)) == said


def plain(text: str) -> str:
    """Return a text with plain spaces, which wrap."""
    return text.replace("\u00a0", " ").replace("\u2060", "")


def test_every_race_has_a_row_or_is_listed_as_untold() -> None:
    table, _ = summary.make_race_table()
    others = [race.name for race in summary.list_races_without_scripts()]
    assert {*(row[0] for row in table.rows), *others} == {f"R{number}" for number in range(1, 30)}
    (r7,) = (row for row in table.rows if row[0] == "R7")
    assert [cell.split(" (")[0] for cell in r7[2:]] == ["■ EL2 ends", "✗ DEFECT", "✓ well", "↩ refused"]


def test_each_footnote_number_of_the_races_has_a_note() -> None:
    table, notes = summary.make_race_table()
    used = {int(number) for row in table.rows for cell in row[2:] for number in re.findall(r"\((\d+)\)", cell)}
    assert used == {int(number) for number in re.findall(r"<p>\((\d+)\) \S", notes)} == set(range(1, len(used) + 1))
