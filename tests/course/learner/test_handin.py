"""A hand-in is read as it was written, and every other file is refused in one line."""
from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pkvm_model.course.errors import CourseError
from pkvm_model.course.learner import containers, handin
from pkvm_model.course.learner.handin import HandIn
from pkvm_model.course.learner.my_work import CopyPaths
from pkvm_model.practice.progress import ExerciseRecord

SOLVED = ExerciseRecord(3, 1, solved=True, steps=5, fewest=4, answer="run = [1, 0, 1, 0]  # schön",
                        trace="pkvm-trace 1 v1\n")
ADA = HandIn("Ada Lovelace", "0123456789ab",
             {"find-the-hole": SOLVED, "lived-to-see": ExerciseRecord(1, answer="answer = ...")})
Change = Callable[[dict[str, Any]], Any]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Write a hand-in and return its file."""
    path = tmp_path / "ada.json"
    path.write_text(handin.to_text(ADA))
    return path


def change_file(file: Path, change: Change, digest: bool = True) -> Path:
    """Change a hand-in, and make its digest right again."""
    whole = json.loads(file.read_text())
    change(whole)
    if digest:
        whole["digest"] = handin.digest(whole)
    file.write_text(json.dumps(whole))
    return file


def find_refusal(file: Path) -> str:
    """Return the line with which a file is refused."""
    with pytest.raises(CourseError) as refused:
        handin.read(file)
    assert "\n" not in str(refused.value)
    return str(refused.value).removeprefix(f"{file} is not a hand-in of this course: ")


def test_a_hand_in_is_read_as_it_was_written(file: Path) -> None:
    assert handin.read(file) == ADA


def test_the_layout_of_a_hand_in_does_not_matter(file: Path) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()), sort_keys=True))
    assert handin.read(file) == ADA


def test_a_hand_in_that_is_cut_anywhere_is_refused(file: Path) -> None:
    whole = file.read_bytes().rstrip()
    for length in range(0, len(whole), 7):
        file.write_bytes(whole[:length])
        assert find_refusal(file) == "it is cut or is not JSON."


def test_a_fact_changed_afterwards_is_noticed(file: Path) -> None:
    change_file(file, lambda whole: whole["exercises"]["lived-to-see"].update(solved=True), digest=False)
    assert find_refusal(file) == "it was cut or changed after it was handed in."


@pytest.mark.parametrize(("change", "reason"), [
    (lambda whole: whole.update(version=2), "it is of version 2, this course reads version 1."),
    (lambda whole: whole.update(version=True), "it is of version True, this course reads version 1."),
    (lambda whole: whole.update(more=1), "it has other fields."),
    (lambda whole: whole.update(format="other"), "it has other fields."),
    (lambda whole: whole.update(name="Ada\x1b[2J"), "name must be a name of one line, not 'Ada\\x1b[2J'."),
    (lambda whole: whole.update(name=["Ada"]), "name must be a name of one line, not ['Ada']."),
    (lambda whole: whole.update(course="1"), "course must be a digest of 12 hex digits, not '1'."),
    (lambda whole: whole.update(exercises=[]), "exercises must be "),
    (lambda whole: whole["exercises"].update({"../x": {}}),
     "a name in exercises must be the name of an exercise, not '../x'."),
    (lambda whole: whole["exercises"].update(x=[]), "exercises['x'] must be an object, not []."),
    (lambda whole: whole["exercises"].update(x={"grade": 1}), "exercises['x'] has an unknown field 'grade'."),
    (lambda whole: whole["exercises"].update(x={"tries": "3"}), "exercises['x'].tries must be a number"),
    (lambda whole: whole["exercises"].update(x={"tries": 1.5}), "exercises['x'].tries must be a number"),
    (lambda whole: whole["exercises"].update(x={"tries": -1}), "exercises['x'].tries must be a number"),
    (lambda whole: whole["exercises"].update(x={"steps": True}), "exercises['x'].steps must be null or a number"),
    (lambda whole: whole["exercises"].update(x={"tries": 9_999_999}), "a number in it is too large."),
    (lambda whole: whole["exercises"].update(x={"answer": "\udc00"}), "exercises['x'].answer must be a text"),
    (lambda whole: whole["exercises"].update(x={"answer": "x" * 100_001}),
     "exercises['x'].answer must be a text of at most 100,000")])
def test_values_that_no_course_writes_are_refused(change: Change, reason: str, file: Path) -> None:
    assert find_refusal(change_file(file, change)).startswith(reason)


@pytest.mark.parametrize(("text", "reason"), [
    ("[]", "it has other fields."),
    ("null", "it has other fields."),
    ('{"name": 1, "name": 2}', "a name is in it twice."),
    ('{"name": NaN}', "it says NaN."),
    ('{"name": 1e999}', "it has other fields."),
    (f'{{"name": {"9" * 5000}}}', "a number in it is too large."),
    ("[" * 100_000, "it is cut or is not JSON."),
    ('{"name": "' + "x" * containers.LARGEST_FILE + '"}', "it is larger than 4 MB.")])
def test_text_that_is_not_a_hand_in_is_refused(text: str, reason: str, file: Path) -> None:
    file.write_text(text)
    assert find_refusal(file) == reason


def test_bytes_that_are_not_text_are_refused(file: Path) -> None:
    file.write_bytes(b"\xff{}")
    assert find_refusal(file) == "it is not UTF-8: byte 1 is 0xff. Save it as UTF-8."


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    reason = find_refusal(tmp_path / "none.json")
    assert reason.endswith("none.json cannot be read (No such file or directory). Is the name right?")


def test_a_hand_in_that_could_not_be_read_is_not_written() -> None:
    with pytest.raises(ValueError, match="at most 100,000 characters"):
        handin.to_text(ADA._replace(exercises={"find-the-hole": ExerciseRecord(answer="x" * 100_001)}))


def test_the_version_of_the_course_changes_with_any_exercise(tmp_path: Path) -> None:
    (tmp_path / "find-the-hole.md").write_text("one")
    before = handin.digest_course(tmp_path)
    (tmp_path / "find-the-hole.md").write_text("two")
    assert handin.digest_course(tmp_path) != before
    assert handin.COURSE.fullmatch(before)


@pytest.mark.parametrize(("given", "name"), [
    ("Zoe\u0308", "Zoë"), ("  Ada\u00a0 Lovelace ", "Ada Lovelace"), ("山田\u3000太郎", "山田 太郎"),
    ("Юлия", "Юлия"), ("美咲", "美咲"), ("Ζωή", "Ζωή"), ("علی\u200cرضا", "علی\u200cرضا"),
    ("Łukasz".encode().decode("ascii", "surrogateescape"), "Łukasz")])
def test_a_name_in_any_script_is_written_in_one_form(given: str, name: str) -> None:
    assert handin.tidy_name(given) == name
    assert handin.is_name(name)
    assert handin.from_json(json.loads(handin.to_text(ADA._replace(name=name)))).name == name


@pytest.mark.parametrize("name", ["a\x1b[2J", "\u202egpj", "a\u200bb", "\udcff", "x" * 101])
def test_a_name_that_hides_something_is_refused(name: str) -> None:
    assert not handin.is_name(handin.tidy_name(name))


@pytest.mark.parametrize(("name", "file"), [
    ("", "handin.json"), ("Ada Lovelace", "handin-ada-lovelace.json"), ("O'Neil-Ünal", "handin-o-neil-ünal.json"),
    ("ஸ்ரீ", "handin-ஸ்ரீ.json"), ("美咲", "handin-美咲.json"), ("علی\u200cرضا", "handin-علیرضا.json"),
    ("../../etc: passwd*?", "handin-etc-passwd.json"), ("C:\\CON.", "handin-c-con.json"), ("...", "handin.json"),
    ("美" * 100, f"handin-{'美' * 37}.json"), ("a" * 112 + " b", f"handin-{'a' * 112}.json")])
def test_the_file_is_named_after_the_learner(name: str, file: str) -> None:
    assert handin.name_file(handin.tidy_name(name)) == file


def test_the_command_names_the_file_after_the_learner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                      capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(handin, "CopyPaths", lambda: CopyPaths(tmp_path))
    monkeypatch.setattr(handin, "collect", lambda paths, name: ADA._replace(name=name))
    handin.run(argparse.Namespace(output=None, name="Zoë"))
    assert handin.read(tmp_path / "handin-zoë.json").name == "Zoë"
    assert f"{tmp_path / 'handin-zoë.json'}: 2 exercises, 1 of them solved." in capsys.readouterr().out
