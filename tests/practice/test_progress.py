"""Progress is never lost: files written by any version of the course are read, others are put aside, not deleted."""
from __future__ import annotations

import errno
import json
import os
import shlex
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
    "no such version": '{"version": "2", "exercises": {}}', "only zero bytes": "\0" * 99,
    "exercises in a list": '{"version": 1, "exercises": []}',
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
    with pytest.raises(ProgressError, match=r"\Ait is damaged \([^\n]+\)\Z"):
        progress.read(tmp_path)
    warnings: list[str] = []
    assert progress.update(tmp_path, "say-it", lambda record: record._replace(tries=1),
                           warnings.append) == ExerciseRecord(1)
    (warning,) = warnings
    assert warning.endswith("It is now progress-damaged-1.json, and a new one begins.")
    assert progress.read(tmp_path) == {"say-it": ExerciseRecord(1)}
    assert (tmp_path / "progress-damaged-1.json").read_text() == text


GOOD = '{"version": 1, "exercises": {"say-it": {"tries": 2}}}\n'


@pytest.mark.parametrize("content", [GOOD.encode("utf-8-sig"), GOOD.replace("\n", "\r\n").encode(),
                                     GOOD.replace(" ", "\r").encode()])
def test_a_file_that_an_editor_has_saved_is_read(content: bytes, tmp_path: Path) -> None:
    (tmp_path / progress.NAME).write_bytes(content)
    assert progress.read(tmp_path) == {"say-it": ExerciseRecord(2)}


@pytest.mark.parametrize(("content", "reason"), [
    (b'{"version": 2, "exercises": {}, "more": 1}', "it is of version 2, which this course cannot read. Get "),
    *((GOOD.encode(encoding), "it is UTF-16. Save it as UTF-8") for encoding in ("utf-16", "utf-16-le", "utf-16-be"))])
def test_a_file_that_is_whole_stays_where_it_is(content: bytes, reason: str, tmp_path: Path) -> None:
    (tmp_path / progress.NAME).write_bytes(content)
    with pytest.raises(ProgressError, match=f"not saved, since progress.json cannot be used: {reason}"):
        progress.update(tmp_path, "say-it", lambda record: record)
    assert (tmp_path / progress.NAME).read_bytes() == content
    assert not list(tmp_path.glob("progress-*"))


def test_a_folder_of_this_name_stays_where_it_is(tmp_path: Path) -> None:
    (tmp_path / progress.NAME).mkdir()
    with pytest.raises(ProgressError, match=r"it cannot be read \(Is a directory\)"):
        progress.update(tmp_path, "say-it", lambda record: record)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with a name here")
def test_a_pipe_of_this_name_is_put_aside_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / progress.NAME)
    assert progress.update(tmp_path, "say-it", lambda record: record._replace(tries=1)) == ExerciseRecord(1)
    assert (tmp_path / "progress-damaged-1.json").is_fifo()


def test_a_file_that_can_only_be_read_is_written_all_the_same(tmp_path: Path) -> None:
    (tmp_path / progress.NAME).write_text(GOOD)
    (tmp_path / progress.NAME).chmod(0o400)
    progress.update(tmp_path, "say-it", lambda record: record._replace(tries=3))
    assert progress.read(tmp_path) == {"say-it": ExerciseRecord(3)}


@pytest.mark.parametrize(("number", "cure"), [(errno.ENOSPC, "Make room"), (errno.EROFS, "Make .+ writable")])
def test_the_cure_fits_the_cause(number: int, cure: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(ProgressError, match=rf"could not be saved \({os.strerror(number)}\)\. {cure} and run the cell"):
        progress.update(tmp_path, "say-it", lambda record: record)


def test_a_disk_without_file_locks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(progress, "lock_file", fail)
    with pytest.raises(ProgressError, match=r"\(No locks available: this disk has no file locks\)"):
        progress.update(tmp_path, "say-it", lambda record: record)


@pytest.mark.parametrize("name", ["progress (Ada's conflicted copy 2026-11-29).json", "progress-LAPTOP.json",
                                  "progress (1).json", "progress.sync-conflict-20261129-ABC.json", "Progress 2.json"])
def test_another_version_with_more_in_it_is_named(name: str, tmp_path: Path) -> None:
    (tmp_path / progress.NAME).write_text(GOOD)
    (tmp_path / name).write_text(GOOD.replace("2", "1"))
    assert list(progress.list_conflicts(tmp_path)) == []
    (tmp_path / name).write_text(GOOD.replace("2", "3"))
    for other in ("progress-damaged-1.json", "progress-notes.json", "my progress.json"):
        (tmp_path / other).write_text(GOOD.replace("2", "3") if other != "progress-notes.json" else "{")
    (sentence,) = progress.list_conflicts(tmp_path)
    assert sentence.startswith(f"{name} is another version of your progress, with more in it. To import it: ")
    assert shlex.split(sentence.partition("course.py import ")[2]) == [str(tmp_path / name)]


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


def test_what_windows_refuses_for_a_moment_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace, refusals = os.replace, [PermissionError(13, "Access is denied")] * 3

    def refuse(*paths: Path) -> None:
        if refusals:
            raise refusals.pop()
        replace(*paths)

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(ProgressError, match=r"could not be saved \(Access is denied\)"):
        progress.update(tmp_path, "say-it", lambda record: record)
    monkeypatch.setattr(progress, "PAUSES", (0, 0))
    progress.update(tmp_path, "say-it", lambda record: record._replace(tries=1))
    assert progress.read(tmp_path) == {"say-it": ExerciseRecord(1)}


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP, errno.ENOSYS])
def test_a_disk_that_cannot_synchronise_is_written_all_the_same(number: int, tmp_path: Path,
                                                                monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    progress.update(tmp_path, "say-it", lambda record: record._replace(tries=1))
    assert progress.read(tmp_path) == {"say-it": ExerciseRecord(1)}


def test_in_jupyterlite_the_copy_is_its_drive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "DRIVE", tmp_path)
    (tmp_path / "exercises").mkdir()
    assert progress.find_copy(tmp_path / "exercises") is None
    monkeypatch.setattr("sys.platform", "emscripten")
    assert progress.find_copy(tmp_path / "exercises") == tmp_path
    assert progress.find_copy(tmp_path.parent) is None
