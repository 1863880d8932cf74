"""Progress is never lost: files written by any version of the course are read, others are put aside, not deleted."""
from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkvm_model.practice import progress
from pkvm_model.practice.progress import ExerciseRecord, ProgressError

SOLVED = ExerciseRecord(3, 1, True, True, 5, 4, "run = [1, 0, 1, 0]  # schön", "pkvm-trace 1 v1\n")
WRITTEN = {
    "no exercise": ('{"version": 1, "exercises": {}}', {}),
    "an exercise that was only opened": ('{"version": 1, "exercises": {"say-it": {}}}', {"say-it": ExerciseRecord()}),
    "every field": (
        '{"version": 1, "exercises": {"find-the-hole": {"tries": 3, "hints": 1, "shown": true, "solved": true, '
        '"steps": 5, "fewest": 4, "answer": "run = [1, 0, 1, 0]  # schön", "trace": "pkvm-trace 1 v1\\n"}}}',
        {"find-the-hole": SOLVED}),
    "defaults that are spelled out": (
        '{"version": 1, "exercises": {"say-it": {"tries": 0, "hints": 0, "shown": false, "solved": false, '
        '"steps": null, "fewest": null, "answer": "", "trace": ""}}}', {"say-it": ExerciseRecord()}),
    "an exercise that this course does not have": (
        '{"version": 1, "exercises": {"Of another course": {"tries": 2}}}', {"Of another course": ExerciseRecord(2)}),
    "a field beside the exercises": (
        '{"version": 1, "exercises": {"say-it": {"tries": 1}}, "more": []}', {"say-it": ExerciseRecord(1)}),
    "characters as escapes": (
        '{"version": 1, "exercises": {"say-it": {"answer": "\\u00e4\\ud83d\\ude00"}}}',
        {"say-it": ExerciseRecord(answer="ä😀")})}
REFUSED = {
    "an empty file": "", "notes": "my notes", "a file that is cut": '{"version": 1, "exercises": {"say-it": {"tri',
    "a list": "[]", "null": "null", "no version": '{"exercises": {}}', "no exercises": '{"version": 1}',
    "a newer version": '{"version": 2, "exercises": {}}', "exercises in a list": '{"version": 1, "exercises": []}',
    "a record that is a number": '{"version": 1, "exercises": {"say-it": 1}}',
    "an unknown field": '{"version": 1, "exercises": {"say-it": {"grade": 1}}}',
    "a number as text": '{"version": 1, "exercises": {"say-it": {"tries": "1"}}}',
    "a negative number": '{"version": 1, "exercises": {"say-it": {"tries": -1}}}',
    "a truth value as a number": '{"version": 1, "exercises": {"say-it": {"steps": true}}}',
    "a number as a truth value": '{"version": 1, "exercises": {"say-it": {"solved": 1}}}',
    "half a character": '{"version": 1, "exercises": {"say-it": {"answer": "\\udc00"}}}',
    "half a character in a name": '{"version": 1, "exercises": {"\\udc00": {}}}',
    "a million brackets": "[" * 1_000_000}


@pytest.mark.parametrize(("text", "records"), WRITTEN.values(), ids=WRITTEN)
def test_files_written_by_any_version_of_the_course_are_read(text: str, records: dict[str, ExerciseRecord]) -> None:
    assert progress.parse(text) == records
    assert progress.parse(progress.to_text(records)) == records


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_other_files_are_refused_in_one_line_and_put_aside(text: str, tmp_path: Path) -> None:
    (tmp_path / progress.NAME).write_text(text)
    with pytest.raises(ProgressError, match=r"\Ait is (damaged \([^\n]+\)|of version 2, this course reads .+)\Z"):
        progress.read(tmp_path)
    assert progress.update(tmp_path, "say-it", lambda record: record._replace(tries=1)) == ExerciseRecord(1)
    assert progress.read(tmp_path) == {"say-it": ExerciseRecord(1)}
    assert (tmp_path / "progress-damaged-1.json").read_text() == text


def test_a_damaged_value_is_named() -> None:
    with pytest.raises(ProgressError, match=r"exercises\['say-it'\]\.tries must be a number from 0 up, not '1'"):
        progress.parse(REFUSED["a number as text"])


NUMBERS = st.integers(min_value=0)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
RECORDS = st.builds(ExerciseRecord, NUMBERS, NUMBERS, st.booleans(), st.booleans(), st.none() | NUMBERS,
                    st.none() | NUMBERS, TEXTS, TEXTS)


@given(st.dictionaries(TEXTS, RECORDS))
def test_progress_can_be_read_back(records: dict[str, ExerciseRecord]) -> None:
    text = progress.to_text(records)
    assert progress.parse(text) == progress.parse(json.dumps(json.loads(text))) == records
