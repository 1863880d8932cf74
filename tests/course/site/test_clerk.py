"""What a browser saves can be imported on a computer and by the clerk, and what the clerk hands in can be collected."""
from __future__ import annotations

import base64
import io
import json
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from pkvm_model.browser import clerk
from pkvm_model.course.errors import CourseError
from pkvm_model.course.learner import handin, my_work
from pkvm_model.course.learner.import_progress import import_progress
from pkvm_model.course.teach import collect
from pkvm_model.practice import progress, quizzes
from pkvm_model.practice.exercises import load_exercises
from pkvm_model.practice.notebook import extract_answer
from tests.course.copies import Course

PACK = Path(__file__).parents[2] / "front_end" / "pack_work.js"
STUB = load_exercises()["find-the-hole"].stub
WORK: dict[str, Any] = {
    "exercises": {"find-the-hole": {"tries": 2, "hints": 0, "shown": False, "solved": True, "steps": 5, "fewest": 4,
                                    "answer": "run = [1, 0]  # Zoë\n", "trace": "t"}},
    "quizzes": {"quiz-a 1": "0 1"},
    "drafts": {"find-the-hole": {"text": "run = [1]", "stub": "run = ...  # older", "others": ["run = [0]"]},
               "say-it": {"text": "as it was", "stub": "as it was", "others": []}}}


def pack(work: Any, *words: str) -> bytes:
    """Return what the page's own code writes."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed, so no page's code can run")
    return subprocess.run([node, PACK, *words], input=json.dumps(work).encode(), capture_output=True, check=True).stdout


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """Return a copy as a page saves it."""
    (tmp_path / "saved.zip").write_bytes(pack(WORK))
    return tmp_path / "saved.zip"


def bring(content: bytes, name: str = "saved.zip") -> Any:
    """Return what the clerk reads in a file."""
    return clerk.read_work({"name": name, "base64": base64.b64encode(content).decode()})


def test_a_saved_copy_is_a_sound_archive(saved: Path) -> None:
    with zipfile.ZipFile(saved) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["progress.json", "quizzes.json", "exercises/find-the-hole.ipynb",
                                      "exercises/find-the-hole-imported-1.ipynb"]


def test_the_page_says_what_was_saved_and_what_to_do_with_it() -> None:
    more = {"quizzes": {**WORK["quizzes"], "predict-b 2": "yes", "again 04": "02 quiz-give 1"},
            "drafts": {**WORK["drafts"], "broken-promise": {"text": "mine", "stub": "", "others": []}}}
    said = pack(WORK | more, "words").decode()
    assert said.startswith("Saved, where this browser puts downloads: saved.zip, with 2 exercises and "
                           "2 answered questions. Keep it. ")
    assert "“Bring in a copy”" in said
    assert said.endswith("python3 course.py import saved.zip does.\n")


def test_a_saved_copy_is_read_by_the_clerk_as_it_was(saved: Path) -> None:
    found = bring(saved.read_bytes())
    assert found["exercises"] == progress.to_json(progress.from_json(WORK["exercises"]))
    assert found["quizzes"] == WORK["quizzes"]
    assert found["answers"] == [{"id": "find-the-hole", "text": "run = [1]", "stub": "run = ...  # older"},
                                {"id": "find-the-hole", "text": "run = [0]", "stub": ""}]


def test_a_saved_copy_is_imported_on_a_computer(saved: Path, tmp_path: Path) -> None:
    course = Course(tmp_path / "here")
    list(import_progress(saved, course.copy))
    folder = course.copy.folder
    assert progress.read(folder)["find-the-hole"].answer == "run = [1, 0]  # Zoë\n"
    assert quizzes.read(folder) == WORK["quizzes"]
    answers = [extract_answer((folder / f"exercises/find-the-hole{suffix}.ipynb").read_bytes(), "find-the-hole")
               for suffix in ("", "-imported-1", "-imported-2")]
    assert answers == ["run = [1]", "run = [0]", "run = [1, 0]  # Zoë"]


def test_a_copy_of_a_computer_is_read_by_the_clerk(saved: Path, tmp_path: Path) -> None:
    course = Course(tmp_path / "here")
    list(import_progress(saved, course.copy))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted(path for path in course.copy.folder.rglob("*") if path.is_file()):
            archive.write(path, path.relative_to(course.copy.folder.parent))
    found = bring(packed.getvalue())
    assert found["quizzes"] == WORK["quizzes"]
    texts = {answer["text"].rstrip() for answer in found["answers"] if answer["id"] == "find-the-hole"}
    assert texts == {"run = [1]", "run = [0]", "run = [1, 0]  # Zoë"}


def test_a_hand_in_of_the_clerk_is_collected_and_imported(tmp_path: Path) -> None:
    written = clerk.write_handin({"name": " Zoë  Łukasz ", "exercises": WORK["exercises"]})
    text = written["text"]
    assert written["file"] == "handin-zoë-łukasz.json"
    (tmp_path / written["file"]).write_text(text)
    collection = collect.collect(tmp_path)
    assert [each.hand_in for each in collection.submissions] == [
        ("Zoë Łukasz", handin.digest_course(), progress.from_json(WORK["exercises"]))]
    assert (collection.refused, collection.passed_over) == ((), ())
    assert bring(text.encode(), "handin.json")["exercises"] == bring(text.encode(), "again.json")["exercises"]


@pytest.mark.parametrize("content", [b"", b"{}", b"PK\3\4", b"\x89PNG", b'{"version": 1, "exercises": [1]}'])
def test_any_other_file_is_refused_with_its_name(content: bytes) -> None:
    with pytest.raises(CourseError, match=r"^mine\.zip is neither a hand-in nor progress of this course: .+\.$"):
        bring(content, "mine.zip")


def test_what_has_no_answer_in_it_is_not_handed_in() -> None:
    with pytest.raises(CourseError, match="there is nothing to hand in yet"):
        clerk.write_handin({"name": "", "exercises": {"say-it": {"tries": 0}}})


def test_the_notebooks_of_a_copy_are_no_answers(tmp_path: Path) -> None:
    """A copy of the real course has a notebook for each exercise, in which nobody has written."""
    copy = my_work.CopyPaths(tmp_path / "my_work")
    my_work.make_copy(copy)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("my_work/progress.json", progress.to_text({}))
        for path in sorted((copy.folder / "exercises").iterdir()):
            archive.write(path, f"my_work/exercises/{path.name}")
    assert len(load_exercises()) > 50
    assert bring(packed.getvalue()) == {"exercises": {}, "quizzes": {}, "answers": []}
