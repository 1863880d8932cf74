"""The page of licences names all that is in the folder, and the site is not built if it cannot."""
from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from pkvm_model.course.errors import CourseError
from pkvm_model.course.site import licences
from pkvm_model.course.site.frame import Site

PACKAGES: dict[str, dict[str, Any]] = {
    "pyodide": {"version": "1.2", "license": "MPL-2.0", "homepage": "https://pyodide.example"},
    "esbuild": {"version": "3.4", "license": "MIT"},
    "editor": {"version": "5.6", "license": "MIT", "dependencies": {"deeper": "^7"}},
    "deeper": {"version": "7.8", "license": "ISC"}}
BUNDLED = {"packages": [{"name": "inside", "versionInfo": "9.0", "licenseId": "0BSD", "extractedText": "Do it."}]}


@pytest.fixture(autouse=True)
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A few packages in the place of those from npm."""
    folder = tmp_path / "node_modules"
    for name, package in PACKAGES.items():
        (folder / name).mkdir(parents=True)
        (folder / name / "package.json").write_text(json.dumps(package))
        (folder / name / "LICENSE").write_text(f"Licence of {name}")
    (folder / "pyodide" / "pyodide-lock.json").write_text('{"info": {"python": "3.99"}}')
    (folder / "package.json").write_text('{"dependencies": {"editor": "^5", "pyodide": "1.2"}}')
    monkeypatch.setattr(licences, "install_packages", lambda: folder)
    monkeypatch.setattr(licences, "NPM", folder)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a site with all that it can have."""
    made = tmp_path / "site"
    for name in ("index.html", "exercises/one.html", "assets/icons/icon.svg", "assets/editor.js",
                 "assets/pyodide/pyodide.mjs"):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text("")
    return made


def written(folder: Path) -> str:
    """Write the page, and return it."""
    licences.write(Site(folder, python=True))
    return (folder / "licences.html").read_text()


def test_each_package_has_its_version_its_licence_and_its_text(folder: Path) -> None:
    page = written(folder)
    for name in ("Pyodide 1.2 (MPL-2.0)", "Python 3.99 (PSF-2.0)", "editor 5.6 (MIT)", "deeper 7.8 (ISC)",
                 "esbuild 3.4 (MIT)", "SQLite", "Licence of deeper", "Mozilla Public License Version 2.0"):
        assert name in page
    assert "JupyterLite" not in page


def test_only_what_is_in_the_folder_is_named(folder: Path) -> None:
    (folder / "assets" / "editor.js").unlink()
    assert "editor 5.6" not in written(folder)


def test_a_file_of_which_nobody_says_whose_it_is_ends_the_build(folder: Path) -> None:
    (folder / "assets" / "jquery.js").write_text("")
    with pytest.raises(CourseError, match=r"under which licence assets/jquery\.js is shipped"):
        written(folder)


def test_a_package_without_a_licence_ends_the_build(folder: Path, packages: Path) -> None:
    (packages / "deeper" / "LICENSE").unlink()
    with pytest.raises(CourseError, match="deeper brings no licence"):
        written(folder)


def test_a_wheel_brings_its_own_licence_and_those_of_what_is_bundled_in_it(
        folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(tmp_path / "some.whl", "w") as wheel:
        wheel.writestr("some-1.0.dist-info/METADATA", "Name: some\nVersion: 1.0\nLicense-Expression: BSD-3-Clause\n\n")
        wheel.writestr("some-1.0.dist-info/licenses/LICENSE", "Licence of some")
        wheel.writestr("static/third-party-licenses.json", json.dumps(BUNDLED))
    monkeypatch.setattr(licences, "fetch_wheels", lambda: {"some": tmp_path / "some.whl"})
    (folder / "lab").mkdir()
    (folder / "lab" / "index.html").write_text("")
    page = written(folder)
    for name in ("some 1.0 (BSD-3-Clause)", "Licence of some", "inside 9.0 (0BSD)", "Do it."):
        assert name in page


def test_the_site_has_the_page_and_each_page_leads_to_it(site: Path) -> None:
    page = (site / "licences.html").read_text(encoding="utf-8")
    assert "The code of the course (MIT)" in page
    assert "Its text and its pictures (CC-BY-4.0)" in page
    assert 'href="../licences.html"' in (site / "exercises" / "find-the-hole.html").read_text(encoding="utf-8")
