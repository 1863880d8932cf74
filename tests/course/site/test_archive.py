"""The archive for a page's Python: the same bytes each time, all that is imported there, and nothing else."""
from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from pkvm_model.course.errors import CourseError
from pkvm_model.course.site import archive, library, packages, python_parts, under_node
from pkvm_model.practice import judge

EVERYTHING = """
import pkgutil, sys, importlib
sys.path.insert(0, sys.argv[1])
import pkvm_model
for module in pkgutil.walk_packages(pkvm_model.__path__, "pkvm_model."):
    importlib.import_module(module.name)
from pkvm_model.conform.recordings import load
from pkvm_model.practice.exercises import load_exercises
print(len(load_exercises()), len(load("7.3.4-natural").scenarios))
"""
MOST_BYTES = 450_000


@pytest.fixture(scope="module")
def packed() -> bytes:
    """The archive."""
    return archive.pack_course()


@pytest.fixture(scope="module")
def unpacked(packed: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the archive is unpacked."""
    folder = tmp_path_factory.mktemp("archive")
    with zipfile.ZipFile(io.BytesIO(packed)) as whole, zipfile.ZipFile(whole.open(archive.INNER)) as inner:
        inner.extractall(folder)
    return folder


def test_the_same_course_gives_the_same_archive_in_whatever_order_its_files_are_found(
        packed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    found = sorted(archive.find_modules(), reverse=True)
    monkeypatch.setattr(archive, "find_modules", lambda: found)
    assert archive.pack_course() == packed
    with zipfile.ZipFile(io.BytesIO(packed)) as whole, zipfile.ZipFile(whole.open(archive.INNER)) as inner:
        assert {entry.date_time for entry in (*whole.infolist(), *inner.infolist())} == {archive.EPOCH}
    assert len(packed) < MOST_BYTES


def test_all_of_the_archive_can_be_imported_without_any_package(unpacked: Path) -> None:
    command = [sys.executable, "-I", "-S", "-B", "-c", EVERYTHING, str(unpacked)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stderr, done.returncode) == ("", 0)
    exercises, recorded = done.stdout.split()
    assert (int(exercises), int(recorded) > 0) == (52, True)


def test_nothing_is_in_the_archive_that_only_an_installed_course_needs(unpacked: Path) -> None:
    rooms = {path.name for path in (unpacked / "pkvm_model").iterdir()}
    assert "commands" not in rooms
    assert {path.name for path in (unpacked / "pkvm_model" / "course").iterdir()} == {
        "__init__.py", "errors.py", "learner", "paths.py"}


@pytest.fixture
def pyodide(packed: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that stands for what npm has fetched."""
    folder = tmp_path / "pyodide"
    folder.mkdir()
    for name in python_parts.PYODIDE:
        (folder / name).write_bytes(name.encode())
    (folder / python_parts.LOCK).write_text(json.dumps({"info": {"version": "1"}, "packages": {"numpy": {}}}))
    monkeypatch.setattr(python_parts, "install_packages", lambda: tmp_path)
    monkeypatch.setattr(library, "read_library", lambda: b"our library")
    monkeypatch.setattr(python_parts, "pack_course", lambda: packed)
    for kept in (python_parts.read_parts, python_parts.read_pyodide, python_parts.describe_parts):
        monkeypatch.setattr(python_parts, kept.__name__, kept.__wrapped__)
    return folder


def test_a_page_knows_hash_and_size_of_each_file_that_is_written(pyodide: Path, tmp_path: Path) -> None:
    python_parts.write_parts(tmp_path / "assets")
    written = {path.relative_to(tmp_path / "assets").as_posix(): path.read_bytes()
               for path in (tmp_path / "assets").rglob("*") if path.is_file()}
    assert python_parts.describe_parts()["files"] == {
        name: [python_parts.hash_bytes(content), len(content)] for name, content in written.items()}
    assert written["pyodide/python_stdlib.zip"] == b"our library"
    assert json.loads(written["pyodide/pyodide-lock.json"]) == {"info": {"version": "1"}, "packages": {}}
    assert len(written) == len(python_parts.PYODIDE) + 3


def test_the_words_of_a_page_are_those_of_the_judge(pyodide: Path) -> None:
    words = python_parts.describe_parts()["words"]
    for name, sentence in (("worked", judge.WORKED), ("waited", judge.WAITED)):
        assert words[name].replace("{seconds}", "4.5") == sentence.format(seconds=4.5)


def test_without_npm_one_line_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "CACHE", tmp_path)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(CourseError, match=r"^npm is not installed\. Install npm.*--without-python$"):
        packages.install_packages()


def test_without_node_one_line_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(CourseError, match=r"^node is not installed\. Install npm.*--without-python$"):
        under_node.run_script("1", tmp_path)


def test_a_script_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match=r"^Pyodide could not run a script under node: .*ERR_MODULE_NOT_FOUND"):
        under_node.run_script("1", tmp_path)
