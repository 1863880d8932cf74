"""The learner's copy is made once and never overwritten."""

import json
from pathlib import Path

import pytest

from pkvm_model.course import start, work
from pkvm_model.course.errors import CourseError


@pytest.fixture
def originals(tmp_path: Path) -> Path:
    """Gives a folder with two notebooks."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    for name in ("01-start-here.ipynb", "07-two-phases.ipynb"):
        (folder / name).write_text(f"original {name}")
    return folder


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """Gives the place of the learner's copy."""
    return tmp_path / "my_work"


def test_every_notebook_is_copied(originals: Path, mine: Path) -> None:
    assert work.make_copy(originals, mine) == []
    assert (mine / "07-two-phases.ipynb").read_text() == "original 07-two-phases.ipynb"
    assert sorted(path.name for path in mine.iterdir()) == [
        ".course.json",
        "01-start-here.ipynb",
        "07-two-phases.ipynb",
    ]


def test_what_the_learner_wrote_is_never_overwritten(originals: Path, mine: Path) -> None:
    work.make_copy(originals, mine)
    (mine / "01-start-here.ipynb").write_text("my answer")
    (originals / "01-start-here.ipynb").write_text("a newer original")
    work.make_copy(originals, mine)
    assert (mine / "01-start-here.ipynb").read_text() == "my answer"


def test_a_newer_original_is_told_each_time(originals: Path, mine: Path) -> None:
    work.make_copy(originals, mine)
    (originals / "01-start-here.ipynb").write_text("a newer original")
    for _ in range(2):
        (sentence,) = work.make_copy(originals, mine)
        assert sentence.startswith("01-start-here.ipynb: the course has a newer version.")


def test_a_copy_that_was_moved_away_comes_back_fresh(originals: Path, mine: Path) -> None:
    work.make_copy(originals, mine)
    (originals / "01-start-here.ipynb").write_text("a newer original")
    (mine / "01-start-here.ipynb").rename(mine / "01-old.ipynb")
    assert work.make_copy(originals, mine) == []
    assert (mine / "01-start-here.ipynb").read_text() == "a newer original"


def test_a_copy_from_elsewhere_is_kept(originals: Path, mine: Path) -> None:
    mine.mkdir()
    (mine / "01-start-here.ipynb").write_text("brought from home")
    assert work.make_copy(originals, mine) == []
    assert (mine / "01-start-here.ipynb").read_text() == "brought from home"


@pytest.mark.parametrize("record", ["", "{", "[1]", "null"])
def test_a_damaged_record_does_no_harm(record: str, originals: Path, mine: Path) -> None:
    work.make_copy(originals, mine)
    (mine / ".course.json").write_text(record)
    assert work.make_copy(originals, mine) == []
    assert len(json.loads((mine / ".course.json").read_text())) == 2


def test_a_file_in_the_place_of_the_copy_is_named(originals: Path, mine: Path) -> None:
    mine.write_text("not a folder")
    with pytest.raises(CourseError, match="my_work cannot be written"):
        work.make_copy(originals, mine)


def test_a_plain_jupyterlab_finds_the_extension_after_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    extension = tmp_path / "ours" / "pkvm-widgets" / "package.json"
    extension.parent.mkdir(parents=True)
    extension.write_text("{}")
    monkeypatch.setattr(start, "EXTENSIONS", tmp_path / "ours")
    start.install_extensions(tmp_path / "env")
    assert (tmp_path / "env" / "share" / "jupyter" / "labextensions" / "pkvm-widgets" / "package.json").is_file()
