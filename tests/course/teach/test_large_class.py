"""Of three hundred hand-ins, many damaged, each is accounted for, and each row of each table is right."""
from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from pkvm_model.course.teach import classroom
from pkvm_model.course.teach.attendance import MISSING, SYSTEM
from pkvm_model.course.teach.classroom import Classroom
from pkvm_model.practice.progress import ExerciseRecord
from tests.course.teach import large_class, office
from tests.course.teach.large_class import LargeClass

Read = tuple[LargeClass, Classroom]


@pytest.fixture(scope="module")
def made_and_read(tmp_path_factory: pytest.TempPathFactory) -> Read:
    """Return what was written, and what was read of it."""
    folder = tmp_path_factory.mktemp("large")
    made = large_class.write_large_class(folder / "class")
    large_class.write_roster(folder / "roster.txt", made.roster)
    return made, classroom.read(folder / "class", folder / "roster.txt", large_class.DUE)


def list_wrong(found: dict[str, str], wanted: dict[str, str]) -> list[tuple[str, str, str]]:
    """Return files of which something else is said than should be."""
    return [(file, found.get(file, ""), wanted.get(file, "")) for file in {*found, *wanted}
            if file not in wanted or wanted[file] not in found.get(file, "")]


def find_file(shown: str, made: LargeClass) -> str:
    """Return the file in which something lies."""
    return next(file for file in made.files if shown == file or shown.startswith(f"{file}/"))


def test_the_class_is_as_large_and_as_damaged_as_it_should_be(made_and_read: Read) -> None:
    made, _ = made_and_read
    handed_in = len(made.files) - len(made.passed_over)
    assert handed_in == large_class.FILES
    assert handed_in - made.kinds[""] >= 60
    assert len(made.kinds) >= 20


def test_each_of_the_files_is_accounted_for(made_and_read: Read) -> None:
    made, group = made_and_read
    fates: dict[str, set[str]] = {}
    for shown, _, fate in group.files().rows:
        fates.setdefault(find_file(shown, made), set()).add(fate)
    on_disk = {path.relative_to(made.folder).as_posix() for path in made.folder.rglob("*") if path.is_file()}
    assert fates.keys() == on_disk == {*made.files}
    counted = {file for file, each in fates.items() if "counts" in each}
    assert counted == on_disk - made.reasons.keys() - made.passed_over
    assert {file for file, each in fates.items() if each == {SYSTEM}} == made.passed_over


def test_each_row_of_the_table_is_right(made_and_read: Read) -> None:
    made, group = made_and_read
    found = {row[0]: tuple(row[1:5]) for row in group.table().rows if find_file(row[5], made)[:5] != "sent-"}
    wanted = {name: summarize(done, len(group.exercises)) for name, done in made.rows.items()}
    assert {name: (found.get(name), wanted.get(name)) for name in {*found, *wanted}
            if found.get(name) != wanted.get(name)} == {}


def summarize(done: dict[str, ExerciseRecord], exercises: int) -> tuple[str, ...]:
    """Return a learner's row in the table, without the name and the file."""
    known = [record for name, record in done.items() if name != "no-such-exercise"]
    sums = [sum(getattr(record, fact) for record in known) for fact in ("hints", "shown", "tries")]
    return f"{sum(record.solved for record in known)} of {exercises}", *map(str, sums)


def test_each_damaged_file_has_its_reason_and_no_other_has_one(made_and_read: Read) -> None:
    made, group = made_and_read
    sent = group.collection
    refused = [(file, reason) for file, reason, _ in sent.refused]
    found = {find_file(file, made): reason for file, reason in (*refused, *sent.repeated, *sent.copies)}
    assert list_wrong(found, made.reasons | made.copies) == []
    doubts = {find_file(learner.file, made): {*learner.doubts} for learner in group.learners if learner.doubts}
    assert doubts == made.doubted


def test_the_missing_the_late_and_the_strangers_are_told(made_and_read: Read) -> None:
    made, group = made_and_read
    rows = group.attendance().rows
    missing = {row[0] for row in rows if row[2].startswith("missing")}
    assert missing == {mate.name for mate in made.roster} - made.rows.keys()
    silent = {row[0] for row in rows if row[2] == MISSING}
    assert len(missing) - len(silent) == len(large_class.REFUSED) + 1
    found = {find_file(row[1], made): row[2] for row in rows if not row[2].startswith("missing")}
    assert list_wrong(found, made.remarks) == []


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_each_cell_of_the_gradebook_is_right(separator: str, made_and_read: Read) -> None:
    made, group = made_and_read
    rows = list(csv.DictReader(io.StringIO(group.gradebook(separator)), delimiter=separator))
    assert [row["ID number"] for row in rows] == [str(mate.number) for mate in made.roster]
    doubted = {learner.person.name: {*learner.doubts} for learner in group.learners if learner.person}
    for row, mate in zip(rows, made.roster, strict=True):
        done = made.rows.get(mate.name)
        points = {name: "-" if done is None or name in doubted[mate.name] else
                  str(int(done.get(name, ExerciseRecord()).solved)) for name in group.exercises}
        assert {name: row[name] for name in group.exercises} == points
        total = sum(int(point) for point in points.values() if point != "-")
        assert row["solved"] == ("-" if done is None else str(total))


OPENED = pytest.mark.skipif(not office.OFFICE, reason="LibreOffice is not installed (Debian: libreoffice-calc)")


@OPENED
@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("kind", ["csv", "gradebook"])
def test_a_spreadsheet_program_reads_each_cell_as_it_was_written(kind: str, separator: str, made_and_read: Read,
                                                                 tmp_path: Path) -> None:
    made, group = made_and_read
    if kind == "csv":
        classroom.read(made.folder).write_csv(tmp_path / "class.csv", separator)
    else:
        group.write_gradebook(tmp_path / "class.csv", separator)
    written = list(csv.reader(io.StringIO((tmp_path / "class.csv").read_text("utf-8-sig")), delimiter=separator))
    found = [row for row in office.open_in_spreadsheet(tmp_path / "class.csv", separator) if row]
    assert [formula for row in found for _, formula in row if formula] == []
    assert len(found) == len(written)
    assert [cell for row in written for cell in row if cell.startswith("'")]
    assert [(theirs, ours) for theirs, ours in zip(found, written, strict=True)
            if [text for text, _ in theirs] != drop_empty([LOGIC.get(cell, cell) for cell in ours])] == []


LOGIC = {"True": "TRUE", "False": "FALSE"}
"""How a spreadsheet shows values of logic."""


def drop_empty(cells: list[str]) -> list[str]:
    """Return the cells of a row without the empty ones at its end."""
    return cells[:max((at for at, cell in enumerate(cells, 1) if cell), default=0)]


@OPENED
def test_a_formula_that_is_not_escaped_would_be_seen(tmp_path: Path) -> None:
    (tmp_path / "harm.csv").write_text("=1+1,-,'=1+1,7\n", encoding="utf-8-sig")
    ((formula, dash, escaped, number),) = filter(None, office.open_in_spreadsheet(tmp_path / "harm.csv", ","))
    assert formula[1]
    assert [dash, escaped, number] == [("-", ""), ("'=1+1", ""), ("7", "")]
