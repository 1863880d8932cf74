"""The site is built whole or not at all, is the same each time, and replaces nothing but itself."""
from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from pkvm_model.course.cli import run_inside
from pkvm_model.course.publish.pages import VERSION_MARK
from pkvm_model.course.site import build, seal
from pkvm_model.course.site.frame import Site
from tests.conftest import build_site


def test_the_same_course_gives_the_same_bytes(site: Path, tmp_path: Path) -> None:
    build_site(tmp_path / "again")
    names = seal.list_files(site)
    assert seal.list_files(tmp_path / "again") == names
    assert [name for name in sorted(names | {seal.NAME})
            if (site / name).read_bytes() != (tmp_path / "again" / name).read_bytes()] == []


def test_the_list_has_every_file_with_its_hash_and_size(site: Path) -> None:
    listed = json.loads((site / "version.json").read_text())
    found = {name: (site / name).read_bytes() for name in seal.list_files(site)}
    assert listed["files"] == {name: {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
                               for name, content in found.items()}
    pages = [content.decode() for name, content in found.items() if name.endswith(".html")]
    assert len(pages) > 70
    assert all(f'data-version="{listed["version"]}"' in page for page in pages)


def test_every_page_has_an_icon(site: Path) -> None:
    pages = {path: path.read_text() for path in site.rglob("*.html") if "lab" not in path.parts}
    assert [path.name for path, page in pages.items() if '<link rel="icon" href="' not in page] == []


def write_one(site: Site) -> None:
    site.write("index.html", f"{site.folder.parent.name} {VERSION_MARK}")


def write_another(site: Site) -> None:
    site.write("other.html", "another")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder for small sites."""
    monkeypatch.setattr(build, "STEPS", (write_one,))
    return tmp_path / "site"


def test_a_rebuild_replaces_the_whole_folder_and_leaves_nothing_beside_it(
        place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_inside(["site", "-o", str(place)]) == 0
    monkeypatch.setattr(build, "STEPS", (write_another,))
    assert run_inside(["site", "-o", str(place)]) == 0
    assert {path.name for path in place.iterdir()} == {"other.html", "sw.js", "version.json"}
    assert [path.name for path in place.parent.iterdir()] == ["site"]


def test_a_build_that_fails_leaves_the_old_site_as_it_was(place: Path, monkeypatch: pytest.MonkeyPatch,
                                                          capsys: pytest.CaptureFixture[str]) -> None:
    assert run_inside(["site", "-o", str(place)]) == 0
    before = {path.name: path.read_bytes() for path in place.iterdir()}

    def fail(site: Site) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(build, "STEPS", (write_another, fail))
    assert run_inside(["site", "-o", str(place)]) == 1
    assert "cannot write the site" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in place.iterdir()} == before
    assert [path.name for path in place.parent.iterdir()] == ["site"]


def test_a_folder_that_is_no_site_is_refused_in_one_line(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place.mkdir()
    (place / "thesis.txt").write_text("years of work")
    assert run_inside(["site", "-o", str(place)]) == 1
    assert capsys.readouterr().err == (
        f"course.py: {place} is not a site of this course. Remove it, or name another folder with -o.\n")
    assert (place / "thesis.txt").read_text() == "years of work"


def test_a_site_with_somebody_elses_file_is_refused_in_one_line(place: Path,
                                                                capsys: pytest.CaptureFixture[str]) -> None:
    assert run_inside(["site", "-o", str(place)]) == 0
    (place / "CNAME").write_text("course.example")
    assert run_inside(["site", "-o", str(place)]) == 1
    assert capsys.readouterr().err == (
        f"course.py: {place} has files that are not of the site, such as CNAME. Move them, or name another folder "
        "with -o.\n")
    assert (place / "CNAME").exists()


def test_an_empty_folder_is_filled(place: Path) -> None:
    place.mkdir()
    assert run_inside(["site", "-o", str(place)]) == 0
    assert (place / "index.html").exists()


def test_another_content_gives_another_version(tmp_path: Path) -> None:
    versions = []
    for text in ("one", "two"):
        (tmp_path / text).mkdir()
        (tmp_path / text / "a.html").write_text(f"{text} {VERSION_MARK}")
        versions.append(seal.seal(tmp_path / text))
        assert (tmp_path / text / "a.html").read_text() == f"{text} {versions[-1]}"
    assert versions[0] != versions[1]
